"""A loose form of expressions, equal for what people write and what pg_get_expr() reads back.

PostgreSQL adds casts and parentheses and rewrites IN, BETWEEN and LIKE when it stores an
expression. The form is for comparing two expressions on one table's columns, not for running.
It does not know types: a constant that its type spells anew, such as a timestamp, stays different.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from migsafe.errors import SqlError
from migsafe.sql import _pg
from migsafe.sql.nodes import strings, type_ref

_BETWEEN = {
    "AEXPR_BETWEEN": "a >= 0 AND a <= 1",
    "AEXPR_NOT_BETWEEN": "a < 0 OR a > 1",
    "AEXPR_BETWEEN_SYM": "a >= 0 AND a <= 1 OR a >= 1 AND a <= 0",
    "AEXPR_NOT_BETWEEN_SYM": "(a < 0 OR a > 1) AND (a < 1 OR a > 0)",
}
_NUMBER = re.compile(r"-?\d+(\.\d+)?\Z")
_NUMERIC = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})
_TRUTH = {
    **dict.fromkeys(("t", "tr", "tru", "true", "y", "ye", "yes", "on", "1"), "true"),
    **dict.fromkeys(("f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0"), "false"),
}
_TEXTS = frozenset({"text", "varchar", "bpchar"})
_LIKE = {"~~": "AEXPR_LIKE", "!~~": "AEXPR_LIKE", "~~*": "AEXPR_ILIKE", "!~~*": "AEXPR_ILIKE"}


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """The loose form of the expression *text*; the text itself when it cannot be read."""
    try:
        node = _pg.expression_node(text)
        copy = type(node)()
        copy.CopyFrom(node)
        _rewrite(copy)
        return _pg.deparse_expression(copy)
    except (SqlError, RecursionError):
        return " ".join(text.split())


def _rewrite(node: Any) -> None:
    """Bring *node* to its loose form in place, inner nodes first."""
    kind, message = _pg.unwrap(node)
    if message is None:
        return
    for child in _children(message):
        _rewrite(child)
    rule = _RULES.get(kind)
    if rule is not None:
        rule(node, message)


def _children(message: Any) -> list[Any]:
    """The nearest Node messages below *message*."""
    node = _pg.message_kind("Node")
    found: list[Any] = []
    for _, item in _pg.fields(message):
        found += [item] if type(item) is node else _children(item)
    return found


def _become(node: Any, other: Any) -> None:
    kept = type(node)()
    kept.CopyFrom(other)
    node.Clear()
    node.CopyFrom(kept)


def _cast(node: Any, cast: Any) -> None:
    """A cast of a constant (or of an array of them) goes, and that of a column to text."""
    inner = cast.arg.WhichOneof("node")
    target = type_ref(cast.type_name)
    name = target.name.name if target.is_builtin else ""
    if inner == "a_const":
        literal = cast.arg.a_const
        if literal.WhichOneof("val") == "sval" and name == "bool":
            truth = _TRUTH.get(literal.sval.sval.strip().lower())
            if truth is not None:
                _become(node, _pg.expression_node(truth))
                return
        if literal.WhichOneof("val") == "sval" and name in _NUMERIC and not target.modifiers:
            number = _number(literal.sval.sval)
            if number is not None:
                _become(node, number)
                return
        _become(node, cast.arg)
    elif inner == "a_array_expr" or (inner == "column_ref" and name in _TEXTS):
        _become(node, cast.arg)


def _number(text: str) -> Any:
    """The node of a number that was written as a string, None when it is no plain number."""
    if not _NUMBER.match(text):
        return None
    node = _pg.expression_node(text)
    _rewrite(node)
    return node


def _operator(node: Any, expression: Any) -> None:
    kinds = expression.DESCRIPTOR.fields_by_name["kind"].enum_type
    kind = kinds.values_by_number[expression.kind].name
    operator = strings(expression.name)[-1] if expression.name else ""
    del expression.name[:-1]
    if kind == "AEXPR_OP" and operator in _LIKE:
        expression.kind = kinds.values_by_name[_LIKE[operator]].number
    elif kind == "AEXPR_SIMILAR":
        # The grammar has written similar_to_escape() around the pattern already.
        expression.kind = kinds.values_by_name["AEXPR_OP"].number
    elif kind == "AEXPR_NOT_DISTINCT":
        expression.kind = kinds.values_by_name["AEXPR_DISTINCT"].number
        _negated(node)
    elif kind in ("AEXPR_OP_ANY", "AEXPR_OP_ALL"):
        _in_list(expression, kinds, (kind, operator))
    elif kind in _BETWEEN:
        _between(node, expression, _BETWEEN[kind])
    elif kind == "AEXPR_OP" and operator == "-" and not expression.HasField("lexpr"):
        _negative(node, expression)


def _in_list(expression: Any, kinds: Any, form: tuple[str, str]) -> None:
    """``= ANY (ARRAY[…])`` is IN, ``<> ALL (ARRAY[…])`` is NOT IN."""
    wanted = form in (("AEXPR_OP_ANY", "="), ("AEXPR_OP_ALL", "<>"))
    if not wanted or expression.rexpr.WhichOneof("node") != "a_array_expr":
        return
    expression.kind = kinds.values_by_name["AEXPR_IN"].number
    elements = list(expression.rexpr.a_array_expr.elements)
    copies = [type(element).FromString(element.SerializeToString()) for element in elements]
    expression.rexpr.list.items.extend(copies)


def _between(node: Any, expression: Any, pattern: str) -> None:
    """``a BETWEEN b AND c`` is ``a >= b AND a <= c``, the comparisons of *pattern* filled in."""
    both = _pg.expression_node(pattern)
    limits = list(expression.rexpr.list.items)
    for part in _comparisons(both):
        limit = limits[part.rexpr.a_const.ival.ival]
        part.lexpr.CopyFrom(expression.lexpr)
        part.rexpr.CopyFrom(limit)
    _become(node, both)


def _comparisons(node: Any) -> list[Any]:
    """The comparisons that *node* joins by AND and OR."""
    if node.WhichOneof("node") == "a_expr":
        return [node.a_expr]
    return [found for argument in node.bool_expr.args for found in _comparisons(argument)]


def _negated(node: Any) -> None:
    """*node* inside of NOT."""
    outer = _pg.expression_node("NOT a")
    outer.bool_expr.args[0].CopyFrom(node)
    _become(node, outer)


def _case(node: Any, case: Any) -> None:
    """ELSE NULL goes without saying."""
    last = case.defresult
    if last.WhichOneof("node") == "a_const" and last.a_const.isnull:
        case.ClearField("defresult")


def _negative(node: Any, expression: Any) -> None:
    """Minus and a number is one number."""
    inner = expression.rexpr
    if inner.WhichOneof("node") != "a_const":
        return
    which = inner.a_const.WhichOneof("val")
    if which == "ival":
        inner.a_const.ival.ival = -inner.a_const.ival.ival
        _become(node, inner)
    elif which == "fval" and not inner.a_const.fval.fval.startswith("-"):
        inner.a_const.fval.fval = "-" + inner.a_const.fval.fval
        _become(node, inner)


def _column(node: Any, reference: Any) -> None:
    """The table in front of a column goes; OLD and NEW stay."""
    qualifier = reference.fields[0]
    if qualifier.WhichOneof("node") == "string" and qualifier.string.sval in ("old", "new"):
        return
    del reference.fields[:-1]


def _flatten(node: Any, expression: Any) -> None:
    """AND inside AND, and OR inside OR, is one list."""
    flat = []
    for argument in expression.args:
        same = argument.WhichOneof("node") == "bool_expr"
        if same and argument.bool_expr.boolop == expression.boolop:
            flat.extend(argument.bool_expr.args)
        else:
            flat.append(argument)
    copies = [type(argument).FromString(argument.SerializeToString()) for argument in flat]
    words = expression.DESCRIPTOR.fields_by_name["boolop"].enum_type.values_by_number
    if words[expression.boolop].name != "NOT_EXPR":
        del expression.args[:]
        expression.args.extend(copies)


def _constant(node: Any, constant: Any) -> None:
    """A number with an exponent is written out, as numeric does it."""
    number = constant.fval.fval if constant.WhichOneof("val") == "fval" else ""
    if "e" not in number.lower():
        return
    plain = f"{Decimal(number):f}"
    other = _pg.expression_node(plain)
    _become(node, other)


def _call(node: Any, call: Any) -> None:
    """``pg_catalog.`` in front of a function goes."""
    if len(call.funcname) == 2 and call.funcname[0].string.sval == "pg_catalog":
        del call.funcname[0]


_RULES: dict[str, Callable[[Any, Any], None]] = {
    "type_cast": _cast,
    "a_expr": _operator,
    "column_ref": _column,
    "bool_expr": _flatten,
    "func_call": _call,
    "case_expr": _case,
    "a_const": _constant,
}
