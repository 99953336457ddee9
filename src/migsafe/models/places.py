"""Where in the application's source a table or a column was declared."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import MetaData

Place = tuple[Path, int]


class Places:
    """Finds the classes that are mapped to the tables of *metadata*; tables without have no place.

    A column that comes from a mixin is at its line in the mixin.
    """

    def __init__(self, metadata: MetaData | None):
        self._trees: dict[Path, ast.Module] = {}
        self._classes: dict[int, list[type]] = {}
        if metadata is None:
            return
        wanted = {id(table) for table in metadata.tables.values()}
        for cls in descendants(object):
            table = _mapped(cls)
            if id(table) in wanted:
                self._classes.setdefault(id(table), []).append(cls)

    def of(self, table: Any, column: Any = None) -> Place | None:
        """File and line of a `sqlalchemy.Table`, or of one of its columns, or None."""
        classes = self._classes.get(id(table), [])
        found = (self._of_column(cls, column) for cls in classes if column is not None)
        place = next((place for place in found if place is not None), None)
        if place is not None or not classes:
            return place
        return next((p for p in (self._of_class(cls) for cls in classes) if p is not None), None)

    def _of_class(self, cls: type) -> Place | None:
        path, node = self._source(cls)
        return None if path is None or node is None else (path, node.lineno)

    def _of_column(self, cls: type, column: Any) -> Place | None:
        names = {_attribute(cls, column), str(column.name)}
        for ancestor in cls.__mro__:
            path, node = self._source(ancestor)
            for statement in () if node is None else node.body:
                if path is not None and _assigned(statement) in names:
                    return path, statement.lineno
        return None

    def _source(self, cls: type) -> tuple[Path | None, ast.ClassDef | None]:
        try:
            path = Path(inspect.getsourcefile(cls) or "")
            if path not in self._trees:
                self._trees[path] = ast.parse(path.read_text(encoding="utf-8"))
        except (OSError, TypeError, SyntaxError, ValueError):
            return None, None
        found = [
            node
            for node in ast.walk(self._trees[path])
            if isinstance(node, ast.ClassDef) and node.name == cls.__name__
        ]
        return path, found[-1] if found else None


def descendants(root: type) -> Iterator[type]:
    """The classes below *root*, each once."""
    seen: set[type] = set()
    waiting = [root]
    while waiting:
        below: list[type] = type.__subclasses__(waiting.pop())
        for cls in below:
            if cls not in seen:
                seen.add(cls)
                waiting.append(cls)
                yield cls


def _mapped(cls: type) -> Any:
    """The table of a mapped class, its own or, in single-table inheritance, its parent's."""
    tables = (vars(ancestor).get("__table__") for ancestor in cls.__mro__)
    return next((table for table in tables if table is not None), None)


def _attribute(cls: type, column: Any) -> str:
    """The name of the attribute that is mapped to *column*."""
    from sqlalchemy.exc import InvalidRequestError

    mapper = vars(cls).get("__mapper__")
    try:
        return str(mapper.get_property_by_column(column).key) if mapper else str(column.name)
    except InvalidRequestError:
        return str(column.name)


def _assigned(statement: ast.stmt) -> str | None:
    """The name that a statement of a class body gives a value or a type."""
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    return statement.name if isinstance(statement, ast.FunctionDef) else None
