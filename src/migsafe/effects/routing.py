"""Which partition a row of constants goes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migsafe.catalog import Catalog, Table, TableKind
from migsafe.effects.bounds import contains, key_column
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
        value = row.get(key) if key is not None else None
        partition = _partition(table, value, catalog) if value is not None else None
        if partition is None:
            return
        yield partition
        table = partition


def _partition(table: Table, value: ast.Expression, catalog: Catalog) -> Table | None:
    """The partition of *table* for *value*: the DEFAULT one only if no other can have it."""
    default = None
    for partition in catalog.partitions_of(table.name):
        if partition.partition_bound == "DEFAULT":
            default = partition
            continue
        found = contains(partition.partition_bound or "", value.sql)
        if found is None:
            return None
        if found:
            return partition
    return default
