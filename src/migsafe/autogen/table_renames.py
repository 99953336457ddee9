"""Tables and columns that are declared to have had another name, with the names made of theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa

from migsafe.autogen.found import Found, notice, wanted_tables
from migsafe.autogen.info import said
from migsafe.autogen.renames import Rename
from migsafe.catalog import Constraint, ConstraintKind, Table
from migsafe.fold.naming import object_name
from migsafe.names import Name, quote_ident, quote_literal

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

_LABELS = {
    ConstraintKind.PRIMARY_KEY: "pkey",
    ConstraintKind.UNIQUE: "key",
    ConstraintKind.FOREIGN_KEY: "fkey",
    ConstraintKind.CHECK: "check",
    ConstraintKind.EXCLUDE: "excl",
}


def table_renames(context: AutogenContext, state: Found) -> Iterator[Rename]:
    """Yield the renames of tables and columns that `info` declares and that are still to do.

    `Table(…, info={"migsafe": {"former_name": "old"}})`, and the same on a Column; the name of a
    table may have a schema before a dot.
    """
    tables = list(wanted_tables(context))
    taken = {state.name(table.name, table.schema) for table in tables}
    for table in tables:
        name = state.name(table.name, table.schema)
        live = state.catalog.tables.get(name) or _former(state, table, taken)
        if live is None:
            continue
        if live.name != name:
            yield from _table(state, live.name, name)
        columns = dict(_columns(table, live))
        for new, old in columns.items():
            yield _column(state.written(name), old, new)
        if live.name != name or columns:
            yield from _made_of_them(state, live, name, {old: new for new, old in columns.items()})


def _former(state: Found, table: sa.Table, taken: set[Name]) -> Table | None:
    former = said(table, "former_name")
    if former is None:
        return None
    schema, dot, rest = former.partition(".")
    name = Name(schema, rest) if dot else state.name(former, table.schema)
    if name in taken:
        notice(f"{name.display()} is not renamed: the metadata has it under that name")
        return None
    return state.catalog.tables.get(name)


def _columns(table: sa.Table, live: Table) -> Iterator[tuple[str, str]]:
    for column in table.columns:
        former = said(column, "former_name")
        new = str(column.name)
        if former is None or live.column(new) is not None or live.column(former) is None:
            continue
        if former in table.c:
            notice(f"{former} of {table.fullname} is not renamed: the metadata has it, too")
            continue
        yield new, former


def _table(state: Found, old: Name, new: Name) -> Iterator[Rename]:
    if old.schema != new.schema:
        moved = Name(new.schema, old.name)
        schemas = quote_ident(new.schema or ""), quote_ident(old.schema or "")
        yield _altered(state, old, moved, f"SET SCHEMA {schemas[0]}", f"SET SCHEMA {schemas[1]}")
        old = moved
    if old.name != new.name:
        names = quote_ident(new.name), quote_ident(old.name)
        yield _altered(state, old, new, f"RENAME TO {names[0]}", f"RENAME TO {names[1]}")


def _altered(state: Found, old: Name, new: Name, up: str, down: str, kind: str = "TABLE") -> Rename:
    before, after = state.written(old), state.written(new)
    return Rename(
        f"ALTER {kind} {before} {up}",
        f"ALTER {kind} {after} {down}",
        f"to_regclass({quote_literal(str(before))}) IS NOT NULL",
        f"to_regclass({quote_literal(str(after))}) IS NOT NULL",
    )


def _column(table: Name, old: str, new: str) -> Rename:
    return Rename(
        f"ALTER TABLE {table} RENAME COLUMN {quote_ident(old)} TO {quote_ident(new)}",
        f"ALTER TABLE {table} RENAME COLUMN {quote_ident(new)} TO {quote_ident(old)}",
        _there("pg_attribute", "attrelid", "attname", table, old),
        _there("pg_attribute", "attrelid", "attname", table, new),
    )


def _there(catalog: str, owner: str, name: str, table: Name, value: str) -> str:
    return (
        f"EXISTS (SELECT FROM pg_catalog.{catalog} WHERE {owner} = "
        f"to_regclass({quote_literal(str(table))}) AND {name} = {quote_literal(value)})"
    )


def _made_of_them(
    state: Found, live: Table, name: Name, columns: Mapping[str, str]
) -> Iterator[Rename]:
    """Yield the renames of what PostgreSQL has named after the table and the columns."""
    table = state.written(name)
    for constraint in live.constraints:
        index = state.catalog.indexes.get(Name(live.name.schema, constraint.index or ""))
        more = index.include if index is not None else ()
        new = _automatic(name.name, constraint, more, columns)
        if constraint.name != _automatic(live.name.name, constraint, more, {}) or new is None:
            continue
        if new != constraint.name:
            quoted = quote_ident(constraint.name), quote_ident(new)
            yield Rename(
                f"ALTER TABLE {table} RENAME CONSTRAINT {quoted[0]} TO {quoted[1]}",
                f"ALTER TABLE {table} RENAME CONSTRAINT {quoted[1]} TO {quoted[0]}",
                _there("pg_constraint", "conrelid", "conname", table, constraint.name),
                _there("pg_constraint", "conrelid", "conname", table, new),
            )
    for sequence in sorted(state.catalog.sequences.values(), key=lambda s: s.name):
        if sequence.owned_by is None or sequence.owned_by[0] != live.name:
            continue
        column = sequence.owned_by[1]
        new = object_name(name.name, columns.get(column, column), "seq")
        if sequence.name.name == object_name(live.name.name, column, "seq") != new:
            old = Name(name.schema, sequence.name.name)  # It moves with its table.
            names = quote_ident(new), quote_ident(old.name)
            later = Name(name.schema, new)
            ways = (f"RENAME TO {names[0]}", f"RENAME TO {names[1]}")
            yield _altered(state, old, later, *ways, kind="SEQUENCE")


def _automatic(
    table: str, constraint: Constraint, more: tuple[str, ...], columns: Mapping[str, str]
) -> str | None:
    """Return the name that PostgreSQL gives; *more* are the columns that its index includes."""
    label = _LABELS.get(constraint.kind)
    if label is None:
        return None
    named = [columns.get(column, column) for column in (*constraint.columns, *more)]
    alone = constraint.kind is not ConstraintKind.CHECK or len(named) == 1
    if constraint.kind is ConstraintKind.PRIMARY_KEY or not alone:
        named = []
    return object_name(table, "_".join(named) or None, label)
