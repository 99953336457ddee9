"""MS402: an enum value is used before it is committed."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity, code
from migsafe.rule.labels import uncommitted_labels
from migsafe.sql.ast import AlterTable, CreateIndex, CreateTable, Delete, Insert, Update

_DEFINING = (AlterTable, CreateIndex, CreateTable)
"""What says in its text which values it uses; of the others, that they may use a new one."""


class UncommittedEnumValue(Rule):
    """A new enum value is used in the transaction that adds it, which fails.

    PostgreSQL refuses it with "unsafe use of new value" (55P04) until the value is committed.
    """

    code = "MS402"
    downgrade_severity = Severity.WARNING
    bad = (
        """
        op.execute("ALTER TYPE status ADD VALUE 'void'")
        op.execute("UPDATE orders SET status = 'void' WHERE id = 1")
        """,
        """
        op.execute("ALTER TYPE status ADD VALUE 'void'")
        op.alter_column("orders", "status", server_default="void")
        """,
        """
        op.execute("ALTER TYPE status ADD VALUE 'void'")
        op.execute("CREATE VIEW voided AS SELECT id FROM orders WHERE status = 'void'")
        """,
    )
    good = (
        """
        op.execute("ALTER TYPE status ADD VALUE 'void'")
        op.execute("UPDATE orders SET status = 'paid', note = 'kept' WHERE id = 1")
        """,
        """
        with op.get_context().autocommit_block():
            op.execute("ALTER TYPE status ADD VALUE 'void'")
        op.execute("UPDATE orders SET status = 'void' WHERE id = 1")
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        fails = effects.fails
        refused = fails is not None and fails.sqlstate == "55P04"
        if fails and refused and (fails.certain or isinstance(step.statement, _DEFINING)):
            yield f"this fails in the transaction that adds the value: {fails.why}"
            return
        if not _new_labels(context):
            return
        for enum, label in uncommitted_labels(step, context):
            why = f"{label!r} of {enum.display()} cannot be used before commit"
            yield f"this fails in the transaction that adds the value: {why}"
            return
        if effects.unknown and isinstance(step.statement, Update | Insert | Delete | AlterTable):
            for label in _new_labels(context):
                if f"'{label}'" in step.sql:
                    yield f"this fails in the transaction that adds the value: {label} is new"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        transaction = context.session.transaction
        for enum, label in sorted(transaction.new_values if transaction else ()):
            value = label.replace("'", "''")
            added = f"ALTER TYPE {enum.display()} ADD VALUE IF NOT EXISTS '{value}'"
            return code.autocommit(code.execute(added))
        return None


def _new_labels(context: Context) -> list[str]:
    transaction = context.session.transaction
    if transaction is None or not transaction.new_values:
        return []
    return sorted(label for _, label in transaction.new_values)
