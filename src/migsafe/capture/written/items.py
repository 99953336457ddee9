"""What is called in a migration besides operations: columns, constraints, texts, functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from textwrap import dedent
from typing import Any

from migsafe.capture.written import columns, constraints
from migsafe.capture.written.arguments import Signature
from migsafe.capture.written.identifiers import verbatim
from migsafe.capture.written.types import TYPES
from migsafe.capture.written.values import Final, Fragment, NotWritten, Symbol, Type

Make = Callable[[Sequence[Any], Mapping[str, Any]], Any]

_TEXT = Signature("text", required=1)


def _text(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Fragment:
    return Fragment(verbatim(_TEXT.bind(arguments, keywords)["text"]))


def _column(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Fragment:
    """``sqlalchemy.literal_column()``."""
    text = _TEXT.bind(arguments, keywords)["text"]
    if type(text) is not str or not text:
        raise NotWritten("a column that is no text")
    return Fragment(text, is_text=False, is_column=True)


_FINAL = Signature("name", required=1)


def _final(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Final:
    name = _FINAL.bind(arguments, keywords)["name"]
    if type(name) is not str:
        raise NotWritten("a name that is no text")
    return Final(name)


def _fixed(sql: str) -> Make:
    made = Fragment(sql, is_text=False)

    def make(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Fragment:
        if arguments or keywords:
            raise NotWritten("arguments of a function")
        return made

    return make


_ITEMS: dict[str, Make] = {
    "CheckConstraint": constraints.check,
    "Column": columns.column,
    "Computed": columns.computed,
    "ForeignKey": constraints.inline,
    "ForeignKeyConstraint": constraints.foreign,
    "Identity": columns.identity,
    "PrimaryKeyConstraint": constraints.key("pk"),
    "UniqueConstraint": constraints.key("uq"),
}
_CONSTANTS: dict[str, Make] = {
    "literal_column": _column,
    "text": _text,
    "true": _fixed("true"),
    "false": _fixed("false"),
    "null": _fixed("NULL"),
}
_FUNCTIONS = {
    "now": "now()",
    "current_date": "CURRENT_DATE",
    "current_timestamp": "CURRENT_TIMESTAMP",
    "clock_timestamp": "clock_timestamp()",
    "gen_random_uuid": "gen_random_uuid()",
    "statement_timestamp": "statement_timestamp()",
    "transaction_timestamp": "transaction_timestamp()",
    "uuid_generate_v1": "uuid_generate_v1()",
    "uuid_generate_v4": "uuid_generate_v4()",
}


_LOGGER = Signature("name")


def _logger(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Symbol:
    name = _LOGGER.bind(arguments, keywords).get("name", "")
    if type(name) is not str and name != Symbol("__name__"):
        raise NotWritten("a logger of something else")
    return Symbol("logging.getLogger()")


def _dedent(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> str:
    text = _TEXT.bind(arguments, keywords)["text"]
    if type(text) is not str:
        raise NotWritten("a text that is none")
    return dedent(text)


def _is_offline(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> bool:
    if arguments or keywords:
        raise NotWritten("arguments of a function")
    return False


def _by_full_name() -> Iterator[tuple[str, Make]]:
    for name, make in _ITEMS.items():
        yield f"sqlalchemy.{name}", make
        yield f"sqlalchemy.schema.{name}", make
    for above in ("sqlalchemy", "sqlalchemy.sql", "sqlalchemy.sql.expression"):
        for name, make in _CONSTANTS.items():
            yield f"{above}.{name}", make
        for name, sql in _FUNCTIONS.items():
            yield f"{above}.func.{name}", _fixed(sql)
    for name, sql in _FUNCTIONS.items():
        if name in ("now", "current_date", "current_timestamp"):
            yield f"sqlalchemy.sql.functions.{name}", _fixed(sql)
    yield "alembic.context.is_offline_mode", _is_offline
    yield "alembic.op.f", _final
    yield "logging.getLogger", _logger
    yield "textwrap.dedent", _dedent


ITEMS: dict[str, Make] = {**TYPES, **dict(_by_full_name())}
"""What a call makes, by the full name of what is called."""


def call(name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """What the function of the full *name* gives for constant arguments."""
    if name in TYPES:
        return _type(name, *arguments, **keywords)
    make = ITEMS.get(name)
    if make is None:
        raise NotWritten(f"a call of {name}")
    return make(arguments, keywords)


@lru_cache(maxsize=1024, typed=True)
def _type(name: str, /, *arguments: Any, **keywords: Any) -> Type:
    """The type that a history has in many columns, of arguments that can be looked up."""
    return TYPES[name](arguments, keywords)
