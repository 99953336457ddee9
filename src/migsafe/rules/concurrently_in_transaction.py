"""MS404: a statement that refuses a transaction runs in one."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects, TransactionNeed
from migsafe.rule import Context, Rule, Severity, code


class ConcurrentlyInTransaction(Rule):
    """A statement that cannot run inside a transaction is run in one, which fails.

    `CREATE INDEX CONCURRENTLY`, `DROP INDEX CONCURRENTLY`, `REINDEX … CONCURRENTLY`, `VACUUM` and
    their like need `autocommit_block()`; Alembic has a transaction open otherwise. Inside of the
    block each needs a call of its own: PostgreSQL runs a text of several statements as one
    transaction.
    """

    code = "MS404"
    downgrade_severity = Severity.WARNING
    bad = (
        """
        op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
        """,
        'op.execute("DROP INDEX CONCURRENTLY ix_orders_status")',
        """
        with op.get_context().autocommit_block():
            op.execute("SET lock_timeout = '3s'; DROP INDEX CONCURRENTLY ix_orders_status")
        """,
    )
    good = (
        """
        with op.get_context().autocommit_block():
            op.execute("DROP INDEX CONCURRENTLY ix_orders_status;")
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        if effects.transaction is not TransactionNeed.REFUSED and effects.fails is None:
            return
        refused = effects.transaction is TransactionNeed.REFUSED and not step.autocommit
        in_transaction = context.session.transaction is not None
        if (refused and in_transaction) or (effects.fails and effects.fails.sqlstate == "25001"):
            within = "one text with other statements" if step.joined else "a transaction"
            yield f"{_words(step.sql)} cannot run inside {within}: this fails"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        as_it_is = step.op and not step.joined
        return code.autocommit("# the statement as it is" if as_it_is else code.execute(step.sql))


def _words(sql: str) -> str:
    """The command of *sql*, up to CONCURRENTLY."""
    words = sql.split()
    upper = [word.upper() for word in words[:6]]
    end = upper.index("CONCURRENTLY") + 1 if "CONCURRENTLY" in upper else min(2, len(words))
    return " ".join(upper[:end])
