"""Whether a function that is not known is handed something through which it may send statements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import alembic.op
from alembic.operations import Operations
from sqlalchemy.engine import Connection as SqlalchemyConnection
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from migsafe.capture.dbapi import Connection, Cursor


def tape_in(values: Iterable[Any]) -> Any:
    """The recorder behind the first of *values* that leads to one, or None."""
    return next(filter(None, map(_tape, values)), None)


def session_on(values: Iterable[Any]) -> Session | None:
    """A session on the first of *values* that is a connection or an engine; None without one."""
    binds = (value for value in values if isinstance(value, SqlalchemyConnection | Engine))
    return next((Session(bind) for bind in binds), None)


def _tape(value: Any) -> Any:
    if value is alembic.op:
        value = vars(value).get("_proxy")
    if isinstance(value, Operations):
        return getattr(value, "recorder", None)
    if isinstance(value, Session):
        value = value.bind
    if isinstance(value, SqlalchemyConnection | Engine):
        return getattr(value.dialect, "recorder", None)
    if isinstance(value, Cursor):
        value = value.connection
    return value.tape if isinstance(value, Connection) else None
