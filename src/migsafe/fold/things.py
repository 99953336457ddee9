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

    def display(self) -> str:
        """The object as people call it: ``view public.ages``, ``constraint k on users``."""
        key = (
            self.key[0] if isinstance(self.key, tuple) and not isinstance(self.key, Name) else None
        )
        name = key if key is not None else self.key
        label = name.display() if isinstance(name, Name) else str(name)
        if self.kind == "column":
            return f"column {label}.{self.part}"
        if self.part:
            return f"{self.kind} {self.part} of {label}"
        return f"{_WORDS.get(self.kind, self.kind.removesuffix('s'))} {label}"


class Dependent(NamedTuple):
    """*thing* goes silently with what it depends on, or only by CASCADE when *keeps*."""

    thing: Thing
    keeps: bool


_WORDS = {"indexes": "index"}
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
        if function.uses and any(r == name and column in (None, c) for r, c in function.uses):
            yield kept("functions", key)
