"""Constraints as they are written in a migration, and what several statements say of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from migsafe.capture.written.arguments import Signature, names, optional_flag
from migsafe.capture.written.identifiers import verbatim
from migsafe.capture.written.values import Check, Fragment, Key, NotWritten, Reference

Make = Callable[[Sequence[Any], Mapping[str, Any]], Any]

_CASCADE = re.compile(r"RESTRICT|CASCADE|SET NULL|SET DEFAULT|NO ACTION", re.I)
_INITIALLY = re.compile(r"DEFERRED|IMMEDIATE", re.I)


def deferral(given: Mapping[str, Any]) -> str:
    """What *given* says of when a constraint is looked at."""
    deferrable, initially = optional_flag(given.get("deferrable")), given.get("initially")
    text = "" if deferrable is None else " DEFERRABLE" if deferrable else " NOT DEFERRABLE"
    if initially is None:
        return text
    if type(initially) is not str or not _INITIALLY.fullmatch(initially):
        raise NotWritten("INITIALLY something else")
    return f"{text} INITIALLY {initially}"


def reference_tail(given: Mapping[str, Any]) -> str:
    """What follows the columns that a foreign key is to."""
    text = ""
    for keyword, words in (("ondelete", "ON DELETE"), ("onupdate", "ON UPDATE")):
        value = given.get(keyword)
        if value is None:
            continue
        if type(value) is not str or not _CASCADE.fullmatch(value):
            raise NotWritten(f"{words} something else")
        text += f" {words} {value}"
    if given.get("match") is not None or given.get("info") is not None:
        raise NotWritten("MATCH of a foreign key")
    return text + deferral(given)


_REFERENCE = "onupdate ondelete name deferrable initially match"
_INLINE = Signature("column", _REFERENCE, required=1)


def inline(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Reference:
    """``sqlalchemy.ForeignKey``."""
    given = _INLINE.bind(arguments, keywords)
    schema, table, column = _target(given["column"])
    return Reference((), schema, table, (column,), reference_tail(given), given.get("name"))


def _target(value: Any) -> tuple[str | None, str, str]:
    parts = value.split(".") if type(value) is str else []
    if len(parts) not in (2, 3) or not all(parts):
        raise NotWritten("what a foreign key is to")
    return parts[0] if len(parts) == 3 else None, parts[-2], parts[-1]


_FOREIGN = Signature("columns refcolumns name onupdate ondelete", _REFERENCE, required=2)


def foreign(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Reference:
    """``sqlalchemy.ForeignKeyConstraint``."""
    given = _FOREIGN.bind(arguments, keywords)
    columns, targets = names(given["columns"]), [_target(t) for t in names(given["refcolumns"])]
    if len({target[:2] for target in targets}) != 1 or len(columns) != len(targets):
        raise NotWritten("what a foreign key is to")
    schema, table, _ = targets[0]
    found = tuple(column for _, _, column in targets)
    return Reference(columns, schema, table, found, reference_tail(given), given.get("name"))


_KEY = Signature("", "name deferrable initially")


def key(kind: str) -> Make:
    def make(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Key:
        given = _KEY.bind((), keywords)
        return Key(kind, names(list(arguments)), deferral(given), given.get("name"))

    return make


_CHECK = Signature("sqltext name deferrable initially", required=1)


def check(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Check:
    given = _CHECK.bind(arguments, keywords)
    return Check(condition(given["sqltext"]), deferral(given), given.get("name"))


def condition(value: Any) -> str:
    """A condition that is a text, or ``sqlalchemy.text()``."""
    if type(value) is Fragment and value.is_text:
        return value.sql
    return verbatim(value)
