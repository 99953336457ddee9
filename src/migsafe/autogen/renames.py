"""Renames as operations: nothing is rewritten, everything keeps what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops

from migsafe.autogen.operations import do_block, execute_lines

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


@dataclass(frozen=True)
class Rename:
    """One statement, the one that undoes it, and the SQL tests of whether each is still to do."""

    up: str
    down: str
    up_if: str
    down_if: str

    def back(self) -> Rename:
        """The same the other way round."""
        return Rename(self.down, self.up, self.down_if, self.up_if)


class RenameOp(ops.MigrateOperation):
    """Give tables, columns, enums or labels of them other names; nothing is rewritten.

    *last* says that everything else of the script uses the names before: it undoes a rename.
    """

    def __init__(self, renames: tuple[Rename, ...], *, last: bool = False):
        self.renames = renames
        self.last = last

    def reverse(self) -> RenameOp:
        """The old names again."""
        return RenameOp(tuple(r.back() for r in reversed(self.renames)), last=not self.last)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """What `alembic check` prints."""
        return ("rename", *(rename.up for rename in self.renames))

    def repeatable(self) -> tuple[str, ...]:
        """Return the statements in a form that may run again after they were committed."""
        return tuple(do_block(f"IF {r.up_if} THEN {r.up}; END IF;") for r in self.renames)


@renderers.dispatch_for(RenameOp)
def _render_rename(context: AutogenContext, op: RenameOp) -> list[str]:
    return [line for rename in op.renames for line in execute_lines(rename.up)]
