"""What all formats say about a finding: its place, its link, the totals."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

from migsafe.check import Report
from migsafe.effects import Effects
from migsafe.rule import Finding, Severity

DOCS = "docs/rules/"


def place(path: Path, root: Path) -> str:
    """*path* as seen from *root*, with forward slashes; absolute when it lies on another drive."""
    text, folder = str(path), f"{root}/"
    if os.sep == "/" and text.startswith(folder) and ".." not in text:
        return text.removeprefix(folder)  # as relpath would have it, in a tenth of the time
    try:
        return Path(os.path.relpath(path, root)).as_posix()
    except ValueError:
        return path.as_posix()


def docs_page(rule: str) -> str:
    """The page about a rule, as a path in the source of migsafe."""
    return f"{DOCS}{rule}.md"


def counted(report: Report) -> dict[str, int]:
    """The number of findings by severity, the gravest first; all severities are there."""
    counts = Counter(finding.severity for finding in report.findings)
    return {severity.value: counts[severity] for severity in Severity}


def plural(count: int, word: str) -> str:
    """``1 finding``, ``2 findings``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def summary(report: Report) -> str:
    """The last line: what was found, and how much was understood."""
    found = [plural(n, word) for word, n in counted(report).items() if n and word != "info"]
    found += [f"{n} notes" if n > 1 else "1 note" for n in [counted(report)["info"]] if n]
    coverage = report.coverage
    known = coverage.statements - coverage.unknown
    ignored = f" ({plural(len(report.ignored), 'finding')} ignored)" if report.ignored else ""
    missing = coverage.stand_ins
    imports = f" {plural(missing, 'revision')} with imports that are missing here (MS705)."
    return (
        f"{', '.join(found) or 'No findings'}{ignored} in "
        f"{plural(coverage.revisions, 'revision')}: "
        f"{plural(known, 'statement')} understood, {coverage.unknown} not."
        f"{imports if missing else ''}"
    )


def effects_object(effects: Effects) -> dict[str, Any]:
    """Effects as plain values for JSON; relations as people write them, everything in order.

    *fails* is an error that is certain, *may_fail* one that depends on the rows.
    """
    return {
        "locks": {
            name.display(): [mode.value for mode in sorted(modes, key=lambda m: m.strength)]
            for name, modes in sorted(effects.locks.items())
            if modes
        },
        "blocks": {name.display(): list(kinds) for name, kinds in sorted(effects.blocks().items())},
        **{
            kind: [name.display() for name in sorted(getattr(effects, kind))]
            for kind in ("scans", "rewrites", "rebuilds", "builds")
        },
        "waits_for": list(effects.waits_for),
        "removes": [str(removal) for removal in effects.removes],
        "fails": _failure(effects, certain=True),
        "may_fail": _failure(effects, certain=False),
        "transaction": effects.transaction.value,
        "unknown": effects.unknown,
    }


def _failure(effects: Effects, *, certain: bool) -> dict[str, str] | None:
    fails = effects.fails
    if fails is None or fails.certain is not certain:
        return None
    return {"sqlstate": fails.sqlstate, "why": fails.why}


def title(finding: Finding) -> str:
    """``MS101 blocking-index-build``."""
    return f"{finding.rule} {finding.name}"
