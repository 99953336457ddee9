"""Differences of declared objects as steps around the operations on tables, there and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic.operations import ops

from migsafe import declare
from migsafe.autogen.leaving import flat
from migsafe.autogen.object_domains import altered
from migsafe.autogen.object_kinds import Wanted, comment_on, created_again, drop, make
from migsafe.autogen.operations import ObjectOp, do_block
from migsafe.catalog import Function, View
from migsafe.values import replace

if TYPE_CHECKING:
    from migsafe.autogen.found import Found

_EARLY = (declare.Schema, declare.Extension, declare.Domain)


@dataclass(frozen=True)
class Change:
    """One object that is not as it is declared.

    Attributes:
        one: the object; of a live one that nobody declares, its names.
        value: what the server makes of the declaration, None where it cannot read it yet.
        live: what the database has, if anything.
        same: that nothing differs but the comment.
        in_place: that CREATE OR REPLACE does it in both directions.
        gone: that it is to be dropped.
        moved: that it is as it should be, but in the way.
    """

    one: Wanted
    value: Any = None
    live: Any = None
    same: bool = False
    in_place: bool = False
    gone: bool = False
    moved: bool = False

    @property
    def comments(self) -> bool:
        """Whether the comment is declared and differs."""
        wanted = getattr(self.one.item, "comment", None)
        return self.live is not None and wanted not in (None, self.live.comment)

    @property
    def is_dropped_first(self) -> bool:
        """Whether it goes before the tables change; a new version may come after that."""
        if self.live is None or self.is_early:
            return False
        kept = self.same or self.in_place
        return self.moved or not kept

    @property
    def is_early(self) -> bool:
        """Whether tables may be made of it, so that it comes before them and goes after them."""
        kept = isinstance(self.one.item, declare.Function) and self.gone
        return kept or isinstance(self.one.item, _EARLY)

    @property
    def dropping(self) -> str:
        """The statement that drops the live object, under its full name."""
        return drop(self.one, self.live)

    @property
    def text(self) -> str:
        """What it is made of, for finding out whom it names."""
        if self.gone or self.moved:
            return " ".join(created_again(self.live, self.one))
        return " ".join(make(self.one.item, self.one.name, self.one.table))


def steps_of(
    state: Found, changes: Sequence[Change], upgrade_ops: ops.UpgradeOps
) -> tuple[list[ObjectOp], list[ObjectOp]]:
    """Return what comes before and after *upgrade_ops*; *changes* are in the order of creation."""
    fresh = set(_fresh(upgrade_ops.ops))
    front: list[ObjectOp] = []
    early: list[ObjectOp] = []
    late: list[ObjectOp] = []
    end: list[ObjectOp] = []
    for change in changes:
        steps = Steps(state, change)
        if change.gone:
            (end if change.is_early else front).append(steps.dropped())
            continue
        if change.is_dropped_first:
            front.append(steps.aside())
        op = steps.made() if not change.same or change.moved else None
        if op is not None:
            is_early = change.is_early or _precedes(change, fresh)
            (early if is_early else late).append(op)
        if change.comments and not change.is_dropped_first:
            late.append(steps.commented())
    return [*reversed(front), *early], [*late, *reversed(end)]


def _fresh(operations: Iterable[ops.MigrateOperation]) -> Iterator[str]:
    for op in flat(operations):
        if isinstance(op, ops.CreateTableOp):
            yield str(op.table_name)
        elif isinstance(op, ops.AddColumnOp):
            yield str(op.column.name)


def _precedes(change: Change, fresh: set[str]) -> bool:
    """Whether it is a function that tables may use, and that uses nothing which is new."""
    words = set(re.findall(r"[\w$]+", change.text))
    return isinstance(change.one.item, declare.Function) and not words & fresh


@dataclass(frozen=True)
class Steps:
    """The operations that one change consists of."""

    state: Found
    change: Change

    @property
    def short(self) -> Wanted:
        """The object under the names that a script writes."""
        one = self.change.one
        table = self.state.written(one.table) if one.table is not None else None
        return replace(one, name=self.state.written(one.name), table=table)

    def dropped(self) -> ObjectOp:
        """Drop what is live."""
        change = self.change
        return self._op("drop", [self._drop(change.live)], self._old(), back=True)

    def aside(self) -> ObjectOp:
        """Drop what is live before the tables change; the way back creates it after that."""
        collection = "views" if isinstance(self.change.live, View) else "functions"
        key: Any = self.change.one.name
        if isinstance(self.change.live, Function):
            key = (key, self.change.live.arguments)
        op = self._op("drop", [self._drop(self.change.live)], self._old())
        op.absent = (collection, key)
        return op

    def made(self) -> ObjectOp:
        """Create, replace or alter it."""
        change = self.change
        if isinstance(change.one.item, declare.Domain) and change.live is not None:
            ways = altered(self.short, change.live, change.value)
            return self._op("alter", *ways)
        if change.live is None:
            return self._op("create", self._new(), [self._drop(change.value)], there=True)
        if not change.is_dropped_first:
            new = next(make(self.short.item, self.short.name))
            return self._op("replace", [_or_replace(new)], [_or_replace(self._old()[0])])
        if change.moved:
            return self._op("create", self._old(), [self._drop(change.live)])
        return self._op("create", self._new(), [self._drop(change.live)])

    def commented(self) -> ObjectOp:
        """Set the comment."""
        one, live = self.short, self.change.live
        up = comment_on(one, live, one.item.comment)
        return self._op("comment on", [up], [comment_on(one, live, live.comment)])

    def _op(
        self,
        verb: str,
        up: list[str],
        down: list[str],
        *,
        there: bool = False,
        back: bool = False,
    ) -> ObjectOp:
        """Return the operation; *there* and *back* say which way creates what nothing dropped."""
        value = self.change.value if there else self.change.live
        again = (
            self._repeatable(up, value) if there else up,
            self._repeatable(down, value) if back else down,
        )
        op = ObjectOp(f"{verb} {self.change.one.display()}", up, down, again=again)
        op.schema = self.change.one.name.schema
        return op

    def _repeatable(self, statements: list[str], value: Any) -> list[str]:
        item = self.change.one.item
        if isinstance(item, (declare.Schema, declare.Extension)):
            return statements
        if isinstance(item, declare.Domain):
            body = "; ".join(statements)
            return [do_block(f"{body}; EXCEPTION WHEN duplicate_object THEN NULL;")]
        if isinstance(item, declare.Function):
            return [_or_replace(statements[0]), *statements[1:]]
        return [self._drop(value), *statements]

    def _drop(self, value: Any) -> str:
        return drop(self.short, value)

    def _old(self) -> list[str]:
        live = self.change.live
        indexes = self.state.catalog.indexes_of(live.name) if isinstance(live, View) else ()
        return created_again(live, self.change.one, indexes)

    def _new(self) -> list[str]:
        """Return what creates the new version, with what the old one had beyond its text."""
        change, one = self.change, self.short
        statements = list(make(one.item, one.name, one.table))
        comment = getattr(one.item, "comment", None)
        if change.live is None or not hasattr(change.live, "comment"):
            if comment is not None:
                statements.append(comment_on(one, change.value, comment))
            return statements
        kept = replace(change.live, comment=comment or change.live.comment)
        if isinstance(kept, View) and change.value is not None:
            columns = {name for name, _ in change.value.columns}
            details = tuple(c for c in kept.details if c.name in columns)
            kept = replace(kept, details=details)
        return [*statements, *created_again(kept, change.one)[1:]]


def _or_replace(statement: str) -> str:
    if statement.startswith("CREATE OR REPLACE "):
        return statement
    return statement.replace("CREATE ", "CREATE OR REPLACE ", 1)
