"""The columns of a query's result, read off its text: names for rows that are made up."""

from __future__ import annotations

import re
from functools import lru_cache

from migsafe.capture.dbapi import ResultColumn
from migsafe.capture.schema import Schema
from migsafe.names import Name
from migsafe.sql import Delete, Insert, Select, Show, Statement, Update

_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$.*?\$\1\$|\w+|\s+|.""", re.S
)
_ENDS = re.compile(
    r"(?:from|where|group|having|order|limit|offset|fetch|for|union|intersect|except|window|into)\Z"
)
_ALIAS = re.compile(r"""(?:"((?:[^"]|"")+)"|(\w+))\s*\Z""")


@lru_cache(maxsize=2048)
def result_columns(sql: str) -> tuple[str, ...]:
    """The expressions between SELECT (or RETURNING) and what follows, as written.

    Only the outermost level counts; empty when *sql* has no such list.
    """
    items: list[str] = []
    depth = 0
    reading = False
    current = ""
    for match in _TOKEN.finditer(sql):
        token = match[0]
        word = token.lower()
        if word.startswith(("--", "/*")):
            continue
        depth += (token in "([") - (token in ")]") if len(token) == 1 else 0
        if depth == 0 and word in ("select", "returning"):
            if reading:
                break
            reading, items, current = True, [], ""
        elif reading and depth == 0 and (_ENDS.match(word) or token == ";"):
            break
        elif reading and depth == 0 and token == ",":
            items.append(current)
            current = ""
        elif reading and not (not current.strip() and not items and word in ("distinct", "all")):
            current += token
    return tuple(item.strip() for item in (*items, current) if item.strip())


def columns_of(sql: str, statement: Statement, schema: Schema) -> tuple[ResultColumn, ...]:
    """The columns that the result of *sql* has; ``*`` is looked up in *schema*."""
    if isinstance(statement, Show):
        return (ResultColumn(statement.name),)
    found: list[ResultColumn] = []
    for item in result_columns(sql):
        if item == "*" or item.endswith(".*"):
            found += (ResultColumn(name) for name in _all_columns(statement, schema))
        else:
            found.append(ResultColumn(_alias(item)))
    return tuple(found) or (ResultColumn("?column?"),)


def _alias(item: str) -> str:
    match = _ALIAS.search(item)
    if match:
        return (match[1] or match[2]).replace('""', '"')
    called = re.match(r"(\w+)\s*\(", item)
    return called[1].lower() if called else "?column?"


def _all_columns(statement: Statement, schema: Schema) -> tuple[str, ...]:
    reads: tuple[Name, ...] = ()
    if isinstance(statement, Select):
        reads = statement.reads
    elif isinstance(statement, Insert | Update | Delete):
        reads = (statement.table,)
    tables = (schema.catalog.table(name) for name in reads)
    names = tuple(c.name for table in tables if table is not None for c in table.columns)
    return names or ("?column?",)
