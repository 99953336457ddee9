"""What a virtual generated column (PostgreSQL 18), which is stored nowhere, cannot be used for."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.catalog import Column, Domain, Table
from migsafe.effects.ledger import Ledger
from migsafe.sql import ast
from migsafe.sql.expressions import function_calls


def check_new(column: ast.ColumnDef, ledger: Ledger) -> None:
    """Refuse a new virtual column of a user's type, by a user's function, or with a key."""
    if not column.virtual or column.type is None:
        return
    found = ledger.catalog.type(column.type.name)
    if isinstance(found, Domain):
        ledger.refuse("0A000", f"virtual column {column.name} cannot have a domain type")
    elif found is not None:
        ledger.refuse("0A000", f"virtual column {column.name} cannot have a user's type")
    for name in function_calls(column.generated) if column.generated else ():
        if ledger.catalog.functions_named(name):
            ledger.refuse("0A000", f"virtual column {column.name} cannot call a user's function")
    for constraint in column.constraints:
        if constraint.kind not in (ast.ConstraintKind.CHECK, ast.ConstraintKind.NOT_NULL):
            what = f"{constraint.kind.value} on virtual column {column.name}"
            ledger.refuse("0A000", f"{what} is not supported")


def check_used(columns: Iterable[str], table: Table, what: str, ledger: Ledger) -> None:
    """Refuse an index, a key or a foreign key over a virtual column of *table*."""
    for name in sorted(columns):
        column = table.column(name)
        if column is not None and is_virtual(column):
            label = f"{table.name.display()}.{name}"
            ledger.refuse("0A000", f"{what} on virtual column {label} is not supported")


def is_virtual(column: Column) -> bool:
    """Whether *column* is computed whenever it is read."""
    return column.generated is not None and not column.generated.stored
