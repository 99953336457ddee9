"""Runs statements on a throwaway server, one after the other, and reports what each one did."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from migsafe.effects import Effects, Failure, TransactionNeed
from migsafe.errors import ServerError
from migsafe.locks import LockMode
from migsafe.measure.comparing import Observation
from migsafe.measure.held import Held, locks_of
from migsafe.measure.staged import Staged
from migsafe.measure.state import FIRST_OID, foreign_keys, read
from migsafe.server.urls import libpq_url, masked, place_of
from migsafe.sql import parse
from migsafe.sql.ast import (
    Analyze,
    DeclareCursor,
    Lock,
    Set,
    Show,
    Statement,
    TransactionControl,
    Unrecognised,
    Vacuum,
)

if TYPE_CHECKING:
    import psycopg
    from psycopg.errors import Diagnostic

# They read and lock nothing; a query of ours before SET TRANSACTION would make it fail.
_SILENT = (Set, Show, TransactionControl)
_VISIBLE = f"SELECT oid::bigint FROM pg_catalog.pg_class WHERE oid >= {FIRST_OID}"
_POINT = "migsafe_before_statement"
# "cannot run inside a transaction block", and a COMMIT inside of a procedure in one.
_REFUSALS = ("25001", "2D000")


class Measurer:
    """A session on a throwaway database whose statements are measured, and one that watches it.

    The state of the session (open transaction, settings) stays from one statement to the next, as
    in `migsafe.session.Session`. Statements are really executed, and committed where a migration
    would commit them. *url* is that of a database that nobody else uses.
    """

    def __init__(self, url: str):
        self._url = url
        self._messages: list[Diagnostic] = []
        self._worker = _connected(url, debug=True)
        self._worker.add_notice_handler(self._messages.append)
        self._monitor = _connected(url)
        self._visible: frozenset[int] = frozenset()

    def __enter__(self) -> Measurer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End both sessions; an open transaction is rolled back."""
        self._worker.close()
        self._monitor.close()

    @property
    def major(self) -> int:
        """The major version of the server."""
        return self._worker.info.server_version // 10000

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction block is open, a failed one included."""
        return self._worker.info.transaction_status.name in ("INTRANS", "INERROR")

    @property
    def failed(self) -> bool:
        """Whether the open transaction block can only be rolled back."""
        return self._worker.info.transaction_status.name == "INERROR"

    def execute(self, sql: str) -> None:
        """Run statements without measuring them, one by one as they are written.

        Raises ServerError with the line of the one that fails.
        """
        for parsed in parse(sql):
            failure = self._run(parsed.sql)
            if failure is not None:
                raise ServerError(f"line {parsed.line} of the set-up fails: {failure.why}")

    def begin(self) -> None:
        """Open a transaction block; what it creates from here on is invisible to others."""
        self._visible = self._existing()
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
        if isinstance(statement, _SILENT):
            return self._silently(sql, statement)
        if self.in_transaction:
            return self._inside(sql, statement, recover=recover)
        if _needs_transaction(statement):
            failure = self._run(sql)
            return Effects(fails=failure, transaction=TransactionNeed.REQUIRED)
        self.begin()
        effects = self._inside(sql, statement)
        if effects.fails is not None and effects.fails.sqlstate in _REFUSALS:
            self.rollback()
            return self._alone(sql, statement)
        if effects.fails is not None:
            self.rollback()
            return effects
        failure = self.commit()
        return effects if failure is None else Effects(fails=failure)

    # -- one statement ---------------------------------------------------------------------------

    def _silently(self, sql: str, statement: Statement) -> Effects:
        need = TransactionNeed.REQUIRED if _needs_transaction(statement) else TransactionNeed.ANY
        if not self.in_transaction:
            self._visible = self._existing()
        return Effects(fails=self._run(sql), transaction=need)

    def _inside(self, sql: str, statement: Statement, *, recover: bool = False) -> Effects:
        """Measure it in the open transaction: locks stay until its end, so they can be read."""
        if self.failed:
            return Effects(fails=self._run(sql))
        before = read(self._ask)
        held = locks_of(self._watch, self._pid)
        if recover:
            self._must(f"SAVEPOINT {_POINT}")
        self._messages.clear()
        failure = self._run(sql)
        if recover:
            self._must(f"{'ROLLBACK TO' if failure else 'RELEASE'} {_POINT}")
        if failure is not None:
            refused = failure.sqlstate in _REFUSALS
            need = TransactionNeed.REFUSED if refused else _need(statement)
            return Effects(fails=failure, transaction=need)
        locks = locks_of(self._watch, self._pid) - held
        return Observation(
            before=before,
            after=read(self._ask),
            visible=self._visible,
            locks=locks,
            validated=self._validated(),
            read=_vacuumed(statement, locks),
            need=_need(statement),
        ).effects()

    def _alone(self, sql: str, statement: Statement) -> Effects:
        """Measure a statement that commits by itself, at the points where it waits for others."""
        self._visible = self._existing()
        before = read(self._ask)
        staged = Staged(self._worker, self._monitor, lambda: _connected(self._url))
        failure = staged.run(sql, before)
        observation = Observation(
            before=before,
            after=read(self._ask),
            visible=self._visible,
            locks=staged.locks,
            failure=failure,
            need=TransactionNeed.REFUSED,
            waits=staged.waits,
        )
        worked_on = observation.worked_on() | _vacuumed(statement, staged.locks)
        return replace(observation, read=worked_on).effects()

    def _validated(self) -> tuple[tuple[int, int], ...]:
        """The pairs of tables whose foreign keys were checked, by what the server says it does."""
        names = [
            match[1]
            for message in self._messages
            if message.source_function == "validateForeignKeyConstraint"
            and (match := re.search('"(.+)"', message.message_primary or ""))
        ]
        if not names:
            return ()
        known = foreign_keys(self._ask)
        return tuple(pair for name in names for pair in known.get(name, ()))

    # -- the two sessions ------------------------------------------------------------------------

    @property
    def _pid(self) -> int:
        return self._worker.info.backend_pid

    def _existing(self) -> frozenset[int]:
        """The relations that other sessions can see now."""
        return frozenset(row[0] for row in self._watch(_VISIBLE))

    def _ask(self, query: str) -> Sequence[Any]:
        return self._worker.execute(query.encode()).fetchall()

    def _watch(self, query: str) -> Sequence[Any]:
        return self._monitor.execute(query.encode()).fetchall()

    def _must(self, sql: str) -> None:
        failure = self._run(sql)
        if failure is not None:
            raise ServerError(f"{sql} fails on {place_of(self._url)}: {failure.why}")

    def _run(self, sql: str) -> Failure | None:
        import psycopg

        try:
            self._worker.execute(sql.encode())
        except psycopg.Error as error:
            if self._worker.closed or error.sqlstate is None:
                reason = masked(str(error).strip(), self._url)
                raise ServerError(f"{place_of(self._url)} gave up: {reason}") from error
            return Failure(error.sqlstate, error.diag.message_primary or str(error))
        return None


def _connected(url: str, *, debug: bool = False) -> psycopg.Connection[Any]:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    address = libpq_url(url)
    try:
        options = conninfo_to_dict(address).get("options") or ""
        if debug:
            options = f"{options} -c client_min_messages=debug1".strip()
        return psycopg.connect(
            address, autocommit=True, prepare_threshold=None, options=str(options)
        )
    except psycopg.Error as error:
        reason = masked(str(error).strip(), url)
        raise ServerError(f"cannot connect to {place_of(url)}: {reason}") from error


def _statement(sql: str) -> Statement:
    found = parse(sql)
    return found[0].statement if len(found) == 1 else Unrecognised("not one statement")


def _need(statement: Statement) -> TransactionNeed:
    return TransactionNeed.REQUIRED if _needs_transaction(statement) else TransactionNeed.ANY


def _vacuumed(statement: Statement, locks: Held) -> frozenset[int]:
    """What VACUUM and ANALYZE read; the counters of the session do not have it."""
    if not isinstance(statement, (Analyze, Vacuum)):
        return frozenset()
    return frozenset(oid for oid, mode in locks if mode is LockMode.SHARE_UPDATE_EXCLUSIVE)


def _needs_transaction(statement: Statement) -> bool:
    """Whether it fails with 25P01 outside of a transaction block (RequireTransactionBlock)."""
    if isinstance(statement, TransactionControl):
        return statement.kind in ("SAVEPOINT", "RELEASE", "ROLLBACK TO")
    if isinstance(statement, DeclareCursor):
        return not statement.hold
    return isinstance(statement, Lock)
