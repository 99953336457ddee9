"""Whether a constant can be read as a value of a type, and whether it fits a column."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from migsafe.catalog import Enum
from migsafe.effects.column_type import unwrap
from migsafe.effects.ledger import Ledger
from migsafe.pgtypes import TypeRef
from migsafe.sql.parts import Expression

_LITERAL = re.compile(r"'((?:[^']|'')*)'\Z")
_NUMERAL = re.compile(r"-?\d+(\.\d+)?\Z")
_NUMBER = re.compile(r"\s*[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?\s*\Z", re.I)
_INTEGER = re.compile(r"\s*[-+]?\d+\s*\Z")
_BASED = re.compile(r"\s*[-+]?(0[xob]|\d+_)", re.I)
_UUID = re.compile(r"\s*\{?[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?\s*\Z", re.I)
_DAY = re.compile(r"\s*(\d{4})-(\d\d?)-(\d\d?)(?=[T\s]|\Z)")
_BOOLEANS = ("true", "false", "yes", "no", "on", "off")
_SPECIAL_NUMBERS = ("nan", "infinity", "-infinity", "inf", "-inf", "+inf", "+infinity")
_SPECIAL_TIMES = frozenset("epoch infinity now today tomorrow yesterday allballs".split())
_LIMITS = {"int2": 2**15, "int4": 2**31, "int8": 2**63}


def check_literal(ledger: Ledger, type_: TypeRef, value: Expression | None) -> None:
    """Refuse a string constant that cannot be read as *type_*; other expressions pass."""
    text = _text(value)
    if text is None:
        return
    base = unwrap(ledger.catalog, type_).base
    found = ledger.catalog.type(base.name)
    sqlstate = None
    if base.dimensions:
        sqlstate = None if text.lstrip()[:1] in ("{", "[") else "22P02"
    elif isinstance(found, Enum):
        sqlstate = None if text in found.labels else "22P02"
    elif base.is_builtin and base.name.name in _READERS:
        sqlstate = _READERS[base.name.name](text)
    if sqlstate is not None:
        ledger.refuse(sqlstate, f"{value} is not a value of type {base}")


def check_fit(ledger: Ledger, type_: TypeRef, value: Expression) -> None:
    """Refuse a constant that is too long or too large for *type_*, as storing it would do."""
    base = unwrap(ledger.catalog, type_).base
    if base.dimensions or not base.is_builtin:
        return
    text, name = _text(value), base.name.name
    length = next((m for m in base.modifiers if isinstance(m, int)), None)
    length = length if name in ("varchar", "bpchar") else None
    if text is not None and length is not None and len(text.rstrip(" ")) > length:
        ledger.refuse("22001", f"{value} is longer than {base}")
    if text is None and _NUMERAL.match(value.sql) and not _holds(base, Decimal(value.sql)):
        ledger.refuse("22003", f"{value} is out of the range of {base}")


def _holds(type_: TypeRef, number: Decimal) -> bool:
    """Whether *number*, rounded, is in the range of *type_*."""
    limit = _LIMITS.get(type_.name.name)
    if limit is not None:
        return -limit <= round(number) < limit
    precision = [m for m in type_.modifiers if isinstance(m, int)]
    if type_.name.name != "numeric" or not precision:
        return True
    scale = precision[1] if len(precision) > 1 else 0
    return abs(round(number, scale)) < Decimal(10) ** (precision[0] - scale)


def _text(value: Expression | None) -> str | None:
    """The text of a string constant, None for any other expression."""
    literal = _LITERAL.match(value.sql) if value is not None else None
    return literal[1].replace("''", "'") if literal else None


# -- how PostgreSQL reads them; each answers with the SQLSTATE of what it refuses ------------------


def _integer(text: str) -> str | None:
    # Hexadecimal and the like, with underscores, is what PostgreSQL 16 reads.
    return None if _INTEGER.match(text) or _BASED.match(text) else "22P02"


def _number(text: str) -> str | None:
    special = text.strip().lower() in _SPECIAL_NUMBERS
    return None if special or _NUMBER.match(text) or _BASED.match(text) else "22P02"


def _uuid(text: str) -> str | None:
    return None if _UUID.match(text) else "22P02"


def _boolean(text: str) -> str | None:
    word = text.strip().lower()
    short = [full for full in _BOOLEANS if word and full.startswith(word) and word != "o"]
    return None if short or word in ("0", "1") else "22P02"


def _json(text: str) -> str | None:
    try:
        json.loads(text)
    except RecursionError:
        return None
    except ValueError:
        return "22P02"
    return None


def _day(text: str) -> str | None:
    """A day that no calendar has, or words that are no date; the rest is DateStyle's to read."""
    written = _DAY.match(text)
    if written is not None:
        try:
            date(*(int(part) for part in written.groups()))
        except ValueError:
            return "22008" if int(written[1]) else None
        return None
    words = set(re.findall(r"[a-z]+", text.lower()))
    return "22007" if not re.search(r"\d", text) and not words & _SPECIAL_TIMES else None


_READERS: Mapping[str, Callable[[str], str | None]] = {
    "int2": _integer,
    "int4": _integer,
    "int8": _integer,
    "numeric": _number,
    "float4": _number,
    "float8": _number,
    "uuid": _uuid,
    "bool": _boolean,
    "json": _json,
    "jsonb": _json,
    "date": _day,
    "timestamp": _day,
    "timestamptz": _day,
}
