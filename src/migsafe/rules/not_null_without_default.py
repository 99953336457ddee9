"""MS401: a column that old rows have no value for."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.catalog import Rows
from migsafe.effects import Effects
from migsafe.names import quote_ident
from migsafe.rule import Context, Part, Rule, code, parts
from migsafe.sql.ast import AddColumn


class NotNullWithoutDefault(Rule):
    """Adding a NOT NULL column without a default fails as soon as the table has a row.

    On an empty table it succeeds, and then the INSERTs of running code fail, because it does not
    know the column. `default=` of SQLAlchemy is no help: only `server_default=` reaches the
    database.
    """

    code = "MS401"
    looks_at = (AddColumn,)
    bad = (
        'op.add_column("users", sa.Column("city", sa.Text(), nullable=False))',
        """
        op.add_column("users", sa.Column("score", sa.Integer(), default=0, nullable=False))
        """,
    )
    good = (
        """
        op.add_column(
            "users", sa.Column("score", sa.Integer(), server_default="0", nullable=False)
        )
        """,
        'op.add_column("users", sa.Column("city", sa.Text()))',
        """
        op.create_table("tags", sa.Column("name", sa.Text()))
        op.add_column("tags", sa.Column("size", sa.Integer(), nullable=False))
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for part in parts(step, effects, context, AddColumn):
            if _fails(part):
                table = part.table.display()
                yield (
                    f"adding {table}.{part.action.column.name} fails if {table} has a row: it is "
                    "NOT NULL and has no default"
                )

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        for part in parts(step, effects, context, AddColumn):
            if not _fails(part):
                continue
            column, table = part.action.column, part.table.display()
            name = quote_ident(column.name)
            added = code.execute(f"ALTER TABLE {table} ADD COLUMN {name} {column.type}")
            check = f"ck_{part.table.name}_{column.name}_not_null"
            proof = code.execute(
                f"ALTER TABLE {table} ADD CONSTRAINT {quote_ident(check)} "
                f"CHECK ({name} IS NOT NULL) NOT VALID"
            )
            required = code.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL")
            dropped = code.execute(f"ALTER TABLE {table} DROP CONSTRAINT {quote_ident(check)}")
            return "# with a constant server_default it is free; or\n" + code.revisions(
                f"{added}\n# the application writes it; fill old rows in batches",
                proof,
                f"{code.validate(part.table, check)}\n{required}\n{dropped}",
            )
        return None


def _fails(part: Part[AddColumn]) -> bool:
    empty = part.found is not None and part.found.rows is Rows.NONE
    failure = part.effects.fails
    if failure is None or failure.sqlstate != "23502" or empty:
        return False
    return part.is_felt or failure.certain  # what is certain to fail is felt by nobody
