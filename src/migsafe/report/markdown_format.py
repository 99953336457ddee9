"""Findings as Markdown, for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from migsafe.check import Report
from migsafe.report.parts import place, summary, title
from migsafe.report.text_format import source_lines
from migsafe.rule import Finding
from migsafe.rule.words import sentence

_ESCAPED = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>#|~"})


def render(report: Report, root: Path) -> str:
    """A section for each file; the remedies are folded away."""
    parts = ["## migsafe", "", summary(report)]
    for path, found in groupby(report.findings, key=lambda finding: finding.file):
        parts += ["", f"### {escaped(place(path, root))}"]
        for finding in found:
            parts += ["", *_finding(finding)]
    return "\n".join(parts) + "\n"


def _finding(finding: Finding) -> Iterator[str]:
    yield f"**{finding.severity.value}** `{title(finding)}` · line {finding.line}"
    yield ""
    yield escaped(finding.message)
    felt = sentence(finding.effects) if finding.effects else None
    if felt:
        yield from ("", f":lock: {escaped(felt)}")
    source = source_lines(finding.file)[finding.line - 1 : finding.end_line]
    if source:
        yield from ("", *_fenced("\n".join(source)))
    if finding.remedy:
        yield from ("", "<details><summary>The safe way</summary>", "")
        yield from _fenced(finding.remedy)
        yield from ("", "</details>")


def _fenced(code: str) -> Iterator[str]:
    """*code* in a fence that is longer than any in it."""
    fence = "```"
    while fence in code:
        fence += "`"
    yield from (f"{fence}python", code, fence)


def escaped(text: str) -> str:
    """*text* without anything that Markdown would read as its own."""
    return text.translate(_ESCAPED)
