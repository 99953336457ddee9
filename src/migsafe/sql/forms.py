"""Statements that differ from others in names alone, read as one that was read before.

A history says the same of many tables: ``ALTER TABLE … DROP COLUMN …``. PostgreSQL's parser reads
a form once, with names of our own where the names stand; of others only the names are put in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any

from migsafe.errors import SqlError
from migsafe.names import Name, is_reserved
from migsafe.pgtypes import TypeRef
from migsafe.sql import _pg
from migsafe.sql.lower import lower
from migsafe.sql.parts import ColumnDef, ConstraintDef, Statement
from migsafe.sql.relations import CreateTable
from migsafe.values import replace

_SLOT = "migsafe_slot_"
_TABLE_SLOT = f"{_SLOT}table"
# Names that PostgreSQL stores as they are written; each group below is one.
_N = r"([a-z_][a-z0-9_]{0,62})"
_CONSTRAINT = rf"""(?:CONSTRAINT\ {_N}\ )?
    (?: FOREIGN\ KEY\ ?\({_N}\)\ REFERENCES\ {_N}\ \({_N}\) (?=\Z|\ [A-Z])
    | (?:UNIQUE|PRIMARY\ KEY)\ \({_N}\) (?=\Z|\ [A-Z]) )"""
_FORM = re.compile(
    rf"""ALTER\ TABLE\ {_N}\ (?: (?:ADD\ COLUMN|ALTER\ COLUMN)\ {_N}\ (?=[A-Z])
    | (?:DROP\ COLUMN|(?:DROP|VALIDATE)\ CONSTRAINT)\ {_N} (?=\Z|\ [A-Z]) | ADD\ {_CONSTRAINT} )
    | CREATE\ (?:UNIQUE\ )?INDEX\ (?:CONCURRENTLY\ )?(?:IF\ NOT\ EXISTS\ )?
        {_N}\ ON\ {_N}\ \({_N}\)\Z
    | DROP\ (?:INDEX|TABLE)\ (?:CONCURRENTLY\ )?(?:IF\ EXISTS\ )?{_N}\Z""",
    re.VERBOSE,
)
# CREATE TABLE in the layout of SQLAlchemy: a line for each column and each constraint.
_TABLE = re.compile(rf"CREATE TABLE {_N} \(\n\t(.*)\n\)", re.DOTALL)
_BETWEEN = ", \n\t"
_BEFORE = f"CREATE TABLE {_TABLE_SLOT} ("
_ELEMENT = re.compile(rf"{_CONSTRAINT}|{_N}\ (?=[A-Z])", re.VERBOSE)


def alike(sql: str) -> Statement | None:
    """The statement *sql*, when it is of a form that is known here, and None when it is not."""
    if _SLOT in sql:
        return None
    found = _TABLE.fullmatch(sql)
    if found is not None:
        return _table(*found.groups())
    statement: Statement | None = _filled(sql, _FORM.match(sql), "", "")
    return statement


def _table(name: str, body: str) -> Statement | None:
    """CREATE TABLE put together of its elements, each read by itself."""
    if is_reserved(name):
        return None
    columns: list[Any] = []
    constraints: list[Any] = []
    for line in body.split(_BETWEEN):
        found = _element(line)
        if found is None:
            return None
        (columns if isinstance(found, ColumnDef) else constraints).append(found)
    return CreateTable(Name(None, name), tuple(columns), tuple(constraints))


@lru_cache(maxsize=4096)
def _element(line: str) -> Any:
    """The column or the constraint in a *line*, which other tables may have too."""
    return _filled(line, _ELEMENT.match(line), _BEFORE, ")")


def _filled(text: str, match: re.Match[str] | None, before: str, behind: str) -> Any:
    """*text*, whose names *match* has found, as it is read between *before* and *behind*."""
    if match is None:
        return None
    names: list[str] = []
    pieces = [before]
    end = 0
    for start, stop in match.regs[1:]:
        if start >= 0:
            names.append(text[start:stop])
            pieces.append(text[end:start])
            end = stop
    if any(map(is_reserved, names)):
        return None
    pieces += text[end:], behind
    make = _template(tuple(pieces))
    return None if make is None else make(names)


Make = Callable[[list[str]], Any]
"""Makes a value of the names for its slots."""


@lru_cache(maxsize=2048)
def _template(pieces: tuple[str, ...]) -> Make | None:
    """What makes the statement, or the element of a table, of which *pieces* are the text.

    There is a name in front of each piece but the first two and the last. None where names go into
    something that is no name.
    """
    before, first, *others, behind = pieces
    slots = "".join(f"{_SLOT}{number}{piece}" for number, piece in enumerate(others))
    try:
        nodes = _pg.statements(f"{before}{first}{slots}{behind}")
        found: Any = lower(nodes[0].stmt) if len(nodes) == 1 else None
    except (SqlError, RecursionError):
        return None
    if isinstance(found, CreateTable):
        found = _only_element(found)
    try:
        return _maker(found)
    except ValueError:
        return None


def _only_element(table: CreateTable) -> ColumnDef | ConstraintDef | None:
    """The column or the constraint that *table* is all of; None when it is anything else."""
    bare = CreateTable(table.name, table.columns, table.constraints)
    elements: tuple[ColumnDef | ConstraintDef, ...] = (*table.columns, *table.constraints)
    return elements[0] if table == bare and len(elements) == 1 else None


def _maker(value: Any) -> Make | None:
    """What makes *value* with other names; None when it has none.

    Raises ValueError where a name is a part of something.
    """
    if isinstance(value, str):
        return _name_maker(value)
    if isinstance(value, tuple):
        return _tuple_maker(value)
    if not hasattr(type(value), "__dataclass_fields__"):
        return None
    found = {name: make for name, one in vars(value).items() if (make := _maker(one)) is not None}
    if isinstance(value, TypeRef) and found:
        raise ValueError("a type is looked up by its name")
    if not found:
        return None
    if len(found) == 1:
        ((only, one),) = found.items()
        return lambda names: replace(value, **{only: one(names)})
    return lambda names: replace(value, **{name: make(names) for name, make in found.items()})


def _tuple_maker(value: tuple[Any, ...]) -> Make | None:
    makers = [_maker(one) for one in value]
    if not any(makers):
        return None
    kind, (last, *before) = type(value), makers[::-1]
    if last is not None and not any(before):
        start = value[:-1]
        return lambda names: _new(kind, (*start, last(names)))
    pairs = list(zip(value, makers, strict=True))
    return lambda names: _new(kind, [one if m is None else m(names) for one, m in pairs])


_new: Any = tuple.__new__  # as Name._make does it


def _name_maker(text: str) -> Make | None:
    if _SLOT not in text or text == _TABLE_SLOT:
        return None
    return itemgetter(int(text.removeprefix(_SLOT)))
