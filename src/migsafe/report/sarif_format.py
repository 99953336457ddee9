"""Findings as SARIF 2.1.0, which GitHub code scanning and many editors read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from migsafe import __version__
from migsafe.check import Report
from migsafe.report.parts import place
from migsafe.rule import Finding
from migsafe.rules import load_rules

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def render(report: Report, root: Path) -> str:
    """One run with the rules that occur; accepted findings are results with a suppression."""
    everything = [*report.findings, *report.ignored]
    used = sorted({(finding.rule, finding.name) for finding in everything})
    positions = {rule: number for number, (rule, _) in enumerate(used)}
    results = [_result(finding, positions, root) for finding in report.findings]
    for finding in report.ignored:
        suppressed = {"suppressions": [{"kind": "inSource"}]}
        results.append({**_result(finding, positions, root), **suppressed})
    driver = {
        "name": "migsafe",
        "semanticVersion": __version__,
        "rules": [_rule(rule, name) for rule, name in used],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str, name: str) -> dict[str, Any]:
    known = {rule.code: rule for rule in load_rules()}.get(code)
    text = known.documentation() if known else name
    first = text.partition("\n")[0]
    level = _LEVELS[known.severity.value] if known else "warning"
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": first},
        "fullDescription": {"text": text},
        "help": {"text": f"{text}\n\nmigsafe explain {code}"},
        "defaultConfiguration": {"level": level},
    }


def _result(finding: Finding, positions: dict[str, int], root: Path) -> dict[str, Any]:
    text = finding.message + (f"\n\nInstead:\n{finding.remedy}" if finding.remedy else "")
    location = {
        "artifactLocation": {"uri": quote(place(finding.file, root))},
        "region": {"startLine": finding.line, "endLine": finding.end_line},
    }
    return {
        "ruleId": finding.rule,
        "ruleIndex": positions[finding.rule],
        "level": _LEVELS[finding.severity.value],
        "message": {"text": text},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"migsafe/v1": finding.fingerprint},
    }
