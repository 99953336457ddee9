"""Foreign keys go around everything else: dropped before it, added after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops
from alembic.util.sqla_compat import _get_constraint_final_name
from sqlalchemy.sql.elements import conv

from migsafe.autogen.foreign_keys import DropForeignKeySqlOp, is_foreign_drop, left
from migsafe.autogen.key_operations import ChangeKeyOp
from migsafe.autogen.leaving import flat
from migsafe.autogen.naming import CommentWithOp
from migsafe.autogen.operations import SqlOp
from migsafe.autogen.placing import AroundOps
from migsafe.autogen.table_sql import beyond_alembic, details_of
from migsafe.fold.naming import object_name
from migsafe.names import Name

if TYPE_CHECKING:
    from migsafe.autogen.found import Found

Operations = list[ops.MigrateOperation]


def reference_around(state: Found, upgrade_ops: ops.UpgradeOps) -> None:
    """Drop foreign keys before everything else and add them after it.

    Then the keys that they are about can change in between, in tables of any name. Those of new and
    dropped tables stay with their tables, unless such a key is of a table that stays, or the table
    that they are about goes first.
    """
    drops: Operations = []
    creates: Operations = []
    keyed = set(keyed_tables(state, list(flat(upgrade_ops.ops)))) & set(state.catalog.tables)
    drops += _of_dropped(state, upgrade_ops, keyed)
    creates += _of_new(state, upgrade_ops, keyed)
    for container in [op for op in upgrade_ops.ops if isinstance(op, ops.ModifyTableOps)]:
        mine, new = [], []
        for op in container.ops:
            back = isinstance(op, CommentWithOp) and not op.up
            if back or is_foreign_drop(op) or isinstance(op, DropForeignKeySqlOp):
                mine.append(op)
            elif isinstance(op, (ops.CreateForeignKeyOp, CommentWithOp)):
                new.append(op)
        container.ops[:] = [op for op in container.ops if op not in mine and op not in new]
        for found, to in ((mine, drops), (new, creates)):
            if found:
                to.append(AroundOps(container.table_name, found, schema=container.schema))
    gone = [n for n, op in enumerate(upgrade_ops.ops) if isinstance(op, ops.DropTableOp)]
    end = gone[0] if gone else len(upgrade_ops.ops)
    upgrade_ops.ops[:] = [*drops, *upgrade_ops.ops[:end], *creates, *upgrade_ops.ops[end:]]


def keyed_tables(state: Found, operations: Operations) -> Iterator[Name]:
    """Yield the tables whose keys come, go or change by *operations*."""
    for op in operations:
        if _is_about_key(op):
            listed: Any = op
            yield state.name(str(listed.table_name), listed.schema)


def _is_about_key(op: ops.MigrateOperation) -> bool:
    if isinstance(op, ops.DropConstraintOp):
        return op.constraint_type in ("unique", "primary")
    if isinstance(op, ops.DropIndexOp):
        return bool(getattr(op._reverse, "unique", False))
    kinds = (ChangeKeyOp, ops.CreateUniqueConstraintOp)
    return isinstance(op, kinds) or (isinstance(op, ops.CreateIndexOp) and bool(op.unique))


def _of_new(state: Found, upgrade_ops: ops.UpgradeOps, keyed: set[Name]) -> Iterator[AroundOps]:
    """Yield the foreign keys of new tables to *keyed* ones, which leave their tables."""
    for op in [op for op in upgrade_ops.ops if isinstance(op, ops.CreateForeignKeyOp)]:
        if state.name(op.referent_table, op.kw.get("referent_schema")) in keyed:
            upgrade_ops.ops.remove(op)
            yield AroundOps(op.source_table, [op], schema=op.kw.get("source_schema"))
    for create in [op for op in upgrade_ops.ops if isinstance(op, ops.CreateTableOp)]:
        apart = [
            item
            for item in create.columns
            if isinstance(item, sa.ForeignKeyConstraint)
            and state.name(item.referred_table.name, item.referred_table.schema) in keyed
        ]
        create.columns = [i for i in create.columns if all(i is not item for item in apart)]
        made = [_created(state, item) for item in apart]
        if made:
            yield AroundOps(str(create.table_name), made, schema=create.schema)


def _created(state: Found, constraint: sa.ForeignKeyConstraint) -> ops.CreateForeignKeyOp:
    op: Any = ops.CreateForeignKeyOp.from_constraint(constraint)
    op.kw.pop("use_alter", None)
    said = _get_constraint_final_name(constraint, state.dialect)
    columns = "_".join(constraint.column_keys)
    op.constraint_name = conv(said or object_name(op.source_table, columns, "fkey"))
    made: ops.CreateForeignKeyOp = op
    return made


def _of_dropped(state: Found, upgrade_ops: ops.UpgradeOps, keyed: set[Name]) -> Iterator[AroundOps]:
    """Yield the drops of the foreign keys of dropped tables to *keyed* ones, with their way back.

    And to those that are dropped before. The tables then come back without them.
    """
    early = set(keyed)
    for drop in [op for op in upgrade_ops.ops if isinstance(op, ops.DropTableOp)]:
        table = state.catalog.tables[state.name(drop.table_name, drop.schema)]
        apart = [
            c for c in table.foreign_keys if c.references in early and c.references != table.name
        ]
        early.add(table.name)
        if not apart:
            continue
        names = {constraint.name for constraint in apart}
        if drop._reverse is not None:
            columns = drop._reverse.columns
            drop._reverse.columns = [item for item in columns if not _is_one(item, names)]
        rest = replace(table, constraints=tuple(c for c in table.constraints if c not in apart))
        for op in upgrade_ops.ops:
            if isinstance(op, SqlOp) and op.title == details_of(table.name):
                op.down = tuple(beyond_alembic(state, rest))
        gone = [op for constraint in apart for op in left(state, table, constraint)]
        yield AroundOps(drop.table_name, gone, schema=drop.schema)


def _is_one(item: sa.schema.SchemaItem, names: set[str]) -> bool:
    return isinstance(item, sa.ForeignKeyConstraint) and str(item.name) in names
