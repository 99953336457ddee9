"""Whether the bound of a partition is one of its table, and leaves room beside the others."""

from __future__ import annotations

import re

from migsafe.catalog import Table
from migsafe.effects.ledger import Ledger
from migsafe.effects.literals import check_literal
from migsafe.sql.parts import Expression

_KINDS = (("range", re.compile(r"FROM\s*\(", re.I)), ("list", re.compile(r"IN\s*\(", re.I)))
_HASH = re.compile(r"WITH\s*\(\s*MODULUS\s+(\d+)\s*,\s*REMAINDER\s+(\d+)\s*\)", re.I)
_SIDES = re.compile(r"FROM\s*\((?P<lower>.*)\)\s*TO\s*\((?P<upper>.*)\)\s*\Z", re.I | re.S)
_LISTED = re.compile(r"IN\s*\((?P<values>.*)\)\s*\Z", re.I | re.S)
_PLAIN = re.compile(r"\s*('(?:[^']|'')*'|-?\d+|[a-z]+)\s*(?:,|\Z)", re.I)


def check_bound(parent: Table, bound: str, ledger: Ledger) -> None:
    """Refuse a bound of another kind than the key of *parent*, or that has no values.

    The rules are those of transformPartitionBound() and check_new_partition_bound().
    """
    strategy = (parent.partition_key or "").partition("(")[0].strip().lower()
    label = parent.name.display()
    if not strategy:
        return
    if bound.upper() == "DEFAULT":
        if strategy == "hash":
            ledger.refuse("42P16", f"{label} is partitioned by HASH, and has no DEFAULT partition")
        return
    kind = next((name for name, pattern in _KINDS if pattern.search(bound)), "hash")
    if kind != strategy:
        ledger.refuse("42P16", f"{bound} is no bound of {label}, partitioned by {strategy.upper()}")
    if kind == "hash":
        _check_hash(parent, bound, ledger)
    elif kind == "range":
        _check_range(parent, bound, ledger)
    else:
        _check_values(parent, _LISTED.search(bound), "values", ledger)


def _check_hash(parent: Table, bound: str, ledger: Ledger) -> None:
    """Every modulus is a factor of the next larger one, and remainders are free."""
    mine = _hash(bound)
    if mine is None:
        return
    modulus, remainder = mine
    if modulus == 0 or remainder >= modulus:
        ledger.refuse("42P16", f"{bound} has a remainder that no hash can have")
    for sibling in ledger.catalog.partitions_of(parent.name):
        other = _hash(sibling.partition_bound or "")
        if other is None:
            continue
        small, large = sorted((modulus, other[0]))
        name = sibling.name.display()
        if large % small:
            ledger.refuse("42P17", f"of moduli {modulus} and {other[0]} of {name} none is a factor")
        if remainder % small == other[1] % small:
            ledger.refuse("42P17", f"{bound} overlaps partition {name}")


def _hash(bound: str) -> tuple[int, int] | None:
    found = _HASH.search(bound)
    return (int(found[1]), int(found[2])) if found else None


def _check_range(parent: Table, bound: str, ledger: Ledger) -> None:
    """Both sides have a value for each column of the key, the lower one below the upper one."""
    sides = _SIDES.search(bound)
    lower = _check_values(parent, sides, "lower", ledger)
    upper = _check_values(parent, sides, "upper", ledger)
    if lower and upper and len(lower) == len(upper) and not _is_below(lower, upper):
        ledger.refuse("42P17", f"the range {bound} is empty")


def _check_values(
    parent: Table, found: re.Match[str] | None, group: str, ledger: Ledger
) -> list[str]:
    """The constants of a bound, none when they are not all plain; each is a value of its column."""
    values = _values(found[group]) if found else []
    columns = _columns(parent)
    if group != "values" and values and columns and len(values) != len(columns):
        ledger.refuse("42P16", f"a bound of {parent.name.display()} has {len(columns)} values")
    if group == "values":
        columns = columns * len(values)
    for name, value in zip(columns, values, strict=False):
        column = parent.column(name)
        if column is not None:
            check_literal(ledger, column.type, Expression(value))
    return values


def _values(text: str) -> list[str]:
    found, place = [], 0
    while place < len(text):
        match = _PLAIN.match(text, place)
        if match is None:
            return []
        found.append(match[1])
        place = match.end()
    return found


def _columns(parent: Table) -> list[str]:
    """The columns of the key, none when there are expressions, collations or classes in it."""
    inside = (parent.partition_key or "").partition("(")[2].rpartition(")")[0]
    names = [part.strip().strip('"') for part in inside.split(",")]
    return names if all(parent.column(name) for name in names) else []


def _is_below(lower: list[str], upper: list[str]) -> bool:
    """Whether *lower* may be below *upper*: of integers and days in ISO form that is certain."""
    for one, two in zip(lower, upper, strict=True):
        if one != two:
            first, second = _ordered(one), _ordered(two)
            return first is None or second is None or len(first) != len(second) or first < second
    return False


def _ordered(text: str) -> tuple[int, ...] | None:
    """A number, or the year, month and day of a date, to be compared."""
    found = re.fullmatch(r"(-?\d+)|'(\d{4})-(\d\d)-(\d\d)'", text)
    return tuple(int(part) for part in found.groups() if part) if found else None
