"""How long the work of a statement may take, from the sizes of the tables it works on.

The rates are those of the disk and processor of a modest server. A fifth of them is as usual as
five times as much: it depends on what is in memory, how wide rows are, and what else runs.
`benchmarks/throughput.py` prints them for a machine.
"""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.effects import Effects
from migsafe.names import Name
from migsafe.stats.model import Stats, TableStats
from migsafe.values import dataclass

READ = 200_000_000
"""Bytes of a table that are read in a second, to check a condition."""
INDEX = 60_000_000
"""Bytes of a table from which an index is built in a second."""
REWRITE = 40_000_000
"""Bytes of a table and its indexes that are written anew in a second."""
CHANGE = 10_000_000
"""Bytes of a table whose rows are updated or deleted in a second, with indexes and WAL."""
ERROR = 5
"""How many times less, and more, it may take."""


@dataclass(frozen=True)
class Estimate:
    """The *tables* that a statement works on, and how long that may take, in *seconds*."""

    tables: tuple[TableStats, ...]
    seconds: float

    @property
    def rows(self) -> int | None:
        """All their rows together, None when one is not known."""
        rows = [table.rows for table in self.tables]
        return None if None in rows else sum(row or 0 for row in rows)

    @property
    def bytes(self) -> int:
        """All their bytes together, without indexes."""
        return sum(table.bytes for table in self.tables)

    @property
    def least(self) -> float:
        """The shortest time that would be no surprise."""
        return self.seconds / ERROR

    @property
    def most(self) -> float:
        """The longest time that would be no surprise."""
        return self.seconds * ERROR


def estimate(effects: Effects, stats: Stats, changed: Iterable[Name] = ()) -> Estimate | None:
    """How long a statement works on old tables; None when the size of one is not known.

    *changed* are tables of which it updates or deletes rows.
    """
    worked_on = {name: _rate(name, effects) for name in _worked_on(effects)}
    worked_on.update((name, CHANGE) for name in changed)
    found = {name: stats.of(name) for name in worked_on}
    if not found or None in found.values():
        return None
    tables = {name: table for name, table in found.items() if table is not None}
    whole = {name: t for name, t in tables.items() if t.parent not in tables}
    seconds = sum(_bytes(t, worked_on[name]) / worked_on[name] for name, t in whole.items())
    return Estimate(tuple(whole[name] for name in sorted(whole)), seconds)


def _worked_on(effects: Effects) -> frozenset[Name]:
    rebuilt = {effects.index_of.get(index) for index in effects.rebuilds}
    tables = frozenset(table for table in rebuilt if table is not None)
    return effects.scans | effects.rewrites | effects.builds | tables


def _rate(name: Name, effects: Effects) -> int:
    if name in effects.rewrites:
        return REWRITE
    return INDEX if name in effects.builds or name not in effects.scans else READ


def _bytes(table: TableStats, rate: int) -> int:
    return table.bytes + table.index_bytes if rate == REWRITE else table.bytes
