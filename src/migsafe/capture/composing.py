"""Texts of SQL that drivers compose: bytes, psycopg's `sql` objects, values put into a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from migsafe.names import quote_ident


def composed(statement: Any) -> str:
    """The text of *statement*: bytes, or an object of `psycopg.sql` or `psycopg2.sql`."""
    if isinstance(statement, bytes):
        return statement.decode()
    wrapped = getattr(statement, "_wrapped", getattr(statement, "_obj", None))
    kind = type(statement).__name__
    if wrapped is None or not type(statement).__module__.endswith(".sql"):
        return str(statement)
    if kind == "Composed":
        return "".join(map(composed, wrapped))
    if kind == "Identifier":
        return ".".join(map(quote_ident, wrapped))
    if kind == "Placeholder":
        return f"%({wrapped})s" if wrapped else "%s"
    return literal(wrapped) if kind == "Literal" else str(wrapped)


def interpolated(text: str, parameters: Any) -> str:
    """*text* with *parameters* in the place of its ``%s`` or ``%(name)s``."""
    if not parameters:
        return text
    if isinstance(parameters, Mapping):
        return text % {name: literal(value) for name, value in parameters.items()}
    return text % tuple(map(literal, parameters))


def literal(value: Any) -> str:
    """*value* as a constant in SQL; what is no number, text or truth is written as a text."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return f"ARRAY[{', '.join(map(literal, value))}]"
    quoted = str(value).replace("'", "''")
    return f"'{quoted}'"
