"""Try a change of one row, hear what PostgreSQL says, and undo it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migsafe.catalog import Catalog, ConstraintKind, Identity, Table
from migsafe.names import quote_ident

_ROWS = 6  # how many rows are tried in turn before a change counts as refused


@dataclass(frozen=True)
class Answer:
    """PostgreSQL's answer: *state* is None when it took the change (manual, appendix A)."""

    state: str | None = None
    constraint: str | None = None
    column: str | None = None
    message: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the change was taken."""
        return self.state is None


@dataclass(frozen=True)
class Trial:
    """Changes rows of the tables of *catalog*, which are filled; nothing stays changed.

    *connection* is a psycopg connection in autocommit mode.
    """

    connection: Any
    catalog: Catalog

    def rows(self, table: Table) -> int:
        """How many rows there are to try with."""
        return int(self.connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])

    def update(
        self, table: Table, changes: Mapping[str, str], row: int = 0, *, first: Sequence[str] = ()
    ) -> Answer:
        """Set columns of the row of this number to SQL expressions, after running *first*."""
        from psycopg import Error

        sets = ", ".join(f"{quote_ident(name)} = {value}" for name, value in changes.items())
        chosen = f"(SELECT ctid FROM {table.name} ORDER BY ctid OFFSET {row} LIMIT 1)"
        try:
            with self.connection.transaction(force_rollback=True):
                self.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
                for statement in (*_opened(table, changes), *first):
                    self.connection.execute(statement)
                self.connection.execute(f"UPDATE {table.name} SET {sets} WHERE ctid = {chosen}")
        except Error as error:
            return _answer(error)
        return Answer()

    def accepts(self, table: Table, changes: Mapping[str, str]) -> Answer:
        """The answer for the first row with which the change is taken, else that for the first."""
        first = self.update(table, changes)
        if first.accepted:
            return first
        for row in range(1, min(_ROWS, self.rows(table))):
            if self.update(table, changes, row).accepted:
                return Answer()
        return first

    def delete(
        self, table: Table, condition: str, then: str, *, first: Sequence[str] = ()
    ) -> tuple[Answer, Any]:
        """Delete the rows of *condition*; what the query *then* tells before it is undone."""
        from psycopg import Error

        try:
            with self.connection.transaction(force_rollback=True):
                self.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
                for statement in first:
                    self.connection.execute(statement)
                self.connection.execute(f"DELETE FROM {table.name} WHERE {condition}")
                return Answer(), self.connection.execute(then).fetchone()[0]
        except Error as error:
            return _answer(error), None

    def alone(self, table: Table, name: str) -> list[str]:
        """Statements that take all constraints of *table* away but the one called *name*.

        So a row can be refused for what it is refused for, and for nothing else. NOT NULL and what
        the constraint needs itself stay.
        """
        others = [
            (table.name, constraint.name)
            for constraint in table.constraints
            if constraint.kind is not ConstraintKind.NOT_NULL and constraint.local
        ]
        others += [
            (referring.name, key.name) for referring, key in self.catalog.references_to(table.name)
        ]
        dropped = [
            f"ALTER TABLE {owner} DROP CONSTRAINT IF EXISTS {quote_ident(other)} CASCADE"
            for owner, other in sorted(set(others), key=lambda pair: (str(pair[0]), pair[1]))
            if other != name
        ]
        indexes = [
            f"DROP INDEX {index.name}"
            for index in self.catalog.indexes_of(table.name)
            if index.unique and index.constraint is None and index.name.name != name
        ]
        return [*dropped, *indexes]

    def value(self, query: str) -> Any:
        """The first column of the first row, or None; also when the query fails."""
        from psycopg import Error

        try:
            with self.connection.transaction(force_rollback=True):
                found = self.connection.execute(query).fetchone()
        except Error:
            return None
        return None if found is None else found[0]


def _opened(table: Table, columns: Mapping[str, str] | Sequence[str]) -> list[str]:
    """Statements that let identity columns be set, as they cannot be when ALWAYS generated."""
    closed = [c for c in table.columns if c.name in columns and c.identity is Identity.ALWAYS]
    return [
        f"ALTER TABLE {table.name} ALTER COLUMN {quote_ident(c.name)} SET GENERATED BY DEFAULT"
        for c in closed
    ]


def _answer(error: Any) -> Answer:
    diagnosis = error.diag
    lines = str(error).splitlines() or [""]
    return Answer(
        error.sqlstate or "XX000", diagnosis.constraint_name, diagnosis.column_name, lines[0]
    )
