"""A label of an enum that changes, in the expressions where it stands."""

from __future__ import annotations

import re

from migsafe.catalog import Catalog, Table
from migsafe.names import Name
from migsafe.sql.ast import Expression
from migsafe.sql.expressions import column_refs
from migsafe.values import replace

_LITERAL = re.compile(r"'(?:[^']|'')*'")
_CAST = re.compile(r"'(?:[^']|'')*'(::[\w.\" ]+)?\Z")


def rename_label(catalog: Catalog, enum: Name, old: str, new: str) -> Catalog:
    """The catalog whose defaults, checks and predicates have the label *new* for *old*.

    PostgreSQL keeps labels by number. In a text a literal is one of *enum* when it is the default
    of such a column, or when the expression is about such columns only.
    """
    for table in catalog.tables.values():
        ours = {column.name for column in table.columns if column.type.name == enum}
        if ours:
            catalog = _in_table(catalog, table, ours, (old, new))
    return catalog


def _in_table(catalog: Catalog, table: Table, ours: set[str], label: tuple[str, str]) -> Catalog:
    columns = tuple(
        replace(column, default=_replaced(column.default, label))
        if column.name in ours and column.default and _CAST.match(column.default)
        else column
        for column in table.columns
    )
    constraints = tuple(
        replace(check, expression=_within(check.expression, ours, label))
        for check in table.constraints
    )
    for index in catalog.indexes_of(table.name):
        predicate = _within(index.predicate, ours, label)
        if predicate != index.predicate:
            catalog = catalog.having("indexes", index.name, replace(index, predicate=predicate))
    return catalog.with_table(replace(table, columns=columns, constraints=constraints))


def _within(text: str | None, ours: set[str], label: tuple[str, str]) -> str | None:
    if text is None:
        return None
    used = column_refs(Expression(text))
    return _replaced(text, label) if used and used <= ours else text


def _replaced(text: str, label: tuple[str, str]) -> str:
    old, new = ("'" + value.replace("'", "''") + "'" for value in label)
    return _LITERAL.sub(lambda found: new if found[0] == old else found[0], text)
