"""MS202: a new column gives every row a value of its own."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.names import quote_ident
from migsafe.rule import Context, Rule, code, parts
from migsafe.rule.words import shown
from migsafe.sql.ast import AddColumn, ColumnDef


class RewritingColumn(Rule):
    """Adding a column whose value differs from row to row writes the table anew.

    A constant default and those that are the same for the whole statement, like `now()`, cost
    nothing. `gen_random_uuid()`, `clock_timestamp()`, `nextval()`, serial and identity columns,
    stored generated columns and domains with a CHECK make PostgreSQL write every row and rebuild
    every index under ACCESS EXCLUSIVE.
    """

    code = "MS202"
    grows = True
    looks_at = (AddColumn,)
    bad = (
        """
        op.add_column(
            "users",
            sa.Column("token", sa.Uuid(), server_default=sa.text("gen_random_uuid()")),
        )
        """,
        'op.execute("ALTER TABLE users ADD COLUMN number serial")',
        'op.add_column("users", sa.Column("number", sa.BigInteger(), sa.Identity()))',
        """
        op.add_column(
            "users", sa.Column("shouted", sa.Text(), sa.Computed("upper(name)", persisted=True))
        )
        """,
        'op.execute("ALTER TABLE users ADD COLUMN height positive")',
    )
    good = (
        """
        op.add_column(
            "users",
            sa.Column("seen", sa.DateTime(True), server_default=sa.func.now(), nullable=False),
        )
        """,
        """
        op.add_column(
            "users", sa.Column("active", sa.Boolean(), server_default="true", nullable=False)
        )
        """,
        'op.add_column("users", sa.Column("city", sa.Text()))',
    )
    setup = "CREATE DOMAIN positive AS integer CHECK (VALUE > 0);"

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for part in parts(step, effects, context, AddColumn):
            if part.effects.rewrites:
                column = part.action.column
                yield (
                    f"adding {part.table.display()}.{column.name} writes all of "
                    f"{shown(part.effects.rewrites)} anew while its reads and writes wait: "
                    f"{_reason(column)}"
                )

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        for part in parts(step, effects, context, AddColumn):
            column, table = part.action.column, part.table.display()
            name = quote_ident(column.name)
            added = code.execute(f"ALTER TABLE {table} ADD COLUMN {name} {column.type}")
            if column.default is None:
                return f"{added}\n# {_later(column)}"
            default = f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {column.default}"
            return f"{added}\n{code.execute(default)}\n# then fill the old rows in batches"
        return None


def _reason(column: ColumnDef) -> str:
    if column.generated is not None:
        return "its value is computed and stored for each row"
    if column.serial or column.identity:
        return "each row gets a number"
    if column.default is not None:
        return f"{column.default} differs from row to row"
    return f"the constraint of {column.type} is checked for each row"


def _later(column: ColumnDef) -> str:
    if column.generated is not None:
        return "fill it by a trigger and in batches; on PostgreSQL 18 a VIRTUAL column is free"
    if column.serial or column.identity:
        return "fill the rows in batches from a sequence, then make it the column's default"
    return "with the domain's base type and a CHECK that is NOT VALID first"
