"""Questions about an expression: which columns, functions, types and constants it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from migsafe.errors import SqlError
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql import _pg
from migsafe.sql.nodes import enum, names, strings, type_ref
from migsafe.sql.parts import Expression

_NOT_CONSTANT = frozenset(
    {"column_ref", "func_call", "param_ref", "sqlvalue_function", "sub_link", "set_to_default"}
)


@lru_cache(maxsize=4096)
def node_of(expression: Expression) -> Any:
    """The parser's node of *expression*, None when its text cannot be read."""
    try:
        return _pg.expression_node(expression.sql)
    except SqlError:
        return None


def _inside(expression: Expression, kind: str) -> Iterator[Any]:
    node = node_of(expression)
    if node is not None:
        yield from (message for name, message in _pg.walk(node) if name == kind)


@lru_cache(maxsize=4096)
def column_refs(expression: Expression) -> frozenset[str]:
    """The columns named anywhere in *expression*, without their table; ``*`` for whole rows."""
    found = set()
    for reference in _inside(expression, "column_ref"):
        kind, last = _pg.unwrap(reference.fields[-1])
        found.add("*" if kind == "a_star" else last.sval)
    return frozenset(found)


@lru_cache(maxsize=4096)
def function_calls(expression: Expression) -> frozenset[Name]:
    """The functions called anywhere in *expression*, as written.

    SQL's own forms count as the functions they stand for: ``AT TIME ZONE`` is
    ``pg_catalog.timezone``. For CURRENT_DATE and its like see `value_functions`.
    """
    return frozenset(names(call.funcname) for call in _inside(expression, "func_call"))


def called_with_one(expression: Expression) -> frozenset[Name]:
    """The functions that are called with a single argument somewhere in *expression*."""
    calls = _inside(expression, "func_call")
    return frozenset(names(call.funcname) for call in calls if len(call.args) == 1)


@lru_cache(maxsize=4096)
def has_subquery(expression: Expression) -> bool:
    """Whether *expression* contains a query."""
    return any(True for _ in _inside(expression, "sub_link"))


@lru_cache(maxsize=4096)
def value_functions(expression: Expression) -> frozenset[str]:
    """The parameterless SQL functions used, in lower case, such as ``current_date``."""
    found = (enum(node, "op") for node in _inside(expression, "sqlvalue_function"))
    return frozenset(o.removeprefix("SVFOP_").removesuffix("_N").lower() for o in found)


@lru_cache(maxsize=4096)
def literals(expression: Expression) -> tuple[str, ...]:
    """The texts of the string constants, in their order."""
    constants = _inside(expression, "a_const")
    return tuple(c.sval.sval for c in constants if c.WhichOneof("val") == "sval")


@lru_cache(maxsize=4096)
def types_named(expression: Expression) -> tuple[TypeRef, ...]:
    """The types that values are cast to, in their order."""
    return tuple(type_ref(cast.type_name) for cast in _inside(expression, "type_cast"))


@lru_cache(maxsize=4096)
def operators(expression: Expression) -> frozenset[Name]:
    """The operators used, as written; IN, LIKE and their like as ``=`` and ``~~``."""
    found = (node.name for node in _inside(expression, "a_expr") if node.name)
    return frozenset(names(parts) for parts in found)


@lru_cache(maxsize=4096)
def collations(expression: Expression) -> frozenset[Name]:
    """The collations named by COLLATE."""
    return frozenset(names(node.collname) for node in _inside(expression, "collate_clause"))


@lru_cache(maxsize=4096)
def is_constant(expression: Expression) -> bool:
    """Whether *expression* needs no row, no function call and no clock: constants and casts."""
    node = node_of(expression)
    return node is not None and not any(kind in _NOT_CONSTANT for kind, _ in _pg.walk(node))


@lru_cache(maxsize=4096)
def is_null(expression: Expression) -> bool:
    """Whether *expression* is the constant NULL, with or without casts."""
    node = node_of(expression)
    while node is not None and node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    return node is not None and node.WhichOneof("node") == "a_const" and node.a_const.isnull


@lru_cache(maxsize=4096)
def bare_column(expression: Expression) -> str | None:
    """The column that *expression* is, when it is nothing but a column."""
    node = node_of(expression)
    return _column(node) if node is not None else None


