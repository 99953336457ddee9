"""MS610: an autocommit block commits the revisions before its own."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import History, Migration
from migsafe.rule import Rule, Severity


class EarlierRevisionCommit(Rule):
    """An autocommit block commits all pending revisions before it, which env.py runs as one.

    Without `transaction_per_migration` Alembic promises that an upgrade of several revisions
    happens as a whole or not at all. An `autocommit_block()` in one of them ends that: those
    before it are committed, with all locks they took until then.
    """

    code = "MS610"
    severity = Severity.INFO
    bad = (
        """
        # --- env.py
        context.configure(connection=connection, target_metadata=metadata)
        # --- column
        op.add_column("users", sa.Column("city", sa.Text()))
        # --- index after column
        with op.get_context().autocommit_block():
            op.create_index("ix_users_city", "users", ["city"], postgresql_concurrently=True)
        """,
    )
    good = (
        """
        # --- env.py
        context.configure(connection=connection, transaction_per_migration=True)
        # --- index
        with op.get_context().autocommit_block():
            op.create_index("ix_users_name", "users", ["name"], postgresql_concurrently=True)
        """,
    )
    safe_way = "context.configure(..., transaction_per_migration=True)  # in env.py"

    def check_history(self, history: History) -> Iterator[tuple[Migration | None, int, str]]:
        environment = history.environment
        if environment.path is None or environment.transaction_per_migration:
            return
        for migration in history.migrations[1:]:
            lines = [one.line for one in migration.upgrade if one.autocommit or one.joined]
            if lines:
                message = "the autocommit block commits the pending revisions before this one too"
                yield migration, lines[0], message
