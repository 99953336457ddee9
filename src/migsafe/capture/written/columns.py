"""Columns as they are written in a migration, with what they bring along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from migsafe.capture.written.arguments import Signature, flag, number, optional_flag
from migsafe.capture.written.constraints import condition
from migsafe.capture.written.identifiers import literal
from migsafe.capture.written.types import type_of
from migsafe.capture.written.values import (
    Column,
    Computed,
    Fragment,
    Identity,
    NotWritten,
    Reference,
)

_PLAIN = (bool, int, float, str, list, tuple, dict, type(None), Fragment)


def default_sql(value: Any) -> str:
    """A server default, as it is sent."""
    return value.sql if type(value) is Fragment else literal(value)


def comment_sql(value: Any) -> str:
    """The comment of something new; versions of Alembic differ over an empty one."""
    if value == "":
        raise NotWritten("an empty comment")
    return literal(value)


_COLUMN = Signature(
    "",
    "nullable primary_key server_default comment unique index autoincrement default onupdate info "
    "doc",
)


def column(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Column:
    given = _COLUMN.bind((), keywords)
    if len(arguments) < 2 or type(arguments[0]) is not str:
        raise NotWritten("a column without name or type")
    generated, references = _parts(arguments[2:])
    default = given.get("server_default")
    if default is not None and generated is not None:
        raise NotWritten("a column with two defaults")
    numbered = given.get("autoincrement", "auto")
    if numbered is False and type(generated) is Identity:
        raise NotWritten("an identity that does not count")
    comment = given.get("comment")
    return Column(
        arguments[0],
        type_of(arguments[1]),
        nullable=flag(given["nullable"]) if "nullable" in given else None,
        primary_key=flag(given.get("primary_key", False)),
        default=None if default is None else default_sql(default),
        generated=generated,
        comment=comment if comment is None else comment_sql(comment),
        unique=bool(optional_flag(given.get("unique"))),
        index=bool(optional_flag(given.get("index"))),
        numbered=None if numbered == "auto" else flag(numbered),
        has_value=_is_valued(given),
        references=references,
    )


def _parts(
    items: Sequence[Any],
) -> tuple[Identity | Computed | None, tuple[Reference, ...]]:
    generated: list[Any] = [one for one in items if type(one) in (Identity, Computed)]
    references = tuple(one for one in items if type(one) is Reference and not one.columns)
    if len(generated) > 1 or len(generated) + len(references) != len(items):
        raise NotWritten("something else in a column")
    return (generated[0] if generated else None), references


def _is_valued(given: Mapping[str, Any]) -> bool:
    """Whether Python gives the column a value; it is never sent with the column."""
    for name in ("default", "onupdate", "info", "doc"):
        if name in given and not isinstance(given[name], _PLAIN):
            raise NotWritten(f"the argument {name}")
    return given.get("default") is not None


_IDENTITY = Signature(
    "always", "start increment minvalue maxvalue nominvalue nomaxvalue cycle cache"
)
_OPTIONS = (
    ("increment", "INCREMENT BY"),
    ("start", "START WITH"),
    ("minvalue", "MINVALUE"),
    ("maxvalue", "MAXVALUE"),
)


def identity(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Identity:
    given = _IDENTITY.bind(arguments, keywords)
    options = []
    for name, words in _OPTIONS:
        if (value := number(given.get(name))) is not None:
            options.append(f"{words} {value}")
    for name, words in (("nominvalue", "NO MINVALUE"), ("nomaxvalue", "NO MAXVALUE")):
        if optional_flag(given.get(name)) is not None:
            options.append(words)
    if (cache := number(given.get("cache"))) is not None:
        options.append(f"CACHE {cache}")
    if (cycle := optional_flag(given.get("cycle"))) is not None:
        options.append("CYCLE" if cycle else "NO CYCLE")
    kind = "ALWAYS" if flag(given.get("always", False)) else "BY DEFAULT"
    text = f"GENERATED {kind} AS IDENTITY"
    return Identity(f"{text} ({' '.join(options)})" if options else text)


_COMPUTED = Signature("sqltext persisted", required=1)


def computed(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Computed:
    given = _COMPUTED.bind(arguments, keywords)
    if given.get("persisted") is not True:
        raise NotWritten("a computed column whose kind depends on versions")
    return Computed(f"GENERATED ALWAYS AS ({condition(given['sqltext'])}) STORED")
