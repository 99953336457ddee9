"""PostgreSQL for the tests: real servers, started when first asked for, one of a kind a session."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import hypothesis
import pytest

from migsafe.server import SUPPORTED_MAJORS, Server, majors_available, start

# The same examples in every run: a failure is a failure of the change, not of the day.
# MIGSAFE_EXAMPLES, which asks for more of them, also asks for other ones.
hypothesis.settings.register_profile("steady", derandomize=True, database=None, deadline=None)
if "MIGSAFE_EXAMPLES" not in os.environ:
    hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def cache_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache for this run alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIGSAFE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The embedded PostgreSQL, as users have it by default.

    `MIGSAFE_TEST_MAJOR=14` puts another version in its place, for tests that run on one alone.
    """
    major = os.environ.get("MIGSAFE_TEST_MAJOR")
    chosen = start(provider="binaries", major=int(major)) if major else start(provider="embedded")
    with chosen as running:
        yield running


@pytest.fixture
def db(server: Server) -> Iterator[str]:
    """The URL of a fresh database on the embedded server."""
    with server.database() as url:
        yield url


@pytest.fixture(scope="session")
def server_of(request: pytest.FixtureRequest) -> Iterator[Callable[[int], Server]]:
    """Return the server of a major version; it is started at the first call."""
    started: dict[int, Server] = {}
    with ExitStack() as stack:

        def of(major: int) -> Server:
            if major not in started:
                embedded: Server = request.getfixturevalue("server")
                if embedded.major == major:
                    started[major] = embedded
                else:
                    started[major] = stack.enter_context(start(provider="binaries", major=major))
            return started[major]

        yield of


@pytest.fixture
def any_major(major: int, server_of: Callable[[int], Server]) -> Server:
    """A server of each major version in turn: of all five in CI, else of those at hand."""
    return server_of(major)


@pytest.fixture
def any_db(any_major: Server) -> Iterator[str]:
    """The URL of a fresh database on a server of each major version in turn."""
    with any_major.database() as url:
        yield url


def majors() -> tuple[int, ...]:
    """The versions to test: in CI a server that is missing must fail, not be left out."""
    return SUPPORTED_MAJORS if os.environ.get("CI") else majors_available()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses `major`, `any_major` or `any_db` once for every version."""
    given = {
        name
        for mark in metafunc.definition.iter_markers("parametrize")
        for name in ([mark.args[0]] if isinstance(mark.args[0], str) else mark.args[0])
    }
    if "major" in metafunc.fixturenames and "major" not in given:
        metafunc.parametrize("major", majors(), ids=lambda major: f"pg{major}")
