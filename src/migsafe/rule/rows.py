"""How many rows a statement may touch: a few that a key names, or as many as there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from migsafe.catalog import Catalog, Rows, Table
from migsafe.sql import _pg
from migsafe.sql.ast import (
    CreateTableAs,
    Delete,
    Expression,
    Insert,
    Merge,
    Select,
    Statement,
    Update,
)
from migsafe.sql.expressions import node_of

_CONSTANTS = ("a_const", "param_ref", "type_cast", "a_array_expr")


def is_bounded(statement: Statement, catalog: Catalog) -> bool:
    """Whether the rows it touches or reads are few, however large its tables are."""
    if isinstance(statement, Insert):
        return statement.rows is not None or not statement.reads
    if isinstance(statement, Select):
        return statement.has_where or statement.limited or not statement.reads
    if isinstance(statement, Update | Delete):
        table = catalog.table(statement.table)
        if table is not None and table.rows is Rows.NONE:
            return True
        return statement.where is not None and _names_rows(statement.where, table, catalog)
    return not isinstance(statement, Merge | CreateTableAs)


def is_batch(sql: str) -> bool:
    """Whether the statement takes one batch of rows: it says LIMIT somewhere."""
    return re.search(r"(?i)\blimit\b", re.sub(r"'[^']*'", "", sql)) is not None


def is_whole_table(statement: Statement) -> bool:
    """Whether an UPDATE or DELETE has no condition that leaves rows out for what they hold.

    No WHERE, a constant one, joins with other tables, and the absence or presence of NULL are
    none.
    """
    if not isinstance(statement, Update | Delete):
        return False
    if statement.where is None:
        return True
    node = node_of(statement.where)
    joins = bool(statement.reads)
    return node is not None and _keeps_most_of_all(node, joins)


def _keeps_most_of_all(node: Any, joins: bool) -> bool:
    return all(_keeps_most(part, joins) for part in _conjuncts(node))


def _keeps_most(node: Any, joins: bool) -> bool:
    kind, message = _pg.unwrap(node)
    if kind in ("null_test", "a_const"):
        return True
    if kind == "bool_expr" and _word(message, "boolop") == "OR_EXPR":
        return any(_keeps_most_of_all(choice, joins) for choice in message.args)
    if kind == "a_expr":
        sides = {_pg.unwrap(message.lexpr)[0], _pg.unwrap(message.rexpr)[0]}
        return sides == {"a_const"} or (joins and sides == {"column_ref"})
    return False


def _names_rows(where: Expression, table: Table | None, catalog: Catalog) -> bool:
    """Whether *where* fixes a key of *table*, or a column that by its name is a part of one."""
    node = node_of(where)
    if node is None:
        return False
    fixed = {column for part in _conjuncts(node) for column in _fixed(part)}
    if any(column.endswith("_id") for column in fixed):
        return True
    return any(key <= fixed for key in _keys(table, catalog))


def _keys(table: Table | None, catalog: Catalog) -> Iterator[frozenset[str]]:
    """The sets of columns that name one row; of an unknown table its ``id``."""
    if table is None or table.unknown:
        yield from (frozenset({"id"}), frozenset({"ctid"}))
        return
    yield frozenset({"ctid"})
    for index in catalog.indexes_of(table.name):
        columns = {key.column for key in index.keys}
        if index.unique and index.predicate is None and None not in columns:
            yield frozenset(str(column) for column in columns)


def _conjuncts(node: Any) -> Iterator[Any]:
    kind, message = _pg.unwrap(node)
    if kind == "bool_expr" and _word(message, "boolop") == "AND_EXPR":
        for argument in message.args:
            yield from _conjuncts(argument)
    else:
        yield node


def _fixed(node: Any) -> Iterator[str]:
    """The column that *node* holds to a constant, a list of constants or a range of them."""
    kind, message = _pg.unwrap(node)
    if kind != "a_expr":
        return
    form = _word(message, "kind")
    operator = [part.string.sval for part in message.name]
    if form in ("AEXPR_OP", "AEXPR_IN", "AEXPR_OP_ANY") and operator != ["="]:
        return
    if form not in ("AEXPR_OP", "AEXPR_IN", "AEXPR_OP_ANY", "AEXPR_BETWEEN"):
        return
    sides = (message.lexpr, message.rexpr)
    for side, other in (sides, sides[::-1]):
        side_kind, reference = _pg.unwrap(side)
        if side_kind == "column_ref" and _is_constant(other):
            last = reference.fields[-1]
            if last.WhichOneof("node") == "string":
                yield last.string.sval


def _is_constant(node: Any) -> bool:
    kind, message = _pg.unwrap(node)
    if kind == "list":
        return all(_is_constant(item) for item in message.items)
    return kind in _CONSTANTS


def _word(message: Any, field: str) -> str:
    values = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    return str(values[getattr(message, field)].name)
