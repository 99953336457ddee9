"""MS303: a column goes, with its values, while running code still uses it."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.locks import LockMode
from migsafe.names import Name
from migsafe.rule import Context, Part, Rule, parts
from migsafe.rule.exchanged import are_equal, successor
from migsafe.rule.words import shown
from migsafe.sql.ast import AddColumn, AlterTable, DropColumn


class ColumnDrop(Rule):
    """Dropping a column loses its values and breaks the code that is running.

    Mapped classes name all their columns in every SELECT and INSERT, so the old release fails as
    soon as the column is gone. Indexes and constraints that include the column go with it. A drop
    and an add of the same type in one migration is a rename that loses the data.

    Nothing is lost where another column gets the name in the same transaction, and a trigger has
    written both since an earlier revision.
    """

    code = "MS303"
    looks_at = (DropColumn,)
    bad = (
        'op.drop_column("users", "age")',
        'op.execute("ALTER TABLE IF EXISTS users DROP COLUMN IF EXISTS age")',
    )
    good = (
        """
        op.create_table("tags", sa.Column("name", sa.Text()), sa.Column("size", sa.Integer()))
        op.drop_column("tags", "size")
        """,
        'op.execute("ALTER TABLE users DROP COLUMN IF EXISTS gone")',
        """
        op.add_column("users", sa.Column("scratch", sa.Text()))
        op.drop_column("users", "scratch")
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
        op.drop_column("users", "age")
        op.alter_column("users", "age_new", new_column_name="age")
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for part in parts(step, effects, context, DropColumn):
            if not part.is_felt or not _is_there(part):
                continue
            if not context.knew_column(part.table, part.action.column):
                continue
            heir = successor(part.table, part.action.column, context)
            if heir is not None and are_equal(part.table, part.action.column, heir, context):
                continue
            name = f"{part.table.display()}.{part.action.column}"
            message = f"dropping {name} loses its values and breaks running code that uses it"
            if renamed := _disguised_rename(part, context):
                message += f"; if it is a rename to {renamed}, the values do not move along"
            with_it = [
                str(removal)
                for removal in part.effects.removes
                if removal.kind == "index" or (removal.kind == "view" and part.action.cascade)
            ]
            if with_it:
                message += f"; {', '.join(with_it)} goes with it"
            also = _also_stopped(part, context)
            yield f"{message}; it also blocks {shown(also)}" if also else message

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        for part in parts(step, effects, context, DropColumn):
            column = part.action.column
            return (
                f"Remove {column} from the model first (or map it with deferred() and stop writing "
                f"it), deploy that everywhere, and drop the column one release later."
            )
        return None


def _also_stopped(part: Part[DropColumn], context: Context) -> list[Name]:
    """The tables that foreign keys of the column refer to; their lock is no less strong."""
    return [
        name
        for name, modes in part.effects.locks.items()
        if LockMode.ACCESS_EXCLUSIVE in modes
        and name in context.catalog.tables
        and name != part.table
    ]


def _is_there(part: Part[DropColumn]) -> bool:
    table = part.found
    return table is None or bool(table.unknown) or table.column(part.action.column) is not None


def _disguised_rename(part: Part[DropColumn], context: Context) -> str | None:
    """The column of the same type that the migration adds to the same table."""
    old = part.found.column(part.action.column) if part.found else None
    steps = [*(step for step, _ in context.earlier), *context.later]
    for step in steps:
        statement = step.statement
        if not isinstance(statement, AlterTable) or not _same(statement.name, part.table):
            continue
        for action in statement.actions:
            if isinstance(action, AddColumn) and old and action.column.type == old.type:
                return action.column.name
    return None


def _same(written: Name, table: Name) -> bool:
    return written.name == table.name and written.schema in (None, table.schema)
