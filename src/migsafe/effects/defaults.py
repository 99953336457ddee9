"""Whether a default can be a value of its column, as far as that is seen without a server."""

from __future__ import annotations

import re

from migsafe.catalog import Table
from migsafe.effects.casts import is_assignable
from migsafe.effects.column_type import plain
from migsafe.effects.ledger import Ledger
from migsafe.effects.literals import check_literal
from migsafe.effects.stored_expressions import check_expression, type_of
from migsafe.effects.usage import check_enum_values
from migsafe.pgtypes import TypeRef
from migsafe.sql.expressions import column_refs, function_calls
from migsafe.sql.parts import Expression

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


def check_default(ledger: Ledger, type_: TypeRef, default: Expression) -> None:
    """Refuse a default that is no value of *type_*, or that this version cannot compute."""
    if column_refs(default):
        ledger.refuse("0A000", f"{default}: a default reads neither rows nor columns")
    check_expression(default, ledger)
    check_enum_values(ledger, [type_], default)
    _check_call(ledger, type_, default)
    check_result(ledger, type_, default)
    check_literal(ledger, type_, default)


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


def check_result(
    ledger: Ledger, type_: TypeRef, value: Expression, table: Table | None = None
) -> None:
    """Refuse a *value*, over the columns of *table*, whose type is not stored as *type_*."""
    result = type_of(ledger.catalog, table, value)
    if result is None or result.name.name == "unknown":
        return
    pair = plain(ledger.catalog, result), plain(ledger.catalog, type_)
    row = result.name.name == "record"  # which may be of any composite type
    if not row and pair[0].name != pair[1].name and is_assignable(*pair) is False:
        ledger.refuse("42804", f"{value} gives {result}, which cannot be stored as {type_}")
