"""Effects: what one statement does to other sessions, to data and to running code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from functools import lru_cache

from migsafe.locks import LockMode, blocks_ddl, blocks_reads, blocks_writes
from migsafe.names import Name
from migsafe.values import dataclass


class Cost(Enum):
    """How the duration of a statement grows with the rows of the tables it touches."""

    CONSTANT = "constant"
    SCAN = "scan"
    REWRITE = "rewrite"


class TransactionNeed(Enum):
    """Whether a statement can run inside a transaction block."""

    ANY = "any"
    REQUIRED = "required"
    REFUSED = "refused"


@dataclass(frozen=True)
class Failure:
    """A statement that ends in an error; *certain* is False when it depends on the rows."""

    sqlstate: str
    why: str
    certain: bool = True


@dataclass(frozen=True)
class Removal:
    """Something that is gone afterwards.

    *kind* is column, table, index, constraint, type, view, function, trigger, sequence, schema,
    policy, extension, rows, …; *name* the object (``table.column`` parts in *relation*, *part*).
    *loses_data* is True when values in rows are gone with it.
    """

    kind: str
    relation: Name
    part: str | None = None
    loses_data: bool = False

    def __str__(self) -> str:
        name = self.relation.display()
        return f"{self.kind} {name}.{self.part}" if self.part else f"{self.kind} {name}"


@dataclass(frozen=True)
class Restriction:
    """What running code may no longer do: write NULL, an old name, a value a CHECK refuses, …

    *kind* is not-null, check, unique, foreign-key, exclude, renamed, type, generated, read-only.
    """

    kind: str
    relation: Name
    part: str | None = None
    new_name: str | None = None


@dataclass(frozen=True)
class Effects:
    """What other sessions feel of one statement, on relations older than its transaction.

    Attributes:
        locks: by relation (tables, indexes, sequences, views), every mode it takes; for a
            non-transactional statement the modes of all its phases.
        scans: tables read in full (validation, index build, rewrite that only verifies).
        rewrites: tables (and toast-less relations) whose storage is written anew.
        rebuilds: indexes whose storage is written anew, or newly built ones (`builds`).
        builds: tables for which a new index is built from existing rows.
        waits_for: what it waits for besides locks, in words (``older snapshots``), for
            CONCURRENTLY forms.
        removes, restricts: see `Removal` and `Restriction`.
        fails: the error it ends in, or may end in, depending on rows; nothing else remains of a
            statement that is certain to fail.
        transaction: whether it needs or refuses a transaction block.
        unknown: why nothing can be said; the other fields then hold what is known at least.
    """

    locks: Mapping[Name, frozenset[LockMode]] = field(default_factory=dict)
    scans: frozenset[Name] = frozenset()
    rewrites: frozenset[Name] = frozenset()
    rebuilds: frozenset[Name] = frozenset()
    builds: frozenset[Name] = frozenset()
    waits_for: tuple[str, ...] = ()
    removes: tuple[Removal, ...] = ()
    restricts: tuple[Restriction, ...] = ()
    fails: Failure | None = None
    transaction: TransactionNeed = TransactionNeed.ANY
    unknown: str | None = None
    index_of: Mapping[Name, Name] = field(default_factory=dict)  # locked index → its table

    @property
    def cost(self) -> Cost:
        """The cost class: rewriting and rebuilding, reading all rows, or neither."""
        if self.rewrites or self.rebuilds or self.builds:
            return Cost.REWRITE
        return Cost.SCAN if self.scans else Cost.CONSTANT

    def blocks(self) -> dict[Name, tuple[str, ...]]:
        """By relation, which of ``reads``, ``writes``, ``ddl`` of other sessions wait.

        ACCESS EXCLUSIVE on an index makes every query on its table wait, because the planner
        locks all indexes of a table; but CONCURRENTLY takes it on one that is marked as invalid or
        dead by then, which no plan opens (index_concurrently_set_dead, get_relation_info).
        """
        found: dict[Name, tuple[str, ...]] = {}
        for relation, modes in self.locks.items():
            table = self.index_of.get(relation)
            if table is None:
                found[relation] = _both(found.get(relation, ()), _waiting(modes))
            elif LockMode.ACCESS_EXCLUSIVE in modes and not self._is_retired(modes):
                found[table] = _both(found.get(table, ()), ("reads", "writes"))
        return {name: kinds for name, kinds in found.items() if kinds}

    def _is_retired(self, modes: frozenset[LockMode]) -> bool:
        """Whether an index under *modes* is one that CONCURRENTLY puts out of use."""
        concurrently = self.transaction is TransactionNeed.REFUSED
        return concurrently and LockMode.SHARE_UPDATE_EXCLUSIVE in modes


_WAITS = (("reads", blocks_reads), ("writes", blocks_writes), ("ddl", blocks_ddl))


@lru_cache(maxsize=256)
def _waiting(modes: frozenset[LockMode]) -> tuple[str, ...]:
    """What waits while a table is locked in *modes*."""
    return tuple(kind for kind, waits in _WAITS if waits(modes))


def _both(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    if not some or some == others:
        return others
    return tuple(kind for kind, _ in _WAITS if kind in some or kind in others)
