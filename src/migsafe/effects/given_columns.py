"""The columns that a statement writes: if the table has them, and a value for the others."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.catalog import Catalog, Column, Domain, Table, TableKind
from migsafe.effects.ledger import Ledger
from migsafe.pgtypes import TypeRef
from migsafe.sql import ast

SYSTEM_COLUMNS = ("ctid", "xmin", "cmin", "xmax", "cmax", "tableoid")


def check_columns(table: Table, columns: Iterable[str], ledger: Ledger) -> None:
    """Refuse columns that *table* does not have."""
    for name in columns:
        if name not in SYSTEM_COLUMNS and table.column(name) is None and not table.unknown:
            why = f"column {name} of {table.name.display()} does not exist"
            ledger.refuse("42703", why)


def check_rows(statement: ast.Insert, table: Table, ledger: Ledger) -> None:
    """Refuse rows that leave out a column which is NOT NULL and has no default.

    A trigger or rule can give it a value, and so can one of a partition.
    """
    if not statement.rows or not statement.columns or _is_changed(table):
        return
    for column in table.columns:
        left_out = column.name not in statement.columns
        if left_out and column.not_null and not _has_value(column, ledger.catalog):
            why = f"{column.name} of {table.name.display()} is NOT NULL and is left out"
            ledger.refuse("23502", why)


def _is_changed(table: Table) -> bool:
    before = any(t.timing == "BEFORE" and "INSERT" in t.events for t in table.triggers)
    return before or bool(table.rules) or table.kind is not TableKind.TABLE


def _has_value(column: Column, catalog: Catalog) -> bool:
    own = column.default or column.identity or column.generated
    return bool(own) or _has_default(column.type, catalog)


def _has_default(type_: TypeRef, catalog: Catalog) -> bool:
    """Whether a domain gives a default, itself or by the domain it is of."""
    found = catalog.type(type_.name)
    return isinstance(found, Domain) and (
        found.default is not None or _has_default(found.base, catalog)
    )
