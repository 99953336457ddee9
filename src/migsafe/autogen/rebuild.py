"""Replacing an enum type by one with other labels: what is in the way, and where in the script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from alembic.operations import ops

from migsafe.autogen.dependents import ColumnKey, dependents
from migsafe.autogen.enum_operations import EnumColumn, Rebuild
from migsafe.autogen.found import Found
from migsafe.autogen.leaving import dropped, flat
from migsafe.autogen.wanted import default_text
from migsafe.catalog import Catalog, Composite, Domain, Enum, Range, Table
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def users(catalog: Catalog, type_: Name) -> Iterator[ColumnKey]:
    """Yield the columns of that type, or of arrays of it."""
    for table, column in catalog.columns_of_type(type_):
        yield table.name, column.name


def both_ways(
    context: AutogenContext, state: Found, old: Enum, operations: Iterable[ops.MigrateOperation]
) -> tuple[Rebuild, Rebuild]:
    """Return what a new type in the place of *old* meets, on the way up and on the way down.

    The new type comes after everything that *operations* drop and before what they add, so both
    ways meet what is in the database now, less what is dropped.
    """
    listed = list(flat(operations))
    catalog = without(state, listed)
    columns = tuple(
        EnumColumn(
            table.name,
            column.name,
            column.type.dimensions > 0,
            column.default,
            not column.inherited,
        )
        for table, column in catalog.columns_of_type(old.name)
    )
    keys = {(column.table, column.name) for column in columns}
    aside = dependents(catalog, keys, old.name)
    down = Rebuild(
        tuple(a.drop for a in aside),
        tuple(sorted(columns, key=lambda c: (c.table, c.name))),
        tuple(sql for a in reversed(aside) for sql in a.create),
        _refusal(catalog, old, {c.table for c in columns}, keys),
    )
    defaults = dict(_new_defaults(state, listed, keys))
    changed = tuple(
        replace(c, default=defaults.get((c.table, c.name), c.default)) for c in down.columns
    )
    return replace(down, columns=changed), down


def without(state: Found, operations: Iterable[ops.MigrateOperation]) -> Catalog:
    """Return the catalog as it is when *operations* have dropped all that they drop."""
    catalog = state.catalog
    gone = dropped(state, operations)
    for op in operations:
        if isinstance(op, ops.DropTableOp):
            catalog = catalog.lacking("tables", state.name(op.table_name, op.schema))
        elif isinstance(op, ops.DropIndexOp):
            catalog = catalog.lacking("indexes", state.name(str(op.index_name), op.schema))
        elif isinstance(op, ops.DropConstraintOp):
            table = catalog.tables.get(state.name(op.table_name, op.schema))
            if table is not None:
                kept = tuple(c for c in table.constraints if c.name != op.constraint_name)
                catalog = catalog.with_table(replace(table, constraints=kept))
    for name in {table for table, _ in gone} & set(catalog.tables):
        catalog = catalog.with_table(_shorter(catalog.tables[name], gone))
    return catalog


def _shorter(table: Table, gone: set[ColumnKey]) -> Table:
    lost = {column for owner, column in gone if owner == table.name}
    return replace(
        table,
        columns=tuple(c for c in table.columns if c.name not in lost),
        constraints=tuple(c for c in table.constraints if not set(c.columns) & lost),
    )


def _new_defaults(
    state: Found, operations: Iterable[ops.MigrateOperation], keys: set[ColumnKey]
) -> Iterator[tuple[ColumnKey, str | None]]:
    """Yield the defaults that *operations* set; they are taken over, so they leave the list."""
    for op in operations:
        if isinstance(op, ops.AlterColumnOp) and op.modify_server_default is not False:
            key = (state.name(op.table_name, op.schema), op.column_name)
            if key in keys and op.modify_type is None:
                yield key, default_text(op.modify_server_default, state.dialect)
                op.modify_server_default = False


def _refusal(catalog: Catalog, old: Enum, tables: set[Name], columns: set[ColumnKey]) -> str | None:
    """Say what makes it impossible to replace the type, if anything does."""
    reasons = [
        f"the {type(other).__name__.lower()} {name.display()} is made of it"
        for name, other in sorted(catalog.types.items())
        if (isinstance(other, Domain) and other.base.name == old.name)
        or (isinstance(other, Range) and other.subtype.name == old.name)
        or (
            isinstance(other, Composite) and any(t.name == old.name for _, t, _ in other.attributes)
        )
    ]
    reasons += [
        f"{table.display()} is partitioned by {column}"
        for table, column in sorted(columns)
        if column in (catalog.tables[table].partition_key or "")
    ]
    if not reasons:
        return None
    return (
        f"labels of the enum {old.name.display()} cannot be removed or moved by this script, "
        f"because {' and '.join(reasons)}: keep the labels, or write the steps by hand"
    )


def split_at_drops(
    operations: Iterable[ops.MigrateOperation],
) -> tuple[list[ops.MigrateOperation], list[ops.MigrateOperation]]:
    """Return what *operations* drop, and the rest, each in its order."""
    drops: list[ops.MigrateOperation] = []
    rest: list[ops.MigrateOperation] = []
    kinds = (ops.DropTableOp, ops.DropColumnOp, ops.DropConstraintOp, ops.DropIndexOp)
    for op in operations:
        if isinstance(op, ops.ModifyTableOps):
            inner = split_at_drops(op.ops)
            for part, into in zip(inner, (drops, rest), strict=True):
                if part:
                    into.append(ops.ModifyTableOps(op.table_name, part, schema=op.schema))
        else:
            (drops if isinstance(op, kinds) else rest).append(op)
    return drops, rest
