"""A statement that commits by itself, watched at each point where it waits for another session."""

from __future__ import annotations

import select
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from migsafe.effects import Failure
from migsafe.errors import ServerError
from migsafe.locks import LockMode
from migsafe.measure.gates import Connect, Gates, touched
from migsafe.measure.held import Held, locks_of
from migsafe.measure.state import State

if TYPE_CHECKING:
    import psycopg
    from psycopg.pq.abc import PGconn

PATIENCE_SECONDS = 120
"""How long a statement may run before it is given up; on a throwaway server all are short."""

_LOOK_SECONDS = 0.002
_KEY = 7_451_283

# The last transaction of a command has no later wait: an event trigger makes one. In a temporary
# schema, it is gone when the session is.
_PAUSE = """
CREATE OR REPLACE FUNCTION pg_temp.migsafe_pause() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_catalog.pg_backend_pid() = {pid} THEN
    PERFORM pg_catalog.pg_advisory_xact_lock_shared({key});
  END IF;
END$$;
CREATE EVENT TRIGGER migsafe_pause ON ddl_command_end EXECUTE FUNCTION pg_temp.migsafe_pause();
SELECT pg_catalog.pg_advisory_lock({key})
"""
_UNPAUSE = "DROP EVENT TRIGGER IF EXISTS migsafe_pause"
_WAITS = """
SELECT pg_catalog.pg_blocking_pids({pid})::bigint[], l.locktype, p.phase
FROM (VALUES (1)) AS one
LEFT JOIN pg_catalog.pg_locks l ON l.pid = {pid} AND NOT l.granted
LEFT JOIN pg_catalog.pg_stat_progress_create_index p ON p.pid = {pid}
"""


class Staged:
    """One run of one statement: the locks and waits that were seen, and how it ended."""

    def __init__(
        self, worker: psycopg.Connection[Any], monitor: psycopg.Connection[Any], connect: Connect
    ):
        self._worker = worker
        self._monitor = monitor
        self._pid = worker.info.backend_pid
        self._gates = Gates(connect)
        self._locks: set[tuple[int, LockMode]] = set()
        self._granted: set[tuple[int, LockMode]] = set()
        self._waits: list[str] = []

    @property
    def locks(self) -> Held:
        """What it held or asked for at any of its waits.

        ACCESS SHARE that is never held at a wait was only asked for to look up a name.
        """
        share = LockMode.ACCESS_SHARE
        return frozenset(
            (oid, mode)
            for oid, mode in self._locks
            if mode is not share or (oid, mode) in self._granted
        )

    @property
    def waits(self) -> tuple[str, ...]:
        """What it waited for besides locks, in words, in order."""
        return tuple(dict.fromkeys(self._waits))

    def run(self, sql: str, before: State) -> Failure | None:
        """Execute *sql*, which commits by itself, and look at it at each of its waits.

        Raises ServerError when it does not come to an end.
        """
        paused = self._pause()
        self._gates.shut(touched(before, sql))
        try:
            return self._watch(sql)
        finally:
            self._gates.close()
            if paused:
                self._ask("SELECT pg_catalog.pg_advisory_unlock_all()")
                self._monitor.execute(_UNPAUSE)

    def _pause(self) -> bool:
        """Make it wait at its end; only a superuser may."""
        import psycopg

        with suppress(psycopg.errors.InsufficientPrivilege):
            self._monitor.execute(_PAUSE.format(pid=self._pid, key=_KEY).encode())
            return True
        return False

    def _watch(self, sql: str) -> Failure | None:
        connection = self._worker.pgconn
        connection.send_query(sql.encode())
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _has_ended(connection):
            blockers, kind, phase = self._wait()
            if blockers:
                self._locks |= locks_of(self._ask, self._pid, asked_for=True)
                self._granted |= locks_of(self._ask, self._pid)
                self._pass(blockers, kind, phase)
            elif time.monotonic() > deadline:
                connection.get_cancel().cancel()
                raise ServerError(f"the statement did not end in {PATIENCE_SECONDS} s: {sql}")
            else:
                select.select([connection.socket], [], [], _LOOK_SECONDS)
        return _result(connection)

    def _wait(self) -> tuple[list[int], str | None, str | None]:
        """Whom it waits for, on which kind of lock, and in which phase of an index build."""
        blockers, kind, phase = self._ask(_WAITS.format(pid=self._pid))[0]
        return blockers or [], kind, phase

    def _pass(self, blockers: list[int], kind: str | None, phase: str | None) -> None:
        if self._monitor.info.backend_pid in blockers:
            self._ask(f"SELECT pg_catalog.pg_advisory_unlock({_KEY})")
            return
        relation = self._gates.relation_of(blockers)
        transactions = kind == "virtualxid"
        if transactions and relation is not None:
            self._waits.append(_waited_for(phase, relation.name.display()))
        self._gates.open(blockers, for_good=not transactions)

    def _ask(self, query: str) -> Sequence[Any]:
        return self._monitor.execute(query.encode()).fetchall()


def _waited_for(phase: str | None, table: str) -> str:
    """In words, what pg_stat_progress_create_index says; only index builds have phases."""
    if phase is not None and "snapshots" in phase:
        return "older snapshots in the same database"
    if phase is not None and "writers" in phase:
        return f"transactions that have written {table}"
    return f"transactions that use {table}"


def _has_ended(connection: PGconn) -> bool:
    connection.consume_input()
    return not connection.is_busy()


def _result(connection: PGconn) -> Failure | None:
    from psycopg.pq import DiagnosticField

    failure: Failure | None = None
    while (result := connection.get_result()) is not None:
        state = result.error_field(DiagnosticField.SQLSTATE)
        if state:
            message = result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b""
            failure = Failure(state.decode(), message.decode(errors="replace"))
    return failure
