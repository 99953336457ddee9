"""Texts that an EXECUTE runs, as far as they are constants of the statement itself."""

from __future__ import annotations

import re
from typing import Any

from migsafe.errors import SqlError
from migsafe.names import quote_ident, quote_literal
from migsafe.sql import _pg
from migsafe.sql.nodes import names

_FORMAT = re.compile(r"%(?:(\d+)\$)?([sIL%])")


def constant_text(expression: str) -> str | None:
    """The text that *expression* always has: string constants, ``||`` and ``format()`` of them."""
    try:
        return _text(_pg.expression_node(expression))
    except SqlError:
        return None


def _text(node: Any) -> str | None:
    kind, message = _pg.unwrap(node)
    if kind == "a_const" and message.WhichOneof("val") == "sval":
        return str(message.sval.sval)
    if kind == "a_const" and message.WhichOneof("val") == "ival":
        return str(message.ival.ival)
    if kind == "type_cast" and message.type_name.names[-1].string.sval in ("text", "varchar"):
        return _text(message.arg)
    if kind == "a_expr" and [part.string.sval for part in message.name] == ["||"]:
        left, right = _text(message.lexpr), _text(message.rexpr)
        return None if left is None or right is None else left + right
    if kind == "func_call" and names(message.funcname).name == "format":
        return _formatted([_text(argument) for argument in message.args])
    return None


def _formatted(given: list[str | None]) -> str | None:
    known = [text for text in given if text is not None]
    if not known or len(known) < len(given):
        return None
    waiting = iter(known[1:])

    def filled(match: re.Match[str]) -> str:
        position, sign = match.groups()
        if sign == "%":
            return "%"
        text = known[int(position)] if position else next(waiting)
        if sign == "I":
            return quote_ident(text)
        return quote_literal(text) if sign == "L" else text

    try:
        return _FORMAT.sub(filled, known[0])
    except (IndexError, StopIteration):
        return None
