"""MS102: an index is dropped under a lock that stops all queries."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.locks import LockMode
from migsafe.rule import Context, Rule, Severity, code
from migsafe.rule.words import listed, shown
from migsafe.sql.ast import Drop, ObjectKind


class BlockingIndexDrop(Rule):
    """Dropping an index blocks reads and writes of its table.

    `DROP INDEX` takes ACCESS EXCLUSIVE on the table. The work is short, but it waits for the
    longest running query, and everybody else waits behind it. `DROP INDEX CONCURRENTLY` waits
    without standing in anybody's way.
    """

    code = "MS102"
    severity = Severity.WARNING
    looks_at = (Drop,)
    bad = (
        'op.drop_index("ix_orders_status", table_name="orders")',
        'op.execute("DROP INDEX IF EXISTS ix_orders_status")',
    )
    good = (
        """
        with op.get_context().autocommit_block():
            op.drop_index(
                "ix_orders_status", table_name="orders", postgresql_concurrently=True
            )
        """,
        'op.execute("DROP INDEX IF EXISTS ix_gone")',
        """
        op.create_table("tags", sa.Column("name", sa.Text(), index=True))
        op.drop_index("ix_tags_name", table_name="tags")
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not isinstance(statement, Drop) or statement.kind is not ObjectKind.INDEX:
            return
        gone = [
            removal.relation.display() for removal in effects.removes if removal.kind == "index"
        ]
        tables = {
            name
            for name, modes in effects.locks.items()
            if LockMode.ACCESS_EXCLUSIVE in modes and name in context.catalog.tables
        }
        if statement.concurrently:
            return
        if gone and tables:
            yield f"dropping {listed(gone)} blocks reads and writes of {shown(tables)}"
        elif effects.unknown:
            names = listed(name.display() for name in statement.names)
            yield f"dropping {names} blocks reads and writes of its table"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        statement = step.statement
        assert isinstance(statement, Drop)
        lines = []
        for target in statement.targets:
            index = context.catalog.index(target.name)
            if index is None:
                dropped = f"DROP INDEX CONCURRENTLY {target.name.display()}"
                lines.append(code.execute(dropped))
                continue
            if context.catalog.partitions_of(index.table):
                return "The index of a partitioned table cannot be dropped concurrently."
            lines.append(
                code.call(
                    "op.drop_index",
                    code.text(index.name.name),
                    table_name=code.text(index.table.name),
                    schema=code.schema(index.name),
                    postgresql_concurrently="True",
                )
            )
        return code.autocommit(*lines) if lines else None
