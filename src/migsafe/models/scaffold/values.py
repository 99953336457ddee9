"""Defaults and sample values of fields: as Python, as SQL, and whether they are of the type."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal, InvalidOperation

from migsafe.models.scaffold.fields import NUMBERS, RANGES, SIZED, Bound, Field, FieldType


def text_of(default: str) -> str:
    """The default without its quotes."""
    return default[1:-1].replace("''", "'") if default.startswith("'") else default


def default_problem(field: Field) -> str | None:
    """Why the default or the bounds of *field* do not go with its type, or None."""
    if problem := _bounds_problem(field):
        return problem
    if field.default is None:
        return None
    value = text_of(field.default)
    expected = _expected(field, value)
    if expected is not None:
        return f"{value!r} is no default for {field.type.name}: expected {expected}"
    if field.type.name in NUMBERS | SIZED:
        size = Decimal(value) if field.type.name in NUMBERS else Decimal(_length(field, value))
        if not all(bound.allows(size) for bound in field.bounds):
            return f"the default {value!r} is out of bounds"
    return None


def _length(field: Field, value: str) -> int:
    return 0 if field.type.name == "list" else len(value)


def _bounds_problem(field: Field) -> str | None:
    kind = field.type.name
    whole = kind in RANGES or kind in SIZED
    for bound in field.bounds:
        if whole and bound.value != bound.value.to_integral_value():
            return f"a bound of {kind} is a whole number"
        if kind in SIZED and bound.value < 0:
            return "a length is not negative"
        if kind == "numeric" and not _fits(field.type, bound.value):
            return f"the bound {bound.value} does not fit the digits"
    low, high = limits(field)
    if low is not None and high is not None and low > high:
        return "no value is within these bounds"
    return None


def limits(field: Field) -> tuple[Decimal | None, Decimal | None]:
    """The least and the greatest value that *field* takes, or length; None where there is none."""
    kind = field.type.name
    low: Decimal | None = Decimal(0) if kind in SIZED else None
    high: Decimal | None = None
    if kind in RANGES:
        low, high = map(Decimal, RANGES[kind])
    if kind == "str" and field.type.length is not None:
        high = Decimal(field.type.length)
    if kind == "numeric":
        high = _largest(field.type)
        low = -high
    for bound in field.bounds:
        edge = bound.value if len(bound.operator) == 2 else _next_to(bound, field.type)
        if bound.is_lower:
            low = edge if low is None else max(low, edge)
        else:
            high = edge if high is None else min(high, edge)
    return low, high


def _next_to(bound: Bound, kind: FieldType) -> Decimal:
    """The value nearest to a bound that does not include it."""
    scale = kind.digits[1] if kind.digits else (6 if kind.name == "float" else 0)
    step = Decimal(1).scaleb(-scale)
    return bound.value + step if bound.is_lower else bound.value - step


def _largest(kind: FieldType) -> Decimal:
    digits, scale = kind.digits or (1, 0)
    return Decimal((0, (9,) * digits, -scale))


def _fits(kind: FieldType, value: Decimal) -> bool:
    _, scale = kind.digits or (1, 0)
    exponent = value.as_tuple().exponent
    return abs(value) <= _largest(kind) and isinstance(exponent, int) and -exponent <= scale


def _expected(field: Field, value: str) -> str | None:
    """What a default has to be, if *value* is not that."""
    kind = field.type
    if kind.name in ("ref", "bytes", "interval"):
        return "none"
    words = {
        "bool": ("true", "false"),
        "list": ("[]",),
        "jsonb": ("{}", "[]"),
        "uuid": ("random",),
        "enum": kind.labels,
    }
    if kind.name in words:
        return None if value in words[kind.name] else f"one of {', '.join(words[kind.name])}"
    if kind.name in ("str", "text"):
        too_long = kind.length is not None and len(value) > kind.length
        return f"at most {kind.length} characters" if too_long else None
    if kind.name in NUMBERS:
        return _expected_number(kind, value)
    return _expected_time(kind.name, value)


def _expected_number(kind: FieldType, value: str) -> str | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "a number"
    if not number.is_finite() or (kind.name == "float" and math.isinf(float(number))):
        return "a number"
    if kind.name in RANGES:
        low, high = RANGES[kind.name]
        is_good = number == number.to_integral_value() and low <= number <= high
        return None if is_good else f"a whole number from {low} to {high}"
    if kind.name == "numeric" and not _fits(kind, number):
        digits, scale = kind.digits or (1, 0)
        return f"a number of {digits} digits, {scale} of them behind the point"
    return None


def _expected_time(kind: str, value: str) -> str | None:
    if value == "now":
        return None
    readers = {
        "date": datetime.date.fromisoformat,
        "datetime": datetime.datetime.fromisoformat,
        "time": datetime.time.fromisoformat,
    }
    try:
        read = readers[kind](value)
    except ValueError:
        return f"now, or an ISO {kind} in quotes"
    if isinstance(read, datetime.datetime) and read.tzinfo is None:
        return "now, or an ISO datetime with its zone in quotes, as '2026-01-01T00:00:00+00:00'"
    return None


def sample(field: Field) -> str:
    """Python code of a value that *field* takes."""
    if field.type.name == "jsonb" and field.default == "[]":
        return '[{"a": 1}]'
    return _sample(field.type, *limits(field))


def _sample(kind: FieldType, low: Decimal | None, high: Decimal | None) -> str:
    if kind.name in RANGES or kind.name in ("numeric", "float"):
        value = min(max(Decimal(1), low if low is not None else Decimal(1)), _or(high, Decimal(1)))
        return f'Decimal("{value}")' if kind.name == "numeric" else f"{value:f}"
    if kind.name in ("str", "text"):
        length = max(int(_or(low, Decimal(1))), min(8, int(_or(high, Decimal(8)))))
        return f'"{"abcdefgh"[:length]}"' if length <= 8 else f'"x" * {length}'
    if kind.name == "list" and kind.element is not None:
        count = max(1, int(_or(low, Decimal(1)))) if high is None or high >= 1 else 0
        one = _sample(kind.element, None, _one_length(kind.element))
        return "[]" if not count else f"[{one}]" + (f" * {count}" if count > 1 else "")
    return {
        "bool": "True",
        "date": "dt.date(2026, 1, 31)",
        "datetime": "dt.datetime(2026, 1, 31, 12, tzinfo=dt.timezone.utc)",
        "time": "dt.time(12, 30)",
        "interval": "dt.timedelta(hours=1)",
        "uuid": "uuid4()",
        "bytes": 'b"abc"',
        "jsonb": '{"a": 1}',
    }[kind.name]


def _one_length(kind: FieldType) -> Decimal | None:
    if kind.digits:
        return _largest(kind)
    return Decimal(kind.length) if kind.length is not None else None


def _or(value: Decimal | None, other: Decimal) -> Decimal:
    return other if value is None else value
