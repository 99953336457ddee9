"""The command line as a whole: help, unknown commands, and output that cannot be written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from migsafe.cli import COMMANDS

ROOT = Path(__file__).parent.parent
SHOP = ROOT / "examples" / "shop"


def shell(line: str, folder: Path = SHOP) -> subprocess.CompletedProcess[str]:
    command = f"{line.replace('migsafe', f'{sys.executable} -m migsafe', 1)}"
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, text=True, env=os.environ
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_is_in_the_readme(name: str) -> None:
    """Each command of the overview opens, explains itself, and is found in README or docs."""
    ended = shell(f"migsafe {name} --help")
    assert ended.returncode == 0, ended.stderr
    assert "Usage: migsafe" in ended.stdout
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    assert any(f"migsafe {name}" in page.read_text() for page in pages)


def test_the_version_is_that_of_the_package() -> None:
    """`migsafe --version` prints a name and a version."""
    assert re.fullmatch(r"migsafe \d+\.\d+\.\d+\n", shell("migsafe --version").stdout)


def test_an_unknown_command_is_one_message() -> None:
    """Exit code 2, with the command that was probably meant."""
    ended = shell("migsafe chek")
    assert ended.returncode == 2
    assert "Did you mean check?" in ended.stderr


def test_a_full_device_is_one_message() -> None:
    """Output that cannot be written is not a fault of ours."""
    ended = shell("migsafe check >/dev/full")
    assert ended.returncode == 2
    assert ended.stderr == "migsafe: the output could not be written: No space left on device\n"


def test_a_closed_output_keeps_the_exit_code() -> None:
    """Who closes standard output still learns whether there are findings."""
    ended = shell("migsafe check >&-")
    assert (ended.returncode, ended.stderr) == (1, "")


def test_a_reader_that_stops_early_is_no_error() -> None:
    """`| head` prints no traceback and no complaint."""
    ended = shell("migsafe check | head -1")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count("\n") == 1


def test_an_ini_without_a_script_location_is_named(tmp_path: Path) -> None:
    """The file is there, so it is named, with what it lacks."""
    (tmp_path / "alembic.ini").write_text("[alembic]\nsqlalchemy.url = postgresql:///app\n")
    ended = shell("migsafe check", tmp_path)
    assert ended.returncode == 2
    assert str(tmp_path / "alembic.ini") in ended.stderr
    assert "script_location" in ended.stderr
