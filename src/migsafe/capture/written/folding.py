"""Arguments that are the same in every file with the same head, worked out once."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any

from migsafe.capture.heads import HEADER
from migsafe.capture.written.modules import Names, in_head
from migsafe.capture.written.reading import read
from migsafe.capture.written.values import Column, Fragment, Type, Unnamed

_OF_A_FILE = frozenset((*HEADER, "upgrade", "downgrade"))


@lru_cache(maxsize=2048)
def folded(node: ast.Call, head: str) -> ast.Call:
    """The call *node* of a shape, with values among its arguments.

    They are those that it has behind every head of the shape *head*, whatever the texts.
    """
    return _with_values(node, _names(head))


@lru_cache(maxsize=64)
def _names(head: str) -> Names:
    """The names that stand for the same wherever the head has this shape."""
    found = in_head(head)
    known = {} if isinstance(found, str) else found
    return {name: value for name, value in known.items() if name not in _OF_A_FILE}


def _with_values(call: ast.Call, names: Names) -> ast.Call:
    arguments = [_folded(one, names) for one in call.args]
    keywords = [ast.keyword(one.arg, _folded(one.value, names)) for one in call.keywords]
    return ast.copy_location(ast.Call(call.func, arguments, keywords), call)


def _folded(node: ast.expr, names: Names) -> Any:
    if type(node) is not ast.Call:
        return node
    slots = [one.id for one in ast.walk(node) if type(one) is ast.Name and one.id.isdigit()]
    first = node.args[0] if node.args else None
    if not slots or (len(slots) == 1 and type(first) is ast.Name and first.id == slots[0]):
        try:
            value = read(node, {**names, **dict.fromkeys(slots, "name")})
        except Exception:  # reading it tells what is wrong
            return node
        if slots and type(value) is Column:
            return Unnamed(value, slots[0])
        if not slots and type(value) in (Type, Fragment):
            return ast.Constant(value)
    return _with_values(node, names)
