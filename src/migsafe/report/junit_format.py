"""Findings as JUnit XML: a revision file is a test case, which fails by its errors and warnings."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from migsafe.check import Report
from migsafe.report.parts import place, title
from migsafe.rule import Finding, Severity

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, root: Path) -> str:
    """One test case for each finding; one that passes when there are none."""
    failing = [f for f in report.findings if f.severity is not Severity.INFO]
    counts = {"tests": str(max(len(report.findings), 1)), "failures": str(len(failing))}
    suites = ElementTree.Element("testsuites", {"name": "migsafe", **counts, "errors": "0"})
    suite = ElementTree.SubElement(
        suites, "testsuite", {"name": "migsafe check", **counts, "errors": "0", "skipped": "0"}
    )
    for finding in report.findings:
        _case(suite, finding, root)
    if not report.findings:
        ElementTree.SubElement(
            suite, "testcase", {"classname": "migsafe", "name": "no findings", "time": "0"}
        )
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ElementTree.Element, finding: Finding, root: Path) -> None:
    where = f"{place(finding.file, root)}:{finding.line}"
    text = _clean("\n\n".join(filter(None, [finding.message, finding.remedy])))
    case = ElementTree.SubElement(
        suite,
        "testcase",
        {
            "classname": place(finding.file, root),
            "name": f"{title(finding)} at line {finding.line}",
            "time": "0",
        },
    )
    if finding.severity is Severity.INFO:
        ElementTree.SubElement(case, "system-out").text = f"{where}\n{text}"
        return
    attributes = {"message": _clean(finding.message), "type": finding.rule}
    failure = ElementTree.SubElement(case, "failure", attributes)
    failure.text = f"{where}\n{text}"


def _clean(text: str) -> str:
    """*text* without the characters that XML has no way to write."""
    return _NOT_XML.sub("\ufffd", text)
