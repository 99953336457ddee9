"""How a type spells a constant that was given as a string: the form in which it is stored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from migsafe.pgtypes import TypeRef

_STRING = re.compile(r"'((?:[^']|'')*)'(?:::[\w .]+(?:\(\d+\))?)?\Z")
_BITS = re.compile(r"[bB]'([01]*)'\Z")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})\Z")
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(\.\d+)?)?\Z")
_STAMP = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2})(?:[ T](\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?))?(Z|\+00)?\Z"
)
_TRUE = frozenset(("t", "tr", "tru", "true", "y", "ye", "yes", "on", "1"))
_FALSE = frozenset(("f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0"))


def spelled(text: str, ref: TypeRef) -> str:
    """The constant *text* as the type *ref* writes it; *text* itself where that is not known."""
    bits = _BITS.match(text)
    if bits is not None and ref.name.name in ("bit", "varbit"):
        return f"'{bits[1]}'"
    match = _STRING.match(text)
    spell = _SPELLERS.get(ref.name.name) if ref.is_builtin and not ref.dimensions else None
    found = spell(match[1].replace("''", "'")) if match and spell else None
    if found is None:
        return text
    return found if ref.name.name == "bool" else "'" + found.replace("'", "''") + "'"


def _bool(value: str) -> str | None:
    word = value.strip().lower()
    if word in _TRUE:
        return "true"
    return "false" if word in _FALSE else None


def _uuid(value: str) -> str | None:
    digits = value.replace("-", "").strip("{}").lower()
    if not re.fullmatch(r"[0-9a-f]{32}", digits):
        return None
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _date(value: str) -> str | None:
    match = _DATE.match(value)
    return f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}" if match else None


def _time(value: str) -> str | None:
    match = _TIME.match(value)
    if match is None:
        return None
    fraction = (match[4] or "").rstrip("0").rstrip(".")
    return f"{int(match[1]):02}:{match[2]}:{match[3] or '00'}{fraction}"


def _timestamp(value: str) -> str | None:
    match = _STAMP.match(value)
    if match is None:
        return None
    return f"{_date(match[1])} {_time(match[2] or '00:00')}"


def _timestamptz(value: str) -> str | None:
    """Without a zone it is that of the session, which is taken for UTC."""
    plain = _timestamp(value)
    return f"{plain}+00" if plain else None


def _jsonb(value: str) -> str | None:
    """Keys by length, then by bytes; numbers as they were written."""
    try:
        read = json.loads(value, parse_float=_Number, parse_int=_Number)
    except ValueError:
        return None
    return _dumped(read)


class _Number(str):
    """The digits of a number."""


def _dumped(value: Any) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{_dumped(key)}: {_dumped(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_dumped(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


_SPELLERS: dict[str, Callable[[str], str | None]] = {
    "bool": _bool,
    "uuid": _uuid,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "jsonb": _jsonb,
}
