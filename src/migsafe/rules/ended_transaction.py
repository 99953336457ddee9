"""MS605: SQL that ends the transaction behind Alembic's back."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.sql.ast import TransactionControl

_KINDS = ("BEGIN", "COMMIT", "ROLLBACK", "PREPARE")


class EndedTransaction(Rule):
    """A COMMIT or ROLLBACK in SQL ends the transaction that Alembic relies on.

    What came before is committed though the revision is not recorded yet, and what comes after
    runs in no transaction or in another one. `autocommit_block()` does it in a way that Alembic
    knows of.
    """

    code = "MS605"
    severity = Severity.WARNING
    looks_at = (TransactionControl,)
    bad = (
        """
        op.execute("COMMIT")
        op.execute("CREATE INDEX CONCURRENTLY ix_users_email ON users (email)")
        """,
    )
    good = (
        """
        op.execute("SAVEPOINT before")
        op.execute("UPDATE users SET age = 1 WHERE id = 1")
        op.execute("RELEASE SAVEPOINT before")
        """,
    )
    safe_way = "with op.get_context().autocommit_block():\n    ..."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not isinstance(statement, TransactionControl) or step.autocommit or step.joined:
            return
        if statement.kind in _KINDS:
            yield f"{statement.kind} in SQL ends the transaction that Alembic relies on"
