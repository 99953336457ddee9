"""Migrations that were edited after others may have run them: compared with the git base."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path

from migsafe.capture.model import History, Problem
from migsafe.values import replace


def with_edits(history: History, released: Mapping[Path, str]) -> History:
    """*history* with a problem of kind ``edited`` for each file that does something else by now.

    *released* has the texts of migrations as the base branch has them, by resolved path. Comments,
    docstrings, layout and the downgrade may differ: databases that have run the upgrade lack
    nothing.
    """
    edited = []
    for migration in history.migrations if released else ():
        before = released.get(migration.path.resolve())
        if before is not None:
            line = changed_line(before, migration.path.read_text(encoding="utf-8"))
            if line is not None:
                message = f"{migration.revision} has changed since others may have run it"
                edited.append(Problem("edited", message, migration.path, line))
    return replace(history, problems=(*history.problems, *edited)) if edited else history


def changed_line(before: str, now: str) -> int | None:
    """The first line of *now* that does something else than *before*, None when none does."""
    if before == now:
        return None
    try:
        trees = [_statements(ast.parse(text)) for text in (before, now)]
    except (SyntaxError, ValueError):
        return 1
    return _first_difference(*trees)


def _first_difference(before: list[ast.stmt], now: list[ast.stmt]) -> int | None:
    last = 1
    for old, new in zip_longest(before, now):
        if old is None or new is None:
            return new.lineno if new is not None else last
        last = new.end_lineno or new.lineno
        if ast.dump(_bare(old)) != ast.dump(_bare(new)):
            if isinstance(old, ast.FunctionDef) and isinstance(new, ast.FunctionDef):
                return _first_difference(old.body, new.body) or new.lineno
            return new.lineno
    return None


def _statements(tree: ast.Module) -> list[ast.stmt]:
    """The statements on which the upgrade depends."""
    return [
        node
        for node in tree.body
        if not _is_docstring(node)
        and not (isinstance(node, ast.FunctionDef) and node.name == "downgrade")
    ]


def _bare(node: ast.stmt) -> ast.stmt:
    """*node* without its docstring."""
    if isinstance(node, ast.FunctionDef) and node.body and _is_docstring(node.body[0]):
        node.body = node.body[1:] or [ast.Pass()]
    return node


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
