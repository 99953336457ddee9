"""Loops of a migration file that go through the rows of a query."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from migsafe.values import dataclass

_FETCHES = {"exec_driver_sql", "execute", "fetchall", "fetchmany", "mappings", "query", "scalars"}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class RowLoop:
    """A loop over rows: its own line, the lines of its body, and the first of its function.

    *changes_rows* is True when the body assigns to attributes of what the loop goes through, as
    ORM code does that leaves the UPDATE to the session.
    """

    line: int
    first: int
    last: int
    function: int
    changes_rows: bool = False

    def holds(self, line: int) -> bool:
        """Whether *line* is in the body."""
        return self.first <= line <= self.last


def row_loops(path: Path) -> tuple[RowLoop, ...]:
    """The loops in the file at *path* over what a query returned; none if it cannot be read."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ()
    functions = (node for node in ast.walk(tree) if isinstance(node, _Function))
    return tuple(loop for function in functions for loop in _loops(function))


def _loops(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[RowLoop]:
    rows = _row_names(function)
    for node in ast.walk(function):
        if isinstance(node, ast.For) and _gives_rows(node.iter, rows):
            changes = any(_sets_attribute(part, node.target) for part in ast.walk(node))
        elif isinstance(node, ast.While) and _calls(node.test, {"fetchone"}):
            changes = False
        else:
            continue
        last = node.end_lineno or node.lineno
        yield RowLoop(node.lineno, node.body[0].lineno, last, function.lineno, changes)


def _row_names(function: ast.AST) -> frozenset[str]:
    """The variables that hold rows, or what was made of rows."""
    assigned = [node for node in ast.walk(function) if isinstance(node, ast.Assign)]
    assigned.sort(key=lambda node: node.lineno)
    rows: frozenset[str] = frozenset()
    for node in assigned:
        if _gives_rows(node.value, rows):
            rows |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return rows


def _gives_rows(node: ast.AST, rows: frozenset[str]) -> bool:
    named = any(isinstance(part, ast.Name) and part.id in rows for part in ast.walk(node))
    return named or _calls(node, _FETCHES)


def _calls(node: ast.AST, methods: set[str]) -> bool:
    return any(
        isinstance(part, ast.Call)
        and isinstance(part.func, ast.Attribute)
        and part.func.attr in methods
        for part in ast.walk(node)
    )


def _sets_attribute(node: ast.AST, target: ast.AST) -> bool:
    """Whether *node* assigns to an attribute of the loop's variable."""
    if not isinstance(node, ast.Assign | ast.AugAssign) or not isinstance(target, ast.Name):
        return False
    places = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(
        isinstance(place, ast.Attribute)
        and isinstance(place.value, ast.Name)
        and place.value.id == target.id
        for place in places
    )
