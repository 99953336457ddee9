"""Expressions of a migration's code, read for what they stand for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from migsafe.capture.written.items import ITEMS, call
from migsafe.capture.written.types import with_variant
from migsafe.capture.written.values import (
    Batch,
    Column,
    NotWritten,
    Symbol,
    Type,
    Unnamed,
)
from migsafe.values import replace

Names = Mapping[str, Any]
"""What names stand for: constants, values, and symbols for what is imported."""
_TEXTS = (str, int)
_LONGEST = 1_000_000
BIND = "alembic.op.get_bind()"
"""The connection."""
_GETTERS = frozenset(("alembic.op.get_bind", "alembic.op.get_context"))
_DIALECT = frozenset(
    (
        f"{BIND}.dialect.name",
        f"{BIND}.engine.name",
        f"{BIND}.engine.dialect.name",
        "alembic.op.get_context().dialect.name",
    )
)


def read(node: ast.expr, names: Names) -> Any:
    """What *node* stands for; raises `NotWritten` where only running it would tell."""
    if type(node) is ast.Constant:
        return node.value
    reader = _READERS.get(type(node))
    if reader is None:
        raise NotWritten(f"the expression {type(node).__name__}")
    return reader(node, names)


def symbol(node: Any, names: Names) -> str | None:
    """The full name of what *node* names, when it is something imported."""
    kind = type(node)
    if kind is ast.Attribute:
        above = symbol(node.value, names)
        return above and f"{above}.{node.attr}"
    if kind is ast.Name:
        found = names.get(node.id)
        return found.name if type(found) is Symbol else None
    if kind is ast.Call and not node.args and not node.keywords:
        called = symbol(node.func, names)
        return f"{called}()" if called in _GETTERS else None
    return None


def arguments(node: ast.Call, names: Names) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call, by position and by name."""
    keywords: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise NotWritten("arguments from a dictionary")
        if keyword.arg in keywords:
            raise NotWritten("a keyword given twice")
        value = keyword.value
        keywords[keyword.arg] = value.value if type(value) is ast.Constant else read(value, names)
    return [read(one, names) for one in node.args], keywords


def _name(node: Any, names: Names) -> Any:
    try:
        return names[node.id]
    except KeyError:
        raise NotWritten(f"the name {node.id}") from None


def _attribute(node: Any, names: Names) -> Any:
    found = symbol(node, names)
    if found is None:
        raise NotWritten(f"the attribute {node.attr}")
    if found in _DIALECT:
        return "postgresql"
    if found not in ITEMS:
        raise NotWritten(f"the attribute {found}")
    return Symbol(found)


def _call(node: Any, names: Names) -> Any:
    function = node.func
    name = symbol(function, names)
    if name in _GETTERS and not node.args and not node.keywords:
        return Symbol(f"{name}()")
    if name is not None:
        return call(name, *arguments(node, names))
    if isinstance(function, ast.Attribute):
        base = read(function.value, names)
        if type(base) is Type and function.attr == "with_variant":
            return with_variant(base, *arguments(node, names))
        if type(base) is Batch and function.attr == "f":
            return call("alembic.op.f", *arguments(node, names))
    raise NotWritten("a call of something else")


def _list(node: Any, names: Names) -> list[Any]:
    return _list_of(node.elts, names)


def _list_of(nodes: list[ast.expr], names: Names) -> list[Any]:
    return [read(one, names) for one in nodes]


def _tuple(node: Any, names: Names) -> tuple[Any, ...]:
    return tuple(_list(node, names))


def _dict(node: Any, names: Names) -> dict[Any, Any]:
    if any(not isinstance(key, ast.Constant) for key in node.keys):
        raise NotWritten("a dictionary of something else")
    keys = [key.value for key in node.keys]
    return dict(zip(keys, [read(value, names) for value in node.values], strict=True))


def _sum(node: Any, names: Names) -> Any:
    left, right = read(node.left, names), read(node.right, names)
    if not isinstance(node.op, ast.Add) or type(left) is not str or type(right) is not str:
        raise NotWritten("a calculation")
    return _text(left, right)


def _negative(node: Any, names: Names) -> Any:
    value = read(node.operand, names)
    if isinstance(node.op, ast.Not) and type(value) is bool:
        return not value
    if not isinstance(node.op, ast.USub) or type(value) is not int:
        raise NotWritten("a calculation")
    return -value


def _several(node: Any, names: Names) -> bool:
    """Conditions joined by ``and`` or ``or``; of those that do not matter, all must be certain."""
    values = _list_of(node.values, names)
    if any(type(value) is not bool for value in values):
        raise NotWritten("a condition that is no comparison")
    return all(values) if isinstance(node.op, ast.And) else any(values)


def _joined(node: Any, names: Names) -> str:
    """An f-string of constants."""
    parts: list[str] = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
            continue
        value = read(part.value, names)
        if part.conversion != -1 or part.format_spec is not None or type(value) not in _TEXTS:
            raise NotWritten("a part of a text")
        parts.append(str(value))
    return _text(*parts)


def _text(*parts: str) -> str:
    """*parts* in one; a loop could double a text until there is no memory."""
    if sum(map(len, parts)) > _LONGEST:
        raise NotWritten("a text that is too long")
    return "".join(parts)


def _comparison(node: Any, names: Names) -> bool:
    """Whether a text is another, or one of several."""
    left, (operator,), (right,) = read(node.left, names), node.ops[:1], node.comparators[:1]
    right = read(right, names)
    if len(node.ops) == 1 and type(left) is str:
        if isinstance(operator, ast.Eq | ast.NotEq) and type(right) is str:
            return (left == right) == isinstance(operator, ast.Eq)
        several = type(right) in (list, tuple) and all(type(one) is str for one in right)
        if isinstance(operator, ast.In | ast.NotIn) and several:
            return (left in right) == isinstance(operator, ast.In)
    raise NotWritten("a comparison")


def _named(node: Any, names: Names) -> Column:
    column: Column = replace(node.column, name=names[node.slot])
    return column


_READERS: dict[type, Callable[[Any, Names], Any]] = {
    ast.Attribute: _attribute,
    ast.BinOp: _sum,
    ast.BoolOp: _several,
    ast.Call: _call,
    ast.Compare: _comparison,
    ast.Dict: _dict,
    ast.JoinedStr: _joined,
    ast.List: _list,
    ast.Name: _name,
    ast.Tuple: _tuple,
    ast.UnaryOp: _negative,
    Unnamed: _named,
}
