"""`migsafe.tables`: which tables are ours to drop, in which order, and what comes back of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops

from migsafe.autogen.found import Found, found
from migsafe.autogen.operations import SqlOp
from migsafe.autogen.placing import remove_empty
from migsafe.autogen.table_sql import beyond_alembic, details_of
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Take drops that nobody asked for out of *upgrade_ops*, and order the others."""
    state = found(context)
    _keep_foreign(state, upgrade_ops)
    _order_columns(state, upgrade_ops)
    _order_drops(state, upgrade_ops)
    _reference_later(upgrade_ops)


def _keep_foreign(state: Found, upgrade_ops: ops.UpgradeOps) -> None:
    """Leave partitions, inherited columns and the tables of extensions alone (alembic #539)."""
    kept: set[Name] = set()
    for op in upgrade_ops.ops:
        if isinstance(op, ops.DropTableOp):
            table = state.catalog.tables.get(state.name(op.table_name, op.schema))
            if table is None or table.partition_of is not None:
                kept.add(state.name(op.table_name, op.schema))
        elif isinstance(op, ops.ModifyTableOps):
            op.ops[:] = [inner for inner in op.ops if not _is_inherited(state, inner)]
    upgrade_ops.ops[:] = [
        op
        for op in upgrade_ops.ops
        if not isinstance(op, (ops.DropTableOp, ops.ModifyTableOps))
        or state.name(op.table_name, op.schema) not in kept
    ]
    remove_empty(upgrade_ops)


def _is_inherited(state: Found, op: ops.MigrateOperation) -> bool:
    if not isinstance(op, ops.DropColumnOp):
        return False
    table = state.catalog.tables.get(state.name(op.table_name, op.schema))
    column = table.column(op.column_name) if table is not None else None
    return column is not None and not column.local


def _order_columns(state: Found, upgrade_ops: ops.UpgradeOps) -> None:
    """Drop columns from the last to the first, so that the way back adds them in their order."""
    for container in upgrade_ops.ops:
        if not isinstance(container, ops.ModifyTableOps):
            continue
        table = state.catalog.tables.get(state.name(container.table_name, container.schema))
        if table is None:
            continue
        places = {column.name: place for place, column in enumerate(table.columns)}
        drops = [op for op in container.ops if isinstance(op, ops.DropColumnOp)]
        drops.sort(key=lambda op: -places.get(op.column_name, -1))
        others = [op for op in container.ops if not isinstance(op, ops.DropColumnOp)]
        container.ops[:] = [*others, *drops]


def _order_drops(state: Found, upgrade_ops: ops.UpgradeOps) -> None:
    """Drop tables before those that they reference, else by name (alembic: by chance)."""
    drops = {
        state.name(op.table_name, op.schema): op
        for op in upgrade_ops.ops
        if isinstance(op, ops.DropTableOp)
    }
    belongings: dict[Name, list[ops.MigrateOperation]] = {name: [] for name in drops}
    others = []
    for op in upgrade_ops.ops:
        if isinstance(op, ops.ModifyTableOps) and (
            (name := state.name(op.table_name, op.schema)) in drops
        ):
            belongings[name].append(op)
        elif not isinstance(op, ops.DropTableOp):
            others.append(op)
    upgrade_ops.ops[:] = others
    for name in _referencing_first(state, sorted(drops)):
        table = state.catalog.tables[name]
        back = beyond_alembic(state, table)
        _forget_options(drops[name])
        restored = [SqlOp(details_of(name), (), back)] if back else []
        upgrade_ops.ops += [*restored, *belongings[name], drops[name]]


def _forget_options(drop: ops.DropTableOp) -> None:
    """Take out what SQLAlchemy's reflection says of NO INHERIT and NOT VALID in a wrong form.

    And what it says of every UNIQUE: PostgreSQL 14 does not know NULLS DISTINCT. And a CHECK that
    it could not read, as with NOT ENFORCED, and that a column with a default counts by itself, by
    which it would get a sequence of its own.
    """
    if drop._reverse is None:
        return
    items = drop._reverse.columns
    drop._reverse.columns = [item for item in items if not _is_unread(item)]
    for item in drop._reverse.columns:
        if isinstance(item, sa.Column) and isinstance(item.server_default, sa.DefaultClause):
            item.autoincrement = False
        elif isinstance(item, sa.CheckConstraint):
            item.dialect_options.pop("dialect", None)
        elif isinstance(item, sa.UniqueConstraint):
            for key in [key for key, value in item.dialect_kwargs.items() if not value]:
                del item.dialect_kwargs[key]


def _is_unread(item: sa.schema.SchemaItem) -> bool:
    return isinstance(item, sa.CheckConstraint) and not str(item.sqltext).strip()


def _referencing_first(state: Found, names: list[Name]) -> Iterator[Name]:
    left = list(names)
    while left:
        referenced = {
            target
            for name in left
            for constraint in state.catalog.tables[name].constraints
            if (target := constraint.references) is not None and target != name
        }
        free = [name for name in left if name not in referenced] or left[:1]
        yield from free
        left = [name for name in left if name not in free]


def _reference_later(upgrade_ops: ops.UpgradeOps) -> None:
    """Add foreign keys of new tables to tables that come after them when both exist.

    Alembic writes those with `use_alter` into `create_table`, where they are silently left out.
    """
    creates = [op for op in upgrade_ops.ops if isinstance(op, ops.CreateTableOp)]
    coming = {(op.schema, str(op.table_name)) for op in creates}
    later: list[ops.MigrateOperation] = []
    for op in creates:
        coming.discard((op.schema, str(op.table_name)))
        for item in [i for i in op.columns if isinstance(i, sa.ForeignKeyConstraint)]:
            if item.use_alter or _target(item) in coming:
                op.columns = [i for i in op.columns if i is not item]
                later.append(_added(item))
    if later:
        last = max(n for n, op in enumerate(upgrade_ops.ops) if isinstance(op, ops.CreateTableOp))
        upgrade_ops.ops[last + 1 : last + 1] = later


def _target(constraint: sa.ForeignKeyConstraint) -> tuple[str | None, str]:
    table = constraint.referred_table
    return (table.schema, str(table.name))


def _added(constraint: sa.ForeignKeyConstraint) -> Any:
    op = ops.CreateForeignKeyOp.from_constraint(constraint)
    op.kw.pop("use_alter", None)
    return op
