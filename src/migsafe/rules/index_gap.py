"""MS116: an index goes before its successor is there."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.catalog import Index
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.sql.ast import CreateIndex, Drop, ObjectKind


class IndexGap(Rule):
    """An index is dropped first and built again afterwards, and queries do without it meanwhile.

    In one transaction nobody sees the gap, but everybody waits. Outside of one, queries read the
    whole table until the new index is built.
    """

    code = "MS116"
    severity = Severity.INFO
    looks_at = (Drop,)
    bad = (
        """
        with op.get_context().autocommit_block():
            op.execute("DROP INDEX CONCURRENTLY ix_orders_status")
            op.execute("CREATE INDEX CONCURRENTLY ix_orders ON orders (status, amount)")
        """,
    )
    good = (
        """
        with op.get_context().autocommit_block():
            op.execute("CREATE INDEX CONCURRENTLY ix_orders ON orders (status, amount)")
            op.execute("DROP INDEX CONCURRENTLY ix_orders_status")
        """,
    )
    safe_way = "Build the new index under another name first, then drop the old one."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not isinstance(statement, Drop) or statement.kind is not ObjectKind.INDEX:
            return
        for name in statement.names:
            index = context.catalog.index(name)
            for later in context.later if index and index.valid else ():
                if index and _replaces(later, index):
                    table = index.table.display()
                    yield f"queries of {table} do without {name.name} until line {later.line} ends"
                    break


def _replaces(step: Step, index: Index) -> bool:
    """Whether *step* builds an index that begins like *index*, as far as its keys are known."""
    statement = step.statement
    if not isinstance(statement, CreateIndex) or statement.table.name != index.table.name:
        return False
    first = statement.elements[0].column
    return first is not None and [first] == [key.column for key in index.keys[:1]]
