"""MS301: a column that running code knows gets another name."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.names import quote_ident
from migsafe.rule import Context, Rule, code
from migsafe.rule.exchanged import are_equal, makes_way, successor
from migsafe.sql.ast import ObjectKind, Rename


class ColumnRename(Rule):
    """Renaming a column breaks the code that is running: it uses the old name at once.

    The statement itself is over in an instant. But every SELECT and INSERT of a mapped class names
    all its columns, so the old release fails from the commit until the new one is everywhere, and
    the new one fails before it.

    A column may take the place of another one in one transaction, if a trigger has written both
    since an earlier revision: code that uses that name goes on.
    """

    code = "MS301"
    looks_at = (Rename,)
    bad = (
        'op.alter_column("users", "name", new_column_name="full_name")',
        'op.execute("ALTER TABLE users RENAME name TO full_name")',
    )
    good = (
        """
        op.add_column("users", sa.Column("full_name", sa.Text()))
        """,
        """
        op.create_table("tags", sa.Column("name", sa.Text()))
        op.alter_column("tags", "name", new_column_name="label")
        """,
        """
        op.add_column("users", sa.Column("label", sa.Text()))
        op.alter_column("users", "label", new_column_name="title")
        """,
        """
        # --- expand
        op.add_column("users", sa.Column("age_new", sa.BigInteger()))
        op.execute(
            "CREATE FUNCTION sync() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.age_new := NEW.age; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER sync BEFORE INSERT OR UPDATE ON users"
            " FOR EACH ROW EXECUTE FUNCTION sync()"
        )
        # --- example after expand
        op.execute("DROP TRIGGER sync ON users")
        op.alter_column("users", "age", new_column_name="age_old")
        op.alter_column("users", "age_new", new_column_name="age")
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not isinstance(statement, Rename) or statement.kind is not ObjectKind.COLUMN:
            return
        if _is_exchange(statement, context):
            return
        if effects.locks and context.knew_column(statement.name, str(statement.sub_name)):
            table = statement.name.display()
            yield (
                f"renaming {table}.{statement.sub_name} to {statement.new_name} breaks running "
                "code that uses the old name"
            )

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        statement = step.statement
        assert isinstance(statement, Rename)
        assert statement.sub_name is not None
        table = context.catalog.table(statement.name)
        old = table.column(statement.sub_name) if table else None
        name, new = statement.name, quote_ident(statement.new_name)
        kind = old.type if old else "…"
        added = code.execute(f"ALTER TABLE {name.display()} ADD COLUMN {new} {kind}")
        dropped = code.call(
            "op.drop_column",
            code.text(name.name),
            code.text(statement.sub_name),
            schema=code.schema(name),
        )
        return code.revisions(
            f"{added}\n# the application writes both; fill {new} in batches",
            f"# when no code uses {statement.sub_name} any more\n{dropped}",
        )


def _is_exchange(statement: Rename, context: Context) -> bool:
    """Whether one column takes the place of another one that is equal to it."""
    table, old = context.catalog.qualify(statement.name), str(statement.sub_name)
    heir = successor(table, old, context)
    if heir is not None:
        return are_equal(table, old, heir, context)
    new = statement.new_name
    return makes_way(table, new, context) and are_equal(table, new, old, context)
