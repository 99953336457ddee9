"""A part of a script whose steps are each committed by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from alembic.operations import ops

from migsafe.autogen.operations import AutocommitOps, SqlOp

_ALTERING = (ops.AddConstraintOp, ops.DropConstraintOp, ops.AlterColumnOp)


@dataclass
class Stretch:
    """Steps outside of the transaction, and the operations that they are the form of."""

    operations: list[ops.MigrateOperation] = field(default_factory=list)
    steps: list[ops.MigrateOperation] = field(default_factory=list)

    def add(self, op: ops.MigrateOperation, steps: Iterable[ops.MigrateOperation]) -> bool:
        """Add *steps*, which do what *op* does; whether there are any."""
        made = list(steps)
        if made:
            self.operations.append(op)
            self.steps += made
        return bool(made)

    def joined(self, other: Stretch) -> Stretch:
        """Return the steps of both, those of *other* last."""
        return Stretch(self.operations + other.operations, self.steps + other.steps)

    def blocks(self, lock_timeout: str | None) -> list[AutocommitOps]:
        """Return the one block of these steps, or none; see `limited`."""
        if not self.steps:
            return []
        return [AutocommitOps(self.operations, list(limited(self.steps, lock_timeout)))]


def limited(
    steps: Iterable[ops.MigrateOperation], lock_timeout: str | None
) -> Iterator[ops.MigrateOperation]:
    """Yield *steps* with *lock_timeout* for those that others queue behind.

    A concurrent build waits for the transactions of others, whom that does not hold up: if it gave
    up, all of it would be in vain. What fills a column waits for single rows.
    """
    is_set = False
    for step in steps:
        if lock_timeout is not None and is_set != _is_queued_behind(step):
            is_set = not is_set
            yield _limit(lock_timeout if is_set else None)
        yield step
    if is_set:
        yield _limit(None)


def _limit(timeout: str | None) -> SqlOp:
    sql = f"SET lock_timeout = '{timeout}'" if timeout is not None else "RESET lock_timeout"
    return SqlOp("", [sql], [])


def _is_queued_behind(step: ops.MigrateOperation) -> bool:
    if isinstance(step, SqlOp):
        return any("ALTER TABLE" in sql for sql in step.up)
    return isinstance(step, _ALTERING)
