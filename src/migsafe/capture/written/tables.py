"""CREATE TABLE, and the parts of it that other statements have too, as SQLAlchemy writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migsafe.capture.written.identifiers import (
    LONGEST,
    constraint_name,
    listed,
    named,
    qualified,
    quoted,
)
from migsafe.capture.written.values import (
    Check,
    Column,
    Computed,
    Identity,
    Key,
    NotWritten,
    Reference,
)

Constraint = Key | Reference | Check
_SERIAL = {"bigint": "BIGSERIAL", "smallint": "SMALLSERIAL", "integer": "SERIAL"}


def constraint_sql(constraint: Any, naming: dict[str, str]) -> str:
    """A constraint of a table, with its name."""
    if type(constraint) is Key:
        words = "PRIMARY KEY" if constraint.kind == "pk" else "UNIQUE"
        name = named(constraint.name, constraint.kind, naming)
        return f"{name}{words} ({listed(constraint.columns)}){constraint.tail}"
    if type(constraint) is Reference:
        name = named(constraint.name, "fk", naming)
        to = f"{qualified(constraint.schema, constraint.table)} ({listed(constraint.targets)})"
        columns = listed(constraint.columns)
        return f"{name}FOREIGN KEY({columns}) REFERENCES {to}{constraint.tail}"
    if type(constraint) is Check:
        name = named(constraint.name, "ck", naming)
        return f"{name}CHECK ({constraint.condition}){constraint.tail}"
    raise NotWritten("something else in a table")


def column_sql(column: Column, key: Key | None, referring: frozenset[str]) -> str:
    """A column's definition; *referring* are the columns of foreign keys.

    Whether it numbers its rows, ``SERIAL``, is decided as by `PrimaryKeyConstraint` in SQLAlchemy.
    """
    in_key = key is not None and column.name in key.columns
    has_identity = type(column.generated) is Identity
    nullable = column.nullable
    if nullable is None:
        nullable = not (in_key or has_identity)
    if key is not None and in_key and _numbers_rows(column, key, referring) and not has_identity:
        text = f"{quoted(column.name)} {_SERIAL[column.type.numbers]}"
    else:
        text = f"{quoted(column.name)} {column.type.sql}"
        if column.default is not None:
            text += f" DEFAULT {column.default}"
    if column.generated is not None:
        text += f" {column.generated.sql}"
    if has_identity:
        return f"{text} NULL" if nullable else text
    return text if nullable else f"{text} NOT NULL"


def _numbers_rows(column: Column, key: Key, referring: frozenset[str]) -> bool:
    if column.numbered is False:
        return False
    has_default = column.default is not None or type(column.generated) is Computed
    if column.numbered is None and len(key.columns) > 1:
        return False
    if column.type.numbers == "numeric" or (column.has_value and column.numbered):
        raise NotWritten("a key of numbers that are not whole")
    if column.numbered:
        if column.type.numbers and not has_default and len(key.columns) == 1:
            return True
        raise NotWritten("autoincrement of something else")
    if not column.type.numbers or column.has_value or has_default:
        return False
    return column.name not in referring


def create_table(
    table: str,
    schema: Any,
    items: Sequence[Any],
    given: Mapping[str, Any],
    naming: dict[str, str],
) -> Iterator[str]:
    """CREATE TABLE, and CREATE INDEX for columns that ask for one.

    *given* may say ``if_not_exists``.
    """
    columns = [item for item in items if type(item) is Column]
    constraints = [item for item in items if type(item) is not Column]
    _require_names(columns, constraints)
    key = _primary_key(columns, constraints)
    inline = list(_inline(columns))
    others = [c for c in constraints if type(c) is not Key or c.kind != "pk"] + inline
    _require_targets(table, schema, columns, others)
    referring = frozenset(c for one in others if type(one) is Reference for c in one.columns)
    lines = [column_sql(column, key, referring) for column in columns]
    lines += (constraint_sql(one, naming) for one in ([] if key is None else [key]))
    lines += (constraint_sql(one, naming) for one in others)
    exists = "IF NOT EXISTS " if given.get("if_not_exists") else ""
    body = ", \n".join(f"\t{line}" for line in lines)
    head = f"\nCREATE TABLE {exists}{qualified(schema, table)} ("
    yield f"{head}\n{body}\n)\n\n" if body else f"{head}\n)\n\n"
    for column in columns:
        if column.index:
            yield _index(table, schema, column, naming)


def _require_names(columns: Sequence[Column], constraints: Sequence[Any]) -> None:
    """Columns have different names, and constraints know them."""
    found = {column.name for column in columns}
    if len(found) < len(columns):
        raise NotWritten("a column given twice")
    for one in constraints:
        if not found.issuperset(getattr(one, "columns", ())):
            raise NotWritten("a constraint of an unknown column")


def _primary_key(columns: Sequence[Column], constraints: Sequence[Any]) -> Key | None:
    marked = tuple(column.name for column in columns if column.primary_key)
    written = [one for one in constraints if type(one) is Key and one.kind == "pk"]
    if not written:
        return Key("pk", marked) if marked else None
    if len(written) > 1 or (marked and set(marked) != set(written[0].columns)):
        raise NotWritten("two primary keys")
    return written[0]


def _inline(columns: Sequence[Column]) -> Iterator[Constraint]:
    """The constraints that columns bring along, in the order in which SQLAlchemy makes them."""
    for column in columns:
        if column.unique and not column.index:
            yield Key("uq", (column.name,))
        if len(column.references) > 1:
            raise NotWritten("two foreign keys of a column")
        for one in column.references:
            yield referring(column.name, one)


def referring(column: str, one: Reference) -> Reference:
    """The foreign key *one* of the column that has it."""
    return Reference((column,), one.schema, one.table, one.targets, one.tail, one.name)


def _require_targets(
    table: str, schema: Any, columns: Sequence[Column], constraints: Sequence[Any]
) -> None:
    """A foreign key to the table itself is to columns that it has."""
    found = {column.name for column in columns}
    for one in constraints:
        own = type(one) is Reference and (one.schema, one.table) == (schema, table)
        if own and not found.issuperset(one.targets):
            raise NotWritten("a foreign key to an unknown column")


def _index(table: str, schema: Any, column: Column, naming: dict[str, str]) -> str:
    """The index of a column that asks for one, under the name that SQLAlchemy makes."""
    name = f"ix_{table}_{column.name}"
    if naming or schema is not None or len(name) > LONGEST:
        raise NotWritten("the name of an index")
    unique = "UNIQUE " if column.unique else ""
    index = constraint_name(name, "ix", naming)
    return f"CREATE {unique}INDEX {index} ON {quoted(table)} ({quoted(column.name)})"
