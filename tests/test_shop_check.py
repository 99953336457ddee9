"""`migsafe check` on the example shop: each hazard at its line, nothing else in the safe files."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_shop import EXPECTED_HAZARDS, SAFE_FILES, VERSIONS, Hazard, lines_of

from migsafe.capture import capture, find_history
from migsafe.check import Report, check
from migsafe.config import Settings
from migsafe.rule import Severity
from migsafe.rules import load_rules

CODES = {
    "unbatched-update": "MS110",  # under the lock of the ADD COLUMN before it
    "set-not-null": "MS106",
    "blocking-index": "MS101",
    "type-rewrite": "MS201",
    "rename-column": "MS301",
    "drop-column": "MS303",
    "drop-table": "MS304",
    "validating-foreign-key": "MS104",
    "validating-check": "MS105",
    "not-null-without-default": "MS401",
}


@pytest.fixture(scope="module")
def report() -> Report:
    """What all rules say about the shop."""
    history = capture(find_history([VERSIONS]))
    return check(history, load_rules(), Settings()).at_least(Severity.WARNING)


@pytest.mark.parametrize("hazard", EXPECTED_HAZARDS, ids=lambda hazard: hazard.kind)
def test_each_hazard_is_found_at_its_line(report: Report, hazard: Hazard) -> None:
    """The finding has the rule that the hazard is about and the line where its call starts."""
    (line,) = lines_of(hazard)
    found = {(f.file.name, f.line, f.rule) for f in report.findings}
    assert (hazard.file, line, CODES[hazard.kind]) in found


def test_nothing_else_is_found(report: Report) -> None:
    """There is one finding for each hazard, all in upgrade(), and none in a safe file."""
    assert len(report.findings) == len(EXPECTED_HAZARDS)
    assert not {f.file.name for f in report.findings} & set(SAFE_FILES)
    assert {f.direction for f in report.findings} == {"upgrade"}


def test_every_statement_is_understood(report: Report) -> None:
    """The checker reads the whole history."""
    assert report.coverage.revisions == len(list(Path(VERSIONS).glob("*.py")))
    assert report.coverage.statements > 80
    assert report.coverage.unknown == 0
