"""MS703: a constraint that was never validated."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import History, Migration
from migsafe.rule import Rule, Severity
from migsafe.sql.ast import AddConstraint, DropConstraint, Statement, ValidateConstraint


class UnvalidatedConstraint(Rule):
    """A constraint was added NOT VALID, and no later revision validates it.

    New rows obey it, old ones may not; an UPDATE of any column of such a row fails. The planner
    cannot rely on it.
    """

    code = "MS703"
    severity = Severity.INFO
    bad = (
        """
        op.create_check_constraint("ck_age", "users", "age >= 0", postgresql_not_valid=True)
        """,
    )
    good = (
        """
        # --- add
        op.create_check_constraint("ck_age", "users", "age >= 0", postgresql_not_valid=True)
        # --- validate after add
        op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_age")
        """,
    )
    safe_way = "A later revision with ALTER TABLE … VALIDATE CONSTRAINT …"

    def check_history(self, history: History) -> Iterator[tuple[Migration | None, int, str]]:
        waiting: dict[str, tuple[Migration, int]] = {}
        for migration in history.migrations:
            for step in migration.upgrade:
                for name, opens in _events(step.statement):
                    if opens:
                        waiting[name] = (migration, step.line)
                    else:
                        waiting.pop(name, None)
        for name, (migration, line) in waiting.items():
            yield migration, line, f"no revision validates {name}, which is NOT VALID"


def _events(statement: Statement) -> Iterator[tuple[str, bool]]:
    """Constraints that become NOT VALID (True), and that are valid or gone (False)."""
    for action in getattr(statement, "actions", ()):
        if isinstance(action, AddConstraint) and action.constraint.name:
            yield action.constraint.name, action.constraint.not_valid
        elif isinstance(action, ValidateConstraint | DropConstraint):
            yield action.name, False
