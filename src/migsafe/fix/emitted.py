"""The statements of one direction with what the rules that know a safe form say about each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from migsafe.capture.model import Step
from migsafe.check.walk import Judged, Walk
from migsafe.effects import Effects, advance, predict
from migsafe.errors import SqlError
from migsafe.rule import Context, Rule
from migsafe.sql import parse
from migsafe.sql.ast import (
    AddConstraint,
    AddEnumValue,
    AlterTable,
    CreateIndex,
    Statement,
    ValidateConstraint,
)
from migsafe.sql.online import one_by_one

SAFE = frozenset(
    ("MS101", "MS102", "MS104", "MS105", "MS106", "MS107", "MS110", "MS402", "MS404")
) | {"MS408", "MS603"}
"""The rules whose findings have a safe form."""

UNSAFE = frozenset(("MS202", "MS401"))
"""The same, where somebody has to look at what becomes of the rows."""

_LABEL, _VALIDATED, _REPEATED = "MS402", "MS110", "MS603"


@dataclass(frozen=True)
class Emitted:
    """One statement, which may be a part of a longer one, and the *codes* of what is fixable."""

    step: Step
    effects: Effects
    context: Context
    codes: frozenset[str] = frozenset()

    @property
    def line(self) -> int:
        """The line of the author's call."""
        return self.step.line


def emitted(
    walk: Walk, rules: Sequence[Rule], codes: frozenset[str], ignored: frozenset[tuple[str, int]]
) -> tuple[Emitted, ...]:
    """The statements of *walk*; findings with an (code, line) in *ignored* were accepted."""
    asked = [rule for rule in rules if rule.code in codes]
    found = [
        Emitted(
            *judged,
            frozenset(
                rule.code
                for rule in asked
                if (rule.code, judged[0].line) not in ignored and any(rule.check(*judged))
            ),
        )
        for judged in walk.contexts
    ]
    return tuple(_related(found))


def _related(found: Sequence[Emitted]) -> Iterator[Emitted]:
    """*found* with the codes where the remedy belongs, which may be another statement."""
    codes = {code for one in found for code in one.codes}
    validated = {name for one in found if _VALIDATED in one.codes for name in _validated(one)}
    for one in found:
        statement, own = one.step.statement, set(one.codes)
        open_ = not one.step.autocommit
        if isinstance(statement, AddEnumValue) and _LABEL in codes and open_:
            own.add(_LABEL)
        elif not isinstance(statement, AddEnumValue):
            own.discard(_LABEL)
        if isinstance(statement, CreateIndex) and statement.concurrently and _REPEATED in codes:
            own.add(_REPEATED)
        if open_ and any(name in validated for name in (*_validated(one), *_not_valid(statement))):
            own.add(_VALIDATED)
        elif not _validated(one):
            own.discard(_VALIDATED)
        yield replace(one, codes=frozenset(own))


def _validated(one: Emitted) -> tuple[str, ...]:
    actions = getattr(one.step.statement, "actions", ())
    return tuple(a.name for a in actions if isinstance(a, ValidateConstraint))


def _not_valid(statement: Statement) -> tuple[str, ...]:
    actions = getattr(statement, "actions", ())
    added = (a.constraint for a in actions if isinstance(a, AddConstraint))
    return tuple(c.name or "" for c in added if c.not_valid)


def apart(one: Emitted, asked: Sequence[Rule], codes: frozenset[str]) -> tuple[Emitted, ...]:
    """The actions and inline constraints of an ALTER TABLE as statements of their own.

    *one* itself when it has no more than one; each part meets what those before it have made.
    """
    if not isinstance(one.step.statement, AlterTable) or one.step.parameters:
        return (one,)
    try:
        texts = one_by_one(one.step.sql)
    except SqlError:
        return (one,)
    if len(texts) == 1:
        return (one,)
    return tuple(_parts(one, texts, [rule for rule in asked if rule.code in codes]))


def _parts(one: Emitted, texts: Sequence[str], rules: Sequence[Rule]) -> Iterator[Emitted]:
    session = one.context.session
    for text in texts:
        step = replace(one.step, sql=text, statement=parse(text)[0].statement)
        effects = predict(step.statement, session)
        after = advance(session, step.statement, effects, autocommit=step.autocommit)
        context = replace(one.context, session=session, after=after.catalog)
        judged: Judged = (step, effects, context)
        codes = frozenset(rule.code for rule in rules if any(rule.check(*judged)))
        yield Emitted(*judged, codes)
        session = after
