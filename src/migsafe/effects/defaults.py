"""Whether a default can be a value of its column, as far as that is seen without a server."""

from __future__ import annotations

import re

from migsafe.catalog import Enum
from migsafe.effects.column_type import unwrap
from migsafe.effects.ledger import Ledger
from migsafe.effects.usage import check_enum_values
from migsafe.effects.volatility import missing_function
from migsafe.pgtypes import TypeRef
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
_SPECIAL_NUMBERS = ("nan", "infinity", "-infinity", "inf", "-inf", "+inf", "+infinity")


def check_default(ledger: Ledger, type_: TypeRef, default: Expression) -> None:
    """Refuse a default that is no value of *type_*, or that this version cannot compute."""
    missing = missing_function(ledger.catalog, default, ledger.major)
    if missing is not None:
        ledger.refuse("42883", f"function {missing} does not exist")
    check_enum_values(ledger, [type_], default)
    literal = _LITERAL.match(default.sql)
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
        ledger.refuse("22P02", f"{default} is not a value of type {base}")


def _is_written_in_a_base(text: str) -> bool:
    """Hexadecimal and the like, with underscores, which PostgreSQL 16 reads."""
    return re.match(r"\s*[-+]?(0[xob]|\d+_)", text, re.I) is not None
