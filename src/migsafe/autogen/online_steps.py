"""Single operations in the form that blocks neither readers nor writers for long."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from sqlalchemy.sql.elements import conv

from migsafe.autogen.convert import ConvertColumnOp
from migsafe.autogen.key_operations import ChangeKeyOp, Key
from migsafe.autogen.labels import ChangeLabelsOp
from migsafe.autogen.leaving import flat
from migsafe.autogen.online_columns import RemarkedOps, not_null
from migsafe.autogen.operations import SqlOp, StepsOps, do_block
from migsafe.names import Name
from migsafe.sql.online import fitting, key_of_index, validated

if TYPE_CHECKING:
    from migsafe.autogen.found import Found

__all__ = [
    "ADDED",
    "drop_index",
    "flat",
    "identity",
    "online",
    "reach_partitions",
    "repeatable",
    "retypes",
]

ADDED = (ops.CreateForeignKeyOp, ops.CreateCheckConstraintOp, ops.CreateUniqueConstraintOp)
_PARTITIONED_KEYS = 18
Steps = Iterator[ops.MigrateOperation]


def retypes(op: ops.MigrateOperation) -> bool:
    """Whether *op* gives columns another type or key, so that what depends on them must be gone."""
    if isinstance(op, ops.AlterColumnOp):
        return op.modify_type is not None
    kinds = (ConvertColumnOp, ChangeKeyOp)
    return isinstance(op, kinds) or (isinstance(op, ChangeLabelsOp) and not op.only_adds)


def identity(op: Any) -> tuple[str, str, str | None]:
    """Return what tells whether two operations are about one index or constraint."""
    if isinstance(op, (ops.CreateIndexOp, ops.DropIndexOp)):
        return ("index", str(op.index_name), op.schema)
    schema = op.kw.get("source_schema") if isinstance(op, ops.CreateForeignKeyOp) else op.schema
    table = op.source_table if isinstance(op, ops.CreateForeignKeyOp) else op.table_name
    return (f"constraint of {table}", str(op.constraint_name), schema)


def online(op: ops.MigrateOperation, state: Found, *, major: int) -> Steps:
    """Yield the steps, each to be committed by itself, that do what *op* does; none: keep *op*.

    *major* is the oldest PostgreSQL that the script is for.
    """
    if isinstance(op, ops.CreateIndexOp):
        yield from _index(op)
    elif isinstance(op, ADDED) and op.constraint_name:
        if isinstance(op, ops.CreateUniqueConstraintOp):
            yield from _unique(op, state)
        else:
            yield from _validated_later(op, state)
    elif isinstance(op, ops.AlterColumnOp) and op.modify_nullable is False:
        yield from _not_null(op, state, major)
    elif isinstance(op, ChangeKeyOp) and op.new is not None:
        yield from _key(op, op.new, major)


def reach_partitions(op: ops.MigrateOperation, major: int) -> bool:
    """Whether the steps of *op* work on a partitioned table, too.

    A foreign key of one can be NOT VALID since PostgreSQL 18, and indexes of partitions are built
    one by one.
    """
    if isinstance(op, ops.CreateForeignKeyOp):
        return major >= _PARTITIONED_KEYS
    tightens = isinstance(op, ops.AlterColumnOp) and op.modify_nullable is False
    return tightens or isinstance(op, ops.CreateCheckConstraintOp)


def drop_index(op: ops.DropIndexOp) -> ops.DropIndexOp:
    """Return the drop of an index that waits for no lock but the last short one."""
    return ops.DropIndexOp(
        op.index_name,
        op.table_name,
        schema=op.schema,
        if_exists=True,
        postgresql_concurrently=True,
    )


def _index(op: ops.CreateIndexOp) -> Steps:
    # A build that failed leaves an INVALID index behind, which IF NOT EXISTS would take for done.
    yield drop_index(ops.DropIndexOp(conv(str(op.index_name)), op.table_name, schema=op.schema))
    built = copy.copy(op)
    built.kw = {**op.kw, "postgresql_concurrently": True}
    yield built


def _validated_later(op: Any, state: Found) -> Steps:
    table = _table(op, state)
    name = Name(None, str(op.constraint_name))
    yield _dropped(op)
    added = copy.copy(op)
    added.kw = {**op.kw, "postgresql_not_valid": True}
    yield added
    yield SqlOp(f"validate {name}", [validated(table, str(op.constraint_name))], [])


def _dropped(op: Any) -> ops.DropConstraintOp:
    kinds = {
        ops.CreateForeignKeyOp: "foreignkey",
        ops.CreateCheckConstraintOp: "check",
        ops.CreateUniqueConstraintOp: "unique",
    }
    foreign = isinstance(op, ops.CreateForeignKeyOp)
    return ops.DropConstraintOp(
        op.constraint_name,
        op.source_table if foreign else op.table_name,
        kinds[type(op)],
        schema=op.kw.get("source_schema") if foreign else op.schema,
        if_exists=True,
    )


def _unique(op: ops.CreateUniqueConstraintOp, state: Found) -> Steps:
    table = _table(op, state)
    name = str(op.constraint_name)
    options = {key: value for key, value in op.kw.items() if key.startswith("postgresql_")}
    yield _dropped(op)
    yield from _index(
        ops.CreateIndexOp(
            conv(name),
            op.table_name,
            list(op.columns),
            schema=op.schema,
            unique=True,
            **options,
        )
    )
    deferred = str(op.kw.get("initially")).upper() == "DEFERRED"
    timing = (bool(op.kw.get("deferrable")), deferred)
    yield SqlOp(f"add {name}", [key_of_index(table, name, "UNIQUE", name, *timing)], [])


def _key(op: ChangeKeyOp, new: Key, major: int) -> Steps:
    """Build the index of the new key first: then the exchange is a matter of a moment."""
    for column in op.tightened:
        yield not_null(op.table, column, major=major)
    same = op.old is not None and op.old.name == new.name
    index = fitting(new.name, "_new") if same else new.name
    distinct: dict[str, Any] = {"postgresql_nulls_not_distinct": True}
    options: dict[str, Any] = {"postgresql_include": list(new.include)} if new.include else {}
    yield from _index(
        ops.CreateIndexOp(
            conv(index),
            op.table.name,
            list(new.columns),
            schema=op.table.schema,
            unique=True,
            **options,
            **(distinct if new.nulls_not_distinct else {}),
        )
    )
    swap = [*op.swap(index, again=True)]
    if not op.leaning:
        yield SqlOp(f"exchange {new.name}", swap, [])
        return
    # In one transaction: no row may come in that a foreign key would not have let in.
    aside = [*(key.drop for key in op.leaning), *swap]
    back = [sql for key in op.leaning for sql in key.back(later=True)]
    yield SqlOp(f"exchange {new.name}", [do_block("; ".join([*aside, *back]) + ";")], [])
    for key in op.leaning:
        yield SqlOp(f"validate {key.name}", list(key.validate()), [])


def _not_null(op: ops.AlterColumnOp, state: Found, major: int) -> Steps:
    table = state.written(state.name(op.table_name, op.schema))
    others = copy.copy(op)
    others.modify_nullable = None
    if others.has_changes():
        yield others
    yield not_null(table, str(op.column_name), major=major)


def _table(op: Any, state: Found) -> Name:
    if isinstance(op, ops.CreateForeignKeyOp):
        return state.written(state.name(op.source_table, op.kw.get("source_schema")))
    return state.written(state.name(op.table_name, op.schema))


def repeatable(op: ops.MigrateOperation) -> ops.MigrateOperation:
    """Return *op* in a form that may run again after it was committed and a later step failed."""
    if isinstance(op, ops.ModifyTableOps):
        kept: Iterable[ops.MigrateOperation] = [repeatable(inner) for inner in op.ops]
        return ops.ModifyTableOps(op.table_name, list(kept), schema=op.schema)
    if isinstance(op, RemarkedOps):
        return RemarkedOps(repeatable(op.ops[0]), op.text)
    if isinstance(op, SqlOp):
        return op.repeatable()
    if isinstance(op, ADDED) and op.constraint_name:
        return StepsOps([op], [_dropped(op), op])
    twin = copy.copy(op)
    if isinstance(twin, (ops.CreateTableOp, ops.AddColumnOp, ops.CreateIndexOp)):
        twin.if_not_exists = True
    elif isinstance(
        twin, (ops.DropTableOp, ops.DropColumnOp, ops.DropIndexOp, ops.DropConstraintOp)
    ):
        twin.if_exists = True
    return twin
