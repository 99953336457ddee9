"""Mapped classes of the project, found in its source without importing it."""

from __future__ import annotations

import ast
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from migsafe.values import dataclass

_PASSED_OVER = {"__pycache__", "build", "dist", "node_modules", "site-packages", "tests", "venv"}
_COLUMNS = {"Column", "Field", "column", "deferred", "mapped_column"}


@dataclass(frozen=True)
class Mapped:
    """A class attribute that stands for *column* of *table*."""

    table: str
    column: str
    file: Path
    line: int


def mapped_columns(
    root: Path, tables: Collection[str], besides: Collection[Path]
) -> Iterator[Mapped]:
    """The attributes of classes below *root* that map columns of *tables*, names without schema.

    The folders *besides* (the migrations), hidden ones and tests are left out. A class counts when
    it says its ``__tablename__`` or is a SQLModel with ``table=True``; columns that it inherits do
    not.
    """
    for path in _sources(root, besides):
        try:
            text = path.read_text(encoding="utf-8")
            if any(sign in text for sign in ("__tablename__", "table=True")):
                yield from _of_module(ast.parse(text), path, tables)
        except (OSError, SyntaxError, ValueError):
            continue


def _sources(root: Path, besides: Collection[Path]) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        kept = (name for name in folders if name not in _PASSED_OVER and name[0] != ".")
        folders[:] = sorted(name for name in kept if Path(folder, name) not in besides)
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".py"))


def _of_module(tree: ast.Module, path: Path, tables: Collection[str]) -> Iterator[Mapped]:
    for node in ast.walk(tree):
        table = _table_of(node) if isinstance(node, ast.ClassDef) else None
        if isinstance(node, ast.ClassDef) and table in tables and table is not None:
            for statement in node.body:
                if column := _column(statement, plain=_is_sqlmodel(node)):
                    yield Mapped(table, column, path, statement.lineno)


def _table_of(node: ast.ClassDef) -> str | None:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            if names == ["__tablename__"]:
                return str(statement.value.value)
    return node.name.lower() if _is_sqlmodel(node) else None


def _is_sqlmodel(node: ast.ClassDef) -> bool:
    return any(keyword.arg == "table" for keyword in node.keywords)


def _column(statement: ast.stmt, *, plain: bool) -> str | None:
    """The column of ``a: Mapped[int]``, ``a = Column(Integer)`` or ``a = mapped_column("b")``.

    With *plain*, an annotation is enough, as in a SQLModel.
    """
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        name, value = statement.target.id, statement.value
        if not (plain or _is_mapped(statement.annotation) or _makes_column(value)):
            return None
        if _last_name(_outer(statement.annotation)) == "ClassVar":
            return None
    elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        name, value = statement.targets[0].id, statement.value
        if not _makes_column(value):
            return None
    else:
        return None
    if isinstance(value, ast.Call):
        if not _makes_column(value):
            return None
        first = value.args[0] if value.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return first.value
    return name


def _is_mapped(annotation: ast.expr) -> bool:
    return _last_name(_outer(annotation)) == "Mapped"


def _outer(annotation: ast.expr) -> ast.expr:
    return annotation.value if isinstance(annotation, ast.Subscript) else annotation


def _makes_column(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and _last_name(value.func) in _COLUMNS


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
