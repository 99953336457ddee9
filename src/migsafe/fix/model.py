"""What fixing gives: files as they should be, the findings that go away, and those that stay."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migsafe.rule import Finding


@dataclass(frozen=True)
class FileChange:
    """A file before and after; *before* is None for a new one."""

    path: Path
    before: bytes | None
    after: bytes


@dataclass(frozen=True)
class Left:
    """A finding that has a safe form but was not fixed, and why."""

    finding: Finding
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What became of a history; nothing is written yet."""

    changes: tuple[FileChange, ...] = ()
    fixed: tuple[Finding, ...] = ()
    left: tuple[Left, ...] = ()
