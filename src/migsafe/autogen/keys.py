"""Comparing PRIMARY KEY and UNIQUE constraints in everything that can be said of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops
from alembic.util.sqla_compat import _get_constraint_final_name

from migsafe.autogen.creation import constraint_body
from migsafe.autogen.foreign_keys import restored
from migsafe.autogen.found import Found, wanted_tables
from migsafe.autogen.key_operations import ChangeKeyOp, Key, Leaning
from migsafe.autogen.leaving import flat
from migsafe.autogen.naming import CommentWithOp, comment_with, rename_constraint
from migsafe.autogen.placing import operations_on
from migsafe.autogen.rebuild import without
from migsafe.catalog import Catalog, Constraint, ConstraintKind, Table
from migsafe.fold.naming import object_name
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def compare_keys(context: AutogenContext, state: Found, upgrade_ops: ops.UpgradeOps) -> None:
    """Add and correct the operations on the keys of tables that exist."""
    for table in wanted_tables(context):
        live = state.table(table)
        if live is None or live.partition_of is not None:
            continue
        _compare_primary(state, table, live, upgrade_ops)
        _compare_unique(state, table, live, upgrade_ops)


def found_key(state: Found, table: Table, constraint: Constraint) -> Key:
    """Return the key of *table* that *constraint* is."""
    index = state.catalog.indexes.get(Name(table.name.schema, constraint.index or ""))
    return Key(
        constraint.name,
        constraint.kind is ConstraintKind.PRIMARY_KEY,
        constraint.columns,
        index.include if index is not None else (),
        index is not None and index.nulls_not_distinct,
        constraint.deferrable,
        constraint.deferred,
        constraint.comment,
    )


def wanted_key(
    state: Found, constraint: sa.PrimaryKeyConstraint | sa.UniqueConstraint, name: str
) -> Key:
    """Return the key that *constraint* of the metadata asks for, under *name*."""
    options = constraint.dialect_options["postgresql"]
    include = [getattr(column, "name", column) for column in options["include"] or ()]
    return Key(
        name,
        isinstance(constraint, sa.PrimaryKeyConstraint),
        tuple(str(column.name) for column in constraint.columns),
        tuple(str(column) for column in include),
        bool(options.get("nulls_not_distinct")),
        bool(constraint.deferrable or constraint.initially),
        (constraint.initially or "").upper() == "DEFERRED",
        constraint.comment,
    )


def _compare_primary(
    state: Found, table: sa.Table, live: Table, upgrade_ops: ops.UpgradeOps
) -> None:
    there = live.primary_key
    old = found_key(state, live, there) if there is not None and there.local else None
    new = None
    if len(table.primary_key.columns):
        said = _get_constraint_final_name(table.primary_key, state.dialect)
        automatic = object_name(str(table.name), None, "pkey")
        name = str(said) if said is not None else old.name if old is not None else automatic
        new = wanted_key(state, table.primary_key, name)
    if old == new or (there is not None and old is None):
        return
    container = operations_on(upgrade_ops, table)
    if old is not None and new is not None and old.like(new):
        container.ops[:0] = rename_constraint(state.written(live.name), old, new)
        return
    inner = container.ops
    tightened = tuple(_taken_over(inner, new, nullable=False))
    loosened = tuple(_taken_over(inner, old, nullable=True))
    catalog = without(state, list(flat(upgrade_ops.ops)))
    op = ChangeKeyOp(*_change(state, catalog, live, old, new), tightened, loosened)
    if op.leaning and old is not None and _has_rival(inner, old):
        _let_lean_later(state, catalog, upgrade_ops, op)
    _insert(container, op)


def _has_rival(operations: list[ops.MigrateOperation], key: Key) -> bool:
    """Whether a UNIQUE of the same columns comes, to which foreign keys may lean as well."""
    unique = (op for op in operations if isinstance(op, ops.CreateUniqueConstraintOp))
    return any(set(op.columns) == set(key.columns) for op in unique)


def _let_lean_later(
    state: Found, catalog: Catalog, upgrade_ops: ops.UpgradeOps, op: ChangeKeyOp
) -> None:
    """Drop the foreign keys that lean on the key before everything, add them after it."""
    for key in op.leaning:
        table = catalog.tables[state.name(key.table.name, key.table.schema)]
        constraint = table.constraint(key.name)
        assert constraint is not None
        made = restored(state, table, constraint)
        operations_on(upgrade_ops, made.table).ops += [
            ops.DropConstraintOp.from_constraint(made),
            ops.CreateForeignKeyOp.from_constraint(made),
        ]
    op.leaning = ()


def _taken_over(
    operations: list[ops.MigrateOperation], key: Key | None, *, nullable: bool
) -> Iterator[str]:
    """Yield the columns of *key* that *operations* make *nullable* or not, without those."""
    for op in operations:
        if (
            isinstance(op, ops.AlterColumnOp)
            and op.modify_nullable is nullable
            and key is not None
            and op.column_name in key.columns
        ):
            op.modify_nullable = None
            yield str(op.column_name)


def _change(
    state: Found, catalog: Catalog, live: Table, old: Key | None, new: Key | None
) -> tuple[Name, Key | None, Key | None, tuple[Leaning, ...]]:
    leaning = tuple(_leaning(state, catalog, live, old)) if old is not None else ()
    return state.written(live.name), old, new, leaning


def _leaning(state: Found, catalog: Catalog, live: Table, key: Key) -> Iterator[Leaning]:
    """Yield the foreign keys to the columns of *key* that are there in any case."""
    for table in sorted(catalog.tables.values(), key=lambda t: t.name):
        for constraint in table.foreign_keys:
            same = set(constraint.referenced_columns) == set(key.columns)
            if constraint.references == live.name and same and constraint.local:
                body = constraint_body(constraint, None)
                name = state.written(table.name)
                yield Leaning(name, constraint.name, body, constraint.validated)


def _insert(container: ops.ModifyTableOps, op: ChangeKeyOp) -> None:
    """Put *op* behind everything but the drops of columns."""
    drops = (n for n, other in enumerate(container.ops) if isinstance(other, ops.DropColumnOp))
    container.ops.insert(next(drops, len(container.ops)), op)


def _compare_unique(
    state: Found, table: sa.Table, live: Table, upgrade_ops: ops.UpgradeOps
) -> None:
    container = operations_on(upgrade_ops, table)
    there = {c.name: c for c in live.constraints_of(ConstraintKind.UNIQUE) if c.local}
    touched = _touched(container)
    for constraint, old in _pairs(state, table, live, there, touched):
        said = _get_constraint_final_name(constraint, state.dialect)
        new = wanted_key(state, constraint, str(said) if said is not None else old.name)
        if said is None and (old.columns, old.include) != (new.columns, new.include):
            named = "_".join((*new.columns, *new.include))
            new = replace(new, name=object_name(str(table.name), named, "key"))
        if old == new:
            continue
        container.ops[:] = [op for op in container.ops if not _is_about(op, {old.name, new.name})]
        if old.like(new):
            container.ops[:0] = rename_constraint(state.written(live.name), old, new)
        else:
            catalog = without(state, list(flat(upgrade_ops.ops)))
            _insert(container, ChangeKeyOp(*_change(state, catalog, live, old, new)))
    container.ops += _comments(state, table, live, container)
    for n, op in enumerate(container.ops):
        if isinstance(op, ops.DropConstraintOp) and str(op.constraint_name) in there:
            key = found_key(state, live, there[str(op.constraint_name)])
            if key.include or key.deferrable or key.comment:
                container.ops[n] = ChangeKeyOp(state.written(live.name), key, None)
            elif isinstance(back := op._reverse, ops.CreateUniqueConstraintOp):
                # What reflection says of every one, and PostgreSQL 14 does not know.
                back.kw = {name: value for name, value in back.kw.items() if value}


def _comments(
    state: Found, table: sa.Table, live: Table, container: ops.ModifyTableOps
) -> Iterator[CommentWithOp]:
    """Yield the comments of the new constraints, for which Alembic has no word."""
    unique = [c for c in table.constraints if isinstance(c, sa.UniqueConstraint)]
    for op in [op for op in container.ops if isinstance(op, ops.CreateUniqueConstraintOp)]:
        name = str(op.constraint_name)
        for constraint in unique:
            said = _get_constraint_final_name(constraint, state.dialect)
            columns = [str(column.name) for column in constraint.columns]
            if said == name or (said is None and columns == list(op.columns)):
                new = wanted_key(state, constraint, name)
                yield from comment_with(state.written(live.name), new, up=True)


def _pairs(
    state: Found,
    table: sa.Table,
    live: Table,
    there: dict[str, Constraint],
    touched: set[str],
) -> Iterator[tuple[sa.UniqueConstraint, Key]]:
    """Yield the constraints of the metadata with those of *live* they stand for.

    First by name, then, where Alembic found no difference or both a drop and a creation, by what
    they do.
    """
    left = dict(there)
    others: list[tuple[sa.UniqueConstraint, str | None]] = []
    unique = [c for c in table.constraints if isinstance(c, sa.UniqueConstraint)]
    for constraint in sorted(unique, key=lambda c: [str(column.name) for column in c.columns]):
        said = _get_constraint_final_name(constraint, state.dialect)
        if said is not None and str(said) in left:
            yield constraint, found_key(state, live, left.pop(str(said)))
        else:
            others.append((constraint, said and str(said)))
    for constraint, name in others:
        for old in sorted(left):
            key = found_key(state, live, left[old])
            same = key.like(wanted_key(state, constraint, old))
            alike = set(key.columns) == {str(column.name) for column in constraint.columns}
            if same or (name is None and alike and old not in touched):
                del left[old]
                yield constraint, key
                break


def _touched(container: ops.ModifyTableOps) -> set[str]:
    drops = (op for op in container.ops if isinstance(op, ops.DropConstraintOp))
    return {str(op.constraint_name) for op in drops}


def _is_about(op: Any, names: set[str]) -> bool:
    return (
        isinstance(op, (ops.DropConstraintOp, ops.CreateUniqueConstraintOp))
        and str(op.constraint_name) in names
    )
