"""MS606: a setting outlives its revision."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.sql.ast import (
    CreateTableAs,
    CreateView,
    Delete,
    Insert,
    Merge,
    Select,
    Set,
    Statement,
    Update,
)

_GRAVE = ("search_path", "role", "session_authorization", "session_replication_role", "timezone")


class LeakingSetting(Rule):
    """A SET without LOCAL stays in force for all revisions that run after this one.

    Another search_path or role changes what their names mean and who owns what they create.
    """

    code = "MS606"
    severity = Severity.WARNING
    looks_at = (Set, Select, Insert, Update, Delete, Merge, CreateTableAs, CreateView)
    bad = (
        'op.execute("SET search_path TO app")',
        'op.execute("SET session_replication_role = replica")',
        "op.execute(\"SELECT set_config('search_path', 'app', false)\")",
    )
    good = (
        'op.execute("SET LOCAL search_path TO public")',
        """
        op.execute("SET session_replication_role = replica")
        op.execute("RESET session_replication_role")
        """,
        "op.execute(\"SET lock_timeout = '3s'\")",
        "op.execute(\"SELECT set_config('search_path', 'app', true)\")",
    )
    safe_way = "SET LOCAL, which ends with the transaction."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for name, lasts in _settings(step.statement):
            later = {other for one in context.later for other, _ in _settings(one.statement)}
            if lasts and name in _GRAVE and not later & {name, None}:
                yield f"SET {name} stays in force for the revisions after this one"


def _settings(statement: Statement) -> Iterator[tuple[str | None, bool]]:
    """The settings that *statement* sets, and whether for longer than the transaction."""
    if isinstance(statement, Set):
        yield statement.name, bool(statement.values) and not statement.local
    for call in getattr(statement, "calls", ()):
        if call.name.name == "set_config" and len(call.arguments) == 3:
            name, _, local = (argument.sql.strip("'").lower() for argument in call.arguments)
            yield name, local in ("false", "f", "off", "no", "0")
