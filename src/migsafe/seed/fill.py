"""Fill every table of a database with rows that its constraints accept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from migsafe.catalog import Catalog, Table
from migsafe.names import Name, quote_ident
from migsafe.seed.candidates import Candidates, Impossible, Maker
from migsafe.seed.hostile import Hostile
from migsafe.seed.loosened import loosened, unsure
from migsafe.seed.order import fillable, referred_to

_WINDOWS = (60, 400, 400, 8000)  # how many candidates are tried, one window after the other
_SINGLE = 120  # and how many one by one, when a window as a whole fails


@dataclass(frozen=True)
class Seeding:
    """How many *rows* each table got, and why a table stayed *empty*."""

    rows: Mapping[Name, int]
    empty: Mapping[Name, str]


def seed(
    connection: Any,
    catalog: Catalog,
    *,
    later: Catalog | None = None,
    fitting: bool = False,
    texts: Sequence[str] = (),
    hostile: Collection[Hostile] = (),
    tables: Collection[Name] | None = None,
    rows: int = 20,
) -> Seeding:
    """Put about *rows* rows into each table of the database that *connection* leads to.

    *connection* is a psycopg connection in autocommit mode, *catalog* its database's. The rows
    satisfy all constraints, and as far as possible those of the catalog *later*, too; with
    *fitting* their values can also be held by the types that columns have there. Constants in
    *texts* of SQL are among the values. Of the kinds *hostile* rows may be that suit the catalog,
    but for what is NOT VALID there, and do not suit *later*. Only *tables*, and those that their
    rows must refer to, are filled; all if None. The server writes the rows: for every column it
    picks from a list of expressions, and the CHECKs themselves choose among the candidates.
    """
    kinds = tuple(kind for kind in Hostile if kind in hostile)
    said = (*texts, *(c.expression or "" for t in unsure(catalog) for c in t.constraints))
    with connection.transaction():
        connection.execute("SET LOCAL jit = off")
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with loosened(connection, catalog, kinds) as now:
            maker = Maker(connection, now, later or catalog, said, fitting, kinds)
            then = now if Hostile.DUPLICATES in kinds else later or catalog
            filler = _Filler(connection, now, then, maker, rows)
            wanted = None if tables is None else referred_to(now, later or catalog, tables)
            return filler.fill_all(wanted)


@dataclass(frozen=True)
class _Filler:
    connection: Any
    catalog: Catalog
    later: Catalog
    maker: Maker
    rows: int

    def fill_all(self, wanted: Collection[Name] | None) -> Seeding:
        """Insert rows into the tables *wanted*, all if None."""
        found: dict[Name, int] = {}
        empty: dict[Name, str] = {}
        for table in fillable(self.catalog):
            if wanted is not None and table.name not in wanted:
                continue
            found[table.name], problem = self.fill(table)
            if problem is not None and not found[table.name]:
                empty[table.name] = problem
        return Seeding(found, empty)

    def fill(self, table: Table) -> tuple[int, str | None]:
        """Insert rows; how many, and what went wrong."""
        try:
            candidates = self.maker.candidates(table)
        except Impossible as error:
            return 0, str(error)
        if not candidates.columns:
            return self._execute(f"INSERT INTO {table.name} DEFAULT VALUES")
        with self._unique_already(table):
            return self._in_windows(candidates)

    @contextmanager
    def _unique_already(self, table: Table) -> Iterator[None]:
        """Have the server refuse duplicates in what will be unique later."""
        known = {index.keys for index in self.catalog.indexes_of(table.name) if index.unique}
        names: list[Name] = []
        for index in self.later.indexes_of(table.name):
            columns = [table.column(key.column or "") for key in index.keys]
            if index.unique and not index.predicate and index.keys not in known and all(columns):
                names.append(Name(table.name.schema, f"migsafe_{len(names)}"))
                keys = ", ".join(quote_ident(column.name) for column in columns if column)
                create = f"CREATE UNIQUE INDEX {names[-1].name} ON {table.name} ({keys})"
                if self._execute(create)[1] is not None:
                    names.pop()
        yield
        for name in names:
            self.connection.execute(f"DROP INDEX {name}")

    def _in_windows(self, candidates: Candidates) -> tuple[int, str | None]:
        table = candidates.table
        first = self.maker.count(table.name) + 1
        got, problem = 0, "no candidate satisfies the constraints"
        for window in _WINDOWS:
            added, failure = self._execute(
                candidates.insert(first, first + window - 1, self.rows - got)
            )
            got, first = got + added, first + window
            if got >= self.rows:
                return got, None
            if failure is not None:
                return self._one_by_one(candidates, got, failure)
        return got, problem

    def _one_by_one(self, candidates: Candidates, got: int, problem: str) -> tuple[int, str]:
        """So that one row that a trigger or a cast refuses does not spoil the others."""
        for number in range(1, _SINGLE):
            if got >= self.rows:
                break
            got += self._execute(candidates.insert(number, number, 1))[0]
        return got, problem

    def _execute(self, statement: str) -> tuple[int, str | None]:
        import psycopg

        try:
            with self.connection.transaction():
                return self.connection.execute(statement).rowcount, None
        except psycopg.Error as error:
            return 0, str(error).splitlines()[0]
