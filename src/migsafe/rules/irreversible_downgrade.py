"""MS502: a revision that says it cannot be taken back."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.rule import Context, Rule, Severity
from migsafe.rule.lines import function_line


class IrreversibleDowngrade(Rule):
    """The downgrade raises an error on purpose.

    That is honest, and worth knowing before the deployment: from here on, the way back is a
    backup.
    """

    code = "MS502"
    severity = Severity.INFO
    bad = ("pass\n\ndef downgrade():\n    raise NotImplementedError('no way back')",)
    good = ("pass",)
    safe_way = "Take a backup before, or deploy what can be taken back in a revision of its own."

    def check_migration(self, context: Context) -> Iterator[tuple[int, str]]:
        if context.direction == "downgrade":
            for problem in context.migration.problems:
                if problem.kind == "irreversible":
                    line = problem.line or function_line(context.migration.path, "downgrade")
                    yield line, f"{context.migration.revision} cannot be taken back"
