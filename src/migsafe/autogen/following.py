"""A second revision, for what has to wait until other code is deployed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from alembic.operations import ops
from alembic.util import rev_id

from migsafe.autogen.online_columns import RemarkedOps, not_null, nullable_again
from migsafe.autogen.operations import AutocommitOps

if TYPE_CHECKING:
    from migsafe.autogen.found import Found

_VERSION = 32  # alembic_version.version_num
_REMARK = (
    "Every row has to have a value by now. New rows get theirs from the new code; fill the old\n"
    "ones first, some thousand rows at a time, each batch with its own commit. A row without a\n"
    "value stops this revision: fill it, and run it again."
)


def following(
    script: ops.MigrationScript,
    late: Sequence[ops.AddColumnOp],
    state: Found,
    *,
    major: int,
    asked: Sequence[ops.MigrateOperation],
) -> ops.MigrationScript:
    """Return the revision after *script* that makes the columns *late* NOT NULL.

    Both say in the first line of their docstrings when they are to be deployed. The branch label,
    dependencies and the place in the history are those of *script*, which the other one follows.
    *asked* is what both together do: `alembic check` looks at the last one alone.
    """
    message = script.message or ""
    script.message = f"{message} (1 of 2, before the new code)".strip()
    steps = [
        not_null(
            state.written(state.name(op.table_name, op.schema)), str(op.column.name), major=major
        )
        for op in late
    ]
    back = [down for op in reversed(late) for down in nullable_again(op)]
    upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    block = AutocommitOps(asked, steps)
    return ops.MigrationScript(
        _next_id(str(script.rev_id)),
        ops.UpgradeOps([RemarkedOps(block, _REMARK)], upgrade_token=upgrade.upgrade_token),
        ops.DowngradeOps(back, downgrade_token=downgrade.downgrade_token),
        message=f"{message} (2 of 2, after the old code is gone)".strip(),
        imports=set(script.imports),
        head=script.rev_id,
        version_path=script.version_path,
    )


def _next_id(revision: str) -> str:
    """Return an id after *revision*, made as that one was: random, a number, or a name."""
    if re.fullmatch(r"[0-9a-f]{12}", revision):
        return rev_id()
    if revision.isdigit():
        return str(int(revision) + 1).zfill(len(revision))
    return f"{revision[: _VERSION - 2]}_2"
