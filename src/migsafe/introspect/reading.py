"""Read from any connection under pinned settings, and leave no trace in its session."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from migsafe.errors import ServerError

OLDEST = 14
_SAVEPOINT = "migsafe_introspect"
# Whatever changes how the server prints names and constants. jit: compiling the expressions of the
# catalog query takes seconds, running it does not.
_PINNED = {
    "search_path": "pg_catalog",
    "jit": "off",
    "quote_all_identifiers": "off",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
}
_PIN = (
    "select pg_catalog.current_setting('server_version_num'),"
    " pg_catalog.to_json(pg_catalog.current_schemas(false))::text, "
    + ", ".join(f"pg_catalog.set_config('{name}', '{to}', true)" for name, to in _PINNED.items())
)

Row = Sequence[Any]
Run = Callable[[str], Sequence[Row]]


@dataclass(frozen=True)
class Reader:
    """A connection inside its pinned settings.

    *run* executes one statement and returns its rows; *search_path* is the session's own.
    """

    run: Run
    major: int
    search_path: tuple[str, ...]


@contextmanager
def reading(connection: Any) -> Iterator[Reader]:
    """Give a Reader on a psycopg or SQLAlchemy *connection*.

    Works in a transaction and outside of one, in a read-only transaction and on a standby: all that
    is done to the session is undone by rolling back a transaction or savepoint of our own. Raises
    ServerError when the server is too old or refuses.
    """
    is_sqlalchemy = hasattr(connection, "exec_driver_sql")
    scope = undone if is_sqlalchemy else _psycopg_scope
    run = _sqlalchemy_run(connection) if is_sqlalchemy else _psycopg_run(connection)
    failures = _failures(is_sqlalchemy)
    try:
        with scope(connection):
            yield _pinned(run)
    except failures as error:
        raise ServerError(f"the catalog of the database could not be read: {error}") from error


def _pinned(run: Run) -> Reader:
    version, schemas = run(_PIN)[0][:2]
    major = int(version) // 10000
    if major < OLDEST:
        raise ServerError(f"the server is PostgreSQL {major}, but {OLDEST} or newer is needed")
    return Reader(run, major, tuple(json.loads(schemas)))


def _failures(is_sqlalchemy: bool) -> type[Exception]:
    if is_sqlalchemy:
        from sqlalchemy.exc import DBAPIError

        return DBAPIError
    from psycopg import Error

    return Error


def _psycopg_run(connection: Any) -> Run:
    from psycopg.rows import tuple_row

    def run(statement: str) -> Sequence[Row]:
        with connection.cursor(row_factory=tuple_row) as cursor:
            rows: Sequence[Row] = cursor.execute(statement).fetchall()
            return rows

    return run


def _psycopg_scope(connection: Any) -> AbstractContextManager[Any]:
    scope: AbstractContextManager[Any] = connection.transaction(force_rollback=True)
    return scope


def _sqlalchemy_run(connection: Any) -> Run:
    # A driver that gets parameters, even none, would take a percent sign in a name for one.
    options = {"no_parameters": True}

    def run(statement: str) -> Sequence[Row]:
        result = connection.exec_driver_sql(statement, execution_options=options)
        rows: Sequence[Row] = result.fetchall()
        return rows

    return run


@contextmanager
def undone(connection: Any) -> Iterator[None]:
    """Undo all that is done on the SQLAlchemy *connection*, in a transaction or outside of one."""
    # SQLAlchemy begins by itself at the first statement; what it began here must end here.
    begun = nullcontext() if connection.in_transaction() else connection.begin()
    with begun as transaction:
        try:
            with _block(connection, _in_block(connection)):
                yield
        finally:
            if transaction is not None:
                transaction.rollback()


def _in_block(connection: Any) -> bool:
    """Whether the next statement runs in a transaction block that somebody opened before."""
    dbapi = connection.connection.dbapi_connection
    if not getattr(dbapi, "autocommit", False):
        return True
    driver = connection.connection.driver_connection
    if hasattr(driver, "is_in_transaction"):  # asyncpg
        return bool(driver.is_in_transaction())
    return bool(driver.info.transaction_status)  # libpq: PQTRANS_IDLE is 0


@contextmanager
def _block(connection: Any, in_block: bool) -> Iterator[None]:
    connection.exec_driver_sql(f"SAVEPOINT {_SAVEPOINT}" if in_block else "BEGIN")
    try:
        yield
    finally:
        if in_block:
            connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
            connection.exec_driver_sql(f"RELEASE SAVEPOINT {_SAVEPOINT}")
        else:
            connection.exec_driver_sql("ROLLBACK")
