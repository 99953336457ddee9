"""How columns get their numbers, by SERIAL or as identity columns, and the SQL that makes it so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from migsafe.autogen.found import Found
from migsafe.autogen.operations import SqlOp
from migsafe.autogen.sequence_sql import (
    Counting,
    advance,
    bounds,
    counting_of,
    counting_wanted,
    create_sequence,
)
from migsafe.autogen.wanted import bare, type_ref
from migsafe.catalog import Column, Sequence, Table
from migsafe.catalog.table import Identity
from migsafe.fold.naming import object_name
from migsafe.names import Name, quote_ident, quote_literal

Owned = dict[tuple[Name, str], Sequence]
_GENERATED = {Identity.ALWAYS: "ALWAYS", Identity.BY_DEFAULT: "BY DEFAULT"}


@dataclass(frozen=True)
class Numbering:
    """How a column gets its numbers: *identity* or, where that is None, SERIAL."""

    sequence: Sequence
    identity: Identity | None = None

    @property
    def counting(self) -> Counting:
        """How the sequence counts."""
        return counting_of(self.sequence)


class NumberOp(SqlOp):
    """Give a *column* (table, name) its numbers in another way, or none."""

    column: tuple[Name, str]


def owned_sequences(state: Found) -> Owned:
    """Return the sequences that belong to columns, by table and column."""
    return {s.owned_by: s for s in state.catalog.sequences.values() if s.owned_by is not None}


def numbering_of(live: Table, column: Column, owned: Owned) -> Numbering | None:
    sequence = owned.get((live.name, column.name))
    if sequence is None:
        return None
    if column.identity is not None:
        return Numbering(sequence, column.identity)
    return Numbering(sequence) if (column.default or "").startswith("nextval(") else None


def is_serial(column: sa.Column[Any], state: Found) -> bool:
    """Whether `CREATE TABLE` makes *column* SERIAL, as SQLAlchemy's compiler decides it."""
    return bool(
        column.primary_key
        and column is column.table._autoincrement_column
        and column.identity is None
        and column.server_default is None
        and (
            column.default is None
            or (isinstance(column.default, sa.Sequence) and column.default.optional)
        )
        and isinstance(bare(column.type, state.dialect), sa.Integer)
    )


def numbering_wanted(state: Found, live: Table, column: sa.Column[Any]) -> Numbering | None:
    if column.identity is None and not is_serial(column, state):
        return None
    type_ = type_ref(column.type, state.dialect)
    if type_ is None:
        return None
    schema = live.name.schema
    name = Name(schema, object_name(live.name.name, str(column.name), "seq"))
    options = column.identity if column.identity is not None else sa.Sequence("")
    counting = counting_wanted(options, type_)
    low, high = bounds(counting.increment, type_)
    sequence = Sequence(
        name,
        type_,
        start=counting.first,
        increment=counting.increment,
        minimum=low if counting.minimum is None else counting.minimum,
        maximum=high if counting.maximum is None else counting.maximum,
        cache=counting.cache,
        cycle=counting.cycle,
        persistence=_persistence(state, column.table),
    )
    if column.identity is None:
        return Numbering(sequence)
    return Numbering(sequence, Identity.ALWAYS if column.identity.always else Identity.BY_DEFAULT)


def _persistence(state: Found, table: sa.Table) -> str:
    """Of the sequences that *table* owns: from PostgreSQL 15 on they are unlogged as it is."""
    version = getattr(state.dialect, "server_version_info", None) or (0,)
    return "u" if is_unlogged(table) and version >= (15,) else "p"


def is_unlogged(table: sa.Table) -> bool:
    """Whether the metadata says that *table* is UNLOGGED."""
    return any(str(prefix).upper() == "UNLOGGED" for prefix in table._prefixes)


def taken_away(
    table: Name, column: str, old: Numbering | None, default: str | None
) -> Iterator[str]:
    change = f"ALTER TABLE {table} ALTER COLUMN {quote_ident(column)}"
    if old is not None and old.identity is not None:
        yield f"{change} DROP IDENTITY IF EXISTS"
    elif old is not None or default is not None:
        yield f"{change} DROP DEFAULT"
    if old is not None and old.identity is None:
        yield f"DROP SEQUENCE IF EXISTS {Name(table.schema, old.sequence.name.name)}"


def given(
    table: Name, column: str, new: Numbering | None, default: str | None, state: Found
) -> Iterator[str]:
    change = f"ALTER TABLE {table} ALTER COLUMN {quote_ident(column)}"
    if new is None:
        if default is not None:
            yield f"{change} SET DEFAULT {default}"
        return
    name = state.written(new.sequence.name)
    if new.identity is None:
        yield from create_sequence(name, new.sequence)
        yield f"ALTER SEQUENCE {name} OWNED BY {table}.{quote_ident(column)}"
        yield f"{change} SET DEFAULT nextval({quote_literal(str(name))})"
    else:
        usual = object_name(table.name, column, "seq")
        options = [f"SEQUENCE NAME {name}"] if name.name != usual else []
        options += new.counting.options()
        more = f" ({' '.join(options)})" if options else ""
        yield f"{change} ADD GENERATED {_GENERATED[new.identity]} AS IDENTITY{more}"
    yield advance(table, column, new.counting)


def performed(sql: str) -> str:
    """Return *sql* for PL/pgSQL, which has another word for a SELECT without a target."""
    return f"PERFORM {sql.removeprefix('SELECT ')}" if sql.startswith("SELECT ") else sql


def is_identity(table: Name, column: str, numbering: Numbering | None) -> str:
    test = "<>" if numbering is not None and numbering.identity is not None else "="
    return (
        f"(SELECT attidentity {test} '' FROM pg_catalog.pg_attribute WHERE attrelid = "
        f"{quote_literal(str(table))}::regclass AND attname = {quote_literal(column)})"
    )


def serial_again(state: Found, table: Table) -> Iterator[str]:
    """Yield what gives the columns of a created *table* their sequences, where nobody else does."""
    owned = owned_sequences(state)
    written = state.written(table.name)
    key = table.primary_key.columns if table.primary_key is not None else ()
    for column in table.columns:
        numbering = numbering_of(table, column, owned)
        if numbering is None or numbering.identity is not None:
            continue
        name = state.written(numbering.sequence.name)
        usual = object_name(table.name.name, column.name, "seq") == name.name
        if key == (column.name,) and column.type.name.name in ("int2", "int4", "int8") and usual:
            if numbering.sequence.type != column.type:
                yield f"ALTER SEQUENCE {name} AS {numbering.sequence.type}"
            continue
        yield from given(written, column.name, numbering, None, state)
