"""What SQLAlchemy is made to take so that a migration goes on: placeholders, texts as of old."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import literal_column, table, text
from sqlalchemy.exc import ArgumentError, ObjectNotExecutableError
from sqlalchemy.orm import Session
from sqlalchemy.schema import DefaultClause
from sqlalchemy.sql import coercions, quoted_name, roles

from migsafe.capture.isolation import swapped
from migsafe.capture.legacy import legacy_calls
from migsafe.capture.marks import marked
from migsafe.capture.placeholders import Placeholder

_ENDED_BY = (ArgumentError, ObjectNotExecutableError, AttributeError, TypeError)


def may_help(error: BaseException) -> bool:
    """Whether a run that ended with *error* may come further if more is `tolerated`."""
    return isinstance(error, _ENDED_BY)


@contextmanager
def tolerated() -> Iterator[None]:
    """Let SQLAlchemy take placeholders in statements, and what SQLAlchemy 1 took.

    A placeholder becomes a mark in the statement, by which it is known for what it is.
    """
    with (
        legacy_calls(),
        swapped(coercions, expect=_expecting(coercions.expect)),
        swapped(DefaultClause, __init__=_defaulting(DefaultClause.__init__)),
        swapped(Session, execute=_executing(Session.execute)),
    ):
        yield


def _expecting(original: Callable[..., Any]) -> Callable[..., Any]:
    def expect(role: Any, element: Any, **keywords: Any) -> Any:
        if not _is_placeholder(element):
            return original(role, element, **keywords)
        try:
            return original(role, element, **keywords)
        except _ENDED_BY:
            mark = marked(element.__name__)
            if issubclass(role, roles.FromClauseRole | roles.JoinTargetRole | roles.DMLTableRole):
                return table(quoted_name(mark, quote=False))
            return literal_column(mark)

    return expect


def _is_placeholder(element: object) -> bool:
    if isinstance(element, type):
        return issubclass(element, Placeholder)
    return isinstance(element, Placeholder)


def _defaulting(original: Callable[..., None]) -> Callable[..., None]:
    def __init__(self: Any, arg: Any, *args: Any, **keywords: Any) -> None:
        original(self, str(arg) if isinstance(arg, Placeholder) else arg, *args, **keywords)

    return __init__


def _executing(original: Callable[..., Any]) -> Callable[..., Any]:
    def execute(self: Session, statement: Any, *args: Any, **keywords: Any) -> Any:
        given = text(statement) if isinstance(statement, str) else statement
        return original(self, given, *args, **keywords)

    return execute
