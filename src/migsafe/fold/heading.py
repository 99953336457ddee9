"""The name a query's column has when the author gives none (``FigureColname``)."""

from __future__ import annotations

from typing import Any

from migsafe.sql import _pg
from migsafe.sql.nodes import enum, strings

_FIXED = {
    "grouping_func": "grouping",
    "a_array_expr": "array",
    "row_expr": "row",
    "coalesce_expr": "coalesce",
    "xml_serialize": "xmlserialize",
    "json_parse_expr": "json",
    "json_scalar_expr": "json_scalar",
    "json_serialize_expr": "json_serialize",
    "json_object_constructor": "json_object",
    "json_array_constructor": "json_array",
    "json_array_query_constructor": "json_array",
    "json_object_agg": "json_objectagg",
    "json_array_agg": "json_arrayagg",
}
_UNNAMED = "?column?"


def heading(node: Any) -> str:
    """The name of the column that the expression *node* makes."""
    return named(node) or _UNNAMED


def named(node: Any) -> str | None:
    """The name that *node* suggests, if it does."""
    return _figured(node)[0]


def _figured(node: Any) -> tuple[str | None, int]:
    """The name and its strength: 2 is a name, 1 a type's or CASE, 0 none."""
    kind, message = _pg.unwrap(node)
    if kind in _FIXED:
        return _FIXED[kind], 2
    finder = _FINDERS.get(kind)
    return finder(message) if finder else (None, 0)


def _column(message: Any) -> tuple[str | None, int]:
    names = [item.string.sval for item in message.fields if item.WhichOneof("node") == "string"]
    return (names[-1], 2) if names else (None, 0)


def _indirection(message: Any) -> tuple[str | None, int]:
    fields = [i.string.sval for i in message.indirection if i.WhichOneof("node") == "string"]
    return (fields[-1], 2) if fields else _figured(message.arg)


def _operator(message: Any) -> tuple[str | None, int]:
    return ("nullif", 2) if enum(message, "kind") == "AEXPR_NULLIF" else (None, 0)


def _cast(message: Any) -> tuple[str | None, int]:
    name, strength = _figured(message.arg)
    if strength > 1:
        return name, strength
    return strings(message.type_name.names)[-1], 1


def _case(message: Any) -> tuple[str | None, int]:
    name, strength = _figured(message.defresult)
    return (name, strength) if strength > 1 else ("case", 1)


def _sublink(message: Any) -> tuple[str | None, int]:
    kind = enum(message, "sub_link_type")
    if kind == "EXISTS_SUBLINK":
        return "exists", 2
    if kind == "ARRAY_SUBLINK":
        return "array", 2
    if kind != "EXPR_SUBLINK":
        return None, 0
    select = message.subselect.select_stmt
    while select.HasField("larg"):
        select = select.larg
    if not select.target_list:
        return None, 0
    target = select.target_list[0].res_target
    return (target.name, 2) if target.name else _figured(target.val)


def _value_function(message: Any) -> tuple[str | None, int]:
    word = enum(message, "op").removeprefix("SVFOP_").removesuffix("_N").lower()
    return word, 2


def _min_max(message: Any) -> tuple[str | None, int]:
    return ("greatest" if enum(message, "op") == "IS_GREATEST" else "least"), 2


_FINDERS = {
    "column_ref": _column,
    "a_indirection": _indirection,
    "func_call": lambda message: (strings(message.funcname)[-1], 2),
    "a_expr": _operator,
    "type_cast": _cast,
    "collate_clause": lambda message: _figured(message.arg),
    "case_expr": _case,
    "sub_link": _sublink,
    "sqlvalue_function": _value_function,
    "min_max_expr": _min_max,
}
