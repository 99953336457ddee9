"""The columns that a statement writes: if the table has them, and a value for the others."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.catalog import Catalog, Column, Domain, Identity, Table, TableKind
from migsafe.effects.altering import SYSTEM_COLUMNS
from migsafe.effects.column_type import unwrap
from migsafe.effects.defaults import check_result
from migsafe.effects.ledger import Ledger
from migsafe.effects.literals import check_fit, check_literal
from migsafe.pgtypes import TypeRef
from migsafe.sql import ast
from migsafe.sql.expressions import column_refs, is_null


def check_columns(table: Table, columns: Iterable[str], ledger: Ledger) -> None:
    """Refuse columns that *table* does not have, or that are named twice."""
    seen: set[str] = set()
    for name in columns:
        if name in seen:
            ledger.refuse("42701", f"column {name} of {table.name.display()} is named twice")
        seen.add(name)
        if name not in SYSTEM_COLUMNS and table.column(name) is None and not table.unknown:
            why = f"column {name} of {table.name.display()} does not exist"
            ledger.refuse("42703", why)


def check_rows(statement: ast.Insert, table: Table, ledger: Ledger) -> None:
    """Refuse rows that have too many values, one for a generated column, or NULL where none may be.

    A trigger or rule can give a column that is left out a value, and so can one of a partition.
    """
    if table.unknown is not None or table.rules:
        return
    given = statement.columns or tuple(column.name for column in table.columns)
    _count(statement, given, table, ledger)
    for place, column in enumerate(table.column(name) for name in given):
        values = [row[place] for row in statement.values if place < len(row)]
        if column is not None:
            _check_generated(column, statement, values, table, ledger)
            for value in values:
                _check_value(value, column, None, ledger)
            if not _is_changed(table):
                for value in values:
                    _check_stored(value, column, table, ledger)
    if not statement.rows or _is_changed(table):
        return
    width = len(given) if statement.columns else max(map(len, statement.values), default=0)
    for column in table.columns:
        left_out = column.name not in given[:width]
        if left_out and not _has_value(column, ledger.catalog):
            _check_null(column, table, ledger)


def _count(statement: ast.Insert, given: tuple[str, ...], table: Table, ledger: Ledger) -> None:
    """Every row has a value for every column that is named, and no more than there are."""
    counts = {len(row) for row in statement.values}
    too_few = statement.columns and any(count < len(given) for count in counts)
    if len(counts) > 1 or too_few or any(count > len(given) for count in counts):
        label = table.name.display()
        ledger.refuse("42601", f"the rows have not as many values as there are columns of {label}")


def _check_value(
    value: ast.Expression | None, column: Column, table: Table | None, ledger: Ledger
) -> None:
    """Refuse a value that is none of the column's type; in an UPDATE it is over *table*."""
    if value is not None:
        check_literal(ledger, column.type, value)
        if table is not None or not column_refs(value):
            check_result(ledger, column.type, value, table)


def _check_stored(
    value: ast.Expression | None, column: Column, table: Table, ledger: Ledger
) -> None:
    """Refuse a value that is of the type and yet cannot be stored."""
    if value is not None and is_null(value):
        _check_null(column, table, ledger)
    elif value is not None:
        check_fit(ledger, column.type, value)


def _check_null(column: Column, table: Table, ledger: Ledger) -> None:
    if column.not_null or unwrap(ledger.catalog, column.type).not_null:
        why = f"{table.name.display()}.{column.name} is NOT NULL and gets no value"
        ledger.refuse("23502", why)


def _check_generated(
    column: Column,
    statement: ast.Insert,
    values: list[ast.Expression | None],
    table: Table,
    ledger: Ledger,
) -> None:
    """Refuse values for a column that PostgreSQL fills (rewriteTargetListIU)."""
    overridden = statement.overriding is not None
    always = column.identity is Identity.ALWAYS and not overridden
    from_query = statement.rows is None and bool(statement.columns)
    if (column.generated or always) and (from_query or any(v is not None for v in values)):
        why = f"{table.name.display()}.{column.name} is always generated, and takes no value"
        ledger.refuse("428C9", why)


def check_changes(statement: ast.Update, table: Table, ledger: Ledger) -> None:
    """Refuse an UPDATE that sets a generated column, or a column to what it cannot hold."""
    if table.unknown is not None or table.rules:
        return
    for name, value in zip(statement.columns, statement.values, strict=True):
        column = table.column(name)
        if column is None or value is None:
            continue
        if column.generated or column.identity is Identity.ALWAYS:
            why = f"{table.name.display()}.{name} is always generated, and can be set to DEFAULT"
            ledger.refuse("428C9", why)
        alone = statement.mentions and not statement.reads  # and no variables of a function
        _check_value(value, column, table if alone else None, ledger)
        if is_null(value) and column.not_null:
            why = f"{table.name.display()}.{name} is NOT NULL"
            ledger.rows_may_fail(table, "23502", why)


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
