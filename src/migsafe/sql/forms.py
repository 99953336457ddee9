"""Statements that differ from others in names alone, read as one that was read before.

A history says the same of many tables: ``ALTER TABLE … DROP COLUMN …``. PostgreSQL's parser reads
a form once, with names of our own where the names stand; of others only the names are put in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from migsafe.errors import SqlError
from migsafe.names import Name, quote_ident
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
    | (?:DROP\ COLUMN|DROP\ CONSTRAINT)\ {_N} (?=\Z|\ [A-Z]) | ADD\ {_CONSTRAINT} )
    | CREATE\ (?:UNIQUE\ )?INDEX\ (?:CONCURRENTLY\ )?(?:IF\ NOT\ EXISTS\ )?
        {_N}\ ON\ {_N}\ \({_N}\)\Z
    | DROP\ (?:INDEX|TABLE)\ (?:CONCURRENTLY\ )?(?:IF\ EXISTS\ )?{_N}\Z""",
    re.VERBOSE,
)
# CREATE TABLE in the layout of SQLAlchemy: a line for each column and each constraint.
_TABLE = re.compile(rf"CREATE TABLE {_N} \(\n\t(.*)\n\)", re.DOTALL)
_BETWEEN = ", \n\t"
_ELEMENT = re.compile(rf"{_CONSTRAINT}|{_N}\ (?=[A-Z])", re.VERBOSE)


def alike(sql: str) -> Statement | None:
    """The statement *sql*, when it is of a form that is known here, and None when it is not."""
    if _SLOT in sql:
        return None
    found = _TABLE.fullmatch(sql)
    if found is not None:
        return _table(*found.groups())
    return _filled(sql, _FORM.match(sql), "", "")


def _table(name: str, body: str) -> Statement | None:
    """CREATE TABLE put together of its elements, each read by itself."""
    if quote_ident(name) != name:
        return None
    columns: list[ColumnDef] = []
    constraints: list[ConstraintDef] = []
    for line in body.split(_BETWEEN):
        found = _filled(line, _ELEMENT.match(line), f"CREATE TABLE {_TABLE_SLOT} (", ")")
        if not isinstance(found, CreateTable):
            return None
        columns += found.columns
        constraints += found.constraints
    return CreateTable(Name(None, name), tuple(columns), tuple(constraints))


def _filled(text: str, match: re.Match[str] | None, before: str, behind: str) -> Statement | None:
    """*text*, whose names *match* has found, as it is read between *before* and *behind*."""
    if match is None:
        return None
    names: list[str] = []
    form, end = before, 0
    for start, stop in match.regs[1:]:
        if start >= 0:
            name = text[start:stop]
            if quote_ident(name) != name:
                return None
            form += f"{text[end:start]}{_SLOT}{len(names)}"
            names.append(name)
            end = stop
    make = _template(f"{form}{text[end:]}{behind}")
    found: Statement | None = None if make is None else make(names)
    return found


Make = Callable[[list[str]], Any]
"""Makes a value of the names for its slots."""


@lru_cache(maxsize=2048)
def _template(form: str) -> Make | None:
    """What makes statements of *form*; None where names go into something that is no name."""
    try:
        nodes = _pg.statements(form)
        found = lower(nodes[0].stmt) if len(nodes) == 1 else None
    except (SqlError, RecursionError):
        return None
    if found is None or (isinstance(found, CreateTable) and not _is_one_element(found)):
        return None
    try:
        return _maker(found)
    except ValueError:
        return None


def _is_one_element(table: CreateTable) -> bool:
    """Whether *table* is nothing but one column, or one constraint."""
    bare = CreateTable(table.name, table.columns, table.constraints)
    return table == bare and len(table.columns) + len(table.constraints) == 1


def _maker(value: Any) -> Make | None:
    """What makes *value* with other names; None when it has none.

    Raises ValueError where a name is a part of something.
    """
    if isinstance(value, str):
        return _name_maker(value)
    if isinstance(value, tuple):
        makers = [_maker(one) for one in value]
        if not any(makers):
            return None
        make: Any = Name._make if isinstance(value, Name) else tuple
        pairs = list(zip(value, makers, strict=True))
        return lambda names: make([one if m is None else m(names) for one, m in pairs])
    if not hasattr(type(value), "__dataclass_fields__"):
        return None
    found = {name: make for name, one in vars(value).items() if (make := _maker(one)) is not None}
    if isinstance(value, TypeRef) and found:
        raise ValueError("a type is looked up by its name")
    if not found:
        return None
    return lambda names: replace(value, **{name: make(names) for name, make in found.items()})


def _name_maker(text: str) -> Make | None:
    if _SLOT not in text or text == _TABLE_SLOT:
        return None
    number = int(text.removeprefix(_SLOT))
    return lambda names: names[number]
