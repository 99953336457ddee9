"""Columns as they are written in a migration, with what they bring along."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


def column(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Column:
    if len(arguments) < 2 or type(arguments[0]) is not str:
        raise NotWritten("a column without name or type")
    said: dict[str, Any] = {}
    for name, value in keywords.items():
        if name not in _SAID:
            raise NotWritten(f"the argument {name}")
        field, read = _SAID[name]
        said[field] = read(value)
    said.pop("", None)
    if len(arguments) > 2:
        said |= _parts(arguments[2:], said)
    return Column(arguments[0], type_of(arguments[1]), **said)


def _parts(items: Sequence[Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What *items* say of a column of which the rest is *said*."""
    generated: list[Any] = [one for one in items if type(one) in (Identity, Computed)]
    references = tuple(one for one in items if type(one) is Reference and not one.columns)
    if len(generated) > 1 or len(generated) + len(references) != len(items):
        raise NotWritten("something else in a column")
    if not generated:
        return {"references": references}
    if said.get("default") is not None:
        raise NotWritten("a column with two defaults")
    if said.get("numbered") is False and type(generated[0]) is Identity:
        raise NotWritten("an identity that does not count")
    return {"generated": generated[0], "references": references}


def _is_given(value: Any) -> bool:
    """Whether Python gives the column a *value*; it is never sent with the column."""
    if not isinstance(value, _PLAIN):
        raise NotWritten("a value of a column")
    return value is not None


# What arguments say of a column: in which field, nothing where it is empty, and how it is read.
_SAID: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "autoincrement": ("numbered", lambda value: None if value == "auto" else flag(value)),
    "comment": ("comment", lambda value: None if value is None else comment_sql(value)),
    "default": ("has_value", _is_given),
    "doc": ("", _is_given),
    "index": ("index", lambda value: bool(optional_flag(value))),
    "info": ("", _is_given),
    "nullable": ("nullable", flag),
    "onupdate": ("", _is_given),
    "primary_key": ("primary_key", flag),
    "server_default": ("default", lambda value: None if value is None else default_sql(value)),
    "unique": ("unique", lambda value: bool(optional_flag(value))),
}


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
