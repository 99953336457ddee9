"""The catalog at a point of a history, folded only when somebody asks for it."""

from __future__ import annotations

from migsafe.catalog import Catalog, Table
from migsafe.sql import Statement


class Schema:
    """A catalog, or another schema as it stands, and the statements that came after it.

    Most migrations never look at the catalog, so folding waits until one does; what is folded for
    a copy is folded for the original too.
    """

    def __init__(self, start: Catalog | Schema):
        self._start = start
        self._pending: list[Statement] = []

    @property
    def major(self) -> int:
        """The PostgreSQL major version."""
        return self._start.major

    def add(self, statement: Statement) -> None:
        """Take in one more statement."""
        self._pending.append(statement)

    def copy(self) -> Schema:
        """A schema that goes on from here; this one may only go on when the copy is done with."""
        return Schema(self)

    def snapshot(self) -> Schema:
        """A schema that stays as this one stands, whatever comes after."""
        taken = Schema(self._start.snapshot() if isinstance(self._start, Schema) else self._start)
        taken._pending = list(self._pending)
        return taken

    @property
    def catalog(self) -> Catalog:
        """The catalog after all statements so far."""
        catalog = self._start.catalog if isinstance(self._start, Schema) else self._start
        if self._pending:
            from migsafe.fold import fold

            for statement in self._pending:
                catalog = fold(_with_foreign(catalog, statement), statement)
            self._pending.clear()
        self._start = catalog
        return catalog


def _with_foreign(catalog: Catalog, statement: Statement) -> Catalog:
    """*catalog* with the tables that *statement* needs, which something else has created."""
    from migsafe.sql import needed

    if getattr(statement, "if_exists", False):
        return catalog
    for written in needed.tables(statement):
        if catalog.relation(written) is None:
            name = catalog.qualify(written)
            catalog = catalog.with_table(Table(name, unknown="this history does not create it"))
    return catalog
