"""MS101: an index is built while writers wait."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, code
from migsafe.rule.words import held_up, shown
from migsafe.sql.ast import CreateIndex


class BlockingIndexBuild(Rule):
    """Building an index blocks every write to its table until it is done.

    `CREATE INDEX` holds a SHARE lock for as long as it reads the table, so inserts, updates and
    deletes wait. `CREATE INDEX CONCURRENTLY` lets them through. It cannot run inside a
    transaction, so it belongs into an `autocommit_block()`, best alone in its revision. On a
    partitioned table, build the index of each partition concurrently and attach them to one that
    was created `ON ONLY` the parent.
    """

    code = "MS101"
    grows = True
    looks_at = (CreateIndex,)
    bad = (
        'op.create_index("ix_users_email", "users", ["email"])',
        'op.create_index("uq_users_email", "users", ["email"], unique=True)',
        'op.add_column("users", sa.Column("city", sa.Text(), index=True))',
        'op.execute("CREATE INDEX IF NOT EXISTS ix_orders_user_id ON orders (user_id)")',
    )
    good = (
        """
        with op.get_context().autocommit_block():
            op.create_index(
                "ix_users_email", "users", ["email"], postgresql_concurrently=True
            )
        """,
        """
        op.create_table("tags", sa.Column("name", sa.Text()))
        op.create_index("ix_tags_name", "tags", ["name"])
        """,
        'op.execute("CREATE INDEX IF NOT EXISTS ix_orders_status ON orders (status)")',
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        tables = effects.builds.intersection(held_up(effects))
        if isinstance(step.statement, CreateIndex) and tables:
            index = step.statement.name or "an index"
            yield f"building {index} blocks writes to {shown(tables)} until it is done"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        statement = step.statement
        assert isinstance(statement, CreateIndex)
        table = context.catalog.table(statement.table)
        if table is not None and context.catalog.partitions_of(table.name):
            return (
                f"Create the index ON ONLY {table.name.display()}, build one CONCURRENTLY on each "
                "partition, and attach them with ALTER INDEX … ATTACH PARTITION."
            )
        built = code.create_index(statement, context.catalog.qualify(statement.table))
        return code.autocommit(built or code.execute(code.concurrently(step.sql)))
