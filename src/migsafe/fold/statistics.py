"""Extended statistics."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.catalog import Catalog, Statistics
from migsafe.fold.naming import clip, index_columns, joined, numbered, object_name
from migsafe.fold.refusal import Refused
from migsafe.fold.resolve import existing_table, new_name
from migsafe.names import Name
from migsafe.sql.ast import AlterStatistics, CreateStatistics
from migsafe.values import replace

KINDS = ("dependencies", "mcv", "ndistinct")


def choose_statistics(catalog: Catalog, table: Name, columns: Iterable[str | None]) -> Name:
    """The name of unnamed statistics (``ChooseExtendedStatisticName``)."""
    second = joined(_distinct(columns))
    for label in numbered("stat"):
        name = Name(table.schema, object_name(table.name, second, label))
        if name not in catalog.statistics:
            return name
    raise AssertionError("numbers end")


def _distinct(columns: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(clip(name, 63) for name in index_columns(columns))


def create_statistics(catalog: Catalog, statement: CreateStatistics) -> Catalog:
    if statement.table is None:
        return catalog
    table = existing_table(catalog, statement.table)
    names = (*statement.columns, *(None for _ in statement.expressions))
    if statement.name is None:
        name = choose_statistics(catalog, table.name, names)
    else:
        name = new_name(catalog, statement.name)
    if name in catalog.statistics:
        if statement.if_not_exists:
            return catalog
        raise Refused(f"{name} exists")
    single = len(statement.expressions) == 1 and not statement.columns
    found = Statistics(
        name,
        table.name,
        columns=tuple(sorted(statement.columns)),
        expressions=tuple(e.sql for e in statement.expressions),
        kinds=tuple(sorted(statement.kinds)) or (() if single else KINDS),
    )
    return catalog.having("statistics", name, found)


def alter_statistics(catalog: Catalog, statement: AlterStatistics) -> Catalog:
    name = catalog.qualify(statement.name)
    found = catalog.statistics.get(name)
    if found is None:
        raise Refused(f"{name} does not exist")
    target = None if statement.target < 0 else statement.target
    return catalog.having("statistics", name, replace(found, target=target))
