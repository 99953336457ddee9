"""Read a catalog again and again, each time no more of it than has changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from migsafe.catalog import Catalog, Index, Table, View
from migsafe.introspect import assemble, stamps
from migsafe.introspect.assemble import Relation
from migsafe.introspect.query import head, statement
from migsafe.introspect.reading import Reader, reading
from migsafe.introspect.relations import Rows
from migsafe.introspect.select import parts
from migsafe.introspect.stamps import Stamps

Found = tuple[Relation, tuple[Index, ...]]


class Snapshotter:
    """Takes the Catalog of one database as often as asked, as `introspect` would.

    The first is read in full. After that only relations whose system rows have changed are read
    again, the rest when something they are written with has changed, such as a name. Arguments as
    for `introspect`; the connection may be in any state that suits it too. Its session keeps
    prepared statements, whose names begin with ``migsafe_``.
    """

    def __init__(
        self,
        connection: Any,
        *,
        schemas: Collection[str] | None = None,
        ignore: Collection[str] = ("alembic_version",),
    ):
        self._connection = connection
        self._schemas = schemas
        self._ignore = ignore
        self._stamps: Stamps | None = None
        self._relations: dict[int, Found] = {}
        self._others: Rows = {}
        self._catalog = Catalog()

    def go_on_with(self, connection: Any) -> None:
        """Read by another *connection* to the same database from now on."""
        self._connection = connection

    def take(self) -> Catalog:
        """The Catalog as it is now; raises ServerError as `introspect` does."""
        with reading(self._connection) as reader:
            now = stamps.read(reader, self._note())
            if now != self._stamps:
                self._refresh(reader, now)
        return replace(self._catalog, major=reader.major, search_path=reader.search_path)

    def _refresh(self, reader: Reader, now: Stamps) -> None:
        before, self._stamps = self._stamps, None
        if before is None or _changed(before.named, now.named):
            self._read_relations(reader, None)
            self._read_others(reader)
        else:
            touched = _changed(before.relations, now.relations)
            touched |= now.relations.keys() - before.relations.keys()
            gone = before.relations.keys() - now.relations.keys()
            if self._read_relations(reader, touched, gone):
                self._read_relations(reader, None)
                self._read_others(reader)
            elif (before.named, before.apart) != (now.named, now.apart):
                self._read_others(reader)
        self._catalog = assemble.joined(self._relations.values(), self._others)
        self._stamps = now

    def _read_relations(
        self, reader: Reader, touched: Collection[int] | None, gone: Collection[int] = ()
    ) -> bool:
        """Read the relations *touched*, all if None; whether one of them was renamed."""
        wanted = parts(reader.major)
        chosen = {kind: wanted[kind] for kind in assemble.BY_RELATION}
        before = self._relations
        self._relations = {} if touched is None else dict(before)
        for oid in (*(touched or ()), *gone):
            self._relations.pop(oid, None)
        if touched is not None and not touched:
            return False
        of_some = head(self._schemas, self._ignore, chosen_only=touched is not None)
        rows = self._run(reader, statement(chosen, of_some), touched)
        grouped = assemble.by_relation(assemble.decoded(rows))
        found = {oid: assemble.relation_of(of_one) for oid, of_one in grouped.items()}
        self._relations.update(found)
        return any(_is_renamed(before[oid], one) for oid, one in found.items() if oid in before)

    def _read_others(self, reader: Reader) -> None:
        wanted = parts(reader.major)
        chosen = {k: select for k, select in wanted.items() if k not in assemble.BY_RELATION}
        rows = self._run(reader, statement(chosen, head(self._schemas, self._ignore)))
        self._others = assemble.decoded(rows)

    def _run(
        self, reader: Reader, text: str, oids: Collection[int] | None = None
    ) -> Sequence[Sequence[Any]]:
        return reader.run_again(self._note() + text, oids)

    def _note(self) -> str:
        """What has a statement planned anew when there are twice as many relations as before."""
        return f"/* fewer than {1 << len(self._relations).bit_length()} relations */ "


def _changed(before: Mapping[Any, int], now: Mapping[Any, int]) -> set[Any]:
    """Keys whose stamp is another one now; new and vanished ones are not among them."""
    return {key for key, stamp in before.items() if now.get(key, stamp) != stamp}


def _is_renamed(before: Found, after: Found) -> bool:
    """Whether a relation, a column or an index has another name, which others may be written with.

    Something gone and something new at the same time counts, as it may be a rename.
    """
    (old, old_indexes), (new, new_indexes) = before, after
    if old.name != new.name:
        return True
    indexes = [{index.name for index in of_one} for of_one in (old_indexes, new_indexes)]
    return _replaced(*map(_columns, (old, new))) or _replaced(*indexes)


def _columns(relation: Relation) -> set[str]:
    if isinstance(relation, Table):
        return {column.name for column in relation.columns}
    pairs: Iterable[Any] = relation.columns if isinstance(relation, View) else ()
    return {name for name, _ in pairs}


def _replaced(before: set[Any], after: set[Any]) -> bool:
    return bool(before - after) and bool(after - before)
