"""The catalog at a point of a history, folded only when somebody asks for it."""

from __future__ import annotations

from migsafe.catalog import Catalog
from migsafe.sql import Statement


class Schema:
    """A catalog and the statements that came after it.

    Most migrations never look at the catalog, so folding waits until one does.
    """

    def __init__(self, catalog: Catalog, pending: tuple[Statement, ...] = ()):
        self._catalog = catalog
        self._pending = list(pending)

    @property
    def major(self) -> int:
        """The PostgreSQL major version."""
        return self._catalog.major

    def add(self, statement: Statement) -> None:
        """Take in one more statement."""
        self._pending.append(statement)

    def copy(self) -> Schema:
        """An independent schema in the same state."""
        return Schema(self._catalog, tuple(self._pending))

    @property
    def catalog(self) -> Catalog:
        """The catalog after all statements so far."""
        if self._pending:
            from migsafe.fold import fold

            for statement in self._pending:
                self._catalog = fold(self._catalog, statement)
            self._pending.clear()
        return self._catalog
