"""MS603: a revision whose second concurrent build cannot be tried again."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.sql.ast import CreateIndex, Drop, ObjectKind


class SeveralConcurrentBuilds(Rule):
    """Two indexes are built concurrently in one revision; if the second fails, it cannot be rerun.

    Concurrent builds are not in a transaction. The first index stays, and the next run fails at
    it because it exists. Dropping each index `IF EXISTS` before building it makes the revision
    repeatable.
    """

    code = "MS603"
    severity = Severity.WARNING
    looks_at = (CreateIndex,)
    bad = (
        """
        with op.get_context().autocommit_block():
            op.create_index("ix_users_name", "users", ["name"], postgresql_concurrently=True)
            op.create_index("ix_users_age", "users", ["age"], postgresql_concurrently=True)
        """,
    )
    good = (
        """
        with op.get_context().autocommit_block():
            op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_users_name")
            op.create_index("ix_users_name", "users", ["name"], postgresql_concurrently=True)
            op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_users_age")
            op.create_index("ix_users_age", "users", ["age"], postgresql_concurrently=True)
        """,
    )
    safe_way = (
        "Give each build a revision of its own, or precede each with "
        "DROP INDEX CONCURRENTLY IF EXISTS."
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not isinstance(statement, CreateIndex) or not statement.concurrently:
            return
        if effects.fails and effects.fails.certain:
            return
        steps = [earlier for earlier, _ in context.earlier]
        cleared = {
            name.name
            for earlier in steps
            if isinstance(earlier.statement, Drop) and earlier.statement.kind is ObjectKind.INDEX
            for name in earlier.statement.names
        }
        fragile = [
            earlier.statement.name or "an index"
            for earlier in steps
            if isinstance(earlier.statement, CreateIndex)
            and earlier.statement.concurrently
            and not earlier.statement.if_not_exists
            and earlier.statement.name not in cleared
        ]
        if len(fragile) == 1:
            yield f"if building {statement.name} fails, the next run fails at {fragile[0]}"
