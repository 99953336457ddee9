"""By what the objects of a catalog are looked up, carried on from one catalog to the next.

A statement changes one or two of many objects, and is followed by questions about all of them:
who refers to this table, whose index is this. What answers them is changed along with the catalog
instead of being worked out from all objects anew.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

_NONE: frozenset[Hashable] = frozenset()
_MANY = 64


class Kind(Enum):
    """What a table is, as a mark."""

    EMPTY = "empty"
    UNKNOWN = "unknown"
    QUOTING = "quoting"  # a default has a name in quotes

    __hash__ = object.__hash__  # that of enumerations is ten times as slow


class Marks(NamedTuple):
    """By mark, the keys of the objects of a collection that have it.

    What changed *lately* is apart from *most*, so that a change copies a few entries and not all.
    """

    most: Mapping[Hashable, tuple[Any, ...]]
    lately: Mapping[Hashable, tuple[Any, ...]]

    @classmethod
    def of(cls, collection: Mapping[Any, Any]) -> Marks:
        """The marks of all objects in *collection*."""
        found: dict[Hashable, list[Any]] = {}
        for key, value in collection.items():
            for mark in _marks_of(value):
                found.setdefault(mark, []).append(key)
        return cls({mark: tuple(keys) for mark, keys in found.items()}, {})

    def having(self, mark: Hashable) -> Sequence[Any]:
        """The keys of the objects that have *mark*."""
        found = self.lately.get(mark)
        return self.most.get(mark, ()) if found is None else found

    def moved(
        self, before: Mapping[Any, Any], after: Mapping[Any, Any], keys: Iterable[Any]
    ) -> Marks:
        """These marks of *before* as those of *after*, which differs from it in *keys* alone."""
        changed: dict[Hashable, tuple[Any, ...]] = {}
        for key in keys:
            old, new = _marks_of(before.get(key)), _marks_of(after.get(key))
            if old == new:
                continue
            for mark in old - new:
                has = changed[mark] if mark in changed else self.having(mark)
                changed[mark] = tuple([other for other in has if other != key])
            for mark in new - old:
                has = changed[mark] if mark in changed else self.having(mark)
                changed[mark] = (*has, key)
        if not changed:
            return self
        lately = {**self.lately, **changed}
        if len(lately) < _MANY:
            return Marks(self.most, lately)
        return Marks({**self.most, **lately}, {})


def _marks_of(found: Any) -> frozenset[Hashable]:
    return getattr(found, "marks", _NONE)
