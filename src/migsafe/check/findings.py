"""What rules say as findings: where, how grave, with which remedy, and how to know it again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import itemgetter
from pathlib import Path

from migsafe.capture.model import Frame, History, Migration, Step
from migsafe.check.selection import is_about, places
from migsafe.check.walk import Walk
from migsafe.config import Settings
from migsafe.effects import Effects
from migsafe.rule import Context, Finding, Rule, Severity
from migsafe.values import replace

Placed = tuple[int, Rule]
"""A rule, and its place among all of them."""


class Listening:
    """*rules* by what they look at: most speak of few kinds of statements, so most are not asked.

    Those that look at steps are found by the kind of a statement, once for each kind.
    """

    def __init__(self, rules: Iterable[Rule]):
        placed = tuple(enumerate(rules))
        self._of_steps = [one for one in placed if type(one[1]).check is not Rule.check]
        self._by_kinds: dict[tuple[type, ...], tuple[Placed, ...]] = {}
        self.of_migrations = tuple(
            one for one in placed if type(one[1]).check_migration is not Rule.check_migration
        )

    def of_step(self, step: Step) -> tuple[Placed, ...]:
        """The rules that look at statements like that of *step*, or at actions like its own."""
        statement = step.statement
        kinds = (type(statement), *map(type, getattr(statement, "actions", ())))
        found = self._by_kinds.get(kinds)
        if found is None:
            found = self._by_kinds[kinds] = tuple(self._looking(kinds))
        return found

    def _looking(self, kinds: tuple[type, ...]) -> Iterator[Placed]:
        above = {kind for one in kinds for kind in one.__mro__}
        for place, rule in self._of_steps:
            if not rule.looks_at or not above.isdisjoint(rule.looks_at):
                yield place, rule


def of_walk(walk: Walk, rules: Iterable[Rule]) -> list[Finding]:
    """The findings of one direction of a migration."""
    return told(walk, Listening(rules))


def told(walk: Walk, rules: Listening) -> list[Finding]:
    """What *rules* say about one direction of a migration, in their order."""
    found: list[tuple[int, Finding]] = []
    for step, effects, context in chain(walk.contexts, walk.inner):
        for place, rule in rules.of_step(step):
            for message in rule.check(step, effects, context):
                found.append((place, _of_step(rule, message, step, effects, context)))
    for place, rule in rules.of_migrations:
        for line, message in rule.check_migration(walk.whole):
            found.append((place, _of_migration(rule, message, walk.whole, line)))
    found.sort(key=itemgetter(0))
    return [finding for _, finding in found]


def _of_step(rule: Rule, message: str, step: Step, effects: Effects, context: Context) -> Finding:
    return _finding(
        rule, message, context, step.line, step.end_line,
        remedy=rule.remedy(step, effects, context), effects=effects, via=step.via, sql=step.sql,
    )  # fmt: skip


def _of_migration(rule: Rule, message: str, context: Context, line: int) -> Finding:
    return _finding(rule, message, context, line, line, remedy=rule.safe_way)


def _finding(
    rule: Rule, message: str, context: Context, line: int, end_line: int, *,
    remedy: str | None, effects: Effects | None = None, via: tuple[Frame, ...] = (), sql: str = "",
) -> Finding:  # fmt: skip
    migration = context.migration
    downgrade = context.direction == "downgrade"
    return Finding(
        rule=rule.code,
        name=rule.rule_name(),
        severity=rule.downgrade_severity if downgrade else rule.severity,
        message=message,
        file=migration.path,
        line=line,
        end_line=end_line,
        revision=migration.revision,
        direction=context.direction,
        remedy=remedy,
        effects=effects,
        via=via,
        fingerprint=_digest(rule.code, migration.revision, sql, message),
    )


def of_history(history: History, rules: Iterable[Rule]) -> Iterator[Finding]:
    """The findings about the chain; those about no migration are env.py's."""
    for rule in rules:
        for migration, line, message in rule.check_history(history):
            yield of_file(
                rule, message, _place(history, migration), line, revision=_revision(migration)
            )


def of_file(
    rule: Rule, message: str, path: Path, line: int, *, revision: str | None = None
) -> Finding:
    """A finding about a line of *path* rather than about a statement."""
    return Finding(
        rule=rule.code,
        name=rule.rule_name(),
        severity=rule.severity,
        message=message,
        file=path,
        line=line,
        end_line=line,
        revision=revision,
        remedy=rule.safe_way,
        fingerprint=_digest(rule.code, revision or "", message),
    )


def _place(history: History, migration: Migration | None) -> Path:
    if migration is not None:
        return migration.path
    return history.environment.path or history.migrations[0].path


def _revision(migration: Migration | None) -> str | None:
    return migration.revision if migration else None


def leveled(findings: Iterable[Finding], settings: Settings) -> list[Finding]:
    """*findings* with the severities that the project wants for its rules."""
    if not (settings.severity or settings.paths):
        return list(findings)
    return [
        replace(finding, severity=_level(finding, _wanted(finding, settings)))
        for finding in findings
    ]


def _wanted(finding: Finding, settings: Settings) -> str | None:
    """What is said about a rule by name or longest beginning of its code; the last path first."""
    special = [own.severity for own in places(finding.file, settings)]
    for levels in (*reversed(special), settings.severity):
        words = [word for word in levels if is_about(word, finding)]
        if words:
            return levels[finding.name if finding.name in words else max(words, key=len)]
    return None


def _level(finding: Finding, wanted: str | None) -> Severity:
    """The wanted severity; what is milder in a downgrade stays so."""
    if wanted is None or (finding.direction == "downgrade" and finding.severity is Severity.INFO):
        return finding.severity
    return Severity(wanted)


def once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """*findings* without those that say the same about the same line, as in a loop."""
    told: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        key = (finding.rule, finding.file, finding.line, finding.direction, finding.message)
        told.setdefault(key, finding)
    yield from told.values()


def order(finding: Finding) -> tuple[str, int, str, str]:
    """By file and line."""
    return (str(finding.file), finding.line, finding.rule, finding.message)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
