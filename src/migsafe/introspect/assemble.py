"""Put the rows of a catalog query together to a Catalog."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from migsafe.catalog import Catalog, Composite, Index, Table, View
from migsafe.catalog import Sequence as SequenceObject
from migsafe.introspect import objects, relations
from migsafe.introspect.relations import Row, Rows
from migsafe.names import Name

T = TypeVar("T")
Relation = Table | View | SequenceObject | Composite

BY_RELATION = (
    *("relation", "column", "constraint", "index", "trigger", "policy", "rule", "use"),
    *("sequence", "composite"),
)
"""The kinds of rows that belong to one relation, which their key ``relation`` names by oid."""


def decoded(rows: Iterable[Sequence[Any]]) -> Rows:
    """The rows of the catalog query by kind."""
    return {kind: json.loads(found) if found else [] for kind, found in rows}


def by_relation(rows: Rows) -> dict[int, dict[str, list[Row]]]:
    """The rows that belong to a relation, by its oid and then by kind."""
    grouped: dict[int, dict[str, list[Row]]] = {}
    for kind in BY_RELATION:
        for row in rows[kind]:
            grouped.setdefault(int(row["relation"]), {}).setdefault(kind, []).append(row)
    return grouped


def relation_of(rows: Rows) -> tuple[Relation, tuple[Index, ...]]:
    """A relation from its *rows*, and its indexes."""
    row = rows["relation"][0]
    kind = row["kind"]
    name = Name(row["schema"], row["name"])
    found: Relation
    if kind == "S":
        found = relations.sequence(row, rows)
    elif kind == "c":
        found = objects.composite(row, rows)
    elif kind in ("v", "m"):
        found = relations.view(row, rows)
    else:
        found = relations.table(row, rows)
    return found, tuple(relations.index(index, name) for index in rows.get("index", ()))


def catalog_of(rows: Rows) -> Catalog:
    """The Catalog that all rows of the catalog query mean."""
    return joined(map(relation_of, by_relation(rows).values()), rows)


def joined(found: Iterable[tuple[Relation, tuple[Index, ...]]], rows: Rows) -> Catalog:
    """The Catalog of the relations *found* and of the rows that belong to no relation."""
    pairs = tuple(found)
    indexes = (index for _, of_one in pairs for index in of_one)
    types = [*map(objects.type_, rows["type"]), *map(objects.range_, rows["range"])]
    return Catalog(
        schemas=_keyed(map(objects.schema, rows["schema"]), _name),
        tables=_only(Table, pairs),
        indexes=_keyed(indexes, _name),
        views=_only(View, pairs),
        sequences=_only(SequenceObject, pairs),
        types=_keyed((*types, *_only(Composite, pairs).values()), _name),
        functions=_keyed(map(objects.function, rows["function"]), lambda f: (f.name, f.arguments)),
        extensions=_keyed(map(objects.extension, rows["extension"]), _name),
        publications=_keyed(map(objects.publication, rows["publication"]), _name),
        statistics=_keyed(map(objects.statistics, rows["statistics"]), _name),
        collations=_keyed(map(objects.collation, rows["collation"]), _name),
        others=_keyed(map(objects.other, rows["other"]), lambda o: (o.kind, o.identity)),
    )


def _only(kind: type[T], pairs: Sequence[tuple[Relation, tuple[Index, ...]]]) -> Mapping[Name, T]:
    return _keyed((found for found, _ in pairs if isinstance(found, kind)), _name)


def _keyed(found: Iterable[T], key: Callable[[T], Any]) -> dict[Any, T]:
    return dict(sorted(((key(one), one) for one in found), key=lambda pair: pair[0]))


def _name(found: Any) -> Any:
    return found.name
