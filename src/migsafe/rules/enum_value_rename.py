"""MS305: a value that running code writes gets another name."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, code
from migsafe.sql.ast import RenameEnumValue


class EnumValueRename(Rule):
    """Renaming an enum value breaks the code that is running: it writes and compares the old name.

    Every row shows the new name at once, and the old one is an error (22P02) in any statement.
    """

    code = "MS305"
    looks_at = (RenameEnumValue,)
    bad = ("op.execute(\"ALTER TYPE status RENAME VALUE 'paid' TO 'settled'\")",)
    good = (
        """
        with op.get_context().autocommit_block():
            op.execute("ALTER TYPE status ADD VALUE 'settled'")
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not isinstance(statement, RenameEnumValue):
            return
        transaction = context.session.transaction
        found = context.catalog.enum(statement.type)
        if found is None or transaction is None or found.name not in transaction.new_types:
            yield (
                f"renaming value {statement.value!r} of {statement.type.display()} breaks running "
                "code that uses it"
            )

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        statement = step.statement
        assert isinstance(statement, RenameEnumValue)
        new = statement.new_value.replace("'", "''")
        sql = f"ALTER TYPE {statement.type.display()} ADD VALUE IF NOT EXISTS '{new}'"
        return (
            f"{code.autocommit(code.execute(sql))}\n"
            "# let the application read both, then change the rows in batches"
        )
