"""MS902: a migration that could not be run to its end without a database."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.rule import Context, Rule, Severity

_KINDS = ("error", "timeout")


class UnreadMigration(Rule):
    """The migration raised an error or took too long when it was run without a database.

    Statements after that point are not known and were not judged.
    """

    code = "MS902"
    severity = Severity.WARNING
    downgrade_severity = Severity.INFO
    bad = ('raise ValueError("needs a database")',)
    good = ('op.execute("SELECT 1")',)
    safe_way = "Measure it instead: migsafe trace."

    def check_migration(self, context: Context) -> Iterator[tuple[int, str]]:
        for problem in context.migration.problems:
            if problem.kind in _KINDS and (problem.direction or "upgrade") == context.direction:
                yield problem.line or 1, problem.message
