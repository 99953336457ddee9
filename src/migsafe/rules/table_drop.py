"""MS304: a table goes, with its rows, while running code still uses it."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.locks import LockMode
from migsafe.rule import Context, Rule
from migsafe.rule.words import shown
from migsafe.sql.ast import Drop, ObjectKind

_KINDS = (ObjectKind.TABLE, ObjectKind.FOREIGN_TABLE, ObjectKind.SCHEMA)


class TableDrop(Rule):
    """Dropping a table loses its rows and breaks the code that is running.

    Besides, dropping a table that has foreign keys takes ACCESS EXCLUSIVE on the tables they refer
    to, because the triggers there go too.
    """

    code = "MS304"
    looks_at = (Drop,)
    bad = (
        'op.drop_table("orders")',
        'op.execute("DROP TABLE IF EXISTS users CASCADE")',
        'op.execute("DROP TABLE IF EXISTS legacy_users")',
        'op.execute("DROP SCHEMA app CASCADE")',
    )
    good = (
        """
        op.execute("DROP TABLE IF EXISTS scratch")
        op.execute("CREATE TABLE scratch (id bigint)")
        op.execute("DROP TABLE scratch")
        """,
        """
        op.execute("CREATE TEMPORARY TABLE scratch AS SELECT id FROM users WHERE age > 30")
        op.execute("DROP TABLE scratch")
        """,
    )
    setup = "CREATE SCHEMA app; CREATE TABLE app.notes (body text);"
    safe_way = (
        "Deploy code that no longer uses the table first. Rename it away for one release (nothing "
        "fails unnoticed, everything can be undone), and drop it in the next one; drop its foreign "
        "keys before, one in a transaction, with a lock_timeout."
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not isinstance(statement, Drop) or statement.kind not in _KINDS:
            return
        tables = [r.relation for r in effects.removes if r.kind == "table"]
        if not tables:
            return
        also = {
            name
            for name, modes in effects.locks.items()
            if LockMode.ACCESS_EXCLUSIVE in modes
            and name in context.catalog.tables
            and name not in tables
        }
        rows = "its rows" if len(tables) == 1 else "their rows"
        message = f"dropping {shown(tables)} loses {rows} and breaks running code that uses it"
        yield f"{message}, and also blocks {shown(also)}" if also else message
