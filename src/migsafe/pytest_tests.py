"""The tests that ``pytest --migsafe`` runs; a project may also import them into its own."""

from __future__ import annotations

import pytest

from migsafe.capture import read_scripts
from migsafe.capture.graph import ordered
from migsafe.pytest_plugin import location_of
from migsafe.roundtrip import Result, Trip

__all__ = ["pytest_generate_tests", "test_roundtrip", "test_single_head"]

pytestmark = pytest.mark.migsafe


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each revision, in the order in which they run."""
    if "revision" in metafunc.fixturenames:
        run, _ = ordered(read_scripts(location_of(metafunc.config)))
        metafunc.parametrize("revision", [script.revision for script in run])


def test_single_head(pytestconfig: pytest.Config) -> None:
    """The history has one head: two of them need a merge before ``alembic upgrade head`` works."""
    _, heads = ordered(read_scripts(location_of(pytestconfig)))
    assert len(heads) == 1, f"the history has {len(heads)} heads: {', '.join(heads)}"


def test_roundtrip(revision: str, migsafe_trip: Trip) -> None:
    """The revision goes up, its downgrade gives back the schema, and it goes up again."""
    result = _result(revision, migsafe_trip)
    if result.failed:
        told = [*result.differences, *result.data_loss, *filter(None, [result.error])]
        pytest.fail(f"{result.file.name}: " + "; ".join(told), pytrace=False)


def _result(revision: str, trip: Trip) -> Result:
    for result in trip.results:
        if result.revision == revision:
            return result
    pytest.fail("a revision before this one could not be upgraded", pytrace=False)
