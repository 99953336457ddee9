"""Calls that SQLAlchemy 1 took and SQLAlchemy 2 does not: histories are older than either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from sqlalchemy import MetaData, Table, sql
from sqlalchemy.sql import expression
from sqlalchemy.sql.selectable import FromClause, TableClause

from migsafe.capture.isolation import Swaps


@contextmanager
def legacy_calls() -> Iterator[None]:
    """Take lists of columns in `select` and of pairs in `case`, clauses where tables begin a
    statement, and metadata that is bound.
    """
    functions = {
        "select": _of_list(sqlalchemy.select, ("whereclause",)),
        "case": _of_list(sqlalchemy.case, ()),
    }
    methods = {name: _where(getattr(TableClause, name)) for name in ("update", "delete")}
    with Swaps(
        *((module, functions) for module in (sqlalchemy, sql, expression)),
        (FromClause, {"select": _where(FromClause.select)}),
        (TableClause, methods),
        (MetaData, {"__init__": _bound(MetaData.__init__)}),
        (Table, {"__new__": _loading(Table.__new__)}),
    ):
        yield


def _of_list(original: Callable[..., Any], clauses: tuple[str, ...]) -> Callable[..., Any]:
    def function(first: Any = (), *rest: Any, **keywords: Any) -> Any:
        if not isinstance(first, list):
            return original(first, *rest, **keywords)
        where = [keywords.pop(name) for name in clauses if name in keywords]
        made = original(*first, **keywords)
        return made.where(*rest, *where) if rest or where else made

    return function


def _where(original: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, whereclause: Any = None, values: Any = None, **keywords: Any) -> Any:
        made = original(self)
        made = made if whereclause is None else made.where(whereclause)
        given = keywords if values is None else values
        return made.values(given) if given else made

    return method


def _bound(original: Callable[..., None]) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, bind: Any = None, **keywords: Any) -> None:
        original(self, *args, **keywords)
        self.bind = bind

    return __init__


def _loading(original: Callable[..., Any]) -> Callable[..., Any]:
    def __new__(cls: Any, *args: Any, autoload: bool = False, **keywords: Any) -> Any:
        bind = getattr(args[1], "bind", None) if len(args) > 1 else None
        if autoload and bind is not None:
            keywords.setdefault("autoload_with", bind)
        return original(cls, *args, **keywords)

    return __new__
