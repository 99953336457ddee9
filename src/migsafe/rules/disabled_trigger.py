"""MS411: triggers stay switched off."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.names import Name
from migsafe.rule import Context, Rule, Severity, code, parts
from migsafe.sql.ast import AlterTable, SetTrigger


class DisabledTrigger(Rule):
    """Triggers are disabled and not enabled again, for all sessions.

    `DISABLE TRIGGER ALL` switches off foreign keys too: rows that break them are written without
    an error, and are not found later.
    """

    code = "MS411"
    severity = Severity.WARNING
    looks_at = (SetTrigger,)
    bad = ('op.execute("ALTER TABLE users DISABLE TRIGGER ALL")',)
    good = (
        """
        op.execute("ALTER TABLE users DISABLE TRIGGER USER")
        op.execute("UPDATE users SET age = 7 WHERE id = 7")
        op.execute("ALTER TABLE users ENABLE TRIGGER USER")
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for part in parts(step, effects, context, SetTrigger):
            is_off = part.action.state == "DISABLE" and part.is_felt
            if is_off and not any(_enables(later, part.table) for later in context.later):
                which = part.action.name or ("all triggers" if part.action.user else "all")
                own = "foreign keys and triggers" if which == "all" else which
                yield f"{own} of {part.table.display()} stay disabled: nothing enables them again"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        for part in parts(step, effects, context, SetTrigger):
            which = part.action.name or ("USER" if part.action.user else "ALL")
            return code.execute(f"ALTER TABLE {part.table.display()} ENABLE TRIGGER {which}")
        return None


def _enables(step: Step, table: Name) -> bool:
    statement = step.statement
    return (
        isinstance(statement, AlterTable)
        and statement.name.name == table.name
        and any(isinstance(a, SetTrigger) and a.state != "DISABLE" for a in statement.actions)
    )
