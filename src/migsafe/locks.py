"""Table-level lock modes and what each of them makes other sessions wait for.

Source: PostgreSQL manual, section 13.3.1 "Table-Level Locks", table 13.2. Modes are no chain
(SHARE does not conflict with itself, SHARE UPDATE EXCLUSIVE does), so effects hold sets of modes.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class LockMode(Enum):
    """A table-level lock mode, by the name the manual gives it."""

    ACCESS_SHARE = "ACCESS SHARE"
    ROW_SHARE = "ROW SHARE"
    ROW_EXCLUSIVE = "ROW EXCLUSIVE"
    SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
    SHARE = "SHARE"
    SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
    EXCLUSIVE = "EXCLUSIVE"
    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"

    # There is one object of each, and enum's own hash takes ten times as long.
    __hash__ = object.__hash__

    @property
    def strength(self) -> int:
        """Position in the manual's list, for printing only."""
        return _STRENGTH[self]

    def conflicts_with(self, other: LockMode) -> bool:
        """Whether two sessions cannot hold *self* and *other* on one table at the same time."""
        return other in CONFLICTS[self]

    @classmethod
    def from_pg_locks(cls, mode: str) -> LockMode:
        """Read ``pg_locks.mode``, as in ``ShareRowExclusiveLock``."""
        words = "".join("_" + c if c.isupper() else c.upper() for c in mode.removesuffix("Lock"))
        return cls[words.lstrip("_")]


_STRENGTH = {mode: place for place, mode in enumerate(LockMode)}
_M = LockMode
CONFLICTS: dict[LockMode, frozenset[LockMode]] = {
    _M.ACCESS_SHARE: frozenset({_M.ACCESS_EXCLUSIVE}),
    _M.ROW_SHARE: frozenset({_M.EXCLUSIVE, _M.ACCESS_EXCLUSIVE}),
    _M.ROW_EXCLUSIVE: frozenset(
        {_M.SHARE, _M.SHARE_ROW_EXCLUSIVE, _M.EXCLUSIVE, _M.ACCESS_EXCLUSIVE}
    ),
    _M.SHARE_UPDATE_EXCLUSIVE: frozenset(list(_M)[3:]),
    _M.SHARE: frozenset(set(_M) - {_M.ACCESS_SHARE, _M.ROW_SHARE, _M.SHARE}),
    _M.SHARE_ROW_EXCLUSIVE: frozenset(list(_M)[2:]),
    _M.EXCLUSIVE: frozenset(list(_M)[1:]),
    _M.ACCESS_EXCLUSIVE: frozenset(_M),
}


def blocks(modes: Iterable[LockMode], wanted: LockMode) -> bool:
    """Whether a session that wants *wanted* waits while another holds *modes*."""
    return not CONFLICTS[wanted].isdisjoint(modes)


def blocks_reads(modes: Iterable[LockMode]) -> bool:
    """Whether ``SELECT`` waits."""
    return blocks(modes, LockMode.ACCESS_SHARE)


def blocks_writes(modes: Iterable[LockMode]) -> bool:
    """Whether ``INSERT``, ``UPDATE`` and ``DELETE`` wait."""
    return blocks(modes, LockMode.ROW_EXCLUSIVE)


def blocks_ddl(modes: Iterable[LockMode]) -> bool:
    """Whether ``VACUUM``, ``ANALYZE`` or a concurrent index build waits."""
    return blocks(modes, LockMode.SHARE_UPDATE_EXCLUSIVE)
