"""MS504: a downgrade drops what was there before the upgrade."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.catalog import Catalog
from migsafe.effects import Effects, Removal
from migsafe.rule import Context, Rule, Severity


class DowngradeDropsMore(Rule):
    """The downgrade drops a table or column that the upgrade did not create.

    Typical for `IF NOT EXISTS` in the upgrade and a plain drop in the downgrade: what existed
    before, with its data, is gone after going back.
    """

    code = "MS504"
    severity = Severity.WARNING
    downgrade_severity = Severity.WARNING
    bad = (
        "op.execute('ALTER TABLE users ADD COLUMN IF NOT EXISTS age integer')\n\n"
        "def downgrade():\n    op.drop_column('users', 'age')",
    )
    good = (
        "op.add_column('users', sa.Column('city', sa.Text()))\n\n"
        "def downgrade():\n    op.drop_column('users', 'city')",
    )
    safe_way = "Drop in downgrade() only what upgrade() creates."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        if context.direction != "downgrade" or context.other_end is None:
            return
        for removal in effects.removes:
            if removal.loses_data and _is_older(removal, context.other_end, context.start):
                yield f"the downgrade drops {removal}, which was there before the upgrade"


def _is_older(removal: Removal, before: Catalog, after: Catalog | None) -> bool:
    """Whether the upgrade left alone what *removal* takes away."""
    if removal.kind == "table":
        old, new = before.tables.get(removal.relation), after and after.tables.get(removal.relation)
        return old is not None and old == new
    if removal.kind != "column" or removal.part is None:
        return False
    tables = before.tables.get(removal.relation), after and after.tables.get(removal.relation)
    old_column, new_column = (table.column(removal.part) if table else None for table in tables)
    return old_column is not None and old_column == new_column
