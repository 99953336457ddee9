"""The examples of rules, judged: a rule must speak on the bad ones and be silent on the good."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from migsafe.capture import Migration, Step, capture, find_history
from migsafe.check import check, predicted
from migsafe.config import Settings
from migsafe.effects import Effects
from migsafe.rule import Finding, Rule
from migsafe.rule.words import sentence
from migsafe.rules import example_files
from migsafe.session import Session

NEWEST = 18


@dataclass(frozen=True)
class Told:
    """An example as it was judged.

    *statements* are the texts of the upgrades that somebody feels or that fail, each with that in
    words; *findings* are those of all rules that judged.
    """

    statements: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]


def failures(rules: Sequence[Rule], everything: Sequence[Rule]) -> Iterator[str]:
    """One line for each example of *rules* that is not judged as its rule says.

    *everything* are the rules that judge: these and those that ship, as in a check.
    """
    for rule in rules:
        for kind, examples in (("bad", rule.bad), ("good", rule.good)):
            for number, example in enumerate(examples, 1):
                own = own_findings(rule, tell(rule, example, everything))
                place = f"{rule.code} {rule.rule_name()}: {kind} example {number}"
                if kind == "bad" and not own:
                    yield f"{place} is not found"
                elif kind == "good" and own:
                    yield f"{place} is found: {own[0].message}"


def own_findings(rule: Rule, told: Told) -> list[Finding]:
    """The findings of *rule* itself."""
    return [finding for finding in told.findings if finding.rule == rule.code]


def tell(rule: Rule, example: str, rules: Sequence[Rule], major: int = NEWEST) -> Told:
    """What an example of *rule* does on a PostgreSQL version, and what *rules* say about it.

    The effects are predicted; that a server of each version has the same ones is a test of every
    example.
    """
    sent: list[tuple[Step, Effects]] = []

    def effects_of(step: Step, session: Session) -> Effects:
        effects = predicted(step, session)
        sent.append((step, effects))
        return effects

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        _write(folder, example_files(rule, example))
        history = capture(find_history([folder]), major=major)
        report = check(
            history,
            rules,
            Settings(target_version=major),
            effects_of=effects_of,
            only=_is_own,
            released={
                folder / "versions" / path.name: path.read_text(encoding="utf-8")
                for path in (folder / "released").glob("*.py")
            },
        )
    upgrades = {id(s) for one in history.migrations if _is_own(one) for s in one.upgrade}
    words = [(step.sql, _felt(effects)) for step, effects in sent if id(step) in upgrades]
    statements = tuple((" ".join(sql.split()), felt) for sql, felt in words if felt)
    return Told(statements, report.findings)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for file, text in files.items():
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _is_own(migration: Migration) -> bool:
    """Whether it is of the example, not the one that makes the tables before it."""
    return migration.revision != "start"


def _felt(effects: Effects) -> str | None:
    if effects.fails and effects.fails.certain:
        return f"fails: {effects.fails.why} ({effects.fails.sqlstate})"
    return sentence(effects)
