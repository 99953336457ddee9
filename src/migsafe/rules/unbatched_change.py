"""MS601: one statement changes all rows of a table."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.catalog import Rows
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity, code
from migsafe.rule.held import works_under_lock
from migsafe.rule.rows import is_batch, is_bounded, is_whole_table
from migsafe.sql.ast import Delete, Update


class UnbatchedChange(Rule):
    """Changing all rows in one statement keeps every one of them locked until commit.

    Writers of these rows wait, the table and its indexes grow by the size of what was changed,
    and replicas fall behind. Change some thousand rows at a time, each batch with its own commit.
    """

    code = "MS601"
    severity = Severity.WARNING
    bad = (
        'op.execute("UPDATE users SET age = 0")',
        'op.execute("UPDATE users SET age = 0 WHERE age IS NULL")',
        'op.execute("DELETE FROM orders")',
    )
    good = (
        'op.execute("UPDATE users SET age = 0 WHERE id = 7")',
        """
        op.create_table("tags", sa.Column("name", sa.Text()))
        op.execute("UPDATE tags SET name = lower(name)")
        """,
        """
        with op.get_context().autocommit_block():
            op.execute(
                "UPDATE users SET age = 0 WHERE id IN"
                " (SELECT id FROM users WHERE age IS NULL LIMIT 1000)"
            )
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not isinstance(statement, Update | Delete) or not effects.locks:
            return
        table = context.catalog.table(statement.table)
        if table is not None and table.rows is Rows.NONE:
            return
        if not is_whole_table(statement) or is_bounded(statement, context.catalog):
            return
        if is_batch(step.sql):
            return
        if works_under_lock(step, effects, context):
            return  # MS110
        verb = "updates" if isinstance(statement, Update) else "deletes"
        rows = "all rows" if statement.where is None else "rows without bound"
        yield f"one statement {verb} {rows} of {statement.table.display()}: writers of these wait"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        statement = step.statement
        assert isinstance(statement, Update | Delete)
        table = context.catalog.table(statement.table)
        key = table.primary_key.columns[0] if table and table.primary_key else "id"
        name = statement.table.display()
        first = f"UPDATE {name} SET …" if isinstance(statement, Update) else f"DELETE FROM {name}"
        condition = f" WHERE {statement.where}" if statement.where else ""
        sql = f"{first} WHERE {key} IN (SELECT {key} FROM {name}{condition} LIMIT 5000)"
        loop = f"while op.get_bind().execute(sa.text({code.text(sql)})).rowcount:\n    pass"
        return code.autocommit(loop) + "\n# with a condition that changed rows no longer meet"
