"""Collects what a statement does while its parts are walked, and freezes it into Effects.

A relation that is new in the open transaction is nobody else's: what happens to it is not recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from migsafe.catalog import Catalog, Index, Rows, Sequence, Table, TableKind, View
from migsafe.effects.model import Effects, Failure, Removal, Restriction, TransactionNeed
from migsafe.locks import LockMode
from migsafe.names import Name
from migsafe.session import Session, Transaction
from migsafe.sql.parts import Statement

ACCESS_SHARE = LockMode.ACCESS_SHARE
ROW_SHARE = LockMode.ROW_SHARE
ROW_EXCLUSIVE = LockMode.ROW_EXCLUSIVE
SHARE_UPDATE_EXCLUSIVE = LockMode.SHARE_UPDATE_EXCLUSIVE
SHARE = LockMode.SHARE
SHARE_ROW_EXCLUSIVE = LockMode.SHARE_ROW_EXCLUSIVE
EXCLUSIVE = LockMode.EXCLUSIVE
ACCESS_EXCLUSIVE = LockMode.ACCESS_EXCLUSIVE

Nested = Callable[[Iterable[Statement], "Ledger"], None]


class Refused(Exception):
    """The statement is certain to fail; nothing of it remains."""

    def __init__(self, failure: Failure):
        super().__init__(failure.why)
        self.failure = failure


class Ledger:
    """The effects of one statement as they become known.

    Attributes:
        session: the state before the statement.
        catalog: the catalog as it stands, parts of the statement already applied.
        major: the PostgreSQL major version to predict for.
    """

    # Most statements leave most of these as they are.
    need = TransactionNeed.ANY
    _scans: frozenset[Name] = frozenset()
    _rewrites: frozenset[Name] = frozenset()
    _rebuilds: frozenset[Name] = frozenset()
    _builds: frozenset[Name] = frozenset()
    _waits: tuple[str, ...] = ()
    _removes: tuple[Removal, ...] = ()
    _restricts: tuple[Restriction, ...] = ()
    _fails: Failure | None = None
    _unknown: str | None = None

    def __init__(self, session: Session, major: int, nested: Nested):
        self.session = session
        self._nested = nested
        self.catalog: Catalog = session.catalog
        self.major = major
        self.transaction = session.transaction or Transaction()
        self._locks: dict[Name, frozenset[LockMode]] = {}
        self._index_of: dict[Name, Name] = {}

    def nested(self, statements: Iterable[Statement]) -> None:
        """Add the effects of *statements* inside the statement."""
        self._nested(statements, self)

    # -- what other sessions feel ----------------------------------------------------------------

    def sees(self, relation: Name) -> bool:
        """Whether *relation* existed before the transaction, so that others can know it."""
        return relation not in self.transaction.new and self.session.catalog.has(relation)

    def lock(self, relation: Name, *modes: LockMode) -> None:
        """Record *modes* on a table, view or sequence."""
        held = self._locks.get(relation)
        if held is not None:
            self._locks[relation] = held.union(modes)
        elif self.sees(relation):
            self._locks[relation] = frozenset(modes)

    def lock_index(self, index: Index, *modes: LockMode) -> None:
        """Record *modes* on an index."""
        self.lock(index.name, *modes)
        if index.name in self._locks:
            self._index_of[index.name] = index.table

    def lock_indexes(self, table: Name, *modes: LockMode) -> None:
        """Record *modes* on all indexes of a table or materialised view."""
        for index in self.catalog.indexes_of(table):
            self.lock_index(index, *modes)

    def open_indexes(self, table: Table, *modes: LockMode) -> None:
        """Record *modes* on the indexes that planning a query on *table* opens.

        Those of a partitioned table itself are among them since PostgreSQL 16.
        """
        if table.kind is not TableKind.PARTITIONED or self.major >= 16:
            self.lock_indexes(table.name, *modes)

    def scan(self, relation: Table | View) -> None:
        """Record that all rows are read; an empty table and one without storage have none."""
        is_empty = isinstance(relation, Table) and not has_rows(relation)
        if not is_empty and self.sees(relation.name):
            self._scans |= {relation.name}

    def rewrite(self, relation: Name) -> None:
        """Record that the storage of a table, materialised view or sequence is written anew."""
        if self.sees(relation):
            self._rewrites |= {relation}

    def rebuild(self, index: Index) -> None:
        """Record that the storage of an index is written anew; a partitioned one has none."""
        table = self.catalog.tables.get(index.table)
        if table is not None and table.kind is TableKind.PARTITIONED:
            return
        if self.sees(index.name):
            self._rebuilds |= {index.name}

    def build(self, relation: Table | View) -> None:
        """Record that a new index is built from the rows of *relation*."""
        if isinstance(relation, Table) and relation.kind is TableKind.PARTITIONED:
            return
        if self.sees(relation.name):
            self._builds |= {relation.name}
        self.scan(relation)

    def rebuild_again(self, new: Iterable[Name]) -> None:
        """Tell the indexes *new* of this statement that it had dropped from others: rebuilds."""
        for name in new:
            old = self.session.catalog.indexes.get(name)
            if old is not None and old.table == self.catalog.indexes[name].table:
                self.rebuild(old)
                self._builds -= {old.table}

    def wait(self, what: str) -> None:
        """Record something that is waited for besides locks."""
        if what not in self._waits:
            self._waits += (what,)

    # -- what becomes of objects and running code ------------------------------------------------

    def remove(
        self, kind: str, relation: Name, part: str | None = None, *, loses_data: bool = False
    ) -> None:
        """Record that something is gone; parts of new relations are not worth a word."""
        if self.sees(relation):
            self.removed(Removal(kind, relation, part, loses_data))

    def removed(self, removal: Removal) -> None:
        """Record that something is gone which others know."""
        if removal not in self._removes:
            self._removes += (removal,)

    def reconsider(self, is_back: Callable[[Removal], bool]) -> None:
        """Take back what was removed and made again by the same statement."""
        self._removes = tuple([r for r in self._removes if not is_back(r)])

    def restrict(
        self, kind: str, relation: Name, part: str | None = None, new_name: str | None = None
    ) -> None:
        """Record what running code may no longer do."""
        restriction = Restriction(kind, relation, part, new_name)
        if self.sees(relation) and restriction not in self._restricts:
            self._restricts += (restriction,)

    # -- what can go wrong -----------------------------------------------------------------------

    def refuse(self, sqlstate: str, why: str) -> None:
        """End here: the statement is certain to fail; where the catalog has gaps, it may.

        Raises Refused.
        """
        if self.catalog.gaps:
            self.may_fail(sqlstate, why)
            return
        raise Refused(Failure(sqlstate, why))

    def may_fail(self, sqlstate: str, why: str) -> None:
        """Record a failure that depends on the rows; the first one stands."""
        self._fails = self._fails or Failure(sqlstate, why, certain=False)

    def rows_may_fail(self, table: Table, sqlstate: str, why: str) -> None:
        """Record a failure that a row of *table* can cause, unless it has none."""
        if table.rows is not Rows.NONE:
            self.may_fail(sqlstate, why)

    def not_known(self, why: str) -> None:
        """Record that the prediction is incomplete; the first reason stands."""
        self._unknown = self._unknown or why

    def missing(self, name: Name, what: str = "relation", sqlstate: str = "42P01") -> None:
        """Answer a name that the catalog does not have; of a schema it lacks, with that."""
        if not self._is_ours(name):
            return
        if self.catalog.gaps:
            self.not_known(f"{what} {name.display()} is not known: {self.catalog.gaps[0]}")
            return
        if name.schema is not None and name.schema not in self.catalog.schemas:
            self.refuse("3F000", f"schema {name.schema} does not exist")
        self.refuse(sqlstate, f"{what} {name.display()} does not exist")

    @staticmethod
    def _is_ours(name: Name) -> bool:
        """Whether *name* is none of PostgreSQL's own, which the catalog does not list."""
        system = name.schema in ("pg_catalog", "information_schema", "pg_temp", "pg_toast")
        return not system and not name.name.startswith("pg_")

    def outside_transaction(self, command: str) -> None:
        """Record that *command* refuses a transaction block, in which it fails."""
        self.need = TransactionNeed.REFUSED
        if self.session.transaction is not None:
            raise Refused(Failure("25001", f"{command} cannot run inside a transaction block"))

    def inside_transaction(self, command: str) -> None:
        """Record that *command* needs a transaction block, without which it fails."""
        self.need = TransactionNeed.REQUIRED
        if self.session.transaction is None:
            raise Refused(Failure("25P01", f"{command} can only be used in transaction blocks"))

    # -- the catalog -----------------------------------------------------------------------------

    def table(self, name: Name, *, if_exists: bool = False) -> Table | None:
        """The table *name*, or None after its absence was recorded."""
        found = self.relation(name, if_exists=if_exists)
        return found if isinstance(found, Table) else None

    def relation(
        self, name: Name, *, if_exists: bool = False, queried: bool = False
    ) -> Table | View | Index | Sequence | None:
        """The relation *name*, or None after its absence was recorded.

        To a query a relation in a missing schema is a missing relation, to other statements it is
        the schema that is missing (parserOpenTable, RangeVarGetRelid).
        """
        found = self.catalog.relation(name)
        if found is None and (not if_exists or self.catalog.gaps):
            self.missing(Name(None, name.name) if queried and self._is_ours(name) else name)
        if isinstance(found, Table) and found.unknown:
            self.not_known(found.unknown)
        return found

    def family(self, table: Table, *, only: bool = False) -> list[Table]:
        """*table* and, unless *only*, all its partitions and inheritance children."""
        members, seen = [table], {table.name}
        for member in () if only else members:  # with their children, and those with theirs
            for child in self.catalog.children_of(member.name):
                if child.name not in seen:
                    seen.add(child.name)
                    members.append(child)
        return members

    # -- the result ------------------------------------------------------------------------------

    def absorb(self, effects: Effects) -> None:
        """Add the effects of a nested statement."""
        for relation, modes in effects.locks.items():
            self._locks[relation] = modes.union(self._locks.get(relation, ()))
        self._index_of.update(effects.index_of)
        self._scans |= effects.scans
        self._rewrites |= effects.rewrites
        self._rebuilds |= effects.rebuilds
        self._builds |= effects.builds
        for what in effects.waits_for:
            self.wait(what)
        self._removes += tuple([r for r in effects.removes if r not in self._removes])
        self._restricts += tuple([r for r in effects.restricts if r not in self._restricts])
        if effects.fails and effects.fails.certain:
            raise Refused(effects.fails)
        self._fails = self._fails or effects.fails
        self._unknown = self._unknown or effects.unknown

    def effects(self) -> Effects:
        """What has been collected; the ledger is closed then."""
        locks = self._locks
        if len(locks) > 1:
            ordered = sorted(locks, key=lambda name: (name.schema or "", name.name))
            locks = {name: locks[name] for name in ordered}
        return Effects(
            locks=locks,
            scans=self._scans,
            rewrites=self._rewrites,
            rebuilds=self._rebuilds,
            builds=self._builds,
            waits_for=self._waits,
            removes=self._removes,
            restricts=self._restricts,
            fails=self._fails,
            transaction=self.need,
            unknown=self._unknown,
            index_of=self._index_of,
        )


def has_rows(table: Table) -> bool:
    """Whether *table* itself may hold rows: it has storage and is not known to be empty."""
    return table.kind is not TableKind.PARTITIONED and table.rows is not Rows.NONE
