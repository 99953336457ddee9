"""Findings as one HTML page without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path

from migsafe.check import Report
from migsafe.report.parts import place, summary, title
from migsafe.report.text_format import source_lines
from migsafe.rule import Finding
from migsafe.rule.words import sentence

_STYLE = """
:root { color-scheme: light dark; --edge: #8885; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
article { border: 1px solid var(--edge); border-left: 6px solid #2a6fdb; border-radius: 4px;
  margin: 1rem 0; padding: .5rem 1rem; }
article.error { border-left-color: #c62828; }
article.warning { border-left-color: #c77700; }
pre { overflow-x: auto; background: #8881; padding: .5rem; border-radius: 4px; }
.felt { opacity: .8; }
h2 { font-size: 1.1rem; overflow-wrap: anywhere; }
"""


def render(report: Report, root: Path) -> str:
    """The page as text."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><title>migsafe</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body><main>",
        f"<h1>migsafe</h1><p>{escape(summary(report))}</p>",
    ]
    for path, found in groupby(report.findings, key=lambda finding: finding.file):
        parts.append(f"<h2>{escape(place(path, root))}</h2>")
        for finding in found:
            parts += _finding(finding)
    return "\n".join([*parts, "</main></body></html>"]) + "\n"


def _finding(finding: Finding) -> Iterator[str]:
    severity = finding.severity.value
    yield f'<article class="{severity}">'
    yield (
        f"<p><strong>{severity}</strong> <code>{title(finding)}</code> · "
        f"line {finding.line}<br>{escape(finding.message)}</p>"
    )
    felt = sentence(finding.effects) if finding.effects else None
    if felt:
        yield f'<p class="felt">{escape(felt)}</p>'
    source = source_lines(finding.file)[finding.line - 1 : finding.end_line]
    if source:
        yield f"<pre><code>{escape(chr(10).join(source))}</code></pre>"
    if finding.remedy:
        yield "<details><summary>The safe way</summary>"
        yield f"<pre><code>{escape(finding.remedy)}</code></pre></details>"
    yield "</article>"
