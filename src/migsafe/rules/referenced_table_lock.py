"""MS115: a new table's foreign keys lock the tables they refer to."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.rule.words import shown
from migsafe.sql.ast import CreateTable


class ReferencedTableLock(Rule):
    """Creating a table with foreign keys blocks writes to the tables they refer to, until commit.

    The lock, SHARE ROW EXCLUSIVE, is short in a transaction that does little else. It matters
    when the transaction goes on for long, or when several busy tables are referred to.
    """

    code = "MS115"
    severity = Severity.INFO
    looks_at = (CreateTable,)
    bad = (
        """
        op.create_table("carts", sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("users.id")))
        """,
    )
    good = ('op.create_table("carts", sa.Column("user_id", sa.BigInteger()))',)
    safe_way = "Keep the transaction short, and set a lock_timeout."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        if isinstance(step.statement, CreateTable) and not step.statement.partition_of:
            tables = [name for name, kinds in effects.blocks().items() if "writes" in kinds]
            if tables:
                new = step.statement.name.display()
                yield f"creating {new} blocks writes to {shown(tables)} until commit"
