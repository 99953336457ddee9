"""Findings for people: the line, what happens, for whom, and the safe way."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from migsafe.check import Report
from migsafe.report.parts import place, summary, title
from migsafe.rule import Finding
from migsafe.rule.words import sentence

WIDTH = 100
_MOST_LINES = 6


class Piece(NamedTuple):
    """A part of a line and what it is: plain, error, warning, info, place, code, mark, dim."""

    text: str
    style: str = "plain"


Line = tuple[Piece, ...]


def render(report: Report, root: Path) -> str:
    """The whole report as plain text."""
    return "".join("".join(p.text for p in line) + "\n" for line in lines(report, root))


def lines(report: Report, root: Path, width: int = WIDTH) -> Iterator[Line]:
    """The report line by line, at most *width* characters wide but for code."""
    for finding in report.findings:
        yield from _finding(finding, root, width)
        yield ()
    yield (Piece(summary(report)),)


def _finding(finding: Finding, root: Path, width: int) -> Iterator[Line]:
    severity = finding.severity.value
    yield (
        Piece(f"{place(finding.file, root)}:{finding.line}", "place"),
        Piece(": "),
        Piece(severity, severity),
        Piece(f" {title(finding)}", "dim"),
    )
    where = " (downgrade)" if finding.direction == "downgrade" else ""
    yield from _wrapped(_sentence(finding.message) + where, width)
    yield from _excerpt(finding)
    if finding.via:
        yield (Piece(f"  called through {', '.join(map(str, finding.via))}", "dim"),)
    felt = sentence(finding.effects) if finding.effects else None
    if felt:
        yield from _wrapped(_sentence(felt), width, "dim")
    if finding.remedy:
        yield (Piece("  instead:"),)
        for line in finding.remedy.splitlines():
            if is_code(finding.remedy):
                yield (Piece(f"    {line}".rstrip(), "code"),)
            else:
                yield from _wrapped(line, width, indent="    ")


def is_code(remedy: str) -> bool:
    """Whether a remedy is code rather than a sentence."""
    return "\n" in remedy or not (remedy[:1].isupper() and remedy.endswith("."))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _wrapped(text: str, width: int, style: str = "plain", indent: str = "  ") -> Iterator[Line]:
    if 0 < len(text) <= width - len(indent) and text[-1] != " " and text.isprintable():
        yield (Piece(indent + text, style),)  # as textwrap would have it, in no time
        return
    for line in textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    ):
        yield (Piece(line, style),)


def _excerpt(finding: Finding) -> Iterator[Line]:
    """The lines of the call; long ones are cut in the middle."""
    source = source_lines(finding.file)
    last = min(finding.end_line, len(source))
    numbers = list(range(finding.line, last + 1))
    cut = len(numbers) > _MOST_LINES
    shown = numbers[: _MOST_LINES - 2] + numbers[-1:] if cut else numbers
    digits = len(str(last))
    for number in shown:
        if cut and number == last:
            yield (Piece(f"  {' ' * digits}   …", "dim"),)
        yield (
            Piece(f"> {number:>{digits}} | ", "mark"),
            Piece(source[number - 1].rstrip(), "code"),
        )


@lru_cache(maxsize=64)
def source_lines(path: Path) -> tuple[str, ...]:
    """The lines of a file; none when it cannot be read."""
    try:
        return tuple(path.read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return ()
