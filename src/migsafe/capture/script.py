"""A migration file as it is written: what it says of its place in the chain, without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

from migsafe.capture.sites import Source
from migsafe.errors import HistoryError
from migsafe.values import dataclass

_HEADER = ("revision", "down_revision", "depends_on", "branch_labels")


@dataclass(frozen=True)
class Header:
    """What a migration file says of its place in the chain."""

    path: Path
    revision: str
    down_revisions: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    doc: str = ""
    line: int = 1
    functions: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Script(Header):
    """One migration file and its header."""

    source: Source

    def code(self) -> CodeType:
        """The module, compiled under its own path."""
        return self.source.code


def read_script(path: Path) -> Script:
    """Read one file; raises HistoryError when it is not Python or names no revision."""
    try:
        data = path.read_bytes()
        tree = ast.parse(data, str(path))
        text = _decoded(data)
    except SyntaxError as error:
        message = f"this migration is not valid Python: {error.msg}"
        raise HistoryError(message, file=path, line=error.lineno) from error
    except (OSError, ValueError) as error:
        raise HistoryError(f"this migration cannot be read: {error}", file=path) from error
    constants, line = _header(tree)
    revision = constants.get("revision")
    if not isinstance(revision, str) or not revision:
        raise HistoryError(
            'a migration needs a line like revision = "1a2b3c"; '
            "move files that are no migrations to another folder",
            file=path,
            line=line,
        )
    return Script(
        path=path,
        source=Source(path, text, tree),
        revision=revision,
        down_revisions=_identifiers(path, "down_revision", constants),
        depends_on=_identifiers(path, "depends_on", constants),
        branch_labels=_identifiers(path, "branch_labels", constants),
        doc=(ast.get_docstring(tree) or "").strip().partition("\n")[0],
        line=line,
        functions=frozenset(_defined(tree)),
    )


def _decoded(data: bytes) -> str:
    import io
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return io.TextIOWrapper(io.BytesIO(data), encoding).read()


def _header(tree: ast.Module) -> tuple[dict[str, Any], int]:
    """The constants that the module assigns at its top level, and the line of ``revision``."""
    constants: dict[str, Any] = {}
    line = 1
    for name, value in _assignments(tree):
        constants[name] = _constant(value, constants)
        if name == "revision":
            line = value.lineno
    return constants, line


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    for one, value in zip(target.elts, node.value.elts, strict=False):
                        if isinstance(one, ast.Name):
                            yield one.id, value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def _constant(value: ast.expr, constants: dict[str, Any]) -> Any:
    if isinstance(value, ast.Name):
        return constants.get(value.id, ...)
    if isinstance(value, ast.Tuple | ast.List | ast.Set):
        return [_constant(item, constants) for item in value.elts]
    try:
        return ast.literal_eval(value)
    except ValueError:
        return ...


def _identifiers(path: Path, name: str, constants: dict[str, Any]) -> tuple[str, ...]:
    value = constants.get(name)
    values = value if isinstance(value, list | tuple | set) else [] if value is None else [value]
    if all(isinstance(one, str) for one in values):
        return tuple(values)
    raise HistoryError(
        f"{name} is not written as a constant here; write the revision as a string", file=path
    )


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
    for name, _ in _assignments(tree):
        yield name
