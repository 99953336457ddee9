"""``pytest --migsafe``: a history's checks as tests, one for each revision and check.

Loaded by pytest in every project that has migsafe installed, so it imports nothing of weight and
does nothing unless asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from migsafe.capture import Location
    from migsafe.roundtrip import Ride
    from migsafe.roundtrip.checks import Subject
    from migsafe.server import Server

TESTS = Path(__file__).parent / "pytest_tests.py"
USUAL = ("single-head", "connected", "from-empty", "models", "downgrade", "re-upgrade")
"""What is checked when neither pytest's configuration nor [tool.migsafe.roundtrip] says it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--migsafe`` and the settings *migsafe_path*, *migsafe_data* and *migsafe_checks*."""
    group = parser.getgroup("migsafe", "safe Alembic migrations")
    group.addoption("--migsafe", action="store_true", help="test the project's migrations")
    parser.addini("migsafe_path", "the migrations, if not those of alembic.ini", default="")
    parser.addini("migsafe_data", "try each revision with rows, too", type="bool", default=False)
    parser.addini("migsafe_checks", "what to check, if not what is usual", type="args")


def pytest_configure(config: pytest.Config) -> None:
    """With ``--migsafe``, collect our tests besides the project's own."""
    config.addinivalue_line("markers", "migsafe: a check of the project's migrations")
    if not config.getoption("--migsafe"):
        return
    from migsafe.errors import MigsafeError

    try:
        checks_of(config)
    except MigsafeError as error:
        raise pytest.UsageError(f"--migsafe: {error}") from error
    if str(TESTS) not in config.args:
        config.args.append(str(TESTS))


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Call our tests ``migsafe::…`` rather than by the path of the installed file."""
    if module_path != TESTS:
        return None
    module: pytest.Module = pytest.Module.from_parent(parent, path=TESTS, nodeid="migsafe")
    return module


def location_of(config: pytest.Config) -> Location:
    """The history that *migsafe_path* names, or that of the project in which pytest was called.

    Raises ConfigError or HistoryError without one.
    """
    from migsafe.capture import find_history

    path = str(config.getini("migsafe_path"))
    if path:
        configured = config.inipath.parent if config.inipath else config.rootpath
        return find_history([configured / path])
    return find_history(cwd=config.invocation_params.dir)


def checks_of(config: pytest.Config) -> tuple[str, ...]:
    """The checks to make, by name; raises ConfigError for one that is none."""
    from migsafe.config import load_settings
    from migsafe.errors import ConfigError
    from migsafe.roundtrip.checks import NAMES

    said = load_settings(location_of(config).root).roundtrip.checks
    found = tuple(config.getini("migsafe_checks")) or (USUAL if said is None else said)
    for name in found:
        if name not in NAMES:
            raise ConfigError(f"migsafe_checks: {name!r} is none of {', '.join(NAMES)}")
    return (*found, "data") if config.getini("migsafe_data") and "data" not in found else found


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
    with start(
        provider=chosen.provider, url=chosen.url, major=chosen.major, image=chosen.image
    ) as server:
        yield server


@contextmanager
def _another(server: Server) -> Iterator[Server]:
    """One like *server*: what migrations make of roles, a server has but once.

    A given server is the only one.
    """
    from migsafe.server import start

    if server.alike is None:
        yield server
        return
    with start(**server.alike) as another:
        yield another


@pytest.fixture
def migsafe_database(migsafe_server: Server) -> Iterator[str]:
    """The URL of an empty database."""
    with migsafe_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def migsafe_ride(
    migsafe_history: Location, migsafe_server: Server, pytestconfig: pytest.Config
) -> Iterator[Ride]:
    """A database that goes through the history, from test to test."""
    from migsafe.config import load_settings
    from migsafe.roundtrip import riding
    from migsafe.roundtrip.asked import arguments

    settings, checks = load_settings(migsafe_history.root), checks_of(pytestconfig)
    asked = arguments(migsafe_history, settings, checks)
    del asked["released"]
    with (
        _another(migsafe_server) as server,
        riding(migsafe_history, server, data="data" in checks, **asked) as ride,
    ):
        yield ride


@pytest.fixture(scope="session")
def migsafe_subject(
    migsafe_history: Location, migsafe_server: Server, pytestconfig: pytest.Config
) -> Iterator[Subject]:
    """What the checks of the whole history are about."""
    from migsafe.config import load_settings
    from migsafe.roundtrip.asked import arguments
    from migsafe.roundtrip.checks import Subject
    from migsafe.roundtrip.project import boarding

    settings = load_settings(migsafe_history.root)
    asked = arguments(migsafe_history, settings, checks_of(pytestconfig))
    with boarding(migsafe_history, migsafe_server, seconds=asked["seconds"]) as project:
        yield Subject(project, asked["released"])


@pytest.fixture(scope="session")
def migsafe_filled(migsafe_history: Location, migsafe_server: Server) -> Iterator[str]:
    """The URL, for SQLAlchemy with psycopg, of a database with all migrations and some rows."""
    from contextlib import ExitStack

    from migsafe.roundtrip import Ride
    from migsafe.roundtrip.project import boarding
    from migsafe.seed import seed
    from migsafe.server import sqlalchemy_url
    from migsafe.server.databases import connect

    with (
        _another(migsafe_server) as server,
        boarding(migsafe_history, server) as project,
        ExitStack() as room,
    ):
        ride = Ride(project, room)
        for revision in ride.order:
            result = ride.take(revision, down_too=False)
            if result.up != "ok":
                pytest.fail(f"{result.file.name} cannot be upgraded: {result.error}", pytrace=False)
        with connect(ride.url) as connection:
            seed(connection, ride.catalog, rows=3)
        yield sqlalchemy_url(ride.url)
