"""What is known of the rows of tables after INSERT, COPY, DELETE, TRUNCATE and the like."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.catalog import Catalog, Rows, Table
from migsafe.names import Name
from migsafe.sql.ast import Copy, Delete, Insert, Merge, Truncate
from migsafe.values import replace


def _with_rows(catalog: Catalog, table: Table, rows: Rows) -> Catalog:
    if table.rows is rows:
        return catalog
    return catalog.with_table(replace(table, rows=rows))


def filled(catalog: Catalog, name: Name, *, surely: bool) -> Catalog:
    """The catalog in which *name* got rows; if not *surely*, nobody knows whether any."""
    table = catalog.table(name)
    if table is None:
        return catalog
    rows = Rows.SOME if surely or table.rows is Rows.SOME else Rows.UNKNOWN
    catalog = _with_rows(catalog, table, rows)
    for partition in catalog.partitions_of(table.name):
        catalog = filled(catalog, partition.name, surely=False)
    return catalog


def insert(catalog: Catalog, statement: Insert) -> Catalog:
    """A query may give no rows, unless it reads nothing; nor is any new where all conflict."""
    surely = statement.on_conflict is None and not statement.reads
    return filled(catalog, statement.table, surely=surely)


def merge(catalog: Catalog, statement: Merge) -> Catalog:
    return filled(catalog, statement.table, surely=False)


def copy(catalog: Catalog, statement: Copy) -> Catalog:
    if statement.table is None or not statement.into:
        return catalog
    return filled(catalog, statement.table, surely=True)


def delete(catalog: Catalog, statement: Delete) -> Catalog:
    if statement.where is None and not statement.reads:
        return emptied(catalog, (statement.table,), only=(statement.table,) * statement.only)
    table = catalog.table(statement.table)
    if table is None or table.rows is not Rows.SOME:
        return catalog
    return _with_rows(catalog, table, Rows.UNKNOWN)


def emptied(catalog: Catalog, names: Iterable[Name], only: Iterable[Name] = ()) -> Catalog:
    """The catalog in which the tables *names*, with children unless in *only*, hold no rows."""
    alone = set(only)
    for name in names:
        table = catalog.table(name)
        if table is not None:
            children = () if name in alone else catalog.children_of(table.name)
            catalog = _with_rows(catalog, table, Rows.NONE)
            catalog = emptied(catalog, (child.name for child in children))
    return catalog


def truncate(catalog: Catalog, statement: Truncate) -> Catalog:
    names = list(statement.names)
    if statement.cascade:
        names += _referencing(catalog, names)
    return emptied(catalog, names, statement.only)


def _referencing(catalog: Catalog, names: list[Name]) -> list[Name]:
    """The tables that point at *names*, and those that point at them, and so on."""
    tables = (catalog.table(name) for name in names)
    waiting = [table.name for table in tables if table is not None]
    found: list[Name] = []
    while waiting:
        for other, _ in catalog.references_to(waiting.pop()):
            if other.name not in found:
                found.append(other.name)
                waiting.append(other.name)
    return found
