"""MS608: nothing limits how long a migration waits for a lock."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import History, Migration
from migsafe.rule import Rule, Severity
from migsafe.sql.ast import Set


class NoLockTimeout(Rule):
    """A migration that waits for a lock makes everybody else wait behind it, without limit.

    One long query on the table is enough. With a lock_timeout the migration gives up after some
    seconds and can be tried again.
    """

    code = "MS608"
    severity = Severity.INFO
    bad = (
        """
        # --- env.py
        context.configure(connection=connection)
        # --- first
        op.add_column("users", sa.Column("city", sa.Text()))
        """,
    )
    good = (
        """
        # --- env.py
        context.configure(connection=connection)
        # --- first
        op.execute("SET LOCAL lock_timeout = '3s'")
        op.add_column("users", sa.Column("city", sa.Text()))
        """,
    )
    safe_way = 'connect_args={"options": "-c lock_timeout=3000"}  # in env.py, or: migsafe upgrade'

    def check_history(self, history: History) -> Iterator[tuple[Migration | None, int, str]]:
        environment = history.environment
        if environment.path is None or environment.lock_timeout:
            return
        steps = (step for migration in history.migrations for step in migration.upgrade)
        if not any(
            isinstance(s.statement, Set) and s.statement.name == "lock_timeout" for s in steps
        ):
            yield None, 1, "no lock_timeout is set: a migration that waits makes all others wait"
