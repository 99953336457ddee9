"""Who makes the migration wait: watched from a second connection while it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

INTERVAL = 0.1  # seconds between two looks

# No query text: it may hold data of the application's users.
_BLOCKERS = """
SELECT blocker.pid, blocker.application_name, blocker.usename, blocker.state,
       extract(epoch FROM clock_timestamp() - blocker.xact_start)::float8,
       blocker.backend_type
FROM unnest(pg_blocking_pids({pid})) AS blocking (pid)
JOIN pg_stat_activity AS blocker ON blocker.pid = blocking.pid
ORDER BY blocker.xact_start
"""


@dataclass(frozen=True)
class Blocker:
    """A session that holds a lock which the migration wants; *seconds* its transaction is old."""

    pid: int
    application: str
    user: str | None
    state: str | None
    seconds: float | None
    kind: str

    def __str__(self) -> str:
        who = self.application or self.kind
        user = f" of {self.user}" if self.user else ""
        age = f", its transaction is {self.seconds:.0f} s old" if self.seconds is not None else ""
        return f"pid {self.pid} ({who}{user}, {self.state or 'state hidden'}{age})"


class Watch:
    """What was seen last while the migration waited."""

    def __init__(self) -> None:
        self.blockers: tuple[Blocker, ...] = ()


@contextmanager
def watching(connection: Any, pids: set[int]) -> Iterator[Watch]:
    """Look at who blocks the sessions *pids* for the time of the block.

    *connection* is a psycopg connection in autocommit mode, used by nobody else meanwhile; *pids*
    may grow while watching.
    """
    watch = Watch()
    ended = threading.Event()

    def look() -> None:
        import psycopg

        while not ended.wait(INTERVAL):
            for pid in tuple(pids):
                try:
                    rows = connection.execute(_BLOCKERS.format(pid=int(pid))).fetchall()
                except psycopg.Error:
                    return  # the upgrade goes on; it just cannot say who blocked it
                if rows:
                    watch.blockers = tuple(Blocker(*row) for row in rows)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join()
