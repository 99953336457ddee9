"""The catalog at a point of a history, folded only when somebody asks for it."""

from __future__ import annotations

from migsafe.catalog import Catalog, Table
from migsafe.names import Name
from migsafe.sql import Statement, TransactionControl
from migsafe.values import replace


class Schema:
    """A catalog, or another schema as it stands, and the statements that came after it.

    Most migrations never look at the catalog, so folding waits until one does; what is folded for
    a copy is folded for the original too.
    """

    def __init__(self, start: Catalog | Schema):
        self._start = start
        self._pending: list[Statement] = []
        self._points: list[tuple[str | None, Schema]] = []

    @property
    def major(self) -> int:
        """The PostgreSQL major version."""
        return self._start.major

    def add(self, statement: Statement) -> None:
        """Take in one more statement; back at a savepoint, those after it have not happened."""
        if isinstance(statement, TransactionControl):
            self._control(statement)
        else:
            self._pending.append(statement)

    def _control(self, statement: TransactionControl) -> None:
        if statement.kind == "SAVEPOINT":
            self._points.append((statement.name, self.snapshot()))
        elif statement.kind == "ROLLBACK TO":
            at = next((p for name, p in reversed(self._points) if name == statement.name), None)
            if at is not None:
                self._start, self._pending = at.snapshot(), []

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


def version_table(named: str, major: int) -> Table:
    """Alembic's own table, which is there before the first migration runs."""
    from migsafe.fold import fold
    from migsafe.sql import parse

    columns = "version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY"
    (create,) = parse(f"CREATE TABLE alembic_version ({columns})")
    (table,) = fold(Catalog.empty(major), create.statement).tables.values()
    schema, _, name = named.rpartition(".")
    return replace(table, name=Name(schema or table.name.schema, name))


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
