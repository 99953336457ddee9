"""A database driver without a database: every statement goes to a tape, which makes up answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from migsafe.capture.composing import composed, interpolated
from migsafe.names import quote_ident
from migsafe.values import dataclass

# The module attributes that PEP 249 demands; names in SQL stay readable as ``:name``.
apilevel = "2.0"
threadsafety = 1
paramstyle = "named"


class Error(Exception):
    """PEP 249."""


class InterfaceError(Error):
    """PEP 249."""


class DatabaseError(Error):
    """PEP 249."""


class DataError(DatabaseError):
    """PEP 249."""


class OperationalError(DatabaseError):
    """PEP 249."""


class IntegrityError(DatabaseError):
    """PEP 249."""


class InternalError(DatabaseError):
    """PEP 249."""


class ProgrammingError(DatabaseError):
    """PEP 249."""


class NotSupportedError(DatabaseError):
    """PEP 249."""


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result: its name and, where SQLAlchemy knows it, its SQLAlchemy type."""

    name: str
    type: Any = None


@dataclass(frozen=True)
class Result:
    """What a statement gives; *columns* is empty when it gives no rows at all."""

    columns: tuple[ResultColumn, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    count: int = -1


class Tape(Protocol):
    """Where statements go."""

    def next_transaction(self) -> int:
        """The number of a transaction that begins now."""

    def send(
        self,
        connection: Connection,
        sql: str,
        parameters: Any,
        columns: tuple[ResultColumn, ...] | None,
    ) -> Result:
        """Take one statement and answer it."""


class Connection:
    """A connection that knows in which transaction a statement would run."""

    encoding = "UTF8"

    def __init__(self, tape: Tape):
        self.tape = tape
        self.autocommit = False
        self._transaction: int | None = None
        self._begun_by_text: int | None = None
        self._ended_by_text = False

    def transaction(self) -> int | None:
        """The number of the open transaction, begun if need be; None in autocommit."""
        if self._begun_by_text is not None:
            return self._begun_by_text
        if self.autocommit or self._ended_by_text:
            return None
        if self._transaction is None:
            self._transaction = self.tape.next_transaction()
        return self._transaction

    @property
    def in_text(self) -> bool:
        """Whether the open transaction is one that a text began in autocommit."""
        return self._begun_by_text is not None

    def end_by_text(self, *, begins_again: bool) -> None:
        """A COMMIT or ROLLBACK was sent as text.

        psycopg2 and asyncpg do not notice, so what follows runs outside a transaction; psycopg 3
        *begins again* before the next statement.
        """
        self._transaction = self._begun_by_text = None
        self._ended_by_text = not (begins_again or self.autocommit)

    def begin_by_text(self) -> None:
        """A BEGIN was sent as text; in autocommit it is a transaction all the same."""
        if self.autocommit and self._begun_by_text is None:
            self._begun_by_text = self.tape.next_transaction()
        self._ended_by_text = False

    def cursor(self, *args: Any, **keywords: Any) -> Cursor:
        return Cursor(self)

    def execute(self, statement: Any, parameters: Any = None, **keywords: Any) -> Cursor:
        """As psycopg's."""
        return self.cursor().execute(statement, parameters)

    def set_isolation_level(self, level: Any) -> None:
        """psycopg2's; 0 is autocommit."""
        self.autocommit = level == 0

    def set_session(self, *args: Any, autocommit: bool = False, **keywords: Any) -> None:
        """As psycopg2's."""
        self.autocommit = autocommit

    def commit(self) -> None:
        self._transaction = self._begun_by_text = None
        self._ended_by_text = False

    rollback = commit

    def close(self) -> None:
        self.rollback()


class Cursor:
    """A cursor whose rows are those that the tape made up."""

    arraysize = 1
    lastrowid = None

    def __init__(self, connection: Connection):
        self.connection = connection
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self.columns: tuple[ResultColumn, ...] | None = None
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, statement: Any, parameters: Any = None, **keywords: Any) -> Cursor:
        """Send *statement*; *columns*, set by the dialect, are what SQLAlchemy expects of it."""
        text = statement if type(statement) is str else composed(statement)
        result = self.connection.tape.send(self.connection, text, parameters or None, self.columns)
        self.description = [(c.name, *(None,) * 6) for c in result.columns] or None
        self._rows = list(result.rows)
        self.rowcount = result.count
        return self

    def executemany(self, statement: Any, parameters: Sequence[Any]) -> Cursor:
        """Send *statement* once, with all its rows of parameters."""
        self.execute(statement, list(parameters))
        self.rowcount = len(parameters)
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        size = self.arraysize if size is None else size
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        taken, self._rows = self._rows, []
        return taken

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.fetchall())

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def setinputsizes(self, *args: Any) -> None:
        """PEP 249; free to do nothing."""

    def setoutputsize(self, *args: Any) -> None:
        """PEP 249; free to do nothing."""

    def copy_expert(self, sql: Any, file: object, *args: Any) -> None:
        """psycopg2's COPY."""
        self.execute(sql)

    def copy_from(
        self, file: object, table: str, *args: Any, columns: Sequence[str] = (), **keywords: Any
    ) -> None:
        """psycopg2's COPY into a table."""
        names = ", ".join(map(quote_ident, columns))
        self.execute(f"COPY {quote_ident(table)}{f' ({names})' if names else ''} FROM STDIN")

    def copy_to(self, file: object, table: str, *args: Any, **keywords: Any) -> None:
        """psycopg2's COPY out of a table."""
        self.execute(f"COPY {quote_ident(table)} TO STDOUT")

    def copy(self, statement: Any, parameters: Any = None, **keywords: Any) -> Copy:
        """psycopg's COPY."""
        self.execute(statement, parameters)
        return Copy()

    def mogrify(self, statement: Any, parameters: Any = None) -> bytes:
        """*statement* with its parameters in it, as psycopg2's `execute_values` needs it."""
        return interpolated(composed(statement), parameters).encode()

    def close(self) -> None:
        self._rows = []


class Copy:
    """Takes the rows of psycopg's COPY and gives none."""

    def __enter__(self) -> Copy:
        return self

    def __exit__(self, *error: object) -> None:
        """End it."""

    def write(self, data: object) -> None:
        """Take rows as text."""

    write_row = set_types = write

    def read(self) -> bytes:
        """Nothing comes."""
        return b""

    def rows(self) -> Iterator[Any]:
        """No rows."""
        return iter(())

    __iter__ = rows
