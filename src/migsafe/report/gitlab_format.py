"""Findings as a GitLab Code Quality report."""

from __future__ import annotations

import json
from pathlib import Path

from migsafe.check import Report
from migsafe.report.parts import place

_SEVERITIES = {"error": "critical", "warning": "major", "info": "info"}


def render(report: Report, root: Path) -> str:
    """A JSON list; fingerprints are told apart by number where a finding occurs twice."""
    seen: dict[str, int] = {}
    found = []
    for finding in report.findings:
        number = seen[finding.fingerprint] = seen.get(finding.fingerprint, 0) + 1
        suffix = f"-{number}" if number > 1 else ""
        found.append(
            {
                "description": f"{finding.rule}: {finding.message}",
                "check_name": finding.name,
                "fingerprint": finding.fingerprint + suffix,
                "severity": _SEVERITIES[finding.severity.value],
                "location": {
                    "path": place(finding.file, root),
                    "lines": {"begin": finding.line, "end": finding.end_line},
                },
            }
        )
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