@lru_cache(maxsize=4096)
def collated_column(expression: Expression) -> tuple[str, Name | None] | None:
    """The column that *expression* is, with the collation written behind it, if any."""
    node, collation = node_of(expression), None
    while node is not None and node.WhichOneof("node") == "collate_clause":
        collation = collation or names(node.collate_clause.collname)
        node = node.collate_clause.arg
    column = _column(node) if node is not None else None
    return (column, collation) if column else None


@lru_cache(maxsize=4096)
def bare_cast(expression: Expression) -> tuple[str, TypeRef] | None:
    """Column and type of ``column::type``, None for any other expression."""
    node = node_of(expression)
    if node is None or node.WhichOneof("node") != "type_cast":
        return None
    column = _column(node.type_cast.arg)
    return (column, type_ref(node.type_cast.type_name)) if column else None


@lru_cache(maxsize=4096)
def not_null_proofs(expression: Expression) -> frozenset[str]:
    """The columns of which a valid CHECK of *expression* proves to PostgreSQL that none is NULL.

    It accepts ``c IS NOT NULL`` and what NOT, AND and OR make of it, and nothing else: neither
    ``c >= 0`` nor COALESCE (ConstraintImpliedByRelConstraint in tablecmds.c; measured).
    """
    node = node_of(expression)
    return _proven(node) if node is not None else frozenset()


def _proven(node: Any, *, holds: bool = True) -> frozenset[str]:
    """The columns that are not NULL where *node* is true or, unless it *holds*, false."""
    kind, message = _pg.unwrap(node)
    if kind == "null_test":
        column = _column(message.arg)
        proves = enum(message, "nulltesttype") == ("IS_NOT_NULL" if holds else "IS_NULL")
        return frozenset({column}) if proves and column else frozenset()
    if kind == "bool_expr":
        word = enum(message, "boolop")
        inner = holds != (word == "NOT_EXPR")
        parts = [_proven(argument, holds=inner) for argument in message.args]
        all_hold = word == ("AND_EXPR" if holds else "OR_EXPR")
        return frozenset.union(*parts) if all_hold else frozenset.intersection(*parts)
    if kind == "a_expr" and enum(message, "kind") in ("AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT"):
        return _distinct_from_null(message, holds)
    if kind == "a_expr" and enum(message, "kind") == "AEXPR_OP":
        return _compared(message, holds)
    if kind == "a_expr" and enum(message, "kind") in _DISTINCT:
        return _distinct(message, holds)
    if kind == "type_cast" and type_ref(message.type_name) == TypeRef.builtin("bool"):
        return _proven(message.arg, holds=holds)
    return frozenset()


def _distinct_from_null(comparison: Any, holds: bool) -> frozenset[str]:
    """``c IS DISTINCT FROM NULL`` is read as ``c IS NOT NULL`` (make_nulltest_from_distinct)."""
    proves = (enum(comparison, "kind") == "AEXPR_DISTINCT") == holds
    sides = (comparison.lexpr, comparison.rexpr)
    has_null = any(side.WhichOneof("node") == "a_const" and side.a_const.isnull for side in sides)
    columns = {column for side in sides if (column := _column(side)) is not None}
    return frozenset(columns) if proves and has_null else frozenset()


_DISTINCT = ("AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT")


def _distinct(comparison: Any, holds: bool) -> frozenset[str]:
    """``c IS DISTINCT FROM NULL``, which the parser makes a test for NULL (make_nulltest)."""
    distinct = (enum(comparison, "kind") == "AEXPR_DISTINCT") is holds
    for side, other in ((comparison.lexpr, comparison.rexpr), (comparison.rexpr, comparison.lexpr)):
        if other.WhichOneof("node") == "a_const" and other.a_const.isnull and distinct:
            column = _column(side)
            return frozenset({column}) if column else frozenset()
    return frozenset()


def _compared(comparison: Any, holds: bool) -> frozenset[str]:
    """``condition = false``, as the planner reduces it to its condition."""
    for side, other in ((comparison.lexpr, comparison.rexpr), (comparison.rexpr, comparison.lexpr)):
        if other.WhichOneof("node") == "a_const" and other.a_const.WhichOneof("val") == "boolval":
            equal = strings(comparison.name) == ("=",)
            if equal or strings(comparison.name) == ("<>",):
                truth = other.a_const.boolval.boolval == equal
                return _proven(side, holds=holds == truth)
    return frozenset()


def _column(node: Any) -> str | None:
    """The column that *node* is nothing but."""
    kind, message = _pg.unwrap(node)
    if kind != "column_ref" or message.fields[-1].WhichOneof("node") != "string":
        return None
    return strings(message.fields)[-1]
