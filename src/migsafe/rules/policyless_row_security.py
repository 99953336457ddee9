"""MS310: row security without a policy hides all rows."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.catalog import Table
from migsafe.effects import Effects
from migsafe.names import Name
from migsafe.rule import Context, Rule, Severity, code, parts
from migsafe.sql.ast import CreatePolicy, RowSecurity


class PolicylessRowSecurity(Rule):
    """Row security without a policy hides all rows from everybody but the table's owner.

    Nothing fails: queries find no rows, and UPDATE and DELETE change none; only INSERT is refused.
    `FORCE ROW LEVEL SECURITY` hides them from the owner too.
    """

    code = "MS310"
    severity = Severity.WARNING
    looks_at = (RowSecurity,)
    bad = ('op.execute("ALTER TABLE users ENABLE ROW LEVEL SECURITY")',)
    good = (
        """
        op.execute("ALTER TABLE users ENABLE ROW LEVEL SECURITY")
        op.execute("CREATE POLICY own_rows ON users USING (name = current_user)")
        """,
        """
        op.execute("CREATE TABLE notes (id bigint PRIMARY KEY)")
        op.execute("ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for part in parts(step, effects, context, RowSecurity):
            table = part.found
            if part.action.state != "ENABLE" or not part.is_felt or table is None:
                continue
            if not _has_policy(table, context.later):
                yield (
                    f"{table.name.display()} has no policy: "
                    "all its rows vanish for every role but its owner"
                )

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        for part in parts(step, effects, context, RowSecurity):
            name = part.table.display()
            policy = f"CREATE POLICY everything ON {name} USING (true) WITH CHECK (true)"
            return code.execute(policy) + "  # before it; narrow it down afterwards"
        return None


def _has_policy(table: Table, later: tuple[Step, ...]) -> bool:
    """Whether the rows are shown by a policy, or the table was hidden or is not known in full."""
    if table.policies or table.row_security or table.unknown:
        return True
    return any(
        isinstance(step.statement, CreatePolicy) and _same(step.statement.table, table.name)
        for step in later
    )


def _same(written: Name, name: Name) -> bool:
    return written.name == name.name and written.schema in (None, name.schema)
