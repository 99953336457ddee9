"""MS503: a downgrade brings back the column, but not its values."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.sql.ast import AddColumn, AlterTable, CreateTable


class LossyDowngrade(Rule):
    """The downgrade brings a dropped column or table back empty.

    What the upgrade dropped is gone; the downgrade restores the shape alone.
    """

    code = "MS503"
    severity = Severity.INFO
    looks_at = (AddColumn, CreateTable)
    bad = (
        "op.drop_column('users', 'age')\n\n"
        "def downgrade():\n    op.add_column('users', sa.Column('age', sa.Integer()))",
    )
    good = (
        "op.add_column('users', sa.Column('city', sa.Text()))\n\n"
        "def downgrade():\n    op.drop_column('users', 'city')",
    )

    safe_way = "Keep the values for one release: rename the column or table instead of dropping it."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        if context.direction != "downgrade" or context.other_end is None:
            return
        statement = step.statement
        if isinstance(statement, CreateTable) and context.other_end.table(statement.name):
            yield f"{statement.name.display()} comes back without its rows"
        if isinstance(statement, AlterTable):
            before = context.other_end.table(statement.name)
            for action in statement.actions:
                if isinstance(action, AddColumn) and before and before.column(action.column.name):
                    name = f"{before.name.display()}.{action.column.name}"
                    yield f"{name} comes back without its values"
