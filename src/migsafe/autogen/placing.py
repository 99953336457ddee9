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
