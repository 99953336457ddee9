"""MS607: a recipe of several revisions runs in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import History, Migration
from migsafe.rule import Rule, Severity
from migsafe.sql.ast import AddConstraint, AlterTable, Statement, ValidateConstraint


class SharedTransaction(Rule):
    """All pending revisions run in one transaction, so the steps of a safe recipe share its locks.

    That is Alembic's default. `NOT VALID` in one revision and `VALIDATE CONSTRAINT` in the next
    gain nothing when both are deployed at once: the lock of the first is held while the second
    reads the table.
    """

    code = "MS607"
    severity = Severity.WARNING
    bad = (
        """
        # --- env.py
        context.configure(connection=connection, target_metadata=metadata)
        # --- add
        op.create_check_constraint("ck_age", "users", "age >= 0", postgresql_not_valid=True)
        # --- validate after add
        op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_age")
        """,
    )
    good = (
        """
        # --- env.py
        context.configure(connection=connection, transaction_per_migration=True)
        # --- add
        op.create_check_constraint("ck_age", "users", "age >= 0", postgresql_not_valid=True)
        # --- validate after add
        op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_age")
        """,
    )
    safe_way = "context.configure(..., transaction_per_migration=True)  # in env.py"

    def check_history(self, history: History) -> Iterator[tuple[Migration | None, int, str]]:
        environment = history.environment
        if environment.path is None or environment.transaction_per_migration:
            return
        added: dict[str, Migration] = {}
        for migration in history.migrations:
            for step in migration.upgrade:
                for name in _validated(step.statement):
                    first = added.get(name)
                    if first is not None and first is not migration:
                        yield (
                            migration,
                            step.line,
                            f"{name} is validated in the transaction that added it in "
                            f"{first.revision}: env.py runs all pending revisions in one",
                        )
                for name in _added(step.statement):
                    added[name] = migration


def _added(statement: Statement) -> Iterator[str]:
    for action in getattr(statement, "actions", ()):
        if isinstance(action, AddConstraint) and action.constraint.not_valid:
            yield action.constraint.name or ""


def _validated(statement: Statement) -> Iterator[str]:
    if isinstance(statement, AlterTable):
        for action in statement.actions:
            if isinstance(action, ValidateConstraint):
                yield action.name
