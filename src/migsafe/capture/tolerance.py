"""What SQLAlchemy is made to take so that a migration goes on: placeholders, and old calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from sqlalchemy import literal_column, sql, table, text
from sqlalchemy.exc import ArgumentError, NoInspectionAvailable, ObjectNotExecutableError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import UnmappedError
from sqlalchemy.schema import DefaultClause
from sqlalchemy.sql import coercions, expression, quoted_name, roles

from migsafe.capture.isolation import Swaps
from migsafe.capture.legacy import legacy_calls
from migsafe.capture.marks import marked
from migsafe.capture.placeholders import Placeholder

_ENDED_BY = (
    ArgumentError,
    AttributeError,
    NoInspectionAvailable,
    ObjectNotExecutableError,
    TypeError,
    UnmappedError,
)
# Where the name of a placeholder is taken: labels of an enum, columns of a constraint.
_NAMED = (roles.LiteralValueRole, roles.DDLConstraintColumnRole, roles.DDLReferredColumnRole)
_OF_SESSIONS = (
    "add add_all bulk_insert_mappings bulk_save_objects delete execute get merge query scalar "
    "scalars"
)


def may_help(error: BaseException) -> bool:
    """Whether a run that ended with *error* may come further if more is `tolerated`."""
    return isinstance(error, _ENDED_BY)


@contextmanager
def tolerated() -> Iterator[None]:
    """Let SQLAlchemy take placeholders in statements, and what SQLAlchemy 1 took.

    A statement that begins with a placeholder is one; inside of another it becomes a mark, by
    which the statement is known for what it is.
    """
    with legacy_calls():
        begin = ("select", "insert", "update", "delete")
        functions = {name: _beginning(getattr(sqlalchemy, name)) for name in begin}
        methods = {name: _of_session(getattr(Session, name)) for name in _OF_SESSIONS.split()}
        with Swaps(
            *((module, functions) for module in (sqlalchemy, sql, expression)),
            (Session, methods),
            (coercions, {"expect": _expecting(coercions.expect)}),
            (DefaultClause, {"__init__": _defaulting(DefaultClause.__init__)}),
        ):
            yield


def _beginning(original: Callable[..., Any]) -> Callable[..., Any]:
    def function(*args: Any, **keywords: Any) -> Any:
        return _missing(_flat(args)) or original(*args, **keywords)

    return function


def _of_session(original: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Session, *args: Any, **keywords: Any) -> Any:
        missing = _missing((*_flat(args), *keywords.values()))
        if missing is not None:
            return missing(self)
        given = (text(one) if isinstance(one, str) else one for one in args)
        return original(self, *given, **keywords)

    return method


def _expecting(original: Callable[..., Any]) -> Callable[..., Any]:
    def expect(role: Any, element: Any, **keywords: Any) -> Any:
        missing = _missing([element])
        if missing is None:
            return original(role, element, **keywords)
        try:
            return original(role, element, **keywords)
        except _ENDED_BY:
            if issubclass(role, _NAMED):
                return original(role, str(missing), **keywords)
            mark = marked(missing.__name__)
            if issubclass(role, roles.FromClauseRole | roles.JoinTargetRole | roles.DMLTableRole):
                return table(quoted_name(mark, quote=False))
            return literal_column(mark)

    return expect


def _defaulting(original: Callable[..., None]) -> Callable[..., None]:
    def __init__(self: Any, arg: Any, *args: Any, **keywords: Any) -> None:
        original(self, str(arg) if isinstance(arg, Placeholder) else arg, *args, **keywords)

    return __init__


def _flat(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """*args*, or what the first of them lists."""
    return tuple(args[0]) if args and isinstance(args[0], list | tuple) else args


def _missing(values: Iterable[object]) -> Placeholder | None:
    """The first of *values* that is a placeholder, or one for a class that is derived from one."""
    for value in values:
        if isinstance(value, Placeholder):
            return value
        if isinstance(value, type) and issubclass(value, Placeholder):
            return Placeholder(value.__name__)
    return None
