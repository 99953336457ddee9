"""The revisions after the first, for what has to wait until other code is deployed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic.operations import ops
from alembic.util import rev_id

from migsafe.autogen.online_columns import RemarkedOps, not_null, nullable_again
from migsafe.autogen.operations import AutocommitOps, StepsOps

if TYPE_CHECKING:
    from migsafe.autogen.found import Found

AFTER = "after the old code is gone"
_VERSION = 32  # alembic_version.version_num
_REMARK = (
    "Every row has to have a value by now. New rows get theirs from the new code; fill the old\n"
    "ones first, some thousand rows at a time, each batch with its own commit. A row without a\n"
    "value stops this revision: fill it, and run it again."
)


@dataclass(frozen=True)
class Part:
    """What one of the following revisions does; *when* says where it stands among deployments."""

    when: str
    up: Sequence[ops.MigrateOperation]
    down: Sequence[ops.MigrateOperation]


def required(late: Sequence[ops.AddColumnOp], state: Found, *, major: int) -> Part:
    """Return the part that makes the columns *late* NOT NULL."""
    steps = [
        not_null(
            state.written(state.name(op.table_name, op.schema)), str(op.column.name), major=major
        )
        for op in late
    ]
    back = [down for op in reversed(late) for down in nullable_again(op)]
    block = RemarkedOps(AutocommitOps([], steps), _REMARK)
    return Part(AFTER, [block], back)


def following(
    script: ops.MigrationScript, parts: Sequence[Part], asked: Sequence[ops.MigrateOperation]
) -> Iterator[ops.MigrationScript]:
    """Yield a revision for each of *parts*, the first of which follows *script*.

    All say in the first line of their docstrings when they are to be deployed. The branch label,
    dependencies and the place in the history are those of *script*. *asked* is what all of them do
    together: `alembic check` looks at the last one alone.
    """
    if not parts:
        return
    message, total = script.message or "", len(parts) + 1
    script.message = f"{message} (1 of {total}, before the new code)".strip()
    upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    first = head = str(script.rev_id)
    for number, part in enumerate(parts, 2):
        own = _next_id(first, number)
        done = StepsOps(asked if number == total else (), part.up)
        yield ops.MigrationScript(
            own,
            ops.UpgradeOps([done], upgrade_token=upgrade.upgrade_token),
            ops.DowngradeOps(part.down, downgrade_token=downgrade.downgrade_token),
            message=f"{message} ({number} of {total}, {part.when})".strip(),
            imports=set(script.imports),
            head=head,
            version_path=script.version_path,
        )
        head = own


def _next_id(first: str, number: int) -> str:
    """Return the *number*-th id from *first* on, made as that is: random, a number, or a name."""
    if re.fullmatch(r"[0-9a-f]{12}", first):
        return rev_id()
    if first.isdigit():
        return str(int(first) + number - 1).zfill(len(first))
    return f"{first[: _VERSION - 2]}_{number}"
