"""What an index is made of: columns, expressions, operator classes, and what its method allows."""

from __future__ import annotations

from migsafe.catalog import Column, Table, View
from migsafe.effects.collations import check_collation
from migsafe.effects.column_type import unwrap
from migsafe.effects.ledger import Ledger
from migsafe.effects.operator_classes import check_class
from migsafe.effects.options import check_index_options
from migsafe.effects.stored_expressions import (
    check_columns,
    check_condition,
    check_expression,
)
from migsafe.effects.usage import check_enum_values
from migsafe.effects.virtual import check_used
from migsafe.effects.volatility import not_immutable
from migsafe.sql import ast
from migsafe.sql.expressions import bare_cast, column_refs, function_calls, value_functions

_OF_ZONE = frozenset({"date", "date_trunc", "date_part", "extract", "to_char", "age"})
_ONE_COLUMN = ("hash", "spgist")
_INCLUDING = ("btree", "gist", "spgist")
_SYSTEM = {"ctid": "0A000", "tableoid": "0A000"}
_TEXT_CLASSES_WORDS = """text_ops varchar_ops text_pattern_ops varchar_pattern_ops
    bpchar_ops bpchar_pattern_ops gin_trgm_ops gist_trgm_ops"""
_TEXT_CLASSES = frozenset(_TEXT_CLASSES_WORDS.split())
_NUMBER_CLASSES = frozenset("int2_ops int4_ops int8_ops numeric_ops float8_ops".split())
_NUMBERS = frozenset("int2 int4 int8 numeric float4 float8 oid".split())
_STRINGS = frozenset("text varchar bpchar".split())
_NO_STRINGS = _NUMBERS | frozenset("bool date timestamp timestamptz uuid json jsonb".split())


def check_elements(statement: ast.CreateIndex, table: Table, ledger: Ledger) -> None:
    """Refuse an index on *table* that its columns, expressions or method do not allow."""
    _check_method(statement, ledger)
    named = {element.column for element in statement.elements if element.column}
    texts = [element.expression for element in statement.elements] + [statement.where]
    named |= {name for text in texts if text is not None for name in column_refs(text)}
    check_used(named, table, "an index", ledger)
    for name in statement.include if table.unknown is None else ():
        if not name:
            ledger.refuse("0A000", f"an index of {table.name.display()} cannot INCLUDE expressions")
        if table.column(name) is None:
            ledger.refuse("42703", f"column {table.name.display()}.{name} does not exist")
    for element in statement.elements:
        if element.column is not None and table.unknown is None:
            _check_column(element, statement.method, table, ledger)
        if element.collation is not None:
            check_collation(element.collation, None, ledger)
        if element.expression is not None:
            check_columns(element.expression, table, ledger)
            check_expression(element.expression, ledger)
            _check_immutable(element.expression, table, ledger)
    check_index_options(statement.options, statement.method, ledger)
    if statement.where is not None:
        check_columns(statement.where, table, ledger)
        check_condition(statement.where, table, ledger)
        _check_immutable(statement.where, table, ledger)
        columns = [table.column(name) for name in column_refs(statement.where)]
        check_enum_values(ledger, [c.type for c in columns if c], statement.where)


def check_view_elements(statement: ast.CreateIndex, view: View, ledger: Ledger) -> None:
    """Refuse an index over columns that a materialised view does not have."""
    _check_method(statement, ledger)
    check_index_options(statement.options, statement.method, ledger)
    known = {name for name, _ in view.columns}
    for element in statement.elements:
        used = {element.column} if element.column else set()
        if element.expression is not None:
            used |= column_refs(element.expression)
        for name in sorted(used - known) if known else ():
            ledger.refuse("42703", f"column {view.name.display()}.{name} does not exist")


def _check_column(element: ast.IndexElement, method: str, table: Table, ledger: Ledger) -> None:
    name = element.column or ""
    column = table.column(name)
    if column is None:
        sqlstate = _SYSTEM.get(name, "42703")
        ledger.refuse(sqlstate, f"column {table.name.display()}.{name} does not exist to an index")
    elif element.opclass is None:
        check_class(method, column.type, ledger)
    else:
        _check_opclass(element.opclass.name, column, ledger)
    if column is not None and element.collation is not None:
        check_collation(element.collation, column.type, ledger)


def _check_opclass(name: str, column: Column, ledger: Ledger) -> None:
    """Refuse an operator class of PostgreSQL's own that is for other types than the column's."""
    base = unwrap(ledger.catalog, column.type).base
    if base.dimensions or not base.is_builtin:
        return
    wrong = (name in _TEXT_CLASSES and base.name.name in _NO_STRINGS) or (
        name in _NUMBER_CLASSES and base.name.name in _STRINGS
    )
    if "trgm" in name and "pg_trgm" not in ledger.catalog.extensions:
        ledger.may_fail("42704", f"operator class {name} is of extension pg_trgm")
    elif wrong:
        ledger.refuse("42804", f"operator class {name} is not for {column.type}")


def _check_method(statement: ast.CreateIndex, ledger: Ledger) -> None:
    """What pg_indexam_has_property() says of the methods."""
    method = statement.method
    if method not in ("btree", "hash", "gist", "spgist", "gin", "brin"):
        return
    sorted_oddly = any(e.descending or e.nulls_first is not None for e in statement.elements)
    reasons = (
        (statement.unique and method != "btree", "cannot be UNIQUE"),
        (len(statement.elements) > 1 and method in _ONE_COLUMN, "has one column"),
        (bool(statement.include) and method not in _INCLUDING, "cannot INCLUDE columns"),
        (sorted_oddly and method != "btree", "has no order"),
    )
    for applies, reason in reasons:
        if applies:
            ledger.refuse("0A000", f"an index by {method} {reason}")


def _check_immutable(expression: ast.Expression, table: Table, ledger: Ledger) -> None:
    clock = value_functions(expression)
    function = not_immutable(ledger.catalog, expression)
    if clock or function:
        what = function or sorted(clock)[0].upper()
        ledger.refuse("42P17", f"{what} in an index is not IMMUTABLE")
    columns = (table.column(name) for name in column_refs(expression))
    zoned = {c.name for c in columns if c and c.type.name.name == "timestamptz"}
    called = {name.name for name in function_calls(expression)}
    cast = bare_cast(expression)
    if zoned and ((called & _OF_ZONE and "timezone" not in called) or (cast and cast[0] in zoned)):
        why = f"{expression} depends on the time zone of the session: it is not IMMUTABLE"
        ledger.refuse("42P17", why)
