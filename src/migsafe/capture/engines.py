"""Engines that migrations make for themselves: no server is asked by them either."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from sqlalchemy.engine import Engine, create, make_url
from sqlalchemy.exc import ArgumentError

from migsafe.capture.isolation import Swaps


@contextmanager
def engines_are(own: Engine) -> Iterator[None]:
    """Give *own* to whoever makes an engine for PostgreSQL, or for a URL that is not known."""
    original = create.create_engine

    def create_engine(url: Any, *args: Any, **keywords: Any) -> Engine:
        return own if _is_ours(url) else original(url, *args, **keywords)

    modules = (sqlalchemy, sqlalchemy.engine, create)
    with Swaps(*((module, {"create_engine": create_engine}) for module in modules)):
        yield


def _is_ours(url: Any) -> bool:
    try:
        return make_url(url).get_backend_name() in ("postgresql", "postgres")
    except ArgumentError:
        return True
