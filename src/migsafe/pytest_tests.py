"""The tests that ``pytest --migsafe`` runs.

A project may have them among its own instead, in a file of its choice::

    from migsafe.pytest_tests import *
"""

from __future__ import annotations

import pytest

from migsafe.capture import read_scripts
from migsafe.capture.graph import ordered
from migsafe.capture.script import Script
from migsafe.errors import MigsafeError
from migsafe.pytest_plugin import location_of
from migsafe.roundtrip import Ride, render

__all__ = ["pytest_generate_tests", "pytestmark", "test_roundtrip", "test_single_head"]

pytestmark = pytest.mark.migsafe


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each revision, in the order in which they run."""
    if "migsafe_revision" in metafunc.fixturenames:
        run, _ = _chain(metafunc.config)
        ids = [_id(script) for script in run]
        metafunc.parametrize("migsafe_revision", [script.revision for script in run], ids=ids)


def test_single_head(pytestconfig: pytest.Config) -> None:
    """The history has one head: two of them need a merge before ``alembic upgrade head`` works."""
    _, heads = _chain(pytestconfig)
    assert len(heads) == 1, f"the history has {len(heads)} heads: {', '.join(heads)}"


def test_roundtrip(migsafe_revision: str, migsafe_ride: Ride) -> None:
    """The revision goes up, its downgrade gives back the schema, and it goes up again."""
    try:
        result = migsafe_ride.visit(migsafe_revision)
    except MigsafeError as error:
        pytest.fail(str(error), pytrace=False)
    if result.revision != migsafe_revision:
        pytest.fail(f"{result.file.name} before it cannot be upgraded", pytrace=False)
    if result.failed:
        pytest.fail("\n".join(render.problem(result)), pytrace=False)


def _chain(config: pytest.Config) -> tuple[tuple[Script, ...], tuple[str, ...]]:
    try:
        return ordered(read_scripts(location_of(config)))
    except MigsafeError as error:
        raise pytest.Collector.CollectError(str(error)) from error


def _id(script: Script) -> str:
    """The name of the file, as people know a migration by it, with the revision in it."""
    name = script.path.stem
    return name if script.revision in name else f"{script.revision}-{name}"
