"""The session that watches another one while that runs a statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from migsafe.effects import Effects, Failure, TransactionNeed
from migsafe.errors import ServerError
from migsafe.locks import LockMode
from migsafe.measure.comparing import Observation
from migsafe.measure.held import Held, locks_of
from migsafe.measure.staged import Staged
from migsafe.measure.state import FIRST_OID, Ask, State, read
from migsafe.server.urls import libpq_url, masked, place_of
from migsafe.server.variables import variables_ignored
from migsafe.sql.ast import (
    Analyze,
    DeclareCursor,
    Lock,
    Set,
    Show,
    Statement,
    TransactionControl,
    Vacuum,
)

if TYPE_CHECKING:
    import psycopg

Execute = Callable[[], "Failure | None"]
"""Runs the statement in the watched session; errors of the database are returned."""

# They read and lock nothing; a query of ours before SET TRANSACTION would make it fail.
_SILENT = (Set, Show, TransactionControl)
_OLDER = ("class", "type", "proc", "namespace", "statistic_ext", "extension")
_VISIBLE = " UNION ".join(
    f"SELECT oid::bigint FROM pg_catalog.pg_{kind} WHERE oid >= {FIRST_OID}" for kind in _OLDER
)
# "cannot run inside a transaction block", and a COMMIT inside of a procedure in one.
_REFUSALS = ("25001", "2D000")

_TIMEOUTS = ("lock_timeout", "statement_timeout")
_SETTING = "SELECT pg_catalog.current_setting('{name}')"
_SET = "SELECT pg_catalog.set_config('{name}', '{value}', false)"


@dataclass(frozen=True)
class Worker:
    """The watched session: *ask* runs a query in it, *pid* is its server process."""

    ask: Ask
    pid: int


class Watch:
    """A session beside the one that is measured, on the same database, that nobody else uses.

    With *empty_too*, reading an empty table counts as a scan: elsewhere the table will have rows.
    """

    def __init__(self, url: str, *, empty_too: bool = False):
        self._url = url
        self._empty_too = empty_too
        self._monitor = connected(url)

    def close(self) -> None:
        """End the session."""
        self._monitor.close()

    def ask(self, query: str) -> Sequence[Any]:
        """The rows of *query*, as another session than the measured one sees them."""
        return self._monitor.execute(query.encode()).fetchall()

    def inside(self, worker: Worker, statement: Statement, execute: Execute) -> Effects:
        """Measure a statement in an open transaction, to whose end its locks can be read.

        Modes that the transaction holds already are not among them: the server does not tell when
        they are taken again.
        """
        if is_silent(statement):
            return Effects(fails=execute(), transaction=need_of(statement))
        before = read(worker.ask)
        held = locks_of(self.ask, worker.pid)
        failure = execute()
        if failure is not None:
            need = TransactionNeed.REFUSED if is_refusal(failure) else need_of(statement)
            return Effects(fails=failure, transaction=need)
        locks = locks_of(self.ask, worker.pid) - held
        return Observation(
            before=before,
            after=read(worker.ask),
            # Nothing of the open transaction is visible to this session.
            visible=self._visible(),
            locks=locks,
            read=_vacuumed(statement, locks),
            need=need_of(statement),
            empty_too=self._empty_too,
        ).effects()

    def alone(self, worker: Worker, statement: Statement, sql: str, execute: Execute) -> Effects:
        """Measure a statement that commits by itself, at the points where it waits for others."""
        visible = self._visible()
        before = read(worker.ask)
        staged = Staged(self._monitor, worker.pid, lambda: connected(self._url))
        with _without_timeouts(worker):
            failure = staged.run(sql, before, execute)
            after = _without_counters(read(worker.ask))  # may wait for a session that is ending
        observation = Observation(
            before=before,
            after=after,
            visible=visible,
            locks=staged.locks,
            failure=failure,
            need=TransactionNeed.REFUSED,
            waits=staged.waits,
            empty_too=self._empty_too,
        )
        worked_on = observation.worked_on() | _vacuumed(statement, staged.locks)
        return replace(observation, read=worked_on).effects()

    def _visible(self) -> frozenset[int]:
        return frozenset(row[0] for row in self.ask(_VISIBLE))


@contextmanager
def _without_timeouts(worker: Worker) -> Iterator[None]:
    """Let the statement wait for our sessions, however short its own timeouts are."""
    old = {name: worker.ask(_SETTING.format(name=name)) for name in _TIMEOUTS}
    for name in old:
        worker.ask(_SET.format(name=name, value="0"))
    yield
    for name, rows in old.items():
        for (value,) in rows:
            worker.ask(_SET.format(name=name, value=value))


def connected(url: str) -> psycopg.Connection[Any]:
    """A session on *url* in autocommit mode; raises ServerError, without the password."""
    import psycopg

    try:
        with variables_ignored(url):
            return psycopg.connect(libpq_url(url), autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        reason = masked(str(error).strip(), url)
        raise ServerError(f"cannot connect to {place_of(url)}: {reason}") from error


def is_silent(statement: Statement) -> bool:
    """Whether nothing can be seen of it, and it must not be disturbed by queries of ours."""
    return isinstance(statement, _SILENT)


def is_refusal(failure: Failure) -> bool:
    """Whether the statement failed because it refuses a transaction block."""
    return failure.sqlstate in _REFUSALS


def need_of(statement: Statement) -> TransactionNeed:
    """Whether it fails with 25P01 outside of a transaction block (RequireTransactionBlock)."""
    required = isinstance(statement, Lock)
    if isinstance(statement, TransactionControl):
        required = statement.kind in ("SAVEPOINT", "RELEASE", "ROLLBACK TO")
    if isinstance(statement, DeclareCursor):
        required = not statement.hold
    return TransactionNeed.REQUIRED if required else TransactionNeed.ANY


def _vacuumed(statement: Statement, locks: Held) -> frozenset[int]:
    """What VACUUM and ANALYZE read; the counters of the session do not have it."""
    if not isinstance(statement, Analyze | Vacuum):
        return frozenset()
    return frozenset(oid for oid, mode in locks if mode is LockMode.SHARE_UPDATE_EXCLUSIVE)


def _without_counters(state: State) -> State:
    """Counters start anew at some point after a transaction, so those behind one say nothing."""
    relations = {
        oid: replace(relation, tuples=0, scans=0, deleted=0)
        for oid, relation in state.relations.items()
    }
    return replace(state, relations=relations)
