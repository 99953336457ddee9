"""Loops of a migration file: those through the rows of a query, and those from batch to batch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from migsafe.values import dataclass

_FETCHES = {"exec_driver_sql", "execute", "fetchall", "fetchmany", "mappings", "query", "scalars"}
_COUNTERS = ("range", "count", "itertools.count")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class RowLoop:
    """A loop over rows: its own line, the lines of its body, and the first of its function.

    *changes_rows* is True when the body assigns to attributes of what the loop goes through, as
    ORM code does that leaves the UPDATE to the session. *implied* is True for a call that is given
    a list with values for each row, which the driver goes through.
    """

    line: int
    first: int
    last: int
    function: int
    changes_rows: bool = False
    implied: bool = False

    def holds(self, line: int) -> bool:
        """Whether *line* is in the body."""
        return self.first <= line <= self.last


def row_loops(path: Path) -> tuple[RowLoop, ...]:
    """The loops in the file at *path* over what a query returned; none if it cannot be read."""
    functions = (node for node in ast.walk(_tree(path)) if isinstance(node, _Function))
    return tuple(loop for function in functions for loop in _loops(function))


def in_uncommitted_loop(path: Path, line: int) -> bool:
    """Whether *line* of the file at *path* is in a loop of unknown length that commits nothing."""
    return any(
        node.lineno <= line <= (node.end_lineno or node.lineno)
        and not _calls(node, {"autocommit_block", "begin", "commit"})
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.While) or (isinstance(node, ast.For) and _counts(node.iter))
    )


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])


def _counts(node: ast.AST) -> bool:
    """Whether *node* is a ``range`` up to what only the run knows, or a ``count``."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func) not in _COUNTERS:
        return False
    return not node.args or not all(isinstance(one, ast.Constant) for one in node.args)


def _loops(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[RowLoop]:
    rows = _row_names(function)
    lists = _lists(function, rows)
    for node in ast.walk(function):
        if isinstance(node, ast.For) and _gives_rows(node.iter, rows):
            changes = any(_sets_attribute(part, node.target) for part in ast.walk(node))
        elif isinstance(node, ast.While) and _calls(node.test, {"fetchone"}):
            changes = False
        elif isinstance(node, ast.Call) and _gets_list(node, lists):
            last = node.end_lineno or node.lineno
            yield RowLoop(node.lineno, node.lineno, last, function.lineno, implied=True)
            continue
        else:
            continue
        last = node.end_lineno or node.lineno
        yield RowLoop(node.lineno, node.body[0].lineno, last, function.lineno, changes)


def _gets_list(call: ast.Call, lists: frozenset[str]) -> bool:
    """Whether *call* is ``execute`` with a list of parameters that was made from rows."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "execute":
        return False
    return len(call.args) > 1 and ast.unparse(call.args[1]) in lists


def _lists(function: ast.AST, rows: frozenset[str]) -> frozenset[str]:
    """The comprehensions over rows, as text, and the variables with one or with what a loop adds.

    Such a loop over *rows* appends to the variable.
    """
    made: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.ListComp) and _gives_rows(node.generators[0].iter, rows):
            made.add(ast.unparse(node))
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and ast.unparse(node.value) in made:
            made.update(ast.unparse(target) for target in node.targets)
        elif isinstance(node, ast.For) and _gives_rows(node.iter, rows):
            made.update(
                ast.unparse(part.func.value)
                for part in ast.walk(node)
                if isinstance(part, ast.Call)
                and isinstance(part.func, ast.Attribute)
                and part.func.attr == "append"
            )
    return frozenset(made)


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
