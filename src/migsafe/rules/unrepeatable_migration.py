"""MS704: a migration that does something else each time it runs."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.rule import Context, Rule, Severity


class UnrepeatableMigration(Rule):
    """A migration reads files, the network, the clock, the environment or random numbers.

    Then each database gets something else, and nobody can tell later what it was. Freeze the
    values in the migration.
    """

    code = "MS704"
    severity = Severity.INFO
    bad = (
        """
        import urllib.request
        urllib.request.urlopen("http://localhost:9/plans.json")
        """,
        """
        import datetime
        today = datetime.date.today()
        op.execute(f"ALTER TABLE users ALTER COLUMN name SET DEFAULT '{today}'")
        """,
    )
    good = ('op.execute("SELECT 1")',)
    safe_way = "Write the values into the migration."

    def check_migration(self, context: Context) -> Iterator[tuple[int, str]]:
        for problem in context.migration.problems:
            if problem.kind == "nondeterministic" and (problem.direction or "upgrade") == (
                context.direction
            ):
                yield problem.line or 1, problem.message
