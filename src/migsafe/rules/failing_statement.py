"""MS407: a statement that ends in an error on every database with this history."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.sql.ast import Do

_OTHER_RULES = ("55P04", "25001", "23502")


class FailingStatement(Rule):
    """A statement fails with the schema that the migrations before it have made.

    It drops what is not there, creates what is, or leaves out CASCADE where something depends on
    the object. Nothing is said when the schema is not known in full.
    """

    code = "MS407"
    downgrade_severity = Severity.WARNING
    bad = (
        'op.drop_column("users", "gone")',
        'op.execute("ALTER TABLE users DROP COLUMN age")',
        """
        op.drop_table("orders")
        op.drop_table("orders")
        """,
    )
    good = ('op.execute("DROP VIEW IF EXISTS gone")',)
    setup = "CREATE VIEW ages AS SELECT age FROM users;"
    safe_way = "Correct the name or the order; `migsafe roundtrip` runs every revision on a server."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        failure = effects.fails
        if failure is None or not failure.certain or failure.sqlstate in _OTHER_RULES:
            return
        if step.conditional or isinstance(step.statement, Do) or _has_failed(context):
            return
        if failure.sqlstate == "42704" and failure.why.startswith("type "):
            return  # MS403
        if failure.why.startswith("constraint ") and not context.history.environment.names_known:
            return  # an unnamed constraint may have that name by a convention that is not seen
        if not context.catalog.gaps:
            yield f"this fails: {failure.why} ({failure.sqlstate})"


def _has_failed(context: Context) -> bool:
    """Whether the transaction is over before the step, by an error."""
    return any(e.fails is not None and e.fails.certain for _, e in context.same_transaction)
