"""Findings as JSON, in a documented form that only grows: ``version`` is 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from migsafe.check import Report
from migsafe.report.parts import counted, docs_page, effects_object, place
from migsafe.rule import Finding
from migsafe.stats import Estimate

VERSION = 1


def render(report: Report, root: Path) -> str:
    """The report as one JSON object."""
    return json.dumps(as_object(report, root), indent=2, ensure_ascii=False) + "\n"


def as_object(report: Report, root: Path) -> dict[str, Any]:
    """The report as plain values."""
    coverage = report.coverage
    return {
        "version": VERSION,
        "findings": [finding_object(finding, root) for finding in report.findings],
        "coverage": {
            "revisions": coverage.revisions,
            "statements": coverage.statements,
            "unknown": coverage.unknown,
            "stand_ins": coverage.stand_ins,
        },
        "summary": {**counted(report), "ignored": len(report.ignored)},
    }


def finding_object(finding: Finding, root: Path) -> dict[str, Any]:
    """One finding as plain values."""
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.value,
        "revision": finding.revision,
        "direction": finding.direction,
        "file": place(finding.file, root),
        "line": finding.line,
        "end_line": finding.end_line,
        "message": finding.message,
        "remedy": finding.remedy,
        "effects": effects_object(finding.effects) if finding.effects else None,
        "estimate": _estimate(finding.estimate) if finding.estimate else None,
        "fingerprint": finding.fingerprint,
        "docs": docs_page(finding.rule),
    }


def _estimate(time: Estimate) -> dict[str, Any]:
    """How long the statement takes, in seconds, and of which tables; see `migsafe.stats`."""
    return {
        "seconds": time.seconds,
        "least": time.least,
        "most": time.most,
        "bytes": time.bytes,
        "rows": time.rows,
        "tables": [table.name.display() for table in time.tables],
    }
