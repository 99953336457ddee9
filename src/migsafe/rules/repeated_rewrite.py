"""MS204: one transaction writes a table anew more than once."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.rule.words import shown
from migsafe.sql.ast import AlterTable


class RepeatedRewrite(Rule):
    """Several statements write the same table anew, one after the other.

    One `ALTER TABLE` with several actions does it once. Alembic sends a statement for each
    operation, and for each change that an `alter_column` asks for.
    """

    code = "MS204"
    severity = Severity.INFO
    looks_at = (AlterTable,)
    bad = (
        """
        op.alter_column("orders", "amount", type_=sa.Numeric(12, 4))
        op.alter_column("orders", "note", type_=sa.String(50))
        """,
    )
    good = (
        """
        op.alter_column("orders", "amount", type_=sa.Numeric(14, 2))
        op.alter_column("orders", "note", type_=sa.Text())
        """,
    )
    safe_way = 'op.execute("ALTER TABLE … ALTER COLUMN … TYPE …, ALTER COLUMN … TYPE …")'

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        if not effects.rewrites or not isinstance(step.statement, AlterTable):
            return
        for other, before in context.same_transaction:
            again = effects.rewrites & before.rewrites
            if again and isinstance(other.statement, AlterTable):
                yield f"{shown(again)} is written anew again, after line {other.line}"
                return
