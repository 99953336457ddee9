"""What two catalogs differ in, and whether anybody would mind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from migsafe.catalog import words
from migsafe.catalog.attached import Constraint, ConstraintKind, Index
from migsafe.catalog.loose import loosened
from migsafe.catalog.objects import Composite, Function, Other, Range, Sequence, View
from migsafe.catalog.schema import Catalog
from migsafe.catalog.table import Column, Table, TableKind
from migsafe.names import Name, quote_ident
from migsafe.values import dataclass

_COLLECTIONS = (
    *("schemas", "extensions", "collations", "types", "tables", "sequences", "indexes", "views"),
    *("functions", "statistics", "publications", "others"),
)
_PARTS: Mapping[type, tuple[str, ...]] = {
    Table: ("columns", "constraints", "triggers", "policies", "rules"),
    View: ("triggers", "rules"),
}
_FROM_PARENTS = ("inherited", "local")
_CONSTRAINTS = {
    ConstraintKind.CHECK: "check constraint",
    ConstraintKind.FOREIGN_KEY: "foreign key",
    ConstraintKind.PRIMARY_KEY: "primary key",
    ConstraintKind.UNIQUE: "unique constraint",
    ConstraintKind.EXCLUDE: "exclusion constraint",
    ConstraintKind.NOT_NULL: "NOT NULL constraint",
}
_ROUTINES = {"p": "procedure", "a": "aggregate"}
_KNOWN_TO_A_SERVER: Mapping[str, tuple[str, ...]] = {
    "extension": ("comment", "schema", "version"),
    "function": ("body", "returns", "uses", "volatility"),
    "procedure": ("body", "returns", "uses"),
    "aggregate": ("body", "returns", "uses"),
    "range type": ("canonical", "multirange", "opclass", "subtype_diff"),
    "schema": ("comment",),
    "collation": ("locale", "provider"),
}
# ChooseConstraintName() of PostgreSQL 18 gives these names to constraints that nobody named.
_AUTOMATIC = re.compile(r"_not_null\d*\Z")


@dataclass(frozen=True)
class Difference:
    """One thing in which two catalogs differ.

    Attributes:
        kind: of the object, in words: table, column, constraint, index, enum, …
        name: of the object as a reader knows it; ``ck_price on orders`` for what hangs on a table.
        attribute: field of the object that differs, None when one side has no such object.
        before: its value; the object itself, or None, when *attribute* is None.
        after: likewise.
        benign: whether the schemas do the same in spite of it: the order of the same columns, the
            names of constraints nobody named, where partitions have their columns from.
    """

    kind: str
    name: str
    attribute: str | None
    before: Any
    after: Any
    benign: bool = False

    def __str__(self) -> str:
        if self.attribute is None:
            return f"{self.kind} {self.name} is {'new' if self.before is None else 'missing'}"
        return f"{self.kind} {self.name}: {words.change(self.attribute, self.before, self.after)}"


def describe(difference: Difference, *, restored: bool = False) -> str:
    """Say a *difference* in words; with *restored*, as one that undoing should not have left."""
    if not restored:
        return str(difference)
    kind, name = difference.kind, difference.name
    if difference.attribute is None:
        end = "is left behind" if difference.before is None else "was not restored"
        return f"{kind} {name} {end}"
    what = words.unrestored(difference.attribute, difference.before, difference.after)
    return f"{name}: {what}" if kind == "column" else f"{kind} {name}: {what}"


def diff(before: Catalog, after: Catalog) -> tuple[Difference, ...]:
    """What *after* differs in from *before*; always in the same order, empty when they are equal.

    What can only be missing or new together with its table or column, or with the constraint it
    serves, is not listed by itself.
    """
    if before == after:
        return ()
    return tuple(_differences(before, after))


def equivalent(a: Catalog, b: Catalog) -> tuple[Difference, ...]:
    """How *a* and *b* differ beyond what a history without its database leaves open.

    Expressions are compared without casts, parentheses and qualifiers; owners, privileges,
    definitions and rare objects not at all. What one side calls unknown is not compared, nor what
    it lacks when it says that objects may be missing from it.
    """
    if a == b:
        return ()
    found = diff(loosened(a, b), loosened(b, a))
    return tuple(d for d in found if not _is_open(d, a, b))


def _is_open(difference: Difference, a: Catalog, b: Catalog) -> bool:
    if difference.attribute is None:
        lacking = a if difference.before is None else b
        return bool(lacking.gaps)
    return difference.attribute in _KNOWN_TO_A_SERVER.get(difference.kind, ())


def _differences(before: Catalog, after: Catalog) -> Iterator[Difference]:
    for collection in _COLLECTIONS:
        old, new = getattr(before, collection), getattr(after, collection)
        if old is new or old == new:
            continue
        changed = [key for key, x in old.items() if (y := new.get(key)) is not x and y != x]
        for key in sorted([*changed, *(key for key in new if key not in old)]):
            x, y = old.get(key), new.get(key)
            if x is not None and type(x) is type(y):
                yield from _changes(x, y)
                continue
            if x is not None and not _follows(x, before, after):
                yield Difference(_kind(x), _title(x), None, x, None)
            if y is not None and not _follows(y, before, after):
                yield Difference(_kind(y), _title(y), None, None, y)


def _follows(found: Any, before: Catalog, after: Catalog) -> bool:
    """Whether *found*, on one side only, follows from something else that is."""
    both = (before, after)
    if isinstance(found, Index):
        if not all(found.table in c.tables or found.table in c.views for c in both):
            return True
        tables = [c.tables.get(found.table) for c in both]
        name = found.constraint
        return name is not None and not all(t and t.constraint(name) for t in tables)
    if isinstance(found, Sequence) and found.owned_by is not None:
        table, column = found.owned_by
        owners = [t.column(column) for t in (c.tables.get(table) for c in both) if t is not None]
        return found.identity or len(owners) < 2 or None in owners
    return False


def _kind(found: Any) -> str:
    if isinstance(found, Constraint):
        return _CONSTRAINTS[found.kind]
    if isinstance(found, Table):
        return "foreign table" if found.kind is TableKind.FOREIGN else "table"
    if isinstance(found, View):
        return "materialized view" if found.materialized else "view"
    if isinstance(found, Function):
        return _ROUTINES.get(found.kind, "function")
    if isinstance(found, Other):
        return found.kind
    suffix = " type" if isinstance(found, Composite | Range) else ""
    return type(found).__name__.lower() + suffix


def _title(found: Any, owner: Name | None = None) -> str:
    if isinstance(found, Other):
        return found.identity
    if isinstance(found, Function):
        return f"{found.name.display()}({', '.join(found.arguments)})"
    if isinstance(found.name, Name):
        return found.name.display()
    name = quote_ident(found.name)
    if owner is None:
        return name
    return (
        f"{owner.display()}.{name}" if isinstance(found, Column) else f"{name} on {owner.display()}"
    )


def _changes(
    x: Any, y: Any, within: Table | View | None = None, has_new_parents: bool = False
) -> Iterator[Difference]:
    """Differences of two objects of one class and name; *within* is what they hang on."""
    if isinstance(x, Other):
        yield from _attribute_changes(x, y)
        return
    kind, title = _kind(x), _title(x, within.name if within is not None else None)
    # ATTACH PARTITION makes columns and constraints look as if they began in the partition.
    is_partition = isinstance(within, Table) and within.partition_of is not None
    followed = _FROM_PARENTS if has_new_parents else ()
    parts = _PARTS.get(type(x), ())
    for field in fields(x):
        old, new = getattr(x, field.name), getattr(y, field.name)
        if not field.compare or field.name in ("name", *followed) or old == new:
            continue
        if field.name in parts:
            yield from _part_changes(field.name, x, y)
        else:
            yield Difference(
                kind, title, field.name, old, new, benign=is_partition and field.name == "local"
            )


def _attribute_changes(x: Other, y: Other) -> Iterator[Difference]:
    old, new = dict(x.attributes), dict(y.attributes)
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield Difference(x.kind, x.identity, key, old.get(key), new.get(key))


def _part_changes(field: str, x: Table | View, y: Table | View) -> Iterator[Difference]:
    old = {_key(part): part for part in getattr(x, field)}
    new = {_key(part): part for part in getattr(y, field)}
    has_new_parents = _parents(x) != _parents(y)
    for key in [*old, *(key for key in new if key not in old)]:
        before, after = old.get(key), new.get(key)
        if before is not None and after is not None:
            yield from _changes(before, after, x, has_new_parents)
            yield from _name_changes(before, after, x)
        elif not _is_told_by_column(before or after, x, y):
            found = before or after
            yield Difference(_kind(found), _title(found, x.name), None, before, after)
    if field == "columns":
        yield from _order_changes(x, tuple(old), tuple(new))


def _parents(found: Table | View) -> tuple[Name | None, ...]:
    return (*found.inherits, found.partition_of) if isinstance(found, Table) else ()


def _key(part: Any) -> Any:
    if isinstance(part, Constraint) and part.kind is ConstraintKind.NOT_NULL:
        return part.kind, part.columns
    return (part.kind, part.name) if isinstance(part, Constraint) else part.name


def _name_changes(before: Any, after: Any, within: Table | View) -> Iterator[Difference]:
    if before.name == after.name:
        return
    nobodys = all(_AUTOMATIC.search(part.name) for part in (before, after))
    yield Difference(
        _kind(before), _title(before, within.name), "name", before.name, after.name, nobodys
    )


def _is_told_by_column(found: Any, x: Table | View, y: Table | View) -> bool:
    """Whether a NOT NULL, a row of its own since PostgreSQL 18, is told of by its column."""
    if not isinstance(found, Constraint) or found.kind is not ConstraintKind.NOT_NULL:
        return False
    columns = [t.column(found.columns[0]) for t in (x, y) if isinstance(t, Table)]
    return None in columns or len({c.not_null for c in columns if c}) == 2


def _order_changes(
    x: Table | View, old: tuple[str, ...], new: tuple[str, ...]
) -> Iterator[Difference]:
    before = tuple(name for name in old if name in new)
    after = tuple(name for name in new if name in old)
    if before != after:
        yield Difference(_kind(x), _title(x), "column order", before, after, benign=True)
