"""MS302: a table that running code knows gets another name or schema."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.names import Name, quote_ident
from migsafe.rule import Context, Rule, code
from migsafe.rule.later import comes_back
from migsafe.sql.ast import ObjectKind, Rename, SetSchema

_RELATIONS = (
    ObjectKind.TABLE,
    ObjectKind.FOREIGN_TABLE,
    ObjectKind.VIEW,
    ObjectKind.MATERIALIZED_VIEW,
)


class TableRename(Rule):
    """Renaming a table or view breaks the code that is running: it uses the old name at once.

    A view with the old name, made in the same transaction, keeps old code working: simple views
    can be written to. Moving a table to another schema is the same danger.
    """

    code = "MS302"
    looks_at = (Rename, SetSchema)
    bad = (
        'op.rename_table("users", "accounts")',
        """
        op.execute("CREATE SCHEMA archive")
        op.execute("ALTER TABLE orders SET SCHEMA archive")
        """,
    )
    good = (
        """
        op.rename_table("users", "accounts")
        op.execute("CREATE VIEW users AS SELECT * FROM accounts")
        """,
        """
        op.rename_table("users", "users_old")
        op.execute("CREATE TABLE users_new (LIKE users_old INCLUDING ALL)")
        op.rename_table("users_new", "users")
        """,
        'op.execute("ALTER INDEX ix_orders_status RENAME TO ix_orders_by_status")',
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        moved = _moved(step)
        if moved is None or not effects.locks:
            return
        old, new = moved
        found = context.catalog.relation(old)
        if found is None or found.name in context.catalog.indexes:
            return
        if not comes_back(old, context.later) and not _takes_a_place(step, context):
            yield f"renaming {old.display()} to {new} breaks running code that uses the old name"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        moved = _moved(step)
        if moved is None:
            return None
        old, new = moved
        view = code.execute(f"CREATE VIEW {old.display()} AS SELECT * FROM {new}")
        return (
            f"{view}  # right after it, in the same transaction\n# drop the view one release later"
        )


def _takes_a_place(step: Step, context: Context) -> bool:
    """Whether the new name is one that another table had, which this migration put aside."""
    statement = step.statement
    if not isinstance(statement, Rename) or context.start is None:
        return False
    return context.start.relation(Name(statement.name.schema, statement.new_name)) is not None


def _moved(step: Step) -> tuple[Name, str] | None:
    """The old name, and the new one as it is written."""
    statement = step.statement
    if isinstance(statement, Rename) and statement.kind in _RELATIONS:
        return statement.name, Name(statement.name.schema, statement.new_name).display()
    if isinstance(statement, SetSchema) and statement.kind in _RELATIONS:
        name = statement.target.name
        return name, f"{quote_ident(statement.schema)}.{quote_ident(name.name)}"
    return None
