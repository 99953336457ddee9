"""A statement that commits by itself, watched at each point where it waits for another session."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
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

    def __init__(self, monitor: psycopg.Connection[Any], pid: int, connect: Connect):
        self._monitor = monitor
        self._pid = pid
        self._gates = Gates(connect)
        self._locks: set[tuple[int, LockMode]] = set()
        self._granted: set[tuple[int, LockMode]] = set()
        self._waits: list[str] = []
        self._ended = threading.Event()
        self._trouble: Exception | None = None

    @property
    def locks(self) -> Held:
        """What it held or asked for at any of its waits.

        ACCESS SHARE that is never held at a wait was only asked for to look up a name.
        """
        share = LockMode.ACCESS_SHARE
        return frozenset(
            lock for lock in self._locks if lock[1] is not share or lock in self._granted
        )

    @property
    def waits(self) -> tuple[str, ...]:
        """What it waited for besides locks, in words, in order."""
        return tuple(dict.fromkeys(self._waits))

    def run(self, sql: str, before: State, execute: Callable[[], Failure | None]) -> Failure | None:
        """Let *execute* run *sql* in the watched session, and look at each of its waits.

        Raises ServerError when it does not come to an end.
        """
        paused = self._pause()
        watcher = threading.Thread(target=self._look_on, name="migsafe-watch")
        try:
            self._gates.shut(touched(before, sql))
            watcher.start()
            failure = execute()
        finally:
            self._ended.set()
            if watcher.ident is not None:
                watcher.join()
            self._gates.close()
            if paused:
                self._ask("SELECT pg_catalog.pg_advisory_unlock_all()")
                self._monitor.execute(_UNPAUSE)
        if self._trouble is not None:
            raise ServerError(f"the statement cannot be watched: {sql}") from self._trouble
        return failure

    def _pause(self) -> bool:
        """Make it wait at its end; only a superuser may."""
        import psycopg

        with suppress(psycopg.errors.InsufficientPrivilege):
            self._monitor.execute(_PAUSE.format(pid=self._pid, key=_KEY).encode())
            return True
        return False

    def _look_on(self) -> None:
        """Pass every wait until the statement has ended; runs beside it, in a thread."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            while not self._ended.is_set():
                if not self._look():
                    self._ended.wait(_LOOK_SECONDS)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"it did not end in {PATIENCE_SECONDS} s")
        except Exception as error:
            self._trouble = error
            self._gates.close()
            with suppress(Exception):  # the connection itself may be the trouble
                self._ask(f"SELECT pg_catalog.pg_cancel_backend({self._pid})")

    def _look(self) -> bool:
        """If it waits for one of our sessions, note its locks and let it pass."""
        blockers, kind, phase = self._ask(_WAITS.format(pid=self._pid))[0]
        if not blockers or kind is None:
            # Nothing, or a wait that began between the two views: it will still be there.
            return False
        self._locks |= locks_of(self._ask, self._pid, asked_for=True)
        self._granted |= locks_of(self._ask, self._pid)
        if self._monitor.info.backend_pid in blockers:
            self._ask(f"SELECT pg_catalog.pg_advisory_unlock({_KEY})")
            return True
        relation = self._gates.relation_of(blockers)
        for_others = kind == "virtualxid"
        if for_others and relation is not None:
            self._waits.append(_waited_for(phase, relation.name.display()))
        self._gates.open(blockers, for_good=not for_others)
        return True

    def _ask(self, query: str) -> Sequence[Any]:
        return self._monitor.execute(query.encode()).fetchall()


def _waited_for(phase: str | None, table: str) -> str:
    """In words, what pg_stat_progress_create_index says; only index builds have phases."""
    if phase is not None and "snapshots" in phase:
        return "older snapshots in the same database"
    if phase is not None and "writers" in phase:
        return f"transactions that have written {table}"
    return f"transactions that use {table}"
