"""Which columns of the found tables a list of operations takes away, or gives another type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from alembic.operations import ops

from migsafe.autogen.convert import ConvertColumnOp
from migsafe.autogen.dependents import ColumnKey
from migsafe.catalog import Catalog
from migsafe.names import Name

if TYPE_CHECKING:
    from migsafe.autogen.found import Found


def flat(operations: Iterable[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    """Yield the operations, those inside of containers too."""
    for op in operations:
        if isinstance(op, ops.OpContainer):
            yield from flat(op.ops)
        else:
            yield op


def dropped(state: Found, operations: Iterable[ops.MigrateOperation]) -> set[ColumnKey]:
    """Return the columns that *operations* drop, those of partitions too."""
    gone: set[ColumnKey] = set()
    for op in flat(operations):
        if isinstance(op, ops.DropTableOp):
            for heir in with_heirs(state.catalog, state.name(op.table_name, op.schema)):
                gone |= {(heir, column.name) for column in state.catalog.tables[heir].columns}
        elif isinstance(op, ops.DropColumnOp):
            gone |= set(_column(state, op.table_name, op.schema, op.column_name))
    return gone


def leaving(state: Found, operations: Iterable[ops.MigrateOperation]) -> set[ColumnKey]:
    """Return the columns that *operations* drop or retype, those of partitions too."""
    listed = list(flat(operations))
    gone = dropped(state, listed)
    for op in listed:
        if isinstance(op, ConvertColumnOp) or (
            isinstance(op, ops.AlterColumnOp) and op.modify_type is not None
        ):
            gone |= set(_column(state, op.table_name, op.schema, op.column_name))
    return gone


def _column(state: Found, table: str, schema: str | None, column: str) -> Iterator[ColumnKey]:
    for heir in with_heirs(state.catalog, state.name(table, schema)):
        yield heir, column


def with_heirs(catalog: Catalog, table: Name) -> Iterator[Name]:
    """Yield *table* if it exists, its partitions and children, and theirs."""
    if table in catalog.tables:
        yield table
        for child in catalog.children_of(table):
            yield from with_heirs(catalog, child.name)
