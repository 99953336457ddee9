"""MS501: a revision that cannot be taken back because its downgrade is empty."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.rule import Context, Rule, Severity
from migsafe.rule.lines import function_line


class MissingDowngrade(Rule):
    """The downgrade does nothing although the upgrade does something.

    `alembic downgrade` then says that it went back while the schema stayed, and the next upgrade
    fails. Write the way back, or raise an error that says why there is none.
    """

    code = "MS501"
    severity = Severity.INFO
    bad = ('op.add_column("users", sa.Column("city", sa.Text()))',)
    good = ("pass",)
    safe_way = 'Write the way back, or: raise NotImplementedError("why there is none")'

    def check_migration(self, context: Context) -> Iterator[tuple[int, str]]:
        migration = context.migration
        if context.direction != "downgrade" or context.earlier or not migration.upgrade:
            return
        troubled = any(p.direction == "downgrade" for p in migration.problems)
        if not troubled and context.start != context.other_end:
            line = function_line(migration.path, "downgrade")
            yield (
                line,
                f"downgrade() of {migration.revision} does not take back what upgrade() does",
            )
