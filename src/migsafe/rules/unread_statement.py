"""MS901: a statement that nobody can vouch for."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.sql.ast import Do, Unrecognised


class UnreadStatement(Rule):
    """A statement could not be understood, so nothing is known about what it does.

    SQL that is put together while it runs, as by EXECUTE in a DO block, cannot be read before.
    """

    code = "MS901"
    severity = Severity.WARNING
    looks_at = (Do, Unrecognised)
    bad = (
        """
        op.execute(
            "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables"
            " WHERE schemaname = 'public' LOOP"
            " EXECUTE 'ALTER TABLE ' || t || ' ADD COLUMN x int'; END LOOP; END $$"
        )
        """,
        'op.execute("ALTER TABEL users ADD COLUMN x int")',
    )
    good = (
        'op.execute("DO $$ BEGIN PERFORM 1; END $$")',
        'op.execute("ALTER TABLE users ADD COLUMN x int")',
    )
    safe_way = "Write the statements out, or measure them: migsafe trace."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if isinstance(statement, Unrecognised):
            yield f"this cannot be read: {statement.why}"
        elif isinstance(statement, Do) and statement.unknown:
            yield f"this cannot be read in full: {statement.unknown}"
