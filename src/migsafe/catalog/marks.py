"""By what the objects of a catalog are looked up, carried on from one catalog to the next.

A statement changes one or two of many objects, and is followed by questions about all of them:
who refers to this table, whose index is this. What answers them is changed along with the catalog
instead of being worked out from all objects anew.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from enum import Enum
from typing import Any

from migsafe.catalog.attached import Index
from migsafe.catalog.objects import Sequence, View
from migsafe.catalog.table import Rows, Table

Marks = Mapping[Hashable, tuple[Any, ...]]
"""By mark, the keys of the objects of a collection that have it."""


class Kind(Enum):
    """What a table is, as a mark."""

    EMPTY = "empty"
    UNKNOWN = "unknown"
    CHILD = "child"


def marks_of(found: Any) -> frozenset[Hashable]:
    """The names that *found* refers to; of a table those of its constraints too, and its `Kind`."""
    if isinstance(found, Index):
        return frozenset((found.table,) if found.parent is None else (found.table, found.parent))
    if isinstance(found, Sequence):
        return frozenset(() if found.owned_by is None else (found.owned_by[0],))
    if isinstance(found, View):
        return frozenset(relation for relation, _ in found.uses)
    return _of_table(found) if isinstance(found, Table) else frozenset()


def _of_table(table: Table) -> frozenset[Hashable]:
    marks: set[Hashable] = {column.type.name for column in table.typed_columns}
    for constraint in table.constraints:
        marks.add(constraint.name)
        if constraint.references is not None:
            marks.add(constraint.references)
    marks.update(table.inherits)
    if table.partition_of is not None:
        marks.add(table.partition_of)
    if table.rows is Rows.NONE:
        marks.add(Kind.EMPTY)
    if table.unknown:
        marks.add(Kind.UNKNOWN)
    return frozenset(marks)


def marked(collection: Mapping[Any, Any]) -> Marks:
    """The marks of all objects in *collection*."""
    found: dict[Hashable, list[Any]] = {}
    for key, value in collection.items():
        for mark in marks_of(value):
            found.setdefault(mark, []).append(key)
    return {mark: tuple(keys) for mark, keys in found.items()}


def moved(
    marks: Marks, before: Mapping[Any, Any], after: Mapping[Any, Any], keys: Iterable[Any]
) -> Marks:
    """The *marks* of *before* as those of *after*, which differs from it in *keys* alone."""
    changed: dict[Hashable, tuple[Any, ...]] = {}
    for key in keys:
        old, new = marks_of(before.get(key)), marks_of(after.get(key))
        for mark in old - new:
            has = changed.get(mark, marks.get(mark, ()))
            changed[mark] = tuple(other for other in has if other != key)
        for mark in new - old:
            changed[mark] = (*changed.get(mark, marks.get(mark, ())), key)
    return {**marks, **changed} if changed else marks
