"""MS408: IF NOT EXISTS takes a broken index for a whole one."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.names import Name
from migsafe.rule import Context, Rule, Severity, code
from migsafe.sql.ast import CreateIndex, Drop, ObjectKind, Reindex


class HiddenInvalidIndex(Rule):
    """`CREATE INDEX CONCURRENTLY IF NOT EXISTS` accepts the INVALID index that a failed build left.

    A concurrent build that fails or is cancelled leaves an index behind that no query uses and
    that enforces nothing. The next run finds it, says it exists, and goes on.
    """

    code = "MS408"
    severity = Severity.WARNING
    looks_at = (CreateIndex,)
    bad = (
        """
        with op.get_context().autocommit_block():
            op.create_index(
                "ix_users_email",
                "users",
                ["email"],
                postgresql_concurrently=True,
                if_not_exists=True,
            )
        """,
    )
    good = (
        """
        with op.get_context().autocommit_block():
            op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_users_email")
            op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
        """,
        """
        with op.get_context().autocommit_block():
            op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_users_email")
            op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_email ON users (email)")
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not isinstance(statement, CreateIndex) or not statement.name:
            return
        if not (statement.concurrently and statement.if_not_exists):
            return
        steps = [earlier for earlier, _ in context.earlier]
        if not any(_clears(other, statement.name) for other in [*steps, *context.later]):
            yield f"IF NOT EXISTS accepts an INVALID {statement.name} that a failed build left"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        statement = step.statement
        assert isinstance(statement, CreateIndex)
        table = context.catalog.qualify(statement.table)
        name = Name(statement.table.schema, statement.name or "")
        dropped = code.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name.display()}")
        built = code.create_index(statement, table)
        return code.autocommit(dropped, built or code.execute(step.sql))


def _clears(step: Step, name: str) -> bool:
    """Whether *step* drops or rebuilds the index *name*."""
    statement = step.statement
    if isinstance(statement, Drop) and statement.kind is ObjectKind.INDEX:
        return any(dropped.name == name for dropped in statement.names)
    return (
        isinstance(statement, Reindex)
        and statement.name is not None
        and (statement.name.name == name)
    )
