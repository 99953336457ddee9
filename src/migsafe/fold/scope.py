"""The columns that the expressions of a query can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from migsafe.catalog import Catalog
from migsafe.fold.resolve import collation_of
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql import _pg
from migsafe.sql.nodes import names, strings
from migsafe.values import dataclass

_COLLATABLE = ("text", "varchar", "bpchar", "name", "citext")

Use = tuple[Name, "str | None"]


@dataclass(frozen=True)
class Result:
    """One column of a query; *type* is None when only a server could tell it."""

    name: str
    type: TypeRef | None = None
    collation: Name | None = None


@dataclass(frozen=True)
class Source:
    """A column that FROM makes visible, under *qualifier*; *hidden* when USING merged it away.

    *shared* is the column that USING made of this one and a hidden one; ``*`` shows those first,
    ``t.*`` by their *place* in the table.
    """

    qualifier: str
    column: Result
    uses: tuple[Use, ...] = ()
    hidden: bool = False
    shared: Result | None = None
    place: int = 0

    @property
    def plain(self) -> Result:
        """The column under its bare name."""
        return self.shared or self.column


Known = Mapping[str, "tuple[Result, ...]"]
Visible = tuple[Source, ...]


class Reader(Protocol):
    """What reads a query inside an expression."""

    catalog: Catalog
    uses: set[Use]

    def select(self, select: Any, outer: Visible, known: Known) -> tuple[Result, ...]: ...


class Scope:
    """The columns that an expression of a query can name."""

    def __init__(self, reader: Reader, own: Visible, outer: Visible, known: Known):
        self.reader = reader
        self.catalog = reader.catalog
        self.own = own
        self.visible = (*own, *outer)
        self.known = known

    def find(self, message: Any) -> Source | None:
        """The source of a ColumnRef."""
        parts = strings(f for f in message.fields if f.WhichOneof("node") == "string")
        if not parts or len(parts) != len(message.fields):
            return None
        if len(parts) == 1:
            named = (s for s in self.visible if s.column.name == parts[0] and not s.hidden)
        else:
            named = (s for s in self.visible if (s.qualifier, s.column.name) == tuple(parts[-2:]))
        return next(named, None)

    def visit(self, message: Any) -> None:
        """Remember the columns that *message* reads, at any depth."""
        waiting = [message]
        while waiting:
            current = waiting.pop()
            kind = current.DESCRIPTOR.name
            if kind == "SelectStmt":
                self.reader.select(current, self.visible, self.known)
                continue
            if kind == "ColumnRef":
                source = self.find(current)
                self.reader.uses.update(source.uses if source else ())
                continue
            waiting += [held for _, held in _pg.inside(current)]

    def star(self, qualifier: tuple[str, ...]) -> list[Result]:
        """The columns of ``*`` or ``t.*``."""
        if qualifier:
            named = (s for s in self.visible if s.qualifier == qualifier[-1])
            found = sorted(named, key=lambda source: source.place)
        else:
            found = [s for s in self.own if not s.hidden]
        for source in found:
            self.reader.uses.update(source.uses)
        return [source.column if qualifier else source.plain for source in found]

    def column_type(self, node: Any) -> TypeRef | None:
        source = self.find(node)
        if source is None:
            return None
        return (source.plain if len(node.fields) == 1 else source.column).type

    def subquery_type(self, node: Any) -> TypeRef | None:
        columns = self.reader.select(node.select_stmt, self.visible, self.known)
        return columns[0].type if columns else None

    def collation(self, node: Any, ref: TypeRef | None) -> Name | None:
        """The collation of an expression of the type *ref*, where it is not the type's own."""
        if ref is None or ref.name.name not in _COLLATABLE:
            return None
        found = [message for name, message in _pg.walk(node) if name == "collate_clause"]
        if found:
            return collation_of(self.catalog, names(found[0].collname))
        columns = (self.find(message) for name, message in _pg.walk(node) if name == "column_ref")
        given = (source.column.collation for source in columns if source is not None)
        return next((collation for collation in given if collation is not None), None)
