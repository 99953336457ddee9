"""Rows that are allowed now, and that a migration may not expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from migsafe.names import quote_literal
from migsafe.pgtypes import TypeRef

_LONG = 10_000  # characters; random text of that length does not fit into an index
_LONG_INDEXED = 800  # and of that length into one of three columns: an entry may have 2,704 bytes


class Hostile(Enum):
    """A kind of row that satisfies every constraint of now, and not those that are to come."""

    NULLS = "NULL where it may be"
    DUPLICATES = "equal values where they may be"
    ORPHANS = "values that refer to no row"
    CHECKS = "values that a later CHECK refuses"
    CASTS = "texts that are no number, no date and nothing else; documents that are no object"
    EXTREMES = "the longest texts, the greatest and the least numbers and dates"


_MOMENTS = ("'infinity'", "'0044-03-15 BC'", "'9999-12-31'")
_EXTREMES: Mapping[str, tuple[str, ...]] = {
    "int2": ("32767", "-32768"),
    "int4": ("2147483647", "-2147483648"),
    "int8": ("9223372036854775807", "-9223372036854775808"),
    "float4": ("'NaN'", "'Infinity'", "-1e30"),
    "float8": ("'NaN'", "'Infinity'", "-1e300"),
    "date": _MOMENTS,
    "timestamp": _MOMENTS,
    "timestamptz": _MOMENTS,
    "interval": ("interval '1000000 years'",),
}
_TEXTS = ("text", "varchar", "bpchar", "citext")
_NO_CASTS = ("no number", "", " ", "-", "{", "31.02.2024")
_OTHER_DOCUMENTS = ("'null'", "'[]'", "'[1]'", "'{}'", "'1'")


def hostile_values(
    ref: TypeRef, kinds: Sequence[Hostile], *, indexed: bool = False
) -> tuple[str, ...]:
    """Expressions of the built-in type *ref* that are of *kinds*; {g} is the row's number.

    Those for a column that is *indexed* fit into an index.
    """
    if ref.dimensions:
        return ("'{}'",) if Hostile.EXTREMES in kinds else ()
    values: list[str] = []
    name = ref.name.name
    limit = int(ref.modifiers[0]) if ref.modifiers else 0
    if Hostile.CASTS in kinds and name in _TEXTS:
        values += (quote_literal(text) for text in _NO_CASTS if not limit or len(text) <= limit)
    if Hostile.CASTS in kinds and name in ("json", "jsonb"):
        values += _OTHER_DOCUMENTS
    if Hostile.EXTREMES in kinds:
        values += _numeric(ref) if name == "numeric" else _EXTREMES.get(name, ())
        values += [_longest(limit, _LONG_INDEXED if indexed else _LONG)] if name in _TEXTS else []
    return tuple(f"({value})::{ref}" for value in values)


def _numeric(ref: TypeRef) -> list[str]:
    if not ref.modifiers:
        return ["'NaN'", "1e40", "0.12345678901234567890"]
    digits, scale = int(ref.modifiers[0]), int(ref.modifiers[1])
    largest = "9" * max(digits - scale, 0) or "0"
    return [f"{largest}{'.' + '9' * scale if scale > 0 else ''}"]


def _longest(limit: int, most: int) -> str:
    length = min(limit or most, most)
    parts = (
        f"(SELECT string_agg(md5(({{g}}+i)::text),'') FROM generate_series(1,{length // 32 + 1}) i)"
    )
    return f"left({parts},{length})"
