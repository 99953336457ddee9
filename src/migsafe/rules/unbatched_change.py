"""MS601: one statement changes all rows of a table."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.catalog import Rows
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity, code
from migsafe.rule.held import works_under_lock
from migsafe.rule.loops import in_uncommitted_loop
from migsafe.rule.rows import is_batch, is_bounded, is_whole_table
from migsafe.sql.ast import (
    Copy,
    CreateTableAs,
    Delete,
    Insert,
    Merge,
    Select,
    Statement,
    Update,
)


class UnbatchedChange(Rule):
    """Changing all rows in one statement keeps every one of them locked until commit.

    Writers of these rows wait, the table and its indexes grow by the size of what was changed,
    and replicas fall behind. Change some thousand rows at a time, each batch with its own commit.
    """

    code = "MS601"
    severity = Severity.WARNING
    grows = True
    looks_at = (Update, Delete, Select, Insert, Merge, Copy, CreateTableAs)
    bad = (
        'op.execute("UPDATE users SET age = 0")',
        'op.execute("UPDATE users SET age = 0 WHERE age IS NULL OR age < 0")',
        'op.execute("DELETE FROM orders")',
        'op.execute("WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone")',
        """
        batch = sa.text(
            "DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE status IS NULL LIMIT 1000)"
        )
        while op.get_bind().execute(batch).rowcount:
            pass
        """,
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
        if not effects.locks:
            return
        if is_batch(step.sql):
            yield from _kept_batches(step, context)
            return
        if works_under_lock(step, effects, context):
            return  # MS110
        for change in _changes(step.statement):
            table = context.catalog.table(change.table)
            if table is not None and table.rows is Rows.NONE:
                continue
            if not is_whole_table(change) or is_bounded(change, context.catalog):
                continue
            verb = "updates" if isinstance(change, Update) else "deletes"
            rows = "all rows" if change.where is None else "rows without bound"
            yield f"one statement {verb} {rows} of {change.table.display()}: writers of these wait"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        if is_batch(step.sql):
            return code.autocommit("# the loop as it is: each batch is committed by itself")
        change = next(_changes(step.statement))
        table = context.catalog.table(change.table)
        key = table.primary_key.columns[0] if table and table.primary_key else "id"
        name = change.table.display()
        first = f"UPDATE {name} SET …" if isinstance(change, Update) else f"DELETE FROM {name}"
        condition = f" WHERE {change.where}" if change.where else ""
        sql = f"{first} WHERE {key} IN (SELECT {key} FROM {name}{condition} LIMIT 5000)"
        loop = f"while op.get_bind().execute(sa.text({code.text(sql)})).rowcount:\n    pass"
        return code.autocommit(loop) + "\n# with a condition that changed rows no longer meet"


def _kept_batches(step: Step, context: Context) -> Iterator[str]:
    """Batches of a loop that all belong to one transaction."""
    if step.autocommit or step.joined or not in_uncommitted_loop(step.file, step.line):
        return
    for change in _changes(step.statement):
        table = context.catalog.table(change.table)
        if table is None or table.rows is not Rows.NONE:
            name = change.table.display()
            yield f"the batches of this loop over {name} are not committed until all are done"


def _changes(statement: Statement) -> Iterator[Update | Delete]:
    """The UPDATEs and DELETEs that *statement* is, or has in a WITH."""
    if isinstance(statement, Update | Delete):
        yield statement
    for written in getattr(statement, "writes", ()):
        yield from _changes(written)
