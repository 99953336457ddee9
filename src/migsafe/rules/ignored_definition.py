"""MS410: IF NOT EXISTS meets something else of that name."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity, parts
from migsafe.rule.words import listed
from migsafe.sql.ast import AddColumn, CreateTable


class IgnoredDefinition(Rule):
    """IF NOT EXISTS does nothing when there is a table or column of that name, however different.

    The revision counts as run, and what it describes is not there. The history knows the table or
    column that an earlier revision has made.
    """

    code = "MS410"
    severity = Severity.WARNING
    bad = (
        """
        op.create_table(
            "users",
            sa.Column("id", sa.BigInteger(), primary_key=True),
            sa.Column("nickname", sa.Text()),
            if_not_exists=True,
        )
        """,
        'op.execute("ALTER TABLE users ADD COLUMN IF NOT EXISTS age text")',
    )
    good = (
        'op.execute("CREATE TABLE IF NOT EXISTS tags (name text)")',
        'op.execute("ALTER TABLE users ADD COLUMN IF NOT EXISTS age integer")',
        'op.execute("CREATE TABLE IF NOT EXISTS users (id bigint, email varchar(200))")',
    )
    safe_way = "Leave out IF NOT EXISTS, or change what is there with ALTER TABLE."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if isinstance(statement, CreateTable) and statement.if_not_exists and not step.conditional:
            found = context.catalog.table(statement.name)
            if found is None or found.unknown:
                return
            missing = [c.name for c in statement.columns if found.column(c.name) is None]
            if missing:
                yield f"{found.name.display()} exists without {listed(missing)}: it stays as it is"
        for part in parts(step, effects, context, AddColumn):
            wanted = part.action.column
            column = part.found.column(wanted.name) if part.found else None
            if column is None or wanted.type is None or not part.action.if_not_exists:
                continue
            if not wanted.serial and context.catalog.resolve_type(wanted.type) != column.type:
                name = f"{part.table.display()}.{column.name}"
                yield f"{name} exists as {column.type}, so it does not become {wanted.type}"
