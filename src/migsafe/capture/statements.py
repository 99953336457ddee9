"""The statements of a module of Python, however deep they stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_BODIES = frozenset(("body", "orelse", "finalbody", "handlers", "cases"))
"""The fields of a node of Python's grammar in which statements stand, and what these stand in."""


def statements(tree: ast.Module) -> Iterator[ast.AST]:
    """*tree*, its statements, handlers and cases, in the order of `ast.walk`.

    That goes through all that these are made of as well, which takes ten times as long.
    """
    todo: list[ast.AST] = [tree]
    for node in todo:
        yield node
        for name in node._fields:
            if name in _BODIES and isinstance(value := getattr(node, name), list):
                todo += value
