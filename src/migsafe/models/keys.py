"""Primary keys whose values PostgreSQL counts up, and what a wider type would touch."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Column, Table
from migsafe.models.rule import Design
from migsafe.models.serving import foreign_keys, is_unique
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.rule.words import listed


def counted_keys(table: Table, *types: str) -> Iterator[Column]:
    """The columns of the primary key that have a sequence and one of *types* (``int4``, …)."""
    key = table.primary_key
    for column in table.columns if key is not None else ():
        counted = column.identity is not None or (column.default or "").startswith("nextval(")
        is_key = key is not None and column.name in key.columns
        if is_key and counted and column.type.is_builtin and column.type.name.name in types:
            yield column


def widened(design: Design, table: Table, column: Column) -> str:
    """The remedy that makes *column* a `bigint`, with the columns that refer to it."""
    found = sorted(
        f"{other.name.display()}.{name}"
        for other, key in design.catalog.references_to(table.name)
        for name, theirs in zip(key.columns, key.referenced_columns, strict=False)
        if theirs == column.name
    )
    too = f", and {listed(dict.fromkeys(found))} too" if found else ""
    return f"Give it the type BigInteger{too}."


def larger_parent(design: Design, table: Table) -> Name | None:
    """A table with a `bigint` key, for each of whose rows *table* may have many."""
    for key in foreign_keys(table):
        target = design.catalog.tables.get(key.references) if key.references else None
        if target is None or target == table or is_unique(design.catalog, table, key.columns):
            continue
        bigint = TypeRef.builtin("int8")
        primary = target.primary_key.columns if target.primary_key else ()
        referenced = (target.column(c) for c in key.referenced_columns if c in primary)
        if any(column is not None and column.type == bigint for column in referenced):
            return target.name
    return None
