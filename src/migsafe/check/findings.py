"""What rules say as findings: where, how grave, with which remedy, and how to know it again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from migsafe.capture.model import History, Migration, Step
from migsafe.check.selection import is_about, places
from migsafe.check.walk import Walk
from migsafe.config import Settings
from migsafe.effects import Effects
from migsafe.rule import Context, Finding, Rule, Severity
from migsafe.values import replace

Listening = tuple[Rule, bool, bool]
"""A rule, whether it looks at steps, and whether at migrations."""


def of_walk(walk: Walk, rules: Iterable[Rule]) -> Iterator[Finding]:
    """The findings of one direction of a migration."""
    return told(walk, listening(rules))


def told(walk: Walk, rules: Sequence[Listening]) -> Iterator[Finding]:
    """The findings of rules that listen."""
    steps = [(kinds_of(judged[0]), judged) for judged in (*walk.contexts, *walk.inner)]
    for rule, of_steps, of_migrations in rules:
        if of_steps:
            for kinds, (step, effects, context) in steps:
                if rule.looks_at and kinds.isdisjoint(rule.looks_at):
                    continue
                for message in rule.check(step, effects, context):
                    yield _of_step(rule, message, step, effects, context)
        if of_migrations:
            for line, message in rule.check_migration(walk.whole):
                yield _finding(rule, message, walk.whole, line)


def kinds_of(step: Step) -> frozenset[type]:
    """What a rule may look at in *step*: its statement, and the actions of that."""
    statement = step.statement
    return _with_bases((type(statement), *map(type, getattr(statement, "actions", ()))))


@lru_cache(maxsize=1024)
def _with_bases(kinds: tuple[type, ...]) -> frozenset[type]:
    return frozenset(above for kind in kinds for above in kind.__mro__)


def listening(rules: Iterable[Rule]) -> tuple[Listening, ...]:
    """The *rules* that look at steps, at migrations or at both; to ask all takes half the time."""
    kinds = (
        (
            rule,
            type(rule).check is not Rule.check,
            type(rule).check_migration is not Rule.check_migration,
        )
        for rule in rules
    )
    return tuple(kind for kind in kinds if kind[1] or kind[2])


def _of_step(rule: Rule, message: str, step: Step, effects: Effects, context: Context) -> Finding:
    return replace(
        _finding(rule, message, context, step.line),
        end_line=step.end_line,
        effects=effects,
        remedy=rule.remedy(step, effects, context),
        via=step.via,
        fingerprint=_digest(rule.code, context.migration.revision, step.sql, message),
    )


def _finding(rule: Rule, message: str, context: Context, line: int) -> Finding:
    migration = context.migration
    downgrade = context.direction == "downgrade"
    return Finding(
        rule=rule.code,
        name=rule.rule_name(),
        severity=rule.downgrade_severity if downgrade else rule.severity,
        message=message,
        file=migration.path,
        line=line,
        end_line=line,
        revision=migration.revision,
        direction=context.direction,
        remedy=rule.safe_way,
        fingerprint=_digest(rule.code, migration.revision, "", message),
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
