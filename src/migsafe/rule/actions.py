"""The actions of an ALTER TABLE one by one, each with the effects it has by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from migsafe.capture.model import Step
from migsafe.catalog import Table
from migsafe.effects import Effects, predict
from migsafe.names import Name
from migsafe.rule.model import Context
from migsafe.sql.ast import (
    Action,
    AddColumn,
    AddConstraint,
    AlterTable,
    ConstraintDef,
    ConstraintKind,
)
from migsafe.values import dataclass, replace

A = TypeVar("A", bound=Action)


@dataclass(frozen=True)
class Part(Generic[A]):
    """One action of an ALTER TABLE: on which *table* (resolved), with which *effects* alone."""

    action: A
    table: Name
    effects: Effects
    found: Table | None

    @property
    def is_felt(self) -> bool:
        """Whether others can know the table: it is not new in the transaction."""
        return self.table in self.effects.locks


def parts(step: Step, effects: Effects, context: Context, kind: type[A]) -> Iterator[Part[A]]:
    """The actions of class *kind*, when *step* is an ALTER TABLE.

    Several actions share locks, one scan and one rewrite; who causes what is told by asking for
    each alone.
    """
    statement = step.statement
    if not isinstance(statement, AlterTable):
        return
    wanted = [action for action in statement.actions if isinstance(action, kind)]
    if not wanted:
        return
    found = context.catalog.table(statement.name)
    table = found.name if found else context.catalog.qualify(statement.name)
    for action in wanted:
        own = effects if len(statement.actions) == 1 else _alone(statement, action, context)
        yield Part(action, table, own or effects, found)


def new_constraints(
    step: Step, effects: Effects, context: Context, *kinds: ConstraintKind
) -> Iterator[tuple[Part[AddConstraint] | Part[AddColumn], ConstraintDef]]:
    """The constraints of *kinds* that an ALTER TABLE adds, by themselves and with columns."""
    actions = getattr(step.statement, "actions", ())
    if any(isinstance(a, AddConstraint) and a.constraint.kind in kinds for a in actions):
        for part in parts(step, effects, context, AddConstraint):
            if part.action.constraint.kind in kinds:
                yield part, part.action.constraint
    if any(isinstance(a, AddColumn) and a.column.constraints for a in actions):
        for added in parts(step, effects, context, AddColumn):
            for constraint in added.action.column.constraints:
                if constraint.kind in kinds:
                    yield added, constraint


def _alone(statement: AlterTable, action: Action, context: Context) -> Effects | None:
    """The effects of *action*; None when it needs another action of its statement before it."""
    effects = predict(replace(statement, actions=(action,)), context.session)
    return None if effects.fails and effects.fails.certain else effects
