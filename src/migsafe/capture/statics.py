"""What can be read off a module that cannot be run: constants, enums, the constants of classes."""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from migsafe.capture.placeholders import Placeholder
from migsafe.capture.statements import statements

_ASSIGNMENTS = (ast.Assign, ast.AnnAssign)


def static_members(path: Path) -> dict[str, Any]:
    """The names that the module at *path* defines as constants or classes, with their values."""
    return members_of(definitions(path))


def definitions(path: Path) -> list[ast.stmt]:
    """What the module at *path* assigns, and its classes with no more in them than they assign."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (OSError, SyntaxError, ValueError):
        return []
    kinds = (*_ASSIGNMENTS, ast.ClassDef)
    found: list[ast.stmt] = [node for node in tree.body if isinstance(node, kinds)]
    for node in found:
        if isinstance(node, ast.ClassDef):
            node.body = [inner for inner in node.body if isinstance(inner, _ASSIGNMENTS)]
    return found


def members_of(body: list[ast.stmt]) -> dict[str, Any]:
    """The values, made anew, of the names that *body* defines as constants or classes."""
    members = dict(_constants(body))
    for node in body:
        if isinstance(node, ast.ClassDef):
            members[node.name] = _class(node)
    return members


def _class(node: ast.ClassDef) -> Any:
    constants = dict(_constants(node.body))
    public = {name: value for name, value in constants.items() if not name.startswith("_")}
    if public and any(_name(base).endswith("Enum") for base in node.bases):
        return enum.Enum(node.name, public)
    return Placeholder(node.name, constants=constants)


def _name(base: ast.expr) -> str:
    return base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")


def _constants(body: list[ast.stmt]) -> Iterator[tuple[str, Any]]:
    for node in body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                try:
                    yield target.id, ast.literal_eval(value)
                except ValueError:
                    continue


def is_guarded(filename: str, line: int) -> bool:
    """Whether the import at *line* stands in a ``try`` that expects it to fail."""
    return any(start <= line <= stop for start, stop in _guarded_lines(filename))


@lru_cache(maxsize=1024)
def _guarded_lines(filename: str) -> tuple[tuple[int, int], ...]:
    try:
        tree = ast.parse(Path(filename).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()
    return tuple(
        (node.lineno, node.body[-1].end_lineno or node.lineno)
        for node in statements(tree)
        if isinstance(node, ast.Try) and any(map(_catches_imports, node.handlers))
    )


def _catches_imports(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    caught = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
    return any(isinstance(kind, ast.Name) and kind.id in caught for kind in kinds)
