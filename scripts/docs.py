"""Writes docs/rules: one page for each rule, and the list of them.

The pages are made of the rules themselves: docstring, examples, and the effects of each example.
`python scripts/docs.py --check` writes nothing and ends with 1 when a page is not up to date.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from migsafe.check.examples import own_findings, tell
from migsafe.models import DesignRule, lint
from migsafe.models.rules import example_design, load_design_rules
from migsafe.report.text_format import is_code
from migsafe.rule import Rule
from migsafe.rules import load_rules

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "rules"
GROUPS = {
    "MS1": "Blocks other sessions",
    "MS2": "Writes tables anew",
    "MS3": "Breaks running code",
    "MS4": "Fails or loses data",
    "MS5": "Cannot be undone",
    "MS6": "Transactions and locks",
    "MS7": "History and environment",
    "MS8": "Schema design, judged by `migsafe models lint`",
    "MS9": "Not understood, or accepted",
}


def page(rule: Rule) -> str:
    """The page of *rule* as Markdown."""
    first, _, rest = rule.documentation().partition("\n")
    parts = [
        f"# {rule.code} {rule.rule_name()}",
        f"**{first}**",
        f"Severity: {rule.severity.value}; in a downgrade: {rule.downgrade_severity.value}.",
        rest.strip(),
        "## Found",
        *(part for example in rule.bad for part in shown(rule, example)),
        "## Not found",
        *(part for example in rule.good for part in shown(rule, example)),
        "## Accept it",
        code(f"# migsafe: ignore[{rule.code}] the reason"),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def shown(rule: Rule, example: str) -> Iterator[str]:
    """An example, what its statements do, what is said about them, and the way out."""
    yield code(textwrap.dedent(example).strip())
    told = tell(rule, example, load_rules())
    yield "\n".join(f"- `{sql}`  \n  {felt}" for sql, felt in told.statements)
    for finding in own_findings(rule, told)[:1]:
        yield f"> {finding.message}"
        if finding.remedy:
            yield "Instead:"
            yield code(finding.remedy) if is_code(finding.remedy) else finding.remedy


def design_page(rule: DesignRule) -> str:
    """The page of a rule about schema design."""
    first, _, rest = rule.documentation().partition("\n")
    parts = [
        f"# {rule.code} {rule.rule_name()}",
        f"**{first}**",
        f"Severity: {rule.severity.value}; from the profile {rule.profile.value} on.",
        rest.strip(),
        "## Found",
        *(part for example in rule.bad for part in designed(rule, example)),
        "## Not found",
        *(code(textwrap.dedent(example).strip()) for example in rule.good),
        "## Accept it",
        "At the column or at the class, or for all models in pyproject.toml:",
        code(f"# migsafe: ignore[{rule.code}] the reason"),
        f'```toml\n[tool.migsafe]\nignore = ["{rule.code}"]\n```',
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def designed(rule: DesignRule, example: str) -> Iterator[str]:
    """An example of models, what is said about them, and the way out."""
    yield code(textwrap.dedent(example).strip())
    finding = lint(example_design(example), (rule,)).findings[0]
    yield f"> {finding.message}"
    if finding.remedy:
        yield "Instead:"
        yield code(finding.remedy) if is_code(finding.remedy) else finding.remedy


def code(text: str) -> str:
    return f"```python\n{text}\n```"


def index(rules: list[Rule | DesignRule]) -> str:
    """The list of all rules."""
    parts = [
        "# Rules",
        "Errors take others down, lose data or break the deployment; warnings depend on size or "
        "traffic; notes (info) are about downgrades and style and are shown with "
        "`--min-severity info`. `migsafe explain MS101` shows a page in the terminal.",
    ]
    for group, of_group in groupby(rules, key=lambda rule: rule.code[:3]):
        rows = [
            f"| [{rule.code}]({rule.code}.md) | {rule.rule_name()} | {rule.severity.value} "
            f"| {rule.documentation().partition(chr(10))[0]} |"
            for rule in of_group
        ]
        table = ["| | | | |", "|---|---|---|---|", *rows]
        parts += [f"## {GROUPS[group]}", "\n".join(table)]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Write the pages; with ``--check`` only say which are not up to date."""
    rules, designs = load_rules(), load_design_rules()
    pages = {f"{rule.code}.md": page(rule) for rule in rules}
    pages |= {f"{rule.code}.md": design_page(rule) for rule in designs}
    pages["README.md"] = index(sorted((*rules, *designs), key=lambda rule: rule.code))
    FOLDER.mkdir(parents=True, exist_ok=True)
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    stale = sorted(name for name in pages | there if pages.get(name) != there.get(name))
    if "--check" in sys.argv:
        for name in stale:
            print(f"docs/rules/{name} is not up to date")
        return 1 if stale else 0
    for name in stale:
        if name in pages:
            (FOLDER / name).write_text(pages[name], encoding="utf-8")
        else:
            (FOLDER / name).unlink()
    print(f"{len(stale)} of {len(pages)} pages written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
