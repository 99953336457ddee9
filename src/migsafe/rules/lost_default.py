"""MS308: a new NOT NULL column loses the default that old code relies on."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity, parts
from migsafe.sql.ast import DropDefault


class LostDefault(Rule):
    """Dropping the default of a column that is new breaks the INSERTs of running code.

    The old release does not know the column and leaves it out; with NOT NULL and no default that
    fails. Keep the default until the release that writes the column is everywhere.
    """

    code = "MS308"
    severity = Severity.WARNING
    looks_at = (DropDefault,)
    bad = (
        """
        op.add_column("users", sa.Column("plan", sa.Text(), server_default="free", nullable=False))
        op.alter_column("users", "plan", server_default=None)
        """,
    )
    good = (
        'op.alter_column("orders", "amount", server_default=None)',
        """
        op.add_column("users", sa.Column("plan", sa.Text(), server_default="free"))
        op.alter_column("users", "plan", server_default=None)
        """,
    )
    safe_way = "Drop the default in a later revision, one release after the column was added."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for part in parts(step, effects, context, DropDefault):
            start = context.start.table(part.table) if context.start else None
            if start is None or start.unknown or start.column(part.action.column) is not None:
                continue
            column = part.found.column(part.action.column) if part.found else None
            if column is not None and column.not_null:
                name = f"{part.table.display()}.{column.name}"
                yield f"without a default for {name}, NOT NULL, the INSERTs of running code fail"
