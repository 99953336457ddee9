"""What is known of the tables of a database without looking at a row."""

from __future__ import annotations

from collections.abc import Mapping

from migsafe.names import Name
from migsafe.values import dataclass


@dataclass(frozen=True)
class IndexStats:
    """An index: its size, and how often it was used since the counters began."""

    name: str
    bytes: int
    scans: int


@dataclass(frozen=True)
class TableStats:
    """A table or materialised view.

    Of a partitioned table the numbers are those of all its partitions.

    Attributes:
        rows: PostgreSQL's own estimate; None before the first VACUUM or ANALYZE.
        bytes: of its rows, with TOAST; *index_bytes* of all its indexes.
        seq_scans, idx_scans: how often it was read in full and through an index.
        inserted, updated, deleted: rows.
        parent: the partitioned table that it belongs to.
    """

    name: Name
    rows: int | None
    bytes: int
    index_bytes: int = 0
    seq_scans: int = 0
    idx_scans: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    parent: Name | None = None
    indexes: tuple[IndexStats, ...] = ()

    @property
    def reads(self) -> int:
        """How often it was read, whether in full or through an index."""
        return self.seq_scans + self.idx_scans

    @property
    def writes(self) -> int:
        """How many rows were inserted, updated and deleted."""
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True)
class Stats:
    """A database; *seconds* is how long the counters have run, None when that is not known."""

    tables: Mapping[Name, TableStats]
    seconds: float | None = None
    postgres: int | None = None

    def of(self, name: Name) -> TableStats | None:
        """The table *name*; without a schema it is the one in ``public``."""
        return self.tables.get(name if name.schema else Name("public", name.name))
