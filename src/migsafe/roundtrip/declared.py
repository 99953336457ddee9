"""What a migration says itself of its downgrade: comments that accept a finding, with a reason."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from pathlib import Path

from migsafe.roundtrip.model import Result

# The rules of `migsafe check` that say the same without running anything.
LOSSY = frozenset(("ms503", "lossy-downgrade"))
IRREVERSIBLE = frozenset(
    ("ms501", "missing-downgrade", "ms502", "irreversible-downgrade", "ms505", "unequal-downgrade")
)
_COMMENT = re.compile(
    r"#[^\n]*?migsafe:\s*ignore\s*\[(?P<rules>[^\]]*)\]"
    r"(?:\s*until\s+(?P<until>\d{4}-\d\d-\d\d)\s*:?)?(?P<reason>[^\n]*)"
)


def reason(file: Path, rules: frozenset[str]) -> str | None:
    """Why *file* accepts one of *rules*, in its words; None when it does not, or no longer."""
    for found in _COMMENT.finditer(file.read_text(encoding="utf-8", errors="replace")):
        named = {word.strip().lower() for word in found["rules"].split(",")}
        why = found["reason"].strip(" \t:-—")
        expired = found["until"] and found["until"] < datetime.date.today().isoformat()
        if named & rules and why and not expired:
            return why
    return None


def with_losses(result: Result, lost: tuple[str, ...]) -> Result:
    """*result* with data that was *lost*, as a finding or as what is known already."""
    if lost and reason(result.file, LOSSY):
        return replace(result, accepted=lost)
    return replace(result, data_loss=lost)


def with_way_back(result: Result) -> Result:
    """*result*, whose broken downgrade is no finding when the migration says that it is known."""
    broken = result.down == "error" or result.restored == "no" or result.reup == "error"
    if not broken or result.up != "ok":
        return result
    why = reason(result.file, IRREVERSIBLE)
    if why is None:
        return result
    known = (*result.differences, *filter(None, [result.error]))
    return replace(
        result,
        down="irreversible",
        restored=None,
        reup=None,
        differences=(),
        error=None,
        notes=(*result.notes, f"as the migration says: {why}", *known),
    )
