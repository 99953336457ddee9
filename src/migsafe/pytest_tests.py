"""The tests that ``pytest --migsafe`` runs.

A project may have them among its own instead, in a file of its choice::

    from migsafe.pytest_tests import *
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from migsafe.capture import read_scripts
from migsafe.capture.graph import ordered
from migsafe.capture.script import Script
from migsafe.config import load_settings
from migsafe.errors import MigsafeError
from migsafe.pytest_plugin import checks_of, location_of
from migsafe.roundtrip import Result, Ride
from migsafe.roundtrip.asked import seeds_of
from migsafe.roundtrip.checks import CHECKS, OF_REVISIONS, Subject, judge
from migsafe.roundtrip.own import OwnRows

__all__ = ["pytest_generate_tests", "pytestmark", "test_history", "test_roundtrip"]

pytestmark = pytest.mark.migsafe


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each check of the history, and for each revision and check of it."""
    names = metafunc.fixturenames
    if "migsafe_revision" not in names and "migsafe_check" not in names:
        return
    try:
        checks = checks_of(metafunc.config)
        if "migsafe_revision" in names:
            pairs = list(_pairs(metafunc.config, checks))
            ids = [f"{_id(script)}-{check}" for script, check in pairs]
            values = [(script.revision, check) for script, check in pairs]
            metafunc.parametrize(("migsafe_revision", "migsafe_check"), values, ids=ids)
        else:
            wanted = [check.name for check in CHECKS if check.name in checks]
            metafunc.parametrize("migsafe_check", wanted)
    except MigsafeError as error:
        raise pytest.Collector.CollectError(str(error)) from error


def test_history(migsafe_check: str, migsafe_subject: Subject) -> None:
    """What must be true of the history as a whole, see docs/roundtrip.md."""
    (check,) = (check for check in CHECKS if check.name == migsafe_check)
    try:
        verdict = judge(migsafe_subject, check)
    except MigsafeError as error:
        pytest.fail(str(error), pytrace=False)
    if verdict.result == "not applicable":
        pytest.skip(verdict.problems[0])
    if verdict.failed:
        pytest.fail("\n".join(verdict.problems), pytrace=False)


def test_roundtrip(migsafe_revision: str, migsafe_check: str, migsafe_ride: Ride) -> None:
    """The revision goes up, its downgrade gives back the schema, it goes up again, with rows."""
    try:
        result = migsafe_ride.visit(migsafe_revision)
    except MigsafeError as error:
        pytest.fail(str(error), pytrace=False)
    if result.revision != migsafe_revision:
        told = f"{result.file.name} before it cannot be upgraded"
        if migsafe_check == "upgrade":
            pytest.fail(told, pytrace=False)
        pytest.skip(told)
    problems = result.problems(migsafe_check)
    if problems:
        pytest.fail("\n".join((result.file.name, *problems)), pytrace=False)
    if untried := _untried(result, migsafe_check):
        pytest.skip(untried)


def _untried(result: Result, check: str) -> str | None:
    """Why *check* has nothing to say, if it has not."""
    if check == "upgrade":
        return None
    if result.up == "error":
        return "the upgrade fails"
    if check == "re-upgrade" and result.reup is None:
        return "irreversible on purpose" if result.down == "irreversible" else "no way back"
    if check == "data" and (result.down == "error" or result.reup == "error" or result.differences):
        return "it fails without rows"
    return None


def _pairs(config: pytest.Config, checks: tuple[str, ...]) -> Iterator[tuple[Script, str]]:
    """Each revision, in the order in which they run, with each of its checks."""
    location = location_of(config)
    run, _ = ordered(read_scripts(location))
    seeds = seeds_of(location, load_settings(location.root))
    own = OwnRows.of(seeds, [script.revision for script in run])
    for script in run:
        yield script, "upgrade"
        for check in OF_REVISIONS:
            if check in checks or (check == "data" and script.revision in own):
                yield script, check


def _id(script: Script) -> str:
    """The name of the file, as people know a migration by it, with the revision in it."""
    name = script.path.stem
    return name if script.revision in name else f"{script.revision}-{name}"
