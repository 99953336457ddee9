"""MS707: what a migration does depends on what it finds."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.rule import Context, Rule, Severity


class OfflineImpossible(Rule):
    """Which statements run depends on a query, so `alembic upgrade --sql` cannot write them.

    Nobody can read beforehand what will run, and databases that differ go different ways.
    """

    code = "MS707"
    severity = Severity.INFO
    bad = (
        """
        if op.get_bind().execute(sa.text("SELECT count(*) FROM users WHERE age < 0")).scalar():
            op.execute("UPDATE users SET age = 0 WHERE age < 0")
        """,
    )
    good = (
        """
        op.execute("UPDATE users SET age = 0 WHERE age < 0")
        """,
    )
    safe_way = "Leave the condition to SQL: WHERE, IF EXISTS, ON CONFLICT."

    def check_migration(self, context: Context) -> Iterator[tuple[int, str]]:
        for problem in context.migration.problems:
            if problem.kind == "reads" and (problem.direction or "upgrade") == context.direction:
                yield problem.line or 1, problem.message
