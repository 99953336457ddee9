"""In which order tables can be filled: those that a row must refer to come first."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from migsafe.catalog import Catalog, ConstraintKind, Table, TableKind
from migsafe.names import Name


def fillable(catalog: Catalog) -> tuple[Table, ...]:
    """The tables that rows are put into, referenced ones first.

    Keys that may be NULL are only a preference, so a circle through one of them is no obstacle.
    Of partitioned tables these are the partitions.
    """
    tables = {name: table for name, table in catalog.tables.items() if _holds_rows(table)}
    wanted = {t.name: set(_references(catalog, t)) & tables.keys() for t in tables.values()}
    needed = {t.name: set(_required(catalog, t)) & tables.keys() for t in tables.values()}
    done: dict[Name, Table] = {}
    while todo := sorted(tables.keys() - done.keys(), key=str):
        for before in (wanted, needed):
            free = [name for name in todo if before[name] <= done.keys()]
            if free:
                break
        chosen = free[0] if free else todo[0]
        done[chosen] = tables[chosen]
    return tuple(done.values())


def referred_to(catalog: Catalog, later: Catalog, tables: Collection[Name]) -> frozenset[Name]:
    """*tables*, their partitions, and all that foreign keys lead to from there, now or later."""
    todo, found = list(tables), set[Name]()
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        todo += (partition.name for partition in catalog.partitions_of(name))
        for shape in (catalog.tables.get(name), later.tables.get(name)):
            if shape is not None:
                todo += _references(catalog, shape)
                todo += filter(None, [shape.partition_of])
    return frozenset(found)


def referring_to(catalog: Catalog, later: Catalog, tables: Collection[Name]) -> frozenset[Name]:
    """*tables*, those that they are parts of, and all whose foreign keys lead there, by and by."""
    leading: dict[Name, set[Name]] = {}
    for table in (*catalog.tables.values(), *later.tables.values()):
        for key in table.constraints_of(ConstraintKind.FOREIGN_KEY):
            if key.references is not None:
                leading.setdefault(key.references, set()).add(table.name)
        for whole in (table.partition_of, *table.inherits):
            if whole is not None:
                leading.setdefault(table.name, set()).add(whole)
                leading.setdefault(whole, set()).add(table.name)
    todo, found = list(tables), set[Name]()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += leading.get(name, ())
    return frozenset(found)


def _holds_rows(table: Table) -> bool:
    return table.kind is TableKind.TABLE and table.unknown is None


def _references(catalog: Catalog, table: Table) -> Iterator[Name]:
    """The other tables that *table* refers to."""
    for key in table.constraints_of(ConstraintKind.FOREIGN_KEY):
        if key.references is not None and key.references != table.name:
            yield from _leaves(catalog, key.references)


def _required(catalog: Catalog, table: Table) -> Iterator[Name]:
    """Those of them to which every row refers."""
    nullable = {column.name for column in table.columns if not column.not_null}
    keys = tuple(c for c in table.constraints if nullable.isdisjoint(c.columns))
    yield from _references(catalog, replace(table, constraints=keys))


def _leaves(catalog: Catalog, name: Name) -> Iterator[Name]:
    partitions = catalog.partitions_of(name)
    for partition in partitions:
        yield from _leaves(catalog, partition.name)
    if not partitions:
        yield name
