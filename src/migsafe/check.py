"""The checker: fold a history, know the effects of each step, ask every rule."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from migsafe.capture.model import History, Migration, Step
from migsafe.catalog import Catalog, Rows
from migsafe.config import Settings
from migsafe.effects import Effects, advance, predict
from migsafe.rule import Context, Finding, Rule, Severity
from migsafe.session import Session, Transaction
from migsafe.sql import Unrecognised

EffectsOf = Callable[[Step, Session], Effects]


@dataclass(frozen=True)
class Coverage:
    """How much was understood: *unknown* of *statements* could not be judged."""

    revisions: int = 0
    statements: int = 0
    unknown: int = 0


@dataclass(frozen=True)
class Report:
    """What a check found, and how much it could read."""

    findings: tuple[Finding, ...]
    coverage: Coverage


def predicted(step: Step, session: Session) -> Effects:
    """Effects of a step without a server."""
    return predict(step.statement, session)


def check(
    history: History,
    rules: Sequence[Rule],
    settings: Settings,
    *,
    effects_of: EffectsOf = predicted,
    only: Callable[[Migration], bool] = lambda migration: True,
) -> Report:
    """Judge *history*; migrations that *only* refuses are folded, but not reported."""
    findings: list[Finding] = list(_chain_findings(history, rules))
    statements = unknown = revisions = 0
    session = Session(Catalog.empty(settings.target_version))
    for migration in history.migrations:
        up = _walk(migration, "upgrade", session, history, effects_of)
        session = up.end
        if not only(migration):
            continue
        revisions += 1
        down = _walk(migration, "downgrade", session, history, effects_of)
        for walk in (up, down):
            findings.extend(_findings(walk, rules))
            statements += len(walk.contexts)
            unknown += sum(_is_unknown(step, effects) for step, effects, _ in walk.contexts)
    return Report(tuple(sorted(findings, key=_order)), Coverage(revisions, statements, unknown))


@dataclass(frozen=True)
class _Walk:
    """One direction of one migration: each step with its effects and context, and the end."""

    migration: Migration
    contexts: tuple[tuple[Step, Effects, Context], ...]
    whole: Context

    @property
    def end(self) -> Session:
        return self.whole.session


def _walk(
    migration: Migration, direction: str, start: Session, history: History, effects_of: EffectsOf
) -> _Walk:
    steps: tuple[Step, ...] = getattr(migration, direction)
    session = _deployed(start)
    earlier: list[tuple[Step, Effects]] = []
    contexts = []
    for position, step in enumerate(steps):
        session = replace(session, transaction=_transaction(session, step, earlier))
        effects = effects_of(step, session)
        after = advance(session, step.statement, effects, autocommit=step.autocommit)
        context = Context(
            session, after.catalog, migration, direction, history, tuple(earlier),
            steps[position + 1 :],
        )  # fmt: skip
        contexts.append((step, effects, context))
        earlier.append((step, effects))
        session = after
    ended = replace(session, transaction=None, local_settings={})
    whole = Context(ended, ended.catalog, migration, direction, history, tuple(earlier))
    return _Walk(migration, tuple(contexts), replace(whole, session=ended))


def _deployed(session: Session) -> Session:
    """The session at the start of a migration: the application may have filled every table."""
    tables = {
        name: replace(table, rows=Rows.UNKNOWN) if table.rows is Rows.NONE else table
        for name, table in session.catalog.tables.items()
    }
    catalog = replace(session.catalog, tables=tables)
    return replace(session, catalog=catalog, transaction=Transaction(), local_settings={})


def _transaction(
    session: Session, step: Step, earlier: Sequence[tuple[Step, Effects]]
) -> Transaction | None:
    if step.autocommit:
        return None
    if not earlier or earlier[-1][0].transaction != step.transaction:
        return Transaction()
    return session.transaction or Transaction()


def _is_unknown(step: Step, effects: Effects) -> bool:
    return isinstance(step.statement, Unrecognised) or effects.unknown is not None


def _findings(walk: _Walk, rules: Iterable[Rule]) -> Iterator[Finding]:
    for rule in rules:
        for step, effects, context in walk.contexts:
            for message in rule.check(step, effects, context):
                remedy = rule.remedy(step, effects, context)
                finding = _finding(rule, message, context.migration, step.line, walk.whole)
                yield replace(
                    finding, end_line=step.end_line, effects=effects, remedy=remedy, via=step.via,
                    fingerprint=_fingerprint(rule, context.migration, step.sql, message),
                )  # fmt: skip
        for line, message in rule.check_migration(walk.whole):
            yield _finding(rule, message, walk.migration, line, walk.whole)


def _finding(
    rule: Rule, message: str, migration: Migration, line: int, context: Context
) -> Finding:
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
        fingerprint=_fingerprint(rule, migration, "", message),
    )


def _chain_findings(history: History, rules: Iterable[Rule]) -> Iterator[Finding]:
    for rule in rules:
        for migration, line, message in rule.check_history(history):
            path = migration.path if migration else history.migrations[0].path
            yield Finding(
                rule=rule.code, name=rule.rule_name(), severity=rule.severity, message=message,
                file=path, line=line, end_line=line, remedy=rule.safe_way,
                revision=migration.revision if migration else None,
                fingerprint=_digest(rule.code, migration.revision if migration else "", message),
            )  # fmt: skip


def _fingerprint(rule: Rule, migration: Migration, sql: str, message: str) -> str:
    return _digest(rule.code, migration.revision, sql, message)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _order(finding: Finding) -> tuple[str, int, str, str]:
    return (str(finding.file), finding.line, finding.rule, finding.message)


def worst(findings: Iterable[Finding], at_least: Severity) -> bool:
    """Whether any finding is as grave as *at_least*."""
    return any(finding.severity.rank <= at_least.rank for finding in findings)
