"""What the design rules found, as values, as text and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migsafe.names import Name, quote_ident
from migsafe.report.parts import place, plural
from migsafe.rule import Severity
from migsafe.rule.words import listed

VERSION = 1
WIDTH = 100


@dataclass(frozen=True)
class DesignFinding:
    """One weakness of one table or column; *file* and *line* when the source is known."""

    rule: str
    name: str
    severity: Severity
    message: str
    table: Name | None = None
    column: str | None = None
    remedy: str | None = None
    file: Path | None = None
    line: int | None = None

    @property
    def subject(self) -> str:
        """The column or table as people write it; ``models`` for all of them."""
        if self.table is None:
            return "models"
        column = "" if self.column is None else f".{quote_ident(self.column)}"
        return self.table.display() + column


@dataclass(frozen=True)
class Review:
    """What a lint of *tables* tables found; *ignored* findings were accepted by a comment."""

    findings: tuple[DesignFinding, ...]
    tables: int
    ignored: tuple[DesignFinding, ...] = ()


def as_text(review: Review, root: Path) -> Iterator[str]:
    """The lines of the report for people; places as seen from *root*.

    What is declared once, in a mixin, and found in many tables is told once.
    """
    groups: dict[object, list[DesignFinding]] = {}
    for finding in review.findings:
        told = finding.message if finding.column is None else ""
        same = (finding.rule, finding.file, finding.line, finding.column, told)
        groups.setdefault(finding if finding.file is None else same, []).append(finding)
    for first, *others in groups.values():
        yield from _finding(first, others, root)
        yield ""
    yield _summary(review)


def _finding(finding: DesignFinding, others: list[DesignFinding], root: Path) -> Iterator[str]:
    where = finding.subject
    if finding.file is not None:
        where = f"{place(finding.file, root)}:{finding.line}"
    yield f"{where}: {finding.severity.value} {finding.rule} {finding.name}"
    yield from _wrapped(finding.message)
    if others:
        yield from _wrapped(f"likewise {listed(other.subject for other in others)}")
    remedy = (finding.remedy or "").splitlines()
    if len(remedy) == 1:
        yield from _wrapped(f"instead: {remedy[0]}")
    elif remedy:
        yield "  instead:"
        yield from (f"    {line}" for line in remedy)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def as_json(review: Review, root: Path) -> str:
    """The report as one JSON object; its form only grows, ``version`` is 1."""
    counts = Counter(finding.severity for finding in review.findings)
    return json.dumps(
        {
            "version": VERSION,
            "findings": [_object(finding, root) for finding in review.findings],
            "tables": review.tables,
            "summary": {
                **{severity.value: counts[severity] for severity in Severity},
                "ignored": len(review.ignored),
            },
        },
        indent=2,
        ensure_ascii=False,
    )


def _object(finding: DesignFinding, root: Path) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.value,
        "schema": finding.table and finding.table.schema,
        "table": finding.table and finding.table.name,
        "column": finding.column,
        "message": finding.message,
        "remedy": finding.remedy,
        "file": finding.file and place(finding.file, root),
        "line": finding.line,
    }


def _summary(review: Review) -> str:
    counts = Counter(finding.severity for finding in review.findings)
    found = [plural(counts[s], s.value) for s in Severity if counts[s] and s is not Severity.INFO]
    found += [plural(counts[Severity.INFO], "note")] if counts[Severity.INFO] else []
    ignored = f" ({plural(len(review.ignored), 'finding')} ignored)" if review.ignored else ""
    return f"{', '.join(found) or 'No findings'}{ignored} in {plural(review.tables, 'table')}."
