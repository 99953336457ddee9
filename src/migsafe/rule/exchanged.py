"""A column that takes the place of another one, which a trigger has kept equal to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from migsafe.capture.model import Step
from migsafe.catalog import Table
from migsafe.names import Name, quote_ident
from migsafe.rule.model import Context
from migsafe.sql.ast import AlterTable, DropColumn, ObjectKind, Rename, Statement


def successor(table: Name, column: str, context: Context) -> str | None:
    """The column that is called *column* of *table* later in the same transaction, if any."""
    for step in context.later if context.number is not None else ():
        statement = step.statement
        if step.transaction == context.number and is_renamed(statement, table):
            assert isinstance(statement, Rename)
            if statement.new_name == column:
                return statement.sub_name
    return None


def makes_way(table: Name, column: str, context: Context) -> bool:
    """Whether the transaction has dropped *column* of *table*, or given it another name."""
    if context.number is None:
        return False
    steps = (step for step, _ in context.earlier if step.transaction == context.number)
    return column in set(_gone(steps, table))


def is_renamed(statement: Statement, table: Name) -> bool:
    """Whether *statement* gives a column of *table* another name."""
    return (
        isinstance(statement, Rename)
        and statement.kind is ObjectKind.COLUMN
        and _is(statement.name, table)
    )


def are_equal(table: Name, one: str, other: str, context: Context) -> bool:
    """Whether a trigger on *table*, older than the migration, writes one column from the other.

    That is a row trigger BEFORE INSERT and UPDATE whose function speaks of both.
    """
    catalog = context.start
    found = catalog.table(table) if catalog is not None else None
    if catalog is None or found is None:
        return False
    bodies = (
        function.body or function.definition or ""
        for name in _writing(found)
        for function in catalog.functions_named(name)
    )
    return any(_speaks_of(body, one) and _speaks_of(body, other) for body in bodies)


def _writing(table: Table) -> Iterator[Name]:
    for trigger in table.triggers:
        if (
            trigger.row
            and trigger.timing == "BEFORE"
            and {"INSERT", "UPDATE"} <= set(trigger.events)
        ):
            yield trigger.function


def _speaks_of(body: str, column: str) -> bool:
    return re.search(rf"(?<![\w$]){re.escape(quote_ident(column))}(?![\w$])", body) is not None


def _gone(steps: Iterable[Step], table: Name) -> Iterator[str]:
    for step in steps:
        statement = step.statement
        if isinstance(statement, Rename) and is_renamed(statement, table):
            yield str(statement.sub_name)
        elif isinstance(statement, AlterTable) and _is(statement.name, table):
            for action in statement.actions:
                if isinstance(action, DropColumn):
                    yield action.column


def _is(written: Name, table: Name) -> bool:
    return written.name == table.name and written.schema in (None, table.schema)
