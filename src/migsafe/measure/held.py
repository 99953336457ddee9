"""Locks of one session on relations, as another session reads them."""

from __future__ import annotations

from migsafe.locks import LockMode
from migsafe.measure.state import FIRST_OID, Ask

Held = frozenset[tuple[int, LockMode]]
"""Relation numbers with modes."""

_LOCKS = """
SELECT l.relation::bigint, l.mode, l.granted FROM pg_catalog.pg_locks l
WHERE l.pid = {pid} AND l.locktype = 'relation' AND l.mode <> 'SIReadLock'
  AND l.relation >= {first}
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
"""


def locks_of(ask: Ask, pid: int, *, asked_for: bool = False) -> Held:
    """The locks that the session *pid* holds; with *asked_for*, also the one it waits for."""
    rows = ask(_LOCKS.format(pid=pid, first=FIRST_OID))
    return frozenset(
        (oid, LockMode.from_pg_locks(mode)) for oid, mode, granted in rows if granted or asked_for
    )
