"""What queries give while there is no database: nothing in the first pass, one row in the second.

A query that answers the same on every database (no table read) gives a row in both passes; an
aggregate gives its row too, with the count of the pass.
"""

from __future__ import annotations

import datetime
import decimal
import re
import uuid
from collections.abc import Iterator
from typing import Any

from migsafe.capture.dbapi import Result, ResultColumn
from migsafe.capture.results import result_columns
from migsafe.capture.schema import Schema
from migsafe.capture.stand_in import StandIn
from migsafe.sql import Delete, Insert, Merge, Select, Show, Statement, Unrecognised, Update

_READS = re.compile(r"\s*\(*\s*(?:select|with|show|values|table|explain|fetch)\b", re.I)
_RETURNING = re.compile(r"\breturning\b", re.I)
_AGGREGATE = re.compile(
    r"(?:coalesce\s*\(\s*)?(?:count|sum|min|max|avg|every|bool_or|bool_and|array_agg|string_agg|"
    r"json_agg|jsonb_agg)\s*\(",
    re.I,
)
_EXISTS = re.compile(r"(not\s+)?\(?exists\s*\(", re.I)
_GROUPED = re.compile(r"\bgroup\s+by\b", re.I)
_MOST_ROWS = 1000
_HEALTHY = frozenset(("indisvalid", "indisready", "indislive", "convalidated"))
"""Columns of the system's catalogs that are true unless something went wrong."""


def returns_rows(sql: str, statement: Statement) -> bool:
    """Whether *statement* gives rows, for statements that SQLAlchemy did not compile."""
    if isinstance(statement, Insert | Update | Delete | Merge):
        return statement.returning
    if isinstance(statement, Unrecognised):
        return bool(_READS.match(sql) or _RETURNING.search(sql))
    return bool(_READS.match(sql))


def answer(
    sql: str,
    statement: Statement,
    columns: tuple[ResultColumn, ...],
    *,
    found: bool,
    schema: Schema,
    serial: Iterator[int],
) -> tuple[Result, bool]:
    """Make up the result of a statement that gives *columns*.

    *found* is the answer to the question whether there are such rows; *serial* numbers new rows.
    Returns the result, and whether it hung on *found*.
    """
    if isinstance(statement, Insert):
        count = min(statement.rows or 1, _MOST_ROWS)
        new = tuple(tuple(_new(column, serial) for column in columns) for _ in range(count))
        return Result(columns, new, count), False
    if isinstance(statement, Show):
        return Result(columns, ((_setting(statement.name, schema),),), 1), False
    items = [item.strip() for item in result_columns(sql)]
    if isinstance(statement, Select) and items and not _GROUPED.search(sql):
        if all(_AGGREGATE.match(i) or _EXISTS.match(i) for i in items):
            row = tuple(_aggregate(i, found) for i in items)
            return Result(columns, (row,), 1), True
        if _is_constant(statement, items):
            row = tuple(_constant(i, c, schema) for i, c in zip(items, columns, strict=False))
            return Result(columns, (row,), 1), False
    rows = (tuple(_value(column) for column in columns),) if found else ()
    return Result(columns, rows, len(rows)), True


def _is_constant(statement: Select, items: list[str]) -> bool:
    functions = {call.name.name for call in statement.calls}
    looks = any(name.startswith(("generate_series", "unnest", "to_reg")) for name in functions)
    return not statement.reads and not statement.has_where and not looks and "*" not in items


def _setting(name: str, schema: Schema) -> str:
    if name == "server_version":
        return f"{schema.major}.0"
    if name == "server_version_num":
        return f"{schema.major}0000"
    if name == "search_path":
        return ", ".join(schema.catalog.search_path)
    return "on" if name == "standard_conforming_strings" else "0"


def _constant(item: str, column: ResultColumn, schema: Schema) -> Any:
    text = item.lower()
    if text.startswith("current_schema"):
        return next(iter(schema.catalog.search_path), None)
    if text.startswith("version("):
        return f"PostgreSQL {schema.major}.0"
    if "server_version_num" in text:
        return f"{schema.major}0000"
    if text.isdigit():
        return int(text)
    return _value(column)


def _aggregate(item: str, found: bool) -> Any:
    if match := _EXISTS.match(item):
        return found is not bool(match[1])
    if re.match(r"(?:coalesce\s*\(\s*)?count\s*\(", item, re.I):
        return int(found)
    if item.lower().startswith("coalesce"):
        return int(found)
    return StandIn("1") if found else None


def _new(column: ResultColumn, serial: Iterator[int]) -> Any:
    value = _value(column)
    return next(serial) if isinstance(value, int) and not isinstance(value, bool) else value


def _value(column: ResultColumn) -> Any:
    """One value of the column's type; a `StandIn` where the type is not known."""
    kind = column.type
    if kind is None:
        return True if column.name in _HEALTHY else StandIn("1")
    if (labels := getattr(kind, "enums", None)) is not None:
        return labels[0] if labels else StandIn("1")
    if (item := getattr(kind, "item_type", None)) is not None:
        return [_value(ResultColumn(column.name, item))]
    try:
        python = kind.python_type
    except NotImplementedError:
        return StandIn("1")
    return _SAMPLES.get(python, StandIn("1"))


_SAMPLES: dict[type, Any] = {
    bool: True,
    int: 1,
    float: 1.0,
    decimal.Decimal: decimal.Decimal(1),
    bytes: b"1",
    dict: {},
    datetime.datetime: datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc),
    datetime.date: datetime.date(2020, 1, 1),
    datetime.time: datetime.time(),
    datetime.timedelta: datetime.timedelta(1),
    uuid.UUID: uuid.UUID(int=1),
}
