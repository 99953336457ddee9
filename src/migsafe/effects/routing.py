"""Which partitions rows of constants go to, and which a query with constants looks into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migsafe.catalog import Catalog, Table, TableKind
from migsafe.effects.bounds import Constant, constant, contains, fixed, key_column
from migsafe.effects.ledger import ACCESS_SHARE, Ledger
from migsafe.sql import ast


def leaf(
    table: Table,
    columns: Sequence[str],
    values: Sequence[ast.Expression | None],
    catalog: Catalog,
) -> Iterator[Table]:
    """The partitions, from above, that a row with *values* for *columns* of *table* goes through.

    Nothing is yielded from where the key is not a constant or a bound is not understood.
    """
    given = columns or [column.name for column in table.columns]
    row = dict(zip(given, values, strict=False))
    while table.kind is TableKind.PARTITIONED:
        key = key_column(table)
        written = row.get(key) if key is not None else None
        value = constant(written.sql) if written is not None else None
        found = _partitions(table, value, catalog)
        if value is None or len(found) != 1:
            return
        yield found[0]
        table = found[0]


def has_no_place(
    table: Table,
    columns: Sequence[str],
    values: Sequence[ast.Expression | None],
    catalog: Catalog,
) -> bool:
    """Whether no partition takes a row with *values* for *columns* of *table*, for certain.

    It is said of numbers in columns of integers, and of any row where there are no partitions.
    """
    for member in (table, *leaf(table, columns, values, catalog)):
        if member.kind is not TableKind.PARTITIONED or member.unknown is not None:
            continue
        bounds = [p.partition_bound or "'" for p in catalog.partitions_of(member.name)]
        if not bounds:
            return True
        key = member.column(key_column(member) or "")
        if key is None or key.type.name.name not in _INTEGERS or any("'" in b for b in bounds):
            continue
        given = columns or [column.name for column in table.columns]
        written = dict(zip(given, values, strict=False)).get(key.name)
        value = constant(written.sql) if written is not None else None
        if isinstance(value, float) and not _partitions(member, value, catalog):
            return True
    return False


_INTEGERS = ("int2", "int4", "int8")


def reached(table: Table, where: ast.Expression | None, ledger: Ledger) -> Iterator[Table]:
    """*table*, its children, and those partitions that the planner does not prune by *where*."""
    yield table
    if table.kind is not TableKind.PARTITIONED:
        for member in ledger.family(table):
            if member.name != table.name:
                yield member
        return
    key = key_column(table)
    value = fixed(where.sql, key) if where is not None and key is not None else None
    for partition in _partitions(table, value, ledger.catalog):
        yield from reached(partition, where, ledger)


def _partitions(table: Table, value: Constant | None, catalog: Catalog) -> list[Table]:
    """The partitions of *table* that may have *value*: DEFAULT only if no other one can."""
    partitions = catalog.partitions_of(table.name)
    if value is None:
        return list(partitions)
    found = []
    for partition in partitions:
        if partition.partition_bound != "DEFAULT":
            inside = contains(partition.partition_bound or "", value)
            if inside is None:
                return list(partitions)
            found += [partition] * inside
    return found or [p for p in partitions if p.partition_bound == "DEFAULT"]


def look_above(table: Table, ledger: Ledger) -> None:
    """The bounds of a partition are asked for from the tables above it (partcache.c)."""
    while table.partition_of is not None:
        parent = ledger.catalog.tables.get(table.partition_of)
        if parent is None:
            return
        ledger.lock(parent.name, ACCESS_SHARE)
        table = parent
