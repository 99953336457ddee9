"""MS410: IF NOT EXISTS meets something else of that name."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.catalog import Catalog, Column
from migsafe.effects import Effects
from migsafe.names import Name
from migsafe.rule import Context, Rule, Severity, parts
from migsafe.rule.words import listed
from migsafe.sql.ast import AddColumn, ColumnDef, CreateIndex, CreateTable


class IgnoredDefinition(Rule):
    """IF NOT EXISTS does nothing when there is a table or column of that name, however different.

    The revision counts as run, and what it describes is not there. The history knows the table,
    column or index that an earlier revision has made.
    """

    code = "MS410"
    severity = Severity.WARNING
    looks_at = (AddColumn, CreateIndex, CreateTable)
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
        'op.execute("CREATE TABLE IF NOT EXISTS users (id bigint, age text)")',
        'op.create_index("ix_orders_status", "orders", ["user_id"], if_not_exists=True)',
    )
    good = (
        'op.execute("CREATE TABLE IF NOT EXISTS tags (name text)")',
        'op.execute("ALTER TABLE users ADD COLUMN IF NOT EXISTS age integer")',
        'op.execute("CREATE TABLE IF NOT EXISTS users (id bigint, email varchar(200))")',
        'op.create_index("ix_orders_status", "orders", ["status"], if_not_exists=True)',
    )
    safe_way = "Leave out IF NOT EXISTS, or change what is there with ALTER TABLE."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not step.conditional:
            if isinstance(statement, CreateTable) and statement.if_not_exists:
                yield from _other_table(statement, context.catalog)
            if isinstance(statement, CreateIndex) and statement.if_not_exists:
                yield from _other_index(statement, context.catalog)
        actions = getattr(statement, "actions", ())
        if not any(isinstance(action, AddColumn) and action.if_not_exists for action in actions):
            return
        for part in parts(step, effects, context, AddColumn):
            column = part.found.column(part.action.column.name) if part.found else None
            if column is not None and part.action.if_not_exists:
                yield from _other_type(part.action.column, column, part.table, context.catalog)


def _other_table(statement: CreateTable, catalog: Catalog) -> Iterator[str]:
    found = catalog.table(statement.name)
    if found is None or found.unknown:
        return
    missing = [c.name for c in statement.columns if found.column(c.name) is None]
    if missing:
        yield f"{found.name.display()} exists without {listed(missing)}: it stays as it is"
    for wanted in statement.columns:
        column = found.column(wanted.name)
        if column is not None:
            yield from _other_type(wanted, column, found.name, catalog)


def _other_type(wanted: ColumnDef, found: Column, table: Name, catalog: Catalog) -> Iterator[str]:
    if wanted.type is None or wanted.serial:
        return
    if catalog.resolve_type(wanted.type) != found.type:
        name = f"{table.display()}.{found.name}"
        yield f"{name} exists as {found.type}, so it does not become {wanted.type}"


def _other_index(statement: CreateIndex, catalog: Catalog) -> Iterator[str]:
    table = catalog.table(statement.table)
    if table is None or statement.name is None:
        return
    found = catalog.indexes.get(Name(table.name.schema, statement.name))
    if found is None:
        return
    wanted = [element.column for element in statement.elements]
    keys = [key.column for key in found.keys]
    if None in (*wanted, *keys):
        wanted = keys = []  # expressions may be written in several ways
    same = (found.table, keys, found.unique) == (table.name, wanted, statement.unique)
    if not same:
        yield f"{statement.name} exists as another index: it stays as it is"
