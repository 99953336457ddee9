"""The examples of rules, judged: a rule must speak on the bad ones and be silent on the good."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from migsafe.capture import capture, find_history
from migsafe.check import check
from migsafe.config import Settings
from migsafe.rule import Finding, Rule
from migsafe.rules import example_files

NEWEST = 18


def failures(rules: Sequence[Rule], everything: Sequence[Rule]) -> Iterator[str]:
    """One line for each example of *rules* that is not judged as its rule says.

    *everything* are the rules that judge: these and those that ship, as in a check.
    """
    for rule in rules:
        for kind, examples in (("bad", rule.bad), ("good", rule.good)):
            for number, example in enumerate(examples, 1):
                own = [f for f in findings_of(rule, example, everything) if f.rule == rule.code]
                place = f"{rule.code} {rule.rule_name()}: {kind} example {number}"
                if kind == "bad" and not own:
                    yield f"{place} is not found"
                elif kind == "good" and own:
                    yield f"{place} is found: {own[0].message}"


def findings_of(rule: Rule, example: str, rules: Sequence[Rule]) -> tuple[Finding, ...]:
    """What *rules* say about an example of *rule*."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for file, text in example_files(rule, example).items():
            path = folder / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        released = {
            folder / "versions" / path.name: path.read_text(encoding="utf-8")
            for path in (folder / "released").glob("*.py")
        }
        history = capture(find_history([folder]), major=NEWEST)
        report = check(
            history,
            rules,
            Settings(target_version=NEWEST),
            only=lambda migration: migration.revision != "start",
            released=released,
        )
    return report.findings
