"""Names and texts as SQLAlchemy writes them for PostgreSQL; what is not certain is `NotWritten`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from migsafe.capture.written.values import Final, NotWritten

RESERVED = frozenset(
    "all analyse analyze and any array as asc asymmetric authorization between binary both case "
    "cast check collate column constraint create cross current_catalog current_date current_role "
    "current_schema current_time current_timestamp current_user default deferrable desc distinct "
    "do else end except false fetch for foreign freeze from full grant group having ilike in "
    "initially inner intersect into is isnull join leading left like limit localtime "
    "localtimestamp natural new not notnull null of off offset old on only or order outer over "
    "overlaps placing primary references returning right select session_user similar some "
    "symmetric table then to trailing true union unique user using variadic verbose when where "
    "window with".split()
)
"""The words that SQLAlchemy quotes: not those of PostgreSQL."""
LONGEST = 63
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
# Letters that a pattern without regard to case takes for i, s and k, and an end that `$` ignores.
_UNCERTAIN = re.compile("[\u0130\u0131\u017f\u212a]|\n\\Z")
_BOUND = re.compile(r"(?<![:\w\x5c]):[\w$]|\x5c:")


@lru_cache(maxsize=4096)
def quoted(name: Any) -> str:
    """The identifier *name*, in quotes where SQLAlchemy would put them."""
    if type(name) is not str or not name:
        raise NotWritten("a name that is no text")
    if _PLAIN.fullmatch(name) and name not in RESERVED:
        return name
    if _UNCERTAIN.search(name):
        raise NotWritten("a name with letters of two kinds")
    return '"' + name.replace('"', '""') + '"'


def listed(names: tuple[str, ...]) -> str:
    """Identifiers with commas between them."""
    return ", ".join(map(quoted, names))


def qualified(schema: Any, name: Any) -> str:
    """The identifier of *name* in *schema*, if there is one."""
    return quoted(name) if schema is None else f"{prefix(schema)}{quoted(name)}"


def prefix(schema: Any) -> str:
    """What stands before the names in *schema*; nothing when there is none."""
    if schema is None:
        return ""
    if type(schema) is not str or not schema or "." in schema:
        raise NotWritten("a schema that is no plain name")
    return f"{quoted(schema)}."


def literal(text: Any) -> str:
    """The text as a constant of SQL."""
    if type(text) is not str:
        raise NotWritten("a value that is no text")
    return "'" + text.replace("'", "''") + "'"


def verbatim(text: Any) -> str:
    """SQL that ``sqlalchemy.text()`` sends as it is: without a value to be bound in it."""
    if type(text) is not str:
        raise NotWritten("a statement that is no text")
    if ":" in text and _BOUND.search(text):
        raise NotWritten("a text with a bound value")
    return text


def constraint_name(name: Any, kind: str, naming: dict[str, str]) -> str | None:
    """The name of a constraint or index of *kind*, quoted; None when it is given none."""
    pattern = naming.get(kind)
    if type(name) is Final:
        name = name.text
    elif pattern is not None and (name is None or "constraint_name" in pattern):
        raise NotWritten("a name that the naming convention makes")
    if name is None:
        return None
    if type(name) is not str or len(name) > LONGEST:
        raise NotWritten("a name that is too long")
    return quoted(name)


def named(name: Any, kind: str, naming: dict[str, str]) -> str:
    """``CONSTRAINT name`` with a space behind it, or nothing."""
    found = constraint_name(name, kind, naming)
    return "" if found is None else f"CONSTRAINT {found} "
