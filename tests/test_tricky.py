"""Migrations that hide what they do, or look worse than they are: each hazard is at its line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from migsafe.capture import capture, find_history
from migsafe.check import check
from migsafe.config import Settings
from migsafe.rule import Severity
from migsafe.rules import load_rules

FOLDER = Path(__file__).parent / "tricky"
START = FOLDER / "start.py"
CASES = sorted(
    path for path in FOLDER.iterdir() if path != START and not path.name.startswith("__")
)
HARMLESS = [path for path in CASES if path.name.startswith("harmless_")]
_EXPECTED = re.compile(r"(?:#|--) ((?:MS\d{3}\s?)+)$", re.M)

Marks = set[tuple[str, int, str]]


def expected(case: Path) -> Marks:
    """File, line and rule of each comment like ``# MS101`` at the end of a line."""
    files = [case] if case.is_file() else case.rglob("*.py")
    return {
        (file.name, number, code)
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        for match in _EXPECTED.finditer(line)
        for code in match[1].split()
    }


def found(case: Path, folder: Path) -> Marks:
    """File, line and rule of all that is shown by default about *case*, which follows `START`."""
    folder.mkdir(exist_ok=True)
    if case.is_dir():
        shutil.copytree(case, folder, dirs_exist_ok=True)
    versions = folder / "versions" if (folder / "versions").is_dir() else folder
    for file in (START, case) if case.is_file() else (START,):
        shutil.copy(file, versions)
    history = capture(find_history([versions]))
    assert len(history.migrations) > 1
    report = check(
        history,
        load_rules(),
        Settings(target_version=14),
        only=lambda migration: migration.revision != "start",
    )
    return {(f.file.name, f.line, f.rule) for f in report.at_least(Severity.WARNING).findings}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_hazard_is_at_its_line_and_nothing_besides(case: Path, tmp_path: Path) -> None:
    """What is marked in the files is found, and what is not marked is not."""
    assert found(case, tmp_path) == expected(case)


def test_harmless_migrations_are_marked_as_such() -> None:
    """Harmless is what has no mark, and the set has both kinds."""
    assert len(CASES) > 60
    assert len(HARMLESS) > 12
    assert {case for case in CASES if not expected(case)} == set(HARMLESS)
