"""A throwaway server in a container, for those who have Docker and want its images."""

from __future__ import annotations

import contextlib
import importlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

from migsafe.errors import ServerError
from migsafe.server.launch import SETTINGS
from migsafe.server.urls import PREFIX

# The module moved in testcontainers 4.15; the old name warns from there on.
_MODULES = ("testcontainers.community.postgres", "testcontainers.postgres")


@contextmanager
def running(major: int, say: Callable[[str], None], image: str | None = None) -> Iterator[str]:
    """Run *image*, by default that of PostgreSQL *major*; yields the URL of the database postgres.

    Raises ServerError without testcontainers, without Docker, or without the image.
    """
    image = image or f"postgres:{major}-alpine"
    options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    password = PREFIX + secrets.token_hex(8)
    with contextlib.ExitStack() as stack:
        say(f"starting a container of {image}")
        # docker, requests and testcontainers each have exceptions of their own, with no common one.
        try:
            container = _module().PostgresContainer(
                image, username="postgres", password=password, dbname="postgres", driver=None
            )
            stack.enter_context(container.with_command(["postgres", *options]))
            url = str(container.get_connection_url())
        except ServerError:
            raise
        except Exception as error:
            raise ServerError(f"cannot start a container of {image}: {error}") from error
        yield url


def _module() -> ModuleType:
    for name in _MODULES:
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    raise ServerError(
        "the provider testcontainers needs pip install 'alembic-migsafe[testcontainers]' and Docker"
    )
