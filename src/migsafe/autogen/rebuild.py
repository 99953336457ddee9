"""Replacing an enum type by one with other labels: what is in the way, and where in the script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count

from alembic.operations import ops

from migsafe.autogen.convert import ConvertColumnOp
from migsafe.autogen.declared import Declared
from migsafe.autogen.dependents import ColumnKey, dependents, mentions, names_type, signature
from migsafe.autogen.derived import Derived, create, derived, drop, holders, names_of
from migsafe.autogen.found import Found
from migsafe.autogen.key_operations import ChangeKeyOp
from migsafe.autogen.labels import EnumColumn, Rebuild, suffixed
from migsafe.autogen.leaving import dropped, flat, leaving
from migsafe.autogen.operations import DropConstraintSqlOp, ObjectOp
from migsafe.autogen.wanted import default_text
from migsafe.catalog import Catalog, ConstraintKind, Enum, Range, Table
from migsafe.names import Name, quote_ident, quote_literal


def users(catalog: Catalog, type_: Name) -> Iterator[ColumnKey]:
    """Yield the columns of that type, or of arrays of it."""
    for table, column in catalog.columns_of_type(type_):
        yield table.name, column.name


def both_ways(
    state: Found,
    old: Enum,
    labels: tuple[str, ...],
    operations: Iterable[ops.MigrateOperation],
    declared: Declared,
) -> tuple[Rebuild, Rebuild]:
    """Return what a new type in the place of *old* meets, on the way up and on the way down.

    The new type comes after everything that *operations* drop and before what they add, so both
    ways meet what is in the database now, less what is dropped.
    """
    listed = list(flat(operations))
    catalog = without(state, listed, converted=True)
    made = derived(catalog, old.name)
    types = frozenset({old.name, *(name for type_ in made for name in names_of(type_))})
    columns = sorted(_columns(catalog, old, made), key=lambda c: (c.table, c.name))
    keys = {(column.table, column.name) for column in columns}
    through = {(column.table, column.name) for column in columns if column.type is not None}
    aside = dependents(catalog, keys, types, through)
    resets = list(_other_defaults(catalog, keys, types))
    down = Rebuild(
        before=(*(a.drop for a in aside), *(drop for drop, _ in resets)),
        columns=tuple(columns),
        dropped=tuple(drop(type_) for type_ in reversed(made)),
        between=tuple(sql for type_ in made for sql in create(type_)),
        after=(*(sql for _, sql in resets), *(sql for a in reversed(aside) for sql in a.create)),
        refusal=_refusal(catalog, old, keys, made, types),
        aside=_unused(state.catalog, old.name),
    )
    defaults = dict(_new_defaults(state, listed, keys))
    changed = tuple(
        replace(c, default=defaults.get((c.table, c.name), c.default)) for c in down.columns
    )
    gone = tuple(label for label in old.labels if label not in labels)
    up = replace(down, columns=changed, mapped=declared.mapped(gone, labels))
    return replace(up, refusal=up.refusal or _still_named(up, old, gone)), down


def _unused(catalog: Catalog, name: Name) -> str:
    """Return a name that no type and no table beside *name* has, for the time of the change."""
    for number in count():
        aside = Name(name.schema, suffixed(name.name, f"__old{number or ''}"))
        if not any(aside in of for of in (catalog.types, catalog.tables, catalog.views)):
            return aside.name
    raise AssertionError("there is always another number")


def _columns(catalog: Catalog, old: Enum, made: list[Derived]) -> Iterator[EnumColumn]:
    for name in (old.name, *(name for type_ in made for name in names_of(type_))):
        for table, column in catalog.columns_of_type(name):
            if column.generated is not None:
                continue  # It is dropped and added again.
            quoted = quote_ident(column.name)
            other = name != old.name
            yield EnumColumn(
                table.name,
                column.name,
                column.type.dimensions > 0,
                column.default,
                not column.inherited,
                str(column.type) if other else None,
                holders(made, old.name, quoted, column.type) if other else None,
            )


def _other_defaults(
    catalog: Catalog, keys: set[ColumnKey], types: frozenset[Name]
) -> Iterator[tuple[str, str]]:
    """Yield, for defaults of other columns that name *types*, what drops and what restores them."""
    for table in sorted(catalog.tables.values(), key=lambda t: t.name):
        for column in table.columns:
            if (table.name, column.name) not in keys and names_type(column.default, types):
                alter = f"ALTER TABLE {table.name} ALTER COLUMN {quote_ident(column.name)}"
                yield f"{alter} DROP DEFAULT", f"{alter} SET DEFAULT {column.default}"


def _still_named(up: Rebuild, old: Enum, gone: tuple[str, ...]) -> str | None:
    """Say what names a label that goes, though nothing may any more."""
    for label in gone:
        literal = quote_literal(label)
        texts = [
            f"the default of {c.table.display()}.{c.name}"
            for c in up.columns
            if (c.default or "").split("::")[0] == literal
        ]
        texts += [sql for sql in (*up.between, *up.after) if f"{literal}::{old.name}" in sql]
        if texts:
            return (
                f"the value {label!r} cannot be removed from the enum {old.name.display()}, "
                f"because it is still named in: {texts[0]}"
            )
    return None


def without(
    state: Found, operations: Iterable[ops.MigrateOperation], *, converted: bool = False
) -> Catalog:
    """Return the catalog as it is when *operations* have dropped all that they drop.

    With *converted*, columns that get another type are not in it either.
    """
    catalog = state.catalog
    gone = leaving(state, operations) if converted else dropped(state, operations)
    for op in operations:
        if isinstance(op, ops.DropTableOp):
            catalog = catalog.lacking("tables", state.name(op.table_name, op.schema))
        elif isinstance(op, ObjectOp) and op.absent is not None:
            catalog = catalog.lacking(*op.absent)
        elif isinstance(op, ops.DropIndexOp):
            catalog = catalog.lacking("indexes", state.name(str(op.index_name), op.schema))
        elif isinstance(op, ops.DropConstraintOp):
            table_name = state.name(op.table_name, op.schema)
            catalog = _unconstrained(catalog, table_name, str(op.constraint_name))
        elif isinstance(op, DropConstraintSqlOp):
            catalog = _unconstrained(catalog, state.name(op.table.name, op.table.schema), op.name)
        elif isinstance(op, ChangeKeyOp) and op.old is not None:
            table_name = state.name(op.table.name, op.table.schema)
            catalog = _unconstrained(catalog, table_name, op.old.name)
    for name in {table for table, _ in gone} & set(catalog.tables):
        catalog = catalog.with_table(shorter(catalog.tables[name], gone))
    return catalog


def _unconstrained(catalog: Catalog, name: Name, constraint: str | None) -> Catalog:
    table = catalog.tables.get(name)
    if table is None:
        return catalog
    kept = tuple(c for c in table.constraints if c.name != constraint)
    for gone in table.constraints:
        own = gone.kind is not ConstraintKind.FOREIGN_KEY and gone not in kept
        if own and gone.index is not None:
            catalog = catalog.lacking("indexes", Name(name.schema, gone.index))
    return catalog.with_table(replace(table, constraints=kept))


def shorter(table: Table, gone: set[ColumnKey]) -> Table:
    """Return *table* without its columns of *gone*, and without constraints on them."""
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


def _refusal(
    catalog: Catalog,
    old: Enum,
    columns: set[ColumnKey],
    made: list[Derived],
    types: frozenset[Name],
) -> str | None:
    """Say what makes it impossible to replace the type, if anything does.

    PostgreSQL cannot give a partition key another type: the partitioned table would have to be made
    anew and all rows moved, which no script should do by itself.
    """
    reasons = [
        f"{table.display()} is partitioned by {column}"
        for table, column in sorted(columns)
        if mentions(catalog.tables[table].partition_key, [column])
    ]
    reasons += [
        f"the range {type_.name.display()} has functions of its own"
        for type_ in made
        if isinstance(type_, Range) and (type_.canonical or type_.subtype_diff)
    ]
    reasons += [f"{what} is of it" for what in _not_made_again(catalog, types)]
    reasons += [
        f"{table.name.display()} is a table of the type {table.of_type.display()}"
        for table in sorted(catalog.tables.values(), key=lambda t: t.name)
        if table.of_type in types and table.of_type is not None
    ]
    if not reasons:
        return None
    return (
        f"labels of the enum {old.name.display()} cannot be removed or moved by this script, "
        f"because {' and '.join(reasons)}: keep the labels, or write the steps by hand"
    )


def _not_made_again(catalog: Catalog, types: frozenset[Name]) -> Iterator[str]:
    """Yield what is made of *types* and has no definition to make it again from."""
    for other in sorted(catalog.others.values(), key=lambda o: (o.kind, o.identity)):
        if names_type(other.identity, types):
            yield f"the {other.kind} {other.identity}"
    for function in sorted(catalog.functions.values(), key=lambda f: (f.name, f.arguments)):
        if function.kind == "a" and names_type(signature(function), types):
            yield f"the aggregate {function.name.display()}({', '.join(function.arguments)})"


def by_way_of_text(
    state: Found, names: set[Name], container: ops.OpContainer
) -> Iterator[ConvertColumnOp]:
    """Split the conversions of *container* to and from the types *names*; yield the first halves.

    They come before the types are replaced, the halves that stay after it.
    """
    for place, op in enumerate(container.ops):
        if isinstance(op, ops.OpContainer):
            yield from by_way_of_text(state, names, op)
        elif isinstance(op, ConvertColumnOp):
            types = {state.name(t.name.name, t.name.schema) for t, _ in (op.old, op.new)}
            if types & names:
                first, container.ops[place] = op.by_way_of_text()
                yield first


def split_at_drops(
    operations: Iterable[ops.MigrateOperation],
) -> tuple[list[ops.MigrateOperation], list[ops.MigrateOperation]]:
    """Return what *operations* drop, and the rest, each in its order."""
    drops: list[ops.MigrateOperation] = []
    rest: list[ops.MigrateOperation] = []
    kinds = (
        ops.DropTableOp,
        ops.DropColumnOp,
        ops.DropConstraintOp,
        ops.DropIndexOp,
        DropConstraintSqlOp,
    )
    for op in operations:
        if isinstance(op, ops.ModifyTableOps):
            inner = split_at_drops(op.ops)
            for part, into in zip(inner, (drops, rest), strict=True):
                if part:
                    into.append(ops.ModifyTableOps(op.table_name, part, schema=op.schema))
        else:
            (drops if isinstance(op, kinds) else rest).append(op)
    return drops, rest
