"""Folding a statement once, for all that ask what it does to the same catalog."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from migsafe.catalog import Catalog
from migsafe.catalog.schema import COLLECTIONS
from migsafe.fold import statement as each
from migsafe.sql.ast import Statement
from migsafe.values import Same, replace


class Change(NamedTuple):
    """What a statement makes of a catalog.

    *after* is *before* itself if nothing changes. *keys* are, by collection, those with which
    something is gone, come or different, and maybe a few others.
    """

    before: Catalog
    after: Catalog
    keys: Mapping[str, Collection[Any]]

    def gone(self, collection: str) -> list[Any]:
        """The keys that are no longer in *collection*, sorted."""
        if not (keys := self.keys.get(collection)):
            return []
        old, new = getattr(self.before, collection), getattr(self.after, collection)
        return sorted({k for k in keys if k in old and k not in new})

    def come(self, *collections: str) -> set[Any]:
        """The keys that are new in one of *collections*."""
        found: set[Any] = set()
        for collection in collections:
            if keys := self.keys.get(collection):
                old, new = getattr(self.before, collection), getattr(self.after, collection)
                found.update([k for k in keys if k in new and k not in old])
        return found

    def different(self, collection: str) -> list[tuple[Any, Any]]:
        """What stays in *collection* and is not what it was: before and after, in its order."""
        if not (keys := self.keys.get(collection)):
            return []
        old, new = getattr(self.before, collection), getattr(self.after, collection)
        found = {k for k in keys if k in old and k in new and old[k] is not new[k]}
        return [(old[k], new[k]) for k in (found if len(found) < 2 else old) if k in found]


def fold(catalog: Catalog, statement: Statement) -> Catalog:
    """What *catalog* is after *statement*.

    A statement that PostgreSQL surely refuses leaves it unchanged. Where a statement cannot be
    known, its table says so (`Table.unknown`), or the catalog does (`Catalog.gaps`) when not even
    the name of what it touches can be known. Rolling back is not folded: see `migsafe.session`.
    """
    return changed(catalog, statement).after


def changed(catalog: Catalog, statement: Statement) -> Change:
    """What *statement* makes of *catalog*, as `fold` says."""
    return _folded(Same(catalog, statement))


# A statement is predicted before it is carried out, and both fold it.
@lru_cache(maxsize=4)
def _folded(both: Same[Catalog, Statement]) -> Change:
    before = both.value
    begun = before if before.changed is not None else replace(before).begin()
    after = each.fold(begun, both.beside)
    if after is begun:
        return Change(before, before, {})
    keys = _keys(begun, after)
    after.begin()  # nobody else has it yet
    return Change(before, after, keys)


def _keys(before: Catalog, after: Catalog) -> Mapping[str, Collection[Any]]:
    """By collection, the keys in which two catalogs may differ."""
    earlier = before.changed or {}
    if after.changed is not None and not earlier:
        return after.changed
    if after.changed is not None:
        return {kind: keys[len(earlier.get(kind, ())) :] for kind, keys in after.changed.items()}
    kinds = ((kind, getattr(before, kind), getattr(after, kind)) for kind in COLLECTIONS)
    return {kind: old.keys() | new.keys() for kind, old, new in kinds if old is not new}
