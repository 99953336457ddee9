"""``pytest --migsafe``: a history's checks as tests, one for each revision and check.

Loaded by pytest in every project that has migsafe installed, so it imports nothing of weight and
does nothing unless asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from migsafe.capture import Location
    from migsafe.roundtrip import Trip
    from migsafe.server import Server

TESTS = Path(__file__).parent / "pytest_tests.py"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--migsafe`` and the setting *migsafe_path*."""
    group = parser.getgroup("migsafe", "safe Alembic migrations")
    group.addoption("--migsafe", action="store_true", help="test the project's migrations")
    parser.addini("migsafe_path", "the migrations, if not those of alembic.ini", default="")


def pytest_configure(config: pytest.Config) -> None:
    """With ``--migsafe``, collect our tests besides the project's own."""
    config.addinivalue_line("markers", "migsafe: a check of the project's migrations")
    if config.getoption("--migsafe") and str(TESTS) not in config.args:
        config.args.append(str(TESTS))


def location_of(config: pytest.Config) -> Location:
    """The history of the project in which pytest was called; raises UsageError without one."""
    from migsafe.capture import find_history
    from migsafe.errors import MigsafeError

    path = str(config.getini("migsafe_path"))
    try:
        return find_history([path] if path else [], cwd=config.invocation_params.dir)
    except MigsafeError as error:
        raise pytest.UsageError(f"--migsafe: {error}") from error


@pytest.fixture(scope="session")
def migsafe_history(request: pytest.FixtureRequest) -> Location:
    """Where the project's migrations lie."""
    return location_of(request.config)


@pytest.fixture(scope="session")
def migsafe_server(migsafe_history: Location) -> Iterator[Server]:
    """A throwaway PostgreSQL, as [tool.migsafe.server] says."""
    from migsafe.config import load_settings
    from migsafe.server import start

    chosen = load_settings(migsafe_history.root).server
    with start(provider=chosen.provider, url=chosen.url, major=chosen.major) as server:
        yield server


@pytest.fixture
def migsafe_database(migsafe_server: Server) -> Iterator[str]:
    """The URL of an empty database."""
    with migsafe_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def migsafe_trip(migsafe_history: Location, migsafe_server: Server) -> Trip:
    """The round trip of the whole history, made once for all tests about it."""
    from migsafe.roundtrip import roundtrip

    return roundtrip(migsafe_history, migsafe_server)
