"""Measures each statement that goes through SQLAlchemy, with any driver, as it is executed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from migsafe.effects import Effects, Failure
from migsafe.measure.watch import Execute, Watch, Worker, is_refusal, is_silent
from migsafe.sql import parse
from migsafe.sql.ast import Parsed, Statement, Unrecognised

_PID = "migsafe.pid"
# They refuse a text with several statements, so it must come to them as it is.
_ONE_BY_ONE = ("asyncpg",)
_STATE = "SELECT state FROM pg_catalog.pg_stat_activity WHERE pid = {pid}"


@dataclass(frozen=True)
class Record:
    """One executed statement, with its placeholders, and what it did."""

    sql: str
    effects: Effects


class Recorder:
    """Within `installed`, the statements of all SQLAlchemy engines are measured and recorded.

    All of them have to lead to the database that `to` names.
    """

    def __init__(self) -> None:
        self._watch: Watch | None = None
        self._records: list[Record] = []

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Listen to all engines within the block."""
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        listeners = (
            ("do_execute", self._execute),
            ("do_execute_no_params", self._execute_no_params),
            ("do_executemany", self._execute_many),
        )
        for name, listener in listeners:
            event.listen(Engine, name, listener)
        try:
            yield
        finally:
            for name, listener in listeners:
                event.remove(Engine, name, listener)
            self.to(None)

    def to(self, url: str | None) -> None:
        """From now on measure on the database at *url*; None measures nothing."""
        if self._watch is not None:
            self._watch.close()
        self._watch = None if url is None else Watch(url, empty_too=True)

    def take(self) -> tuple[Record, ...]:
        """What was recorded since the last call."""
        taken = tuple(self._records)
        self._records.clear()
        return taken

    def _execute(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        def run(sql: str) -> None:
            context.dialect.do_execute(cursor, sql, parameters, context)

        return self._measured(run, statement, context, divisible=not parameters)

    def _execute_no_params(self, cursor: Any, statement: str, context: Any) -> bool:
        def run(sql: str) -> None:
            context.dialect.do_execute_no_params(cursor, sql, context)

        return self._measured(run, statement, context, divisible=True)

    def _execute_many(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        def run(sql: str) -> None:
            context.dialect.do_executemany(cursor, sql, parameters, context)

        return self._measured(run, statement, context, divisible=False)

    def _measured(
        self, run: Callable[[str], None], sql: str, context: Any, *, divisible: bool
    ) -> bool:
        """Execute it here; returns whether that was done."""
        if self._watch is None or context is None:
            return False
        pooled = context.root_connection.connection
        if not _is_of_a_pool(pooled):
            return False
        found = parse(sql)
        if len(found) > 1 and divisible and context.dialect.driver not in _ONE_BY_ONE:
            parts = [(part.sql, part.statement) for part in found]
        else:
            parts = [(sql, _only(found))]
        if all(is_silent(statement) for _, statement in parts):
            run(sql)
            self._records.extend(Record(part, Effects()) for part, _ in parts)
            return True
        _Execution(self._watch, pooled, run, self._records).of(parts)
        return True


class _Execution:
    """One call of the driver, with one statement or several."""

    def __init__(
        self, watch: Watch, pooled: Any, run: Callable[[str], None], records: list[Record]
    ):
        self._watch = watch
        self._pooled = pooled
        self._run = run
        self._records = records
        self._error: Exception | None = None

    def of(self, parts: Sequence[tuple[str, Statement]]) -> None:
        """Execute and measure *parts*; raises what the driver raises."""
        worker = Worker(self._ask, self._pid())
        self._ask("SELECT 1")
        # A driver that is not in autocommit mode has begun a transaction by now.
        autocommit = [row[0] for row in self._watch.ask(_STATE.format(pid=worker.pid))] == ["idle"]
        if autocommit:
            self._command("BEGIN")
        for sql, statement in parts:
            effects = self._watch.inside(worker, statement, self._executed(sql))
            failure = effects.fails
            if autocommit and len(parts) == 1 and failure is not None and is_refusal(failure):
                self._command("ROLLBACK")
                autocommit = False
                self._error = None
                effects = self._watch.alone(worker, statement, sql, self._executed(sql))
            self._records.append(Record(sql, effects))
            if self._error is not None:
                if autocommit:
                    self._command("ROLLBACK")
                raise self._error
        if autocommit:
            self._command("COMMIT")

    def _executed(self, sql: str) -> Execute:
        def execute() -> Failure | None:
            try:
                self._run(sql)
            except Exception as error:
                sqlstate = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
                if sqlstate is None:
                    raise
                self._error = error
                return Failure(str(sqlstate), str(error).partition("\n")[0])
            return None

        return execute

    def _pid(self) -> int:
        if _PID not in self._pooled.info:
            ((pid,),) = self._ask("SELECT pg_catalog.pg_backend_pid()")
            self._pooled.info[_PID] = pid
        return int(self._pooled.info[_PID])

    def _ask(self, query: str) -> Sequence[Any]:
        cursor = self._pooled.cursor()
        try:
            cursor.execute(query)
            rows: Sequence[Any] = cursor.fetchall()
            return rows
        finally:
            cursor.close()

    def _command(self, sql: str) -> None:
        cursor = self._pooled.cursor()
        try:
            cursor.execute(sql)
        finally:
            cursor.close()


def _is_of_a_pool(connection: Any) -> bool:
    """Whether it is no longer the one with which SQLAlchemy gets to know the server."""
    try:
        return connection.info is not None
    except NotImplementedError:
        return False


def _only(found: Sequence[Parsed]) -> Statement:
    return found[0].statement if len(found) == 1 else Unrecognised("not one statement")
