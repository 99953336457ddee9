"""A part of a script whose steps are each committed by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from alembic.operations import ops

from migsafe.autogen.operations import AutocommitOps


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

    def blocks(self) -> list[AutocommitOps]:
        """Return the one block of these steps, or none."""
        return [AutocommitOps(self.operations, self.steps)] if self.steps else []
