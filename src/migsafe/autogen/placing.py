"""Where an operation on a table goes in Alembic's list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from alembic.operations import ops

from migsafe.autogen.convert import ConvertColumnOp

if TYPE_CHECKING:
    import sqlalchemy as sa

_PLACES = "_migsafe_places"


class AroundOps(ops.ModifyTableOps):
    """Operations on a table that come before or after everything else."""


def operations_on(upgrade_ops: ops.UpgradeOps, table: sa.Table) -> ops.ModifyTableOps:
    """Return the container of the operations on *table*; a new one goes before dropped tables."""
    listed: Any = upgrade_ops.ops
    places = getattr(upgrade_ops, _PLACES, None)
    # With a thousand tables, looking through the list for each of them takes seconds; comparing it
    # with what it was does not.
    if places is None or places[0] != listed:
        drops = (n for n, op in enumerate(listed) if isinstance(op, ops.DropTableOp))
        keys = {_key(op): op for op in reversed(listed) if _is_middle(op)}
        places = list(listed), keys, next(drops, None)
        setattr(upgrade_ops, _PLACES, places)
    found = places[1].get((str(table.name), table.schema))
    if found is not None:
        return cast(ops.ModifyTableOps, found)
    container = ops.ModifyTableOps(table.name, [], schema=table.schema)
    place = len(listed) if places[2] is None else places[2]
    listed.insert(place, container)
    places[0].insert(place, container)
    places[1][_key(container)] = container
    # Behind it are the drops, so the next one goes behind it.
    setattr(upgrade_ops, _PLACES, (*places[:2], None if places[2] is None else place + 1))
    return container


def _is_middle(op: ops.MigrateOperation) -> bool:
    return isinstance(op, ops.ModifyTableOps) and not isinstance(op, AroundOps)


def _key(op: Any) -> tuple[str, str | None]:
    return (str(op.table_name), op.schema)


def keep_generated_apart(upgrade_ops: ops.UpgradeOps) -> None:
    """Add generated columns after other columns' types have changed, and drop them before.

    PostgreSQL refuses to change the type of a column that a generated one is computed from.
    """
    for container in upgrade_ops.ops:
        if not isinstance(container, ops.ModifyTableOps):
            continue
        added = [op for op in container.ops if _is_generated(op, ops.AddColumnOp)]
        dropped = [op for op in container.ops if _is_generated(op, ops.DropColumnOp)]
        rest = [op for op in container.ops if op not in added and op not in dropped]
        kinds = (ops.AlterColumnOp, ConvertColumnOp, ops.AddColumnOp)
        after = max((n for n, op in enumerate(rest, 1) if isinstance(op, kinds)), default=0)
        container.ops[:] = [*dropped, *rest[:after], *added, *rest[after:]]


def _is_generated(op: ops.MigrateOperation, kind: type[ops.MigrateOperation]) -> bool:
    if not isinstance(op, kind):
        return False
    reverse = getattr(op, "_reverse", None)
    column = getattr(op, "column", None)
    if column is None and reverse is not None:
        column = getattr(reverse, "column", None)
    return column is not None and column.computed is not None


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
