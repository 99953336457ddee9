"""Objects and the ties between them, as `dependents` speaks of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from migsafe.catalog import Catalog, ConstraintKind
from migsafe.names import Name


class Thing(NamedTuple):
    """An object: its *kind* (a collection of Catalog, or a part of a table), key and part."""

    kind: str
    key: object
    part: str = ""


class Dependent(NamedTuple):
    """*thing* goes silently with what it depends on, or only by CASCADE when *keeps*."""

    thing: Thing
    keeps: bool


KEYS = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE, ConstraintKind.EXCLUDE)


def kept(kind: str, key: object, part: str = "") -> Dependent:
    """An object that stays unless CASCADE is said."""
    return Dependent(Thing(kind, key, part), keeps=True)


def goes(kind: str, key: object, part: str = "") -> Dependent:
    """An object that goes along silently."""
    return Dependent(Thing(kind, key, part), keeps=False)


def readers(catalog: Catalog, name: Name, column: str | None) -> Iterator[Dependent]:
    """Views and SQL-standard functions that read the relation *name*, or its *column*."""
    for view in catalog.views_using(name, column):
        yield kept("views", view.name)
    for key, function in catalog.functions.items():
        if any(r == name and column in (None, c) for r, c in function.uses):
            yield kept("functions", key)
