"""Two states of a server and the locks between them → Effects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from migsafe.effects import Effects, Failure, Removal, TransactionNeed
from migsafe.locks import LockMode
from migsafe.measure.held import Held
from migsafe.measure.state import INDEXES, Relation, State, Thing
from migsafe.names import Name

_WORDS = {
    "r": "table", "p": "table", "f": "table", "i": "index", "I": "index", "S": "sequence",
    "v": "view", "m": "view", "c": "type",
}  # fmt: skip
_WITH_ROWS = ("table", "sequence", "column")
_OF_VIEWS = ("trigger", "rule")


@dataclass(frozen=True)
class Observation:
    """What was seen of one statement.

    Attributes:
        before, after: what the session saw before and after it; the same when it failed.
        visible: numbers of the relations, types, functions, schemas, statistics objects and
            extensions that existed before its transaction.
        locks: the locks that the session took, relations that are new included.
        read: tables known to be read in full for another reason than their counters.
        failure, need, waits: as in Effects.
        empty_too: whether reading an empty table counts, as it will have rows elsewhere.
    """

    before: State
    after: State
    visible: frozenset[int]
    locks: Held = frozenset()
    read: frozenset[int] = frozenset()
    failure: Failure | None = None
    need: TransactionNeed = TransactionNeed.ANY
    waits: tuple[str, ...] = ()
    empty_too: bool = False

    def effects(self) -> Effects:
        """The observation as Effects, on relations that existed before the transaction."""
        return Effects(
            locks=self._locks(),
            scans=frozenset(self._names(self._scanned())),
            rewrites=frozenset(self._names(self._rewritten())),
            rebuilds=frozenset(self._names(self._rebuilt())),
            builds=frozenset(self._names(self._built())),
            waits_for=self.waits,
            removes=tuple(sorted(self._removed(), key=str)),
            fails=self.failure,
            transaction=self.need,
            index_of=self._index_of(),
        )

    def _locks(self) -> Mapping[Name, frozenset[LockMode]]:
        found: dict[Name, set[LockMode]] = {}
        for oid, mode in self.locks:
            if oid in self.visible and oid in self.before.relations:
                found.setdefault(self.before.relations[oid].name, set()).add(mode)
        return {name: frozenset(found[name]) for name in sorted(found, key=_order)}

    def _index_of(self) -> Mapping[Name, Name]:
        locked = {self.before.relations[o] for o, _ in self.locks if o in self.before.relations}
        return {
            index.name: self.before.relations[index.owner].name
            for index in sorted(locked, key=lambda relation: relation.oid)
            if index.kind in INDEXES and index.oid in self.visible
        }

    def _names(self, oids: Iterable[int]) -> Iterator[Name]:
        for oid in oids:
            if oid in self.visible and oid in self.before.relations:
                yield self.before.relations[oid].name

    def _scanned(self) -> Iterator[int]:
        for oid, relation in self.after.relations.items():
            if relation.kind not in ("r", "m"):
                continue
            if self._has_read(relation) or (oid in self.read and self._has_rows(oid)):
                yield oid
        yield from self._looked_up()

    def _looked_up(self) -> Iterator[int]:
        """Tables that the check of a newly valid foreign key has read through an index.

        It looks into the referenced table only when the other one has values; those that tables
        have elsewhere (*empty_too*) are not known here.
        """
        new = self.after.foreign_keys.keys() - self.before.foreign_keys.keys()
        for referencing, referenced in {self.after.foreign_keys[key] for key in new}:
            checked = self.empty_too and any(self._reads_of(referencing))
            for table in (referencing, referenced):
                for relation in self.after.below(table):
                    if relation.kind == "r" and (checked or any(self._reads_of(relation.oid))):
                        yield relation.oid

    def _reads_of(self, table: int) -> Iterator[bool]:
        for relation in self.after.below(table):
            yield self._has_read(relation)
            yield from (self._has_read(index) for index in self.after.indexes_of(relation.oid))

    def worked_on(self) -> frozenset[int]:
        """The tables whose files, or whose indexes' files, are new: all of them was read for it."""
        indexes = {oid for oid in self._rebuilt() if oid in self.before.relations}
        owners = {self.before.relations[oid].owner for oid in indexes}
        return frozenset(owners | set(self._rewritten()) | set(self._built()))

    def _has_rows(self, oid: int) -> bool:
        old = self.before.relations.get(oid)
        return old is not None and (self.empty_too or old.size > 0)

    def _has_read(self, relation: Relation) -> bool:
        old = self.before.relations.get(relation.oid)
        # A table that is new in the transaction will be as empty elsewhere.
        if self.empty_too and (relation.owner or relation.oid) in self.visible:
            return relation.scans > (old.scans if old else 0)
        return relation.tuples > (old.tuples if old else 0)

    def _rewritten(self) -> Iterator[int]:
        return (oid for oid, kind in self._new_files() if kind not in INDEXES)

    def _rebuilt(self) -> Iterator[int]:
        """Indexes with a new file: changed in place, or dropped and made again by the command."""
        yield from (oid for oid, kind in self._new_files() if kind in INDEXES)
        for oid, relation in self.before.relations.items():
            again = self.after.by_name.get(relation.name)
            if relation.kind not in INDEXES or oid in self.after.relations or again is None:
                continue
            if again.file != relation.file and again.oid not in self.before.relations:
                yield oid

    def _new_files(self) -> Iterator[tuple[int, str]]:
        for oid, relation in self.before.relations.items():
            now = self.after.relations.get(oid)
            if now is not None and relation.file and now.file and now.file != relation.file:
                yield oid, relation.kind

    def _built(self) -> Iterator[int]:
        """Tables with an index that did not exist before, under no name."""
        for oid, relation in self.after.relations.items():
            if relation.kind != "i" or oid in self.before.relations:
                continue
            if relation.name not in self.before.by_name:
                yield relation.owner

    def _removed(self) -> Iterator[Removal]:
        for oid, relation in self.before.relations.items():
            if oid in self.visible:
                yield from self._relation_removed(relation)
        left = {(t.kind, t.relation, t.name) for t in self.after.things.values()}
        for key, thing in self.before.things.items():
            if thing.kind == "copy" or ("copy", *key[1:]) in self.after.things:
                continue
            again = thing.kind != "column" and (thing.kind, thing.relation, thing.name) in left
            if key not in self.after.things and not again:
                yield from self._thing_removed(key, thing)

    def _relation_removed(self, relation: Relation) -> Iterator[Removal]:
        now = self.after.relations.get(relation.oid)
        if now is None:
            if relation.name not in self.after.by_name and self._stands(relation.owner):
                kind = _WORDS[relation.kind]
                yield Removal(kind, relation.name, loses_data=kind in _WITH_ROWS)
        elif self._emptied(relation, now):
            yield Removal("rows", relation.name, loses_data=True)
        elif relation.kind not in INDEXES and relation.parent and not now.parent:
            parent = self.after.relations.get(relation.parent)
            if parent is not None:
                yield Removal("partition", parent.name, relation.name.name)

    def _emptied(self, relation: Relation, now: Relation) -> bool:
        """Whether rows of a table were deleted, or all of them by TRUNCATE."""
        truncated = relation.size > 0 and now.size == 0 and now.file != relation.file
        return relation.kind == "r" and (truncated or now.deleted > relation.deleted)

    def _stands(self, owner: int) -> bool:
        """Whether the relation that something belongs to is still there."""
        return not owner or owner in self.after.relations

    def _thing_removed(self, key: tuple[str, int, int], thing: Thing) -> Iterator[Removal]:
        if thing.kind == "default" and ("column", *key[1:]) not in self.after.things:
            return
        free = not thing.relation or thing.kind == "statistics"
        if free and key[1] not in self.visible:
            return
        if not thing.relation:
            yield Removal(thing.kind, thing.name)
            return
        if thing.relation not in self.visible or not self._stands(thing.relation):
            return
        table = self.before.relations.get(thing.relation)
        if thing.kind == "statistics":
            yield Removal(thing.kind, thing.name)
        elif table is not None and (table.kind in ("r", "p", "f") or thing.kind in _OF_VIEWS):
            loses = thing.kind in _WITH_ROWS
            yield Removal(thing.kind, table.name, thing.name.name, loses_data=loses)


def _order(name: Name) -> tuple[str, str]:
    return (name.schema or "", name.name)
