"""What was fixed and what was left, for people and for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from migsafe.fix.files import unified
from migsafe.fix.model import Outcome
from migsafe.rule import Finding


def as_text(outcome: Outcome, folder: Path, *, written: bool) -> str:
    """A line for each finding, and one for all; paths are relative to *folder*."""
    return "".join(f"{line}\n" for line in _lines(outcome, folder, written))


def _lines(outcome: Outcome, folder: Path, written: bool) -> Iterator[str]:
    for finding in outcome.fixed:
        yield f"{'fixed' if written else 'can be fixed'}: {_said(finding, folder)}"
    for left in outcome.left:
        yield f"left: {_said(left.finding, folder)}: {left.reason}"
    for change in outcome.changes:
        if change.before is None:
            name = os.path.relpath(change.path, folder)
            yield f"{'new' if written else 'would be new'}: {name}"
    files = len(outcome.changes)
    if not outcome.fixed and not outcome.left:
        yield "Nothing to fix."
        return
    verb = "written" if written else "would change"
    yield (
        f"{_counted(len(outcome.fixed), 'finding')} {'' if written else 'can be '}fixed, "
        f"{len(outcome.left)} left; "
        f"{_counted(files, 'file')} {verb}."
    )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _said(finding: Finding, folder: Path) -> str:
    back = " (downgrade)" if finding.direction == "downgrade" else ""
    name = os.path.relpath(finding.file, folder)
    return f"{name}:{finding.line} {finding.rule} {finding.name}{back}"


def as_json(outcome: Outcome, folder: Path, *, written: bool) -> str:
    """The same as JSON, with the diff."""
    document = {
        "version": 1,
        "written": written,
        "fixed": [_object(finding, folder) for finding in outcome.fixed],
        "left": [{**_object(left.finding, folder), "reason": left.reason} for left in outcome.left],
        "files": [
            {"path": os.path.relpath(change.path, folder), "new": change.before is None}
            for change in outcome.changes
        ],
        "diff": "".join(unified(outcome.changes, folder)),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _object(finding: Finding, folder: Path) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "name": finding.name,
        "file": os.path.relpath(finding.file, folder),
        "line": finding.line,
        "revision": finding.revision,
        "direction": finding.direction,
        "severity": finding.severity.value,
        "message": finding.message,
    }
