"""MS103: an index is rebuilt while its table stands still."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, code
from migsafe.rule.words import shown
from migsafe.sql.ast import Reindex


class BlockingReindex(Rule):
    """Rebuilding an index blocks writes to its table, and reads that would use the index.

    `REINDEX` holds SHARE on the table and ACCESS EXCLUSIVE on the index; planning any query
    locks every index of its tables, so reads wait too. `REINDEX … CONCURRENTLY` builds the new
    one beside the old one.
    """

    code = "MS103"
    grows = True
    looks_at = (Reindex,)
    bad = ('op.execute("REINDEX INDEX ix_orders_status")', 'op.execute("REINDEX TABLE orders")')
    good = (
        """
        with op.get_context().autocommit_block():
            op.execute("REINDEX INDEX CONCURRENTLY ix_orders_status")
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        if isinstance(step.statement, Reindex) and not step.statement.concurrently:
            tables = [name for name, kinds in effects.blocks().items() if "writes" in kinds]
            if tables and (effects.rebuilds or effects.unknown):
                yield f"rebuilding indexes blocks reads and writes of {shown(tables)}"
            elif effects.unknown and step.statement.name is not None:
                index = step.statement.name.display()
                yield f"rebuilding {index} blocks reads and writes of its table"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        statement = step.statement
        assert isinstance(statement, Reindex)
        if statement.name is None:
            return "REINDEX (CONCURRENTLY) the indexes one by one, in an autocommit_block()."
        sql = f"REINDEX {statement.kind} CONCURRENTLY {statement.name.display()}"
        return code.autocommit(code.execute(sql))
