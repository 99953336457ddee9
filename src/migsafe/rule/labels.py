"""Which enum values a statement names although its own transaction has added them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.catalog import Catalog
from migsafe.effects.usage import FREED_ENUMS
from migsafe.names import Name
from migsafe.rule.model import Context
from migsafe.sql.ast import CreateFunction, Do, Insert, Statement


def uncommitted_labels(step: Step, context: Context) -> Iterator[tuple[Name, str]]:
    """The enums and labels that *step* uses before they are committed.

    A label is used where it is a constant of a statement that names the enum or a column of it.
    The body of a function is only read when it is SQL.
    """
    transaction, statement = context.session.transaction, step.statement
    if transaction is None or isinstance(statement, Do):
        return
    if isinstance(statement, CreateFunction) and statement.language != "sql":
        return
    for enum, label in sorted(transaction.new_values):
        if enum in transaction.new_types and context.catalog.major >= FREED_ENUMS:
            continue
        if _says(step, label) and _involves(step, enum, context.catalog):
            yield enum, label


def _says(step: Step, label: str) -> bool:
    given = step.parameters if isinstance(step.parameters, list | tuple) else [step.parameters]
    values = (value for one in given for value in (one.values() if isinstance(one, dict) else ()))
    return "'{}'".format(label.replace("'", "''")) in step.sql or label in values


def _involves(step: Step, enum: Name, catalog: Catalog) -> bool:
    if re.search(rf'(::|\bas)\s*([\w"]+\.)?"?{re.escape(enum.name)}"?(?!\w)', step.sql, re.I):
        return True
    for name in _relations(step.statement):
        table = catalog.table(name)
        if table is None or table.unknown:
            continue
        for column in table.columns:
            type_ = catalog.type(column.type.name)
            if type_ is not None and type_.name == enum and _names(step, column.name):
                return True
    return False


def _names(step: Step, column: str) -> bool:
    """Whether *step* names *column*, be it by filling all of them."""
    every = isinstance(step.statement, Insert) and not step.statement.columns
    return every or re.search(rf"(?<!\w){re.escape(column)}(?!\w)", step.sql) is not None


def _relations(statement: Statement) -> Iterator[Name]:
    """The tables that *statement* is about or reads, those of its parts too."""
    table = getattr(statement, "table", None)
    if isinstance(table, Name):
        yield table
    yield from getattr(statement, "reads", ())
    for written in getattr(statement, "writes", ()):
        yield from _relations(written)
    if isinstance(statement, CreateFunction):
        for parsed in statement.nested:
            yield from _relations(parsed.statement)
