"""Columns that go, in a script of several revisions: they stay until the old code is gone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alembic.operations import ops

from migsafe.autogen.dependents import ColumnKey
from migsafe.autogen.exchange import key_of
from migsafe.autogen.following import AFTER, Part
from migsafe.autogen.leaving import flat
from migsafe.autogen.online_columns import LockTimeoutOps, RemarkedOps, added
from migsafe.autogen.placing import remove_empty
from migsafe.autogen.rebuild import shorter, without
from migsafe.autogen.renames import RenameOp
from migsafe.catalog import Catalog, ConstraintKind
from migsafe.effects import advance, predict
from migsafe.names import Name, quote_ident
from migsafe.pgtypes import CATALOG
from migsafe.session import Session
from migsafe.sql import parse

if TYPE_CHECKING:
    from migsafe.autogen.found import Found

Operations = list[ops.MigrateOperation]
_USED = (
    "Code that uses {what} fails from here on. If the old code does, move this to a revision\n"
    "that runs after the old code is gone."
)


def contracted(
    state: Found,
    script: ops.MigrationScript,
    asked: Sequence[ops.MigrateOperation],
    *,
    major: int,
    lock_timeout: str | None,
) -> Part | None:
    """Take the columns that go out of *script*, and return the part in which they do.

    Those without which new code could not insert may be NULL until then. What is tied to other
    objects stays where it is, with a remark. *asked* are all operations of the upgrade, before
    they were rewritten. None when no column can go later.
    """
    upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    back = {key_of_added(op, state): op for op in flat(downgrade.ops) if _adds(op)}
    move = _Move(state, back, _postponed(state, asked, back, major=major))
    for direction, change in ((upgrade, move.up), (downgrade, move.down)):
        direction.ops[:] = _changed(direction.ops, change)
        remove_empty(direction)
    if not move.gone:
        return None
    limit: Operations = [LockTimeoutOps(lock_timeout)] if lock_timeout else []
    return Part(AFTER, [*limit, *move.gone], [*limit, *move.again])


@dataclass
class _Move:
    """Takes the columns *late* out of both directions.

    *back* are the operations that add them again; *gone* and *again* those that were taken out.
    """

    state: Found
    back: Mapping[ColumnKey, ops.MigrateOperation]
    late: Set[ColumnKey]
    gone: Operations = field(default_factory=list)
    again: Operations = field(default_factory=list)

    def up(self, op: Any) -> Operations:
        """What stays of an operation of the upgrade."""
        if isinstance(op, ops.DropTableOp):
            return [RemarkedOps(op, _USED.format(what=op.table_name))]
        if not isinstance(op, ops.DropColumnOp):
            return [op]
        if (key := key_of(op, self.state)) not in self.late:
            what = f"{op.table_name}.{op.column_name}"
            return [RemarkedOps(op, _USED.format(what=what))]
        self.gone.append(op)
        return _nullable(self.back[key], True) if _is_required(self.state, key) else []

    def down(self, op: Any) -> Operations:
        """What stays of an operation of the downgrade."""
        if not _adds(op) or (key := key_of_added(op, self.state)) not in self.late:
            return [op]
        if not _is_required(self.state, key):
            self.again.append(op)
            return []
        self.again.append(_optional(op))
        return _nullable(op, False)


def joined(parts: Sequence[Part], last: Part) -> list[Part]:
    """Return *parts* and *last*, as one with the last of them where both run at the same time."""
    if parts[-1].when != last.when:
        return [*parts, last]
    before = parts[-1]
    both = Part(last.when, [*before.up, *last.up], [*last.down, *before.down])
    return [*parts[:-1], both]


def key_of_added(op: Any, state: Found) -> ColumnKey:
    """The column that *op* adds, as the catalog names it."""
    return state.name(op.table_name, op.schema), str(op.column.name)


def _adds(op: ops.MigrateOperation) -> bool:
    return isinstance(op, ops.AddColumnOp)


def _changed(
    operations: Sequence[ops.MigrateOperation], change: Callable[[Any], Operations]
) -> Operations:
    found: Operations = []
    for op in operations:
        if isinstance(op, ops.ModifyTableOps):
            op.ops[:] = _changed(op.ops, change)
            found.append(op)
        else:
            found += change(op)
    return found


def _postponed(
    state: Found,
    asked: Sequence[ops.MigrateOperation],
    back: Mapping[ColumnKey, ops.MigrateOperation],
    *,
    major: int,
) -> set[ColumnKey]:
    """The columns that can go later: of tables of which nothing hangs on any that goes."""
    if any(isinstance(op, RenameOp) for op in asked):
        return set()
    drops = {key_of(op, state) for op in asked if isinstance(op, ops.DropColumnOp)}
    taken = {key_of_added(op, state) for op in asked if _adds(op)}
    catalog = without(state, [op for op in asked if not isinstance(op, ops.DropColumnOp)])
    tied = {
        key[0]
        for key in drops
        if key in taken
        or key not in back
        or _is_filled(back[key], state, major=major)
        or not _is_alone(catalog, *key)
    }
    return {key for key in drops if key[0] not in tied}


def _is_filled(op: Any, state: Found, *, major: int) -> bool:
    """Whether the column, when it comes back, gets another value in each row."""
    steps = added(op, state, major=major)
    return steps is not None and bool(steps.filling)


def _is_alone(catalog: Catalog, name: Name, column: str) -> bool:
    """Whether nothing but the column goes when it is dropped, and nothing keeps it from going."""
    table = catalog.tables.get(name)
    found = table.column(column) if table is not None else None
    if table is None or found is None or found.type.name.schema != CATALOG:
        return False
    if found.generated is not None or found.identity is not None:
        return False
    (parsed,) = parse(f"ALTER TABLE {name} DROP COLUMN {quote_ident(column)}")
    session = Session(catalog)
    effects = predict(parsed.statement, session)
    if effects.fails is not None:
        return False
    after = advance(session, parsed.statement, effects).catalog
    if any(column in c.columns for c in table.constraints if c.kind is not ConstraintKind.NOT_NULL):
        return False
    return after == catalog.with_table(shorter(table, {(name, column)}))


def _is_required(state: Found, key: ColumnKey) -> bool:
    """Whether code that does not know the column could not insert a row."""
    found = state.catalog.tables[key[0]].column(key[1])
    return found is not None and found.not_null and found.default is None


def _nullable(op: Any, allowed: bool) -> Operations:
    change = ops.AlterColumnOp(
        op.table_name,
        str(op.column.name),
        schema=op.schema,
        existing_type=op.column.type,
        existing_nullable=not allowed,
        modify_nullable=allowed,
    )
    return [change]


def _optional(op: Any) -> ops.AddColumnOp:
    twin: ops.AddColumnOp = copy.copy(op)
    twin.column = op.column._copy()
    twin.column.nullable = True
    return twin
