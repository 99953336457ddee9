"""Whether a default can be a value of its column, as far as that is seen without a server."""

from __future__ import annotations

import re

from migsafe.catalog import Enum
from migsafe.effects.casts import is_assignable
from migsafe.effects.column_type import plain, unwrap
from migsafe.effects.ledger import Ledger
from migsafe.effects.stored_expressions import type_of
from migsafe.effects.usage import check_enum_values
from migsafe.effects.volatility import missing_function
from migsafe.pgtypes import TypeRef
from migsafe.sql.expressions import column_refs, function_calls, has_subquery
from migsafe.sql.parts import Expression

_LITERAL = re.compile(r"'((?:[^']|'')*)'\Z")
_NUMBER = re.compile(r"\s*[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?\s*\Z", re.I)
_INTEGER = re.compile(r"\s*[-+]?\d+\s*\Z")
_UUID = re.compile(r"\s*\{?[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?\s*\Z", re.I)
_SHAPES = {
    "int2": _INTEGER,
    "int4": _INTEGER,
    "int8": _INTEGER,
    "numeric": _NUMBER,
    "uuid": _UUID,
}
_CALL = re.compile(r"(?:pg_catalog\.)?(\w+)(?:\(\))?\Z")
_RESULTS = {
    "now": "timestamptz",
    "current_timestamp": "timestamptz",
    "clock_timestamp": "timestamptz",
    "current_date": "date",
    "localtimestamp": "timestamp",
    "gen_random_uuid": "uuid",
    "uuidv4": "uuid",
    "uuidv7": "uuid",
    "random": "float8",
}
_SPECIAL_NUMBERS = ("nan", "infinity", "-infinity", "inf", "-inf", "+inf", "+infinity")


def check_default(ledger: Ledger, type_: TypeRef, default: Expression) -> None:
    """Refuse a default that is no value of *type_*, or that this version cannot compute."""
    missing = missing_function(ledger.catalog, default, ledger.major)
    if missing is not None:
        ledger.refuse("42883", f"function {missing} does not exist")
    if has_subquery(default) or column_refs(default):
        ledger.refuse("0A000", f"{default}: a default reads neither rows nor columns")
    check_enum_values(ledger, [type_], default)
    _check_call(ledger, type_, default)
    _check_result(ledger, type_, default)
    check_literal(ledger, type_, default)


def check_literal(ledger: Ledger, type_: TypeRef, value: Expression | None) -> None:
    """Refuse a string constant that cannot be read as *type_*; other expressions pass."""
    literal = _LITERAL.match(value.sql) if value is not None else None
    if literal is None:
        return
    text = literal[1].replace("''", "'")
    base = unwrap(ledger.catalog, type_).base
    if base.dimensions:
        return
    found = ledger.catalog.type(base.name)
    shape = _SHAPES.get(base.name.name)
    unlabelled = isinstance(found, Enum) and text not in found.labels
    misshapen = shape is not None and shape.match(text) is None
    if base.name.name == "numeric" and text.strip().lower() in _SPECIAL_NUMBERS:
        misshapen = False
    if unlabelled or (misshapen and not _is_written_in_a_base(text)):
        ledger.refuse("22P02", f"{value} is not a value of type {base}")


def _check_call(ledger: Ledger, type_: TypeRef, default: Expression) -> None:
    """Refuse a default that is one call of a function whose result cannot be stored."""
    if any(call.name == "currval" for call in function_calls(default)):
        ledger.may_fail("55000", "currval() needs a nextval() before it in the session")
    call = _CALL.match(default.sql)
    result = _RESULTS.get(call[1].lower()) if call else None
    if result is None:
        return
    if is_assignable(TypeRef.builtin(result), plain(ledger.catalog, type_)) is False:
        ledger.refuse("42804", f"{default} gives {result}, which cannot be stored as {type_}")


def _check_result(ledger: Ledger, type_: TypeRef, default: Expression) -> None:
    """Refuse a default whose type is not stored as that of its column."""
    result = type_of(ledger.catalog, None, default)
    if result is None or result.name.name == "unknown":
        return
    pair = plain(ledger.catalog, result), plain(ledger.catalog, type_)
    if pair[0].name != pair[1].name and is_assignable(*pair) is False:
        ledger.refuse("42804", f"{default} gives {result}, which cannot be stored as {type_}")


def _is_written_in_a_base(text: str) -> bool:
    """Hexadecimal and the like, with underscores, which PostgreSQL 16 reads."""
    return re.match(r"\s*[-+]?(0[xob]|\d+_)", text, re.I) is not None
