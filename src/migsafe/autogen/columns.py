"""`migsafe.columns`: types of columns that need more than Alembic's `ALTER COLUMN … TYPE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.operations import ops

from migsafe.autogen.convert import ConvertColumnOp, conversion
from migsafe.autogen.found import Found, found
from migsafe.autogen.placing import remove_empty

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Put conversions that go both ways in the place of type changes to and from enums."""
    state = found(context)
    _correct(context, state, upgrade_ops)
    remove_empty(upgrade_ops)


def _correct(context: AutogenContext, state: Found, container: ops.OpContainer) -> None:
    corrected: list[ops.MigrateOperation] = []
    for op in container.ops:
        if isinstance(op, ops.OpContainer):
            _correct(context, state, op)
        elif isinstance(op, ops.AlterColumnOp) and op.modify_type is not None:
            change = conversion(context, state, op)
            if isinstance(change, ConvertColumnOp):
                corrected.append(change)
                op.existing_type = op.modify_type
            if change is not None:
                op.modify_type = None
                if not op.has_changes():
                    continue
        corrected.append(op)
    container.ops[:] = corrected
