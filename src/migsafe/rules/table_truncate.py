"""MS405: all rows of a table go at once."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.rule.words import shown
from migsafe.sql.ast import Truncate


class TableTruncate(Rule):
    """Truncating a table loses all its rows, and blocks reads and writes of it.

    `CASCADE` empties every table that refers to it too, and those that refer to them. Readers with
    an older snapshot see an empty table.
    """

    code = "MS405"
    downgrade_severity = Severity.WARNING
    looks_at = (Truncate,)
    bad = ('op.execute("TRUNCATE users")', 'op.execute("TRUNCATE TABLE visits CASCADE")')
    good = (
        """
        op.create_table("tags", sa.Column("name", sa.Text()))
        op.execute("TRUNCATE tags")
        """,
    )
    setup = """
    CREATE TABLE visits (id bigint PRIMARY KEY);
    CREATE TABLE pages (visit_id bigint REFERENCES visits (id));
    """
    safe_way = "Delete the rows in batches, outside of the migration; keep a copy of what matters."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        if not isinstance(step.statement, Truncate):
            return
        tables = [name for name, kinds in effects.blocks().items() if "reads" in kinds]
        tables = [name for name in tables if context.catalog.relation(name) is not None]
        if tables:
            yield f"TRUNCATE empties {shown(tables)} and blocks reads and writes until commit"
