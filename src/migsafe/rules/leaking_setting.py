"""MS606: a setting outlives its revision."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.sql.ast import Set

_GRAVE = ("search_path", "role", "session_authorization", "session_replication_role", "timezone")


class LeakingSetting(Rule):
    """A SET without LOCAL stays in force for all revisions that run after this one.

    Another search_path or role changes what their names mean and who owns what they create.
    """

    code = "MS606"
    severity = Severity.WARNING
    bad = (
        'op.execute("SET search_path TO app")',
        'op.execute("SET session_replication_role = replica")',
    )
    good = (
        'op.execute("SET LOCAL search_path TO public")',
        """
        op.execute("SET session_replication_role = replica")
        op.execute("RESET session_replication_role")
        """,
        "op.execute(\"SET lock_timeout = '3s'\")",
    )
    safe_way = "SET LOCAL, which ends with the transaction."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not isinstance(statement, Set) or statement.local or not statement.values:
            return
        if statement.name in _GRAVE and not any(
            isinstance(later.statement, Set) and later.statement.name in (statement.name, None)
            for later in context.later
        ):
            yield f"SET {statement.name} stays in force for the revisions after this one"
