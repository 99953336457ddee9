"""What an expression that is stored in the schema may contain, and the type it has."""

from __future__ import annotations

from typing import Any

from migsafe.catalog import Catalog, Column, Table
from migsafe.effects.functions import check_calls, kind_of
from migsafe.effects.ledger import Ledger
from migsafe.effects.volatility import not_immutable
from migsafe.fold.inference import type_in
from migsafe.pgtypes import TypeRef
from migsafe.sql import ast
from migsafe.sql.expressions import (
    column_refs,
    function_calls,
    has_subquery,
    node_of,
    value_functions,
)
from migsafe.sql.nodes import strings


class _TableScope:
    """The columns of one table, as `type_in` asks for them."""

    def __init__(self, catalog: Catalog, columns: tuple[Column, ...]):
        self.catalog = catalog
        self._types = {column.name: column.type for column in columns}

    def column_type(self, node: Any) -> TypeRef | None:
        parts = strings(f for f in node.fields if f.WhichOneof("node") == "string")
        return self._types.get(parts[-1]) if parts else None

    def subquery_type(self, node: Any) -> TypeRef | None:
        return None


def type_of(catalog: Catalog, table: Table | None, expression: ast.Expression) -> TypeRef | None:
    """The type of *expression* over the columns of *table*; None when it cannot be told."""
    node = node_of(expression)
    if node is None:
        return None
    return type_in(_TableScope(catalog, table.columns if table else ()), node)


def check_columns(
    expression: ast.Expression, table: Table, ledger: Ledger, new: tuple[str, ...] = ()
) -> None:
    """Refuse *expression* over columns that *table* does not have; *new* are being added."""
    if table.unknown is not None:
        return
    known = {*new, "*", table.name.name, *_SYSTEM_COLUMNS}
    for name in sorted(column_refs(expression) - known):
        if table.column(name) is None:
            ledger.refuse("42703", f"column {table.name.display()}.{name} does not exist")


def check_expression(expression: ast.Expression, ledger: Ledger) -> None:
    """Refuse what an expression over one row may not contain: queries, aggregates and the like."""
    if has_subquery(expression):
        ledger.refuse("0A000", f"{expression} reads other rows, which it may not")
    for name in sorted(function_calls(expression), key=str):
        sqlstate = _OF_SEVERAL_ROWS.get(kind_of(name, ledger.catalog) or "")
        if sqlstate is not None:
            ledger.refuse(sqlstate, f"{name} in {expression} is not computed from one row")
    check_calls((ast.FunctionCall(name) for name in function_calls(expression)), ledger)


_OF_SEVERAL_ROWS = {"aggregates": "42803", "windows": "42P20", "sets": "0A000"}


def check_condition(expression: ast.Expression, table: Table, ledger: Ledger) -> None:
    """Refuse a CHECK or a predicate that is no boolean, or reads other tables."""
    check_expression(expression, ledger)
    type_ = type_of(ledger.catalog, table, expression)
    if type_ is not None and type_.is_builtin and type_.name.name not in ("bool", "unknown"):
        ledger.refuse("42804", f"{expression} is {type_}, not boolean")


def check_generated(expression: ast.Expression, table: Table, ledger: Ledger) -> None:
    """Refuse a generation expression that is not computed from its row alone."""
    check_columns(expression, table, ledger)
    check_expression(expression, ledger)
    function = not_immutable(ledger.catalog, expression)
    if function is not None or value_functions(expression):
        ledger.refuse("42P17", f"generation expression {expression} is not IMMUTABLE")


_SYSTEM_COLUMNS = frozenset({"ctid", "tableoid", "xmin", "xmax", "cmin", "cmax"})


def check_new_name(column: str, table: str, ledger: Ledger) -> None:
    """Refuse a column with the name of a system column."""
    if column in _SYSTEM_COLUMNS:
        ledger.refuse("42701", f"{table}.{column} would be like a system column")
