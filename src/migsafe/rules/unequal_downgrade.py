"""MS505: a downgrade that does not lead back to where the upgrade began."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.rule import Context, Rule, Severity
from migsafe.rule.lines import function_line

_SHOWN = 5


class UnequalDowngrade(Rule):
    """After upgrade and downgrade the schema differs from the one before.

    Types, indexes and defaults are what is forgotten most. A type that is left behind makes the
    next upgrade fail. `migsafe roundtrip` proves it on a server.
    """

    code = "MS505"
    severity = Severity.INFO
    bad = (
        "op.create_table('moods', sa.Column('mood', sa.Enum('a', 'b', name='mood')))\n\n"
        "def downgrade():\n    op.drop_table('moods')",
    )
    good = (
        "op.add_column('users', sa.Column('city', sa.Text()))\n\n"
        "def downgrade():\n    op.drop_column('users', 'city')",
    )

    safe_way = "Take back everything that upgrade() does, in the opposite order."

    def check_migration(self, context: Context) -> Iterator[tuple[int, str]]:
        if context.direction != "downgrade" or context.other_end is None or not context.earlier:
            return
        if any(effects.fails and effects.fails.certain for _, effects in context.earlier):
            return
        if any(p.kind in ("error", "irreversible", "timeout") for p in context.migration.problems):
            return
        from migsafe.catalog.diff import describe, equivalent

        found = equivalent(context.other_end, context.after)
        grave = [describe(d, restored=True) for d in found if not d.benign]
        if grave:
            more = f" and {len(grave) - _SHOWN} more" if len(grave) > _SHOWN else ""
            line = function_line(context.migration.path, "downgrade")
            yield line, "the downgrade does not lead back: " + "; ".join(grave[:_SHOWN]) + more
