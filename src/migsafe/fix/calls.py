"""What the author's calls are: which of them can be changed, and how their SQL is written."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import libcst as cst

from migsafe.fix.editing import called, keyword, with_keywords, without
from migsafe.rule import code
from migsafe.sql.ast import (
    AddColumn,
    AlterTable,
    CreateIndex,
    CreateTable,
    Drop,
    DropColumn,
    DropConstraint,
    Statement,
)
from migsafe.sql.online import may_run_again

_EXECUTING = frozenset(("execute", "exec_driver_sql"))
_REPEATABLE = {
    **dict.fromkeys(("create_table", "add_column", "create_index"), "if_not_exists"),
    **dict.fromkeys(("drop_table", "drop_column", "drop_index", "drop_constraint"), "if_exists"),
}
_OF_OPERATION: dict[str, type[Any]] = {
    "create_table": CreateTable,
    "create_index": CreateIndex,
    "drop_table": Drop,
    "drop_index": Drop,
    "add_column": AddColumn,
    "drop_column": DropColumn,
    "drop_constraint": DropConstraint,
}
_BINDS = re.compile(r"(?<![:\w\\]):(?=\w)")
_WIDTH = 76


def sole_call(node: cst.CSTNode) -> cst.Call | None:
    """The call that the statement *node* consists of, if it is one."""
    if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1:
        expression = node.body[0]
        if isinstance(expression, cst.Expr) and isinstance(expression.value, cst.Call):
            return expression.value
    return None


def with_call(node: cst.SimpleStatementLine, call: cst.Call) -> cst.SimpleStatementLine:
    """The statement *node* with *call* in the place of its own."""
    expression = node.body[0]
    return node.with_changes(body=[expression.with_changes(value=call)])


def is_on(call: cst.Call, name: str) -> bool:
    """Whether *call* calls a method of the variable *name*."""
    func = call.func
    return (
        isinstance(func, cst.Attribute)
        and isinstance(func.value, cst.Name)
        and func.value.value == name
    )


def is_executing(call: cst.Call) -> bool:
    """Whether *call* sends SQL that is written as text."""
    return called(call) in _EXECUTING


def literal(call: cst.Call) -> cst.SimpleString | cst.ConcatenatedString | None:
    """The text that ``execute()`` is called with, when it is written as a constant there."""
    if len(call.args) != 1:
        return None
    value = call.args[0].value
    if called(value) in ("text", "DDL") and isinstance(value, cst.Call) and len(value.args) == 1:
        value = value.args[0].value
    if isinstance(value, cst.SimpleString):
        return value
    if isinstance(value, cst.ConcatenatedString) and value.evaluated_value is not None:
        return value
    return None


def is_formatted(node: cst.CSTNode) -> bool:
    """Whether a text in *node* is put together when it runs."""
    if isinstance(node, cst.FormattedString) or called_format(node):
        return True
    return any(is_formatted(child) for child in node.children)


def called_format(node: cst.CSTNode) -> bool:
    """Whether *node* is ``"…".format(…)`` or ``"…" % …``."""
    if isinstance(node, cst.BinaryOperation):
        return isinstance(node.operator, cst.Modulo) and isinstance(node.left, cst.SimpleString)
    return isinstance(node, cst.Call) and called(node) == "format"


def executing(sql: str) -> cst.SimpleStatementLine:
    """``op.execute`` of *sql*; what looks like a bound value in it is none."""
    pieces = list(_pieces(_BINDS.sub(r"\\:", sql.strip())))
    if len(pieces) == 1:
        text = f"op.execute({pieces[0]})"
    else:
        text = "op.execute(\n" + "".join(f"    {piece}\n" for piece in pieces) + ")"
    statement = cst.parse_statement(text)
    assert isinstance(statement, cst.SimpleStatementLine)
    return statement


def _pieces(sql: str) -> Iterator[str]:
    """Python texts that make up *sql*, a line of it each, long ones cut between words."""
    for line in sql.splitlines(keepends=True):
        cut = textwrap.wrap(
            line, _WIDTH, break_long_words=False, break_on_hyphens=False,
            replace_whitespace=False, drop_whitespace=False, expand_tabs=False,
        )  # fmt: skip
        exact = "".join(cut) == line
        yield from (code.text(piece) for piece in (cut if exact else [line]))


def repeatable(call: cst.Call, *, batch: bool) -> cst.Call:
    """*call* in a form that may run again after it was committed, where there is one."""
    if is_executing(call):
        found = literal(call)
        if not isinstance(found, cst.SimpleString):
            return call
        changed = found.with_changes(value=may_run_again(found.value))
        return call if changed.value == found.value else _replaced(call, found, changed)
    name = called(call)
    option = None if batch and name == "drop_constraint" else _REPEATABLE.get(name)
    return with_keywords(call, {option: "True"}) if option else call


def covers(call: cst.Call, statement: Statement) -> bool:
    """Whether the IF [NOT] EXISTS of the repeatable *call* is that of *statement*."""
    if is_executing(call):
        return True
    kind = _OF_OPERATION.get(called(call), ())
    parts = statement.actions if isinstance(statement, AlterTable) else (statement,)
    return all(isinstance(part, kind) for part in parts)


def _replaced(call: cst.Call, old: cst.CSTNode, new: cst.CSTNode) -> cst.Call:
    changed = call.deep_replace(old, new)
    assert isinstance(changed, cst.Call)
    return changed


def with_column(call: cst.Call, change: Column) -> cst.Call | None:
    """``add_column`` without what *change* takes from its column; None when that is elsewhere."""
    for position, arg in enumerate(call.args):
        if called(arg.value) == "Column" and isinstance(arg.value, cst.Call):
            column = change.applied(arg.value)
            if column is None:
                return None
            changed = arg.with_changes(value=column)
            return call.with_changes(
                args=[*call.args[:position], changed, *call.args[position + 1 :]]
            )
    return None


class Column:
    """What a new column is to lack: *keywords* of ``Column``, and its foreign keys."""

    def __init__(self, words: Iterable[str | None], *, foreign_keys: bool):
        self.keywords = frozenset(word for word in words if word)
        self.foreign_keys = foreign_keys

    def applied(self, column: cst.Call) -> cst.Call | None:
        """The call of ``Column`` without these; None when one of them is not written there."""
        if any(keyword(column, name) is None for name in self.keywords):
            return None
        keys = [arg for arg in column.args if called(arg.value) == "ForeignKey"]
        if self.foreign_keys and not keys:
            return None
        return without(
            column,
            lambda arg: (
                (self.foreign_keys and arg in keys)
                or (arg.keyword is not None and arg.keyword.value in self.keywords)
            ),
        )
