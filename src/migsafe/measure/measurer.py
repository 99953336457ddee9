"""Runs statements on a throwaway server, one after the other, and reports what each one did."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from migsafe.effects import Effects, Failure, TransactionNeed
from migsafe.errors import ServerError
from migsafe.measure.watch import (
    Watch,
    Worker,
    connected,
    is_refusal,
    is_silent,
    need_of,
)
from migsafe.server.urls import masked, place_of
from migsafe.sql import parse
from migsafe.sql.ast import Copy, Reindex, Statement, Unrecognised

_POINT = "migsafe_before_statement"


class Measurer:
    """A session on a throwaway database whose statements are measured, and one that watches it.

    The state of the session (open transaction, settings) stays from one statement to the next, as
    in `migsafe.session.Session`. Statements are really executed, and committed where a migration
    would commit them. *url* is that of a database that nobody else uses.
    """

    def __init__(self, url: str):
        self._url = url
        self._connection = connected(url)
        self._watch = Watch(url)
        self._worker = Worker(self._ask, self._connection.info.backend_pid)

    def __enter__(self) -> Measurer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End both sessions; an open transaction is rolled back."""
        self._connection.close()
        self._watch.close()

    @property
    def major(self) -> int:
        """The major version of the server."""
        return self._connection.info.server_version // 10000

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction block is open, a failed one included."""
        return self._connection.info.transaction_status.name in ("INTRANS", "INERROR")

    @property
    def failed(self) -> bool:
        """Whether the open transaction block can only be rolled back."""
        return self._connection.info.transaction_status.name == "INERROR"

    def execute(self, sql: str, *, file: str | None = None) -> None:
        """Run statements, of *file* perhaps, without measuring them, one by one as written.

        Raises ServerError with the line of the one that fails.
        """
        for parsed in parse(sql):
            failure = self._run(parsed.sql)
            if failure is not None:
                where = "a statement" if file else f"line {parsed.line}"
                what = f"{where} of the set-up fails: {failure.sqlstate} {failure.why}"
                raise ServerError(what, file=file, line=parsed.line)

    def begin(self) -> None:
        """Open a transaction block; what it creates from here on is invisible to others."""
        self._must("BEGIN")

    def commit(self) -> Failure | None:
        """Commit; the failure is that of a deferred constraint, or that nothing was committed."""
        if self.failed:
            self._must("ROLLBACK")
            return Failure("25P02", "the transaction had failed and is rolled back")
        return self._run("COMMIT")

    def rollback(self) -> None:
        """Give up the open transaction block."""
        self._must("ROLLBACK")

    def measure(self, sql: str, *, recover: bool = False) -> Effects:
        """Execute one statement in the session as it stands, and return what it did.

        Outside of a transaction block it runs in one of its own, unless it refuses to. With
        *recover*, an open transaction goes on behind a statement that fails, which is undone.
        """
        statement = _statement(sql)
        if self.failed:
            return Effects(fails=self._run(sql))
        if self.in_transaction:
            recover = recover and not is_silent(statement)
            return self._watch.inside(
                self._worker, statement, lambda: self._run(sql, recover=recover)
            )
        need = need_of(statement)
        if need is TransactionNeed.REQUIRED or is_silent(statement):
            return Effects(fails=self._run(sql), transaction=need)
        return self._in_its_own(sql, statement)

    def _in_its_own(self, sql: str, statement: Statement) -> Effects:
        self.begin()
        effects = self._watch.inside(self._worker, statement, lambda: self._run(sql))
        if effects.fails is None:
            failure = self.commit()
            return effects if failure is None else Effects(fails=failure)
        self.rollback()
        if is_refusal(effects.fails) and _is_of_system(statement):
            return Effects(fails=self._run(sql), transaction=TransactionNeed.REFUSED)
        if is_refusal(effects.fails):
            return self._watch.alone(self._worker, statement, sql, lambda: self._run(sql))
        return effects

    def _ask(self, query: str) -> Sequence[Any]:
        return self._connection.execute(query.encode()).fetchall()

    def _must(self, sql: str) -> None:
        failure = self._run(sql)
        if failure is not None:
            raise ServerError(f"{sql} fails on {place_of(self._url)}: {failure.why}")

    def _run(self, sql: str, *, recover: bool = False) -> Failure | None:
        import psycopg

        if "\0" in sql:
            # libpq would send what stands before it.
            return Failure("22021", "the text contains a NUL character")
        if recover:
            self._must(f"SAVEPOINT {_POINT}")
        failure: Failure | None = None
        try:
            self._send(sql)
        except psycopg.Error as error:
            if self._connection.closed or error.sqlstate is None:
                reason = masked(str(error).strip(), self._url)
                raise ServerError(f"{place_of(self._url)} gave up: {reason}") from error
            failure = Failure(error.sqlstate, error.diag.message_primary or str(error))
        if recover:
            self._must(f"{'ROLLBACK TO' if failure else 'RELEASE'} {_POINT}")
        return failure

    def _send(self, sql: str) -> None:
        """Execute *sql*; the client's side of COPY gives no rows, and drops those that it gets."""
        found = _statement(sql)
        if not isinstance(found, Copy) or found.on_server:
            self._connection.execute(sql.encode())
            return
        with self._connection.cursor() as cursor, cursor.copy(sql.encode()) as rows:
            if not found.into:
                for _ in rows:
                    pass


def _is_of_system(statement: Statement) -> bool:
    """Whether it locks the system catalogs, which who watches it would have to read meanwhile."""
    return isinstance(statement, Reindex) and statement.kind == "SYSTEM"


def _statement(sql: str) -> Statement:
    found = parse(sql)
    return found[0].statement if len(found) == 1 else Unrecognised("not one statement")
