"""Findings as GitHub Actions workflow commands, shown at the lines of a pull request."""

from __future__ import annotations

from pathlib import Path

from migsafe.check import Report
from migsafe.report.parts import place, summary, title
from migsafe.rule import Finding

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report, root: Path) -> str:
    """One ``::error …`` line for each finding, then the summary."""
    found = [_command(finding, root) for finding in report.findings]
    return "\n".join([*found, summary(report)]) + "\n"


def _command(finding: Finding, root: Path) -> str:
    text = finding.message + (f"\n\nInstead:\n{finding.remedy}" if finding.remedy else "")
    properties = {
        "file": place(finding.file, root),
        "line": str(finding.line),
        "endLine": str(finding.end_line),
        "title": title(finding),
    }
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity.value]} {given}::{_data(text)}"


def _data(text: str) -> str:
    # actions/toolkit, packages/core/src/command.ts: escapeData and escapeProperty
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
