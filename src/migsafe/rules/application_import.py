"""MS705: a migration that needs code which may move away."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.rule import Context, Rule, Severity


class ApplicationImport(Rule):
    """A migration imports a module that could not be imported here.

    Usually it is the application: its models will change, and the migration with them, or stop
    working. `sa.table()` and `sa.column()` say what is needed and stay as they are.
    """

    code = "MS705"
    severity = Severity.INFO
    bad = ('from app_that_is_gone.models import User\nop.execute("SELECT 1")',)
    good = ('users = sa.table("users", sa.column("id"))\nop.execute(sa.select(users.c.id))',)
    safe_way = 'users = sa.table("users", sa.column("id"), sa.column("name"))'

    def check_migration(self, context: Context) -> Iterator[tuple[int, str]]:
        for problem in context.migration.problems:
            if problem.kind == "import" and context.direction == "upgrade":
                yield problem.line or 1, problem.message
