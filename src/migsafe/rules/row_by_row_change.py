"""MS609: rows are changed one by one in a loop of Python."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.catalog import Catalog, Rows
from migsafe.names import Name
from migsafe.rule import Context, Rule, Severity
from migsafe.rule.loops import row_loops
from migsafe.rule.rows import is_batch
from migsafe.sql.ast import Delete, Insert, Select, Statement, Update

_CHANGES: dict[type[Statement], str] = {
    Delete: "a DELETE",
    Insert: "an INSERT",
    Update: "an UPDATE",
}


class RowByRowChange(Rule):
    """A loop in Python sends a statement for each row, all of them in one transaction.

    Every row costs a trip to the server and stays locked until the last one is done; the rows are
    read into memory before. One statement does the same in a fraction of the time, and batches
    with a commit each let the writers through.
    """

    code = "MS609"
    severity = Severity.WARNING
    bad = (
        """
        connection = op.get_bind()
        for row in connection.execute(sa.text("SELECT id, name FROM users")):
            connection.execute(
                sa.text("UPDATE users SET name = :name WHERE id = :id"),
                {"name": row.name.strip(), "id": row.id},
            )
        """,
        """
        connection = op.get_bind()
        rows = connection.execute(sa.text("SELECT id, name FROM users")).fetchall()
        connection.execute(
            sa.text("UPDATE users SET name = :name WHERE id = :id"),
            [{"name": row.name.strip(), "id": row.id} for row in rows],
        )
        """,
    )
    good = (
        """
        for plan in ("free", "gold"):
            op.execute(f"INSERT INTO users (name) VALUES ('{plan}')")
        """,
        """
        connection = op.get_bind()
        rows = connection.execute(sa.text("SELECT id FROM users WHERE age < 0 LIMIT 500"))
        for row in rows:
            connection.execute(sa.text("UPDATE users SET age = 0 WHERE id = :id"), {"id": row.id})
        """,
    )
    safe_way = (
        "One UPDATE … FROM (VALUES …) or INSERT … SELECT for some thousand rows at a time, each "
        "batch with its own commit in an autocommit_block(), or a job outside of the migration."
    )

    def check_migration(self, context: Context) -> Iterator[tuple[int, str]]:
        steps = [step for step, effects in context.earlier]
        queries = [step for step in steps if isinstance(step.statement, Select)]
        loops = row_loops(context.migration.path) if queries else ()
        for loop in loops:
            before = [query for query in queries if loop.function <= query.line <= loop.last]
            if not before or not _reads_many(before[-1], context.catalog):
                continue
            if loop.changes_rows:
                yield loop.line, "the session sends an UPDATE for each object of this loop"
            for step, effects in context.earlier:
                if step.autocommit:
                    continue  # each of its rows is free again at once
                if type(step.statement) in _CHANGES and effects.locks and loop.holds(step.line):
                    verb = _CHANGES[type(step.statement)]
                    if not loop.implied:
                        yield step.line, f"the loop of line {loop.line} sends {verb} for each row"
                    elif not isinstance(step.statement, Insert):
                        yield (
                            step.line,
                            f"a list from line {before[-1].line} sends {verb} for each row",
                        )


def _reads_many(query: Step, catalog: Catalog) -> bool:
    """Whether *query* may return more than a batch of rows of a table."""
    assert isinstance(query.statement, Select)
    is_long = any(_may_be_long(name, catalog) for name in query.statement.reads)
    return is_long and not query.statement.limited and not is_batch(query.sql)


def _may_be_long(name: Name, catalog: Catalog) -> bool:
    if name.schema in ("pg_catalog", "information_schema") or name.name.startswith("pg_"):
        return False
    table = catalog.table(name)
    return table is None or table.rows is not Rows.NONE
