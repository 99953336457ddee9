"""Where an operation on a table goes in Alembic's list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.operations import ops

if TYPE_CHECKING:
    import sqlalchemy as sa


def operations_on(upgrade_ops: ops.UpgradeOps, table: sa.Table) -> ops.ModifyTableOps:
    """Return the container of the operations on *table*; a new one goes before dropped tables."""
    for op in upgrade_ops.ops:
        if (
            isinstance(op, ops.ModifyTableOps)
            and op.table_name == table.name
            and op.schema == table.schema
        ):
            return op
    container = ops.ModifyTableOps(table.name, [], schema=table.schema)
    drops = (n for n, op in enumerate(upgrade_ops.ops) if isinstance(op, ops.DropTableOp))
    upgrade_ops.ops.insert(next(drops, len(upgrade_ops.ops)), container)
    return container


def remove_empty(container: ops.OpContainer) -> None:
    """Take operations out of *container* that change nothing any more."""
    for op in container.ops:
        if isinstance(op, ops.ModifyTableOps):
            remove_empty(op)
    container.ops[:] = [op for op in container.ops if not _is_empty(op)]


def _is_empty(op: ops.MigrateOperation) -> bool:
    if isinstance(op, ops.ModifyTableOps):
        return not op.ops
    return isinstance(op, ops.AlterColumnOp) and not op.has_changes()
