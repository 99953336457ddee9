"""Read from any connection under pinned settings, and leave no trace in its session."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
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
    "plan_cache_mode": "force_generic_plan",
}
_PREPARED = "migsafe_"
_PIN = (
    "select pg_catalog.current_setting('server_version_num'),"
    " pg_catalog.to_json(pg_catalog.current_schemas(false))::text,"
    " (select pg_catalog.json_agg(p.name)::text from pg_catalog.pg_prepared_statements p"
    f" where pg_catalog.starts_with(p.name, '{_PREPARED}')), "
    + ", ".join(f"pg_catalog.set_config('{name}', '{to}', true)" for name, to in _PINNED.items())
)

Row = Sequence[Any]
Run = Callable[[str], Sequence[Row]]


@dataclass(frozen=True)
class Reader:
    """A connection inside its pinned settings.

    *run* executes one statement and returns its rows; *search_path* is the session's own, and
    *prepared* the statements of `run_again` that it knows.
    """

    run: Run
    major: int
    search_path: tuple[str, ...]
    prepared: frozenset[str] = frozenset()

    def run_again(self, statement: str, oids: Collection[int] | None = None) -> Sequence[Row]:
        """Run a *statement* that will be run again in this session, *oids* being its ``$1``.

        It is prepared, and stays so: to plan a query on forty catalogs takes longer than to run it.
        """
        name = f"{_PREPARED}{hashlib.sha1(statement.encode(), usedforsecurity=False).hexdigest()}"
        takes, given = ("", "") if oids is None else ("(oid[])", f"('{{{_listed(oids)}}}')")
        if name not in self.prepared:
            self.run(f"PREPARE {name}{takes} AS {statement}")
        return self.run(f"EXECUTE {name}{given}")


def _listed(oids: Collection[int]) -> str:
    return ",".join(map(str, sorted(oids)))


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
    version, schemas, prepared = run(_PIN)[0][:3]
    major = int(version) // 10000
    if major < OLDEST:
        raise ServerError(f"the server is PostgreSQL {major}, but {OLDEST} or newer is needed")
    names = frozenset(json.loads(prepared or "[]"))
    return Reader(run, major, tuple(json.loads(schemas)), names)


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
            # What psycopg prepares by itself it drops, with all of ours, at a rollback.
            cursor.execute(statement, prepare=False)
            rows: Sequence[Row] = cursor.fetchall() if cursor.description else ()
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
        rows: Sequence[Row] = result.fetchall() if result.returns_rows else ()
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
