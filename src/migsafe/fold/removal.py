"""Taking objects out of a catalog, with what belongs to them."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.catalog import Catalog, Composite, Table, View
from migsafe.fold.dependents import closure
from migsafe.fold.refusal import Refused
from migsafe.fold.things import Thing
from migsafe.names import Name
from migsafe.values import replace

_COLLECTIONS = (
    "indexes",
    "sequences",
    "views",
    "tables",
    "types",
    "functions",
    "statistics",
    "collations",
    "publications",
    "extensions",
    "schemas",
)


def remove(catalog: Catalog, things: Iterable[Thing], *, cascade: bool) -> Catalog:
    """The catalog without *things* and all that goes with them; Refused where CASCADE lacks."""
    gone, needs_cascade = closure(catalog, things)
    if needs_cascade and not cascade:
        raise Refused("other objects depend on it")
    whole: dict[str, list[object]] = {}
    parts = []
    for thing in gone:
        if thing.kind in _COLLECTIONS:
            whole.setdefault(thing.kind, []).append(thing.key)
        else:
            parts.append(thing)
    tables = whole.get("tables", ())
    for thing in sorted(parts, key=lambda t: (t.kind, str(t.key), t.part)) if parts else ():
        if thing.key not in tables:
            catalog = _without_part(catalog, thing)
    for collection, keys in whole.items():
        catalog = catalog.lacking(collection, *keys)
    return catalog


def _without_part(catalog: Catalog, thing: Thing) -> Catalog:
    if thing.kind == "publication table":
        return _unpublished(catalog, thing)
    if thing.kind == "attribute":
        return _without_attribute(catalog, thing)
    name = thing.key
    if not isinstance(name, Name):
        return catalog
    view = catalog.views.get(name)
    if view is not None and thing.kind in ("trigger", "rule"):
        return catalog.having("views", name, _view_without(view, thing))
    table = catalog.tables.get(name)
    return catalog if table is None else catalog.with_table(_table_without(table, thing))


def _view_without(view: View, thing: Thing) -> View:
    return replace(
        view,
        triggers=tuple(t for t in view.triggers if (t.name, "trigger") != (thing.part, thing.kind)),
        rules=tuple(r for r in view.rules if (r.name, "rule") != (thing.part, thing.kind)),
    )


def _table_without(table: Table, thing: Thing) -> Table:
    part = thing.part
    if thing.kind == "column":
        return replace(table, columns=tuple([c for c in table.columns if c.name != part]))
    if thing.kind == "default":
        column = table.column(part)
        return table if column is None else table.with_column(replace(column, default=None))
    if thing.kind == "constraint":
        return _without_constraint(table, part)
    if thing.kind == "trigger":
        return replace(table, triggers=tuple(t for t in table.triggers if t.name != part))
    if thing.kind == "policy":
        return replace(table, policies=tuple(p for p in table.policies if p.name != part))
    if thing.kind == "rule":
        return replace(table, rules=tuple(r for r in table.rules if r.name != part))
    return table


def _without_constraint(table: Table, name: str) -> Table:
    gone = table.constraint(name)
    table = replace(table, constraints=tuple([c for c in table.constraints if c.name != name]))
    if gone is not None and gone.kind.value == "n":
        column = table.column(gone.columns[0])
        if column is not None:
            table = table.with_column(replace(column, not_null=False))
    return table


def _unpublished(catalog: Catalog, thing: Thing) -> Catalog:
    publication = catalog.publications[str(thing.key)]
    tables = tuple(t for t in publication.tables if str(t.table) != thing.part)
    return catalog.having("publications", publication.name, replace(publication, tables=tables))


def _without_attribute(catalog: Catalog, thing: Thing) -> Catalog:
    found = catalog.types.get(thing.key)  # type: ignore[call-overload]
    if not isinstance(found, Composite):
        return catalog
    attributes = tuple(a for a in found.attributes if a[0] != thing.part)
    return catalog.having("types", found.name, replace(found, attributes=attributes))
