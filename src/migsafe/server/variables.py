"""The environment variables of libpq: they speak of the user's servers, not of a throwaway one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from migsafe.server.urls import is_throwaway


@contextmanager
def variables_ignored(url: str) -> Iterator[None]:
    """While a connection to *url* is opened, have no ``PG...`` variables if that server is ours.

    A URL cannot do that by itself: PGHOSTADDR leads to another host and PGSERVICE to a file even
    where the URL names a socket (manual, 32.15 "Environment Variables"; asyncpg reads them, too).
    They are there again afterwards, as an env.py may make its URL of them. For a given server, on
    which they may be meant, nothing is changed.
    """
    names = [name for name in os.environ if name.startswith("PG")] if is_throwaway(url) else []
    taken = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(taken)
