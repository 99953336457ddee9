"""Whether CHECKs prove that all rows of a table lie inside, or outside, the bound of a partition.

PostgreSQL proves by predicate implication; here the forms that people write for the purpose are
known: comparisons of a single partition key with constants, joined by AND, or by OR to exclude.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from migsafe.catalog import Catalog, ConstraintKind, Table
from migsafe.effects.not_null import is_proven
from migsafe.names import quote_ident
from migsafe.values import dataclass

_CONSTANT = r"\(?'((?:[^']|'')*)'|\(?(-?\d+(?:\.\d+)?)"
_RANGE = re.compile(r"FROM\s*\((?P<lower>.*)\)\s*TO\s*\((?P<upper>.*)\)\s*\Z", re.I | re.S)
_LIST = re.compile(r"IN\s*\((?P<values>.*)\)\s*\Z", re.I | re.S)
_ISO = re.compile(r"\d{4}-\d\d-\d\d([ T][\d:.]+([-+]\d\d)?)?\Z")

Constant = float | str


@dataclass(frozen=True)
class _Atom:
    """``column operator constant``."""

    operator: str
    value: Constant


def implies(parent: Table, child: Table, bound: str, catalog: Catalog) -> bool:
    """Whether valid CHECKs of *child* prove that no row lies outside *bound* of *parent*."""
    key = key_column(parent)
    if key is None or bound.upper() == "DEFAULT":
        return False
    column = child.column(key)
    if column is None or not (column.not_null or is_proven(child, key)):
        return False
    atoms = [a for text in _checks(child) if not _has_or(text) for a in _atoms(text, key)]
    ranged = _RANGE.search(bound)
    if ranged is not None:
        return _above(atoms, ranged["lower"]) and _below(atoms, ranged["upper"])
    listed = _LIST.search(bound)
    if listed is None:
        return False
    allowed = set(_constants(listed["values"]))
    sets = [set(_members(text, key)) for text in _checks(child)]
    sets += [{atom.value} for atom in atoms if atom.operator == "="]
    return any(values and values <= allowed for values in sets)


def implies_absent(parent: Table, default: Table, bound: str, catalog: Catalog) -> bool:
    """Whether valid CHECKs of the partition *default* prove that none of its rows is in *bound*."""
    key = key_column(parent)
    ranged = _RANGE.search(bound)
    if key is None or ranged is None:
        return False
    lower, upper = _one(ranged["lower"]), _one(ranged["upper"])
    for text in _checks(default):
        atoms = list(_atoms(text, key))
        if re.match(r"\(*\s*NOT\b", text, re.I):
            within = [not _is_wider(atom, lower, upper) for atom in atoms]
            if atoms and not any(within) and not _has_or(text):
                return True
            continue
        outside = [_is_outside(atom, lower, upper) for atom in atoms]
        if outside and (all(outside) if _has_or(text) else any(outside)):
            return True
    return False


def _is_outside(atom: _Atom, lower: Constant | None, upper: Constant | None) -> bool:
    if atom.operator in (">=", ">") and upper is not None:
        return _at_least(atom.value, upper)
    if atom.operator == "<" and lower is not None:
        return _at_least(lower, atom.value)
    return False


def _is_wider(atom: _Atom, lower: Constant | None, upper: Constant | None) -> bool:
    """Whether *atom* holds for all values from *lower* up to *upper*."""
    if atom.operator == ">=" and lower is not None:
        return _at_least(lower, atom.value)
    return atom.operator == "<" and upper is not None and _at_least(atom.value, upper)


def overlapping(parent: Table, bound: str, catalog: Catalog) -> Table | None:
    """A partition of *parent* that has values of *bound* already, as far as that can be seen."""
    if key_column(parent) is None:
        return None
    for partition in catalog.partitions_of(parent.name):
        if _overlap(bound, partition.partition_bound or ""):
            return partition
    return None


def _overlap(one: str, other: str) -> bool:
    ranges = _RANGE.search(one), _RANGE.search(other)
    if ranges[0] is not None and ranges[1] is not None:
        starts = _one(ranges[0]["lower"]), _one(ranges[1]["lower"])
        ends = _one(ranges[0]["upper"]), _one(ranges[1]["upper"])
        return _before(starts[0], ends[1]) and _before(starts[1], ends[0])
    lists = _LIST.search(one), _LIST.search(other)
    if lists[0] is not None and lists[1] is not None:
        return bool(set(_constants(lists[0]["values"])) & set(_constants(lists[1]["values"])))
    return False


def constant(text: str) -> Constant | None:
    """The number or string that *text* is; None for any other expression."""
    match = re.fullmatch(rf"(?:DATE\s+|TIMESTAMP\s+)?(?:{_CONSTANT})\)?(?:::[\w ]+)?", text, re.I)
    return _value(match[1], match[2]) if match else None


def fixed(condition: str, column: str) -> Constant | None:
    """The constant that *condition* says *column* is equal to, whatever else it asks for."""
    if _has_or(condition) or re.search(r"\bNOT\b", condition, re.I):
        return None
    return next((a.value for a in _atoms(condition, column) if a.operator == "="), None)


def contains(bound: str, value: Constant) -> bool | None:
    """Whether *value* lies in *bound*; None where that cannot be seen."""
    ranged, listed = _RANGE.search(bound), _LIST.search(bound)
    if listed is not None:
        return value in set(_constants(listed["values"]))
    if ranged is None:
        return None
    lower, upper = _one(ranged["lower"]), _one(ranged["upper"])
    if not all(end is None or _is_ordered(value, end) for end in (lower, upper)):
        return None
    above = lower is None or _at_least(value, lower)
    return above and (upper is None or not _at_least(value, upper))


def _is_ordered(one: Constant, other: Constant) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        return isinstance(one, float) and isinstance(other, float)
    return bool(_ISO.match(one) and _ISO.match(other))


def _before(start: Constant | None, end: Constant | None) -> bool:
    """Whether ``start < end``, certainly; None is the open end of a range."""
    if start is None or end is None:
        return True
    return _at_least(end, start) and end != start


def key_column(parent: Table) -> str | None:
    """The column that *parent* is partitioned by when it is a single one."""
    match = re.fullmatch(
        r'\s*(?:RANGE|LIST)\s*\(\s*("?)([^\s,()"]+)\1\s*\)\s*', parent.partition_key or "", re.I
    )
    return match[2] if match else None


def _checks(table: Table) -> Iterator[str]:
    for check in table.constraints_of(ConstraintKind.CHECK):
        if check.validated and check.enforced and check.expression:
            yield check.expression


def _has_or(text: str) -> bool:
    return re.search(r"\bOR\b", text, re.I) is not None


def _atoms(text: str, column: str) -> Iterator[_Atom]:
    name = rf"(?<![\w\"]){re.escape(quote_ident(column))}\)?(?:::[\w ]+)?"
    for match in re.finditer(rf"{name}\s*(>=|<=|<>|=|>|<)\s*(?:{_CONSTANT})", text):
        yield _Atom(match[1], _value(match[2], match[3]))


def _members(text: str, column: str) -> Iterator[Constant]:
    """The constants of ``column IN (…)`` or ``= ANY (ARRAY[…])``, when *text* is nothing else."""
    name = re.escape(quote_ident(column))
    match = re.search(
        rf"{name}\)?(?:::\w+)?\s*(?:IN\s*\(|=\s*ANY\s*\(+ARRAY\[)([^)\]]*)", text, re.I
    )
    if match and not _has_or(text):
        yield from _constants(match[1])


def _constants(text: str) -> Iterator[Constant]:
    for match in re.finditer(_CONSTANT, text):
        yield _value(match[1], match[2])


def _value(quoted: str | None, number: str | None) -> Constant:
    return float(number) if number is not None else (quoted or "")


def _one(text: str) -> Constant | None:
    """The constant of one side of a range, None for MINVALUE and MAXVALUE."""
    return next(_constants(text), None)


def _above(atoms: list[_Atom], lower: str) -> bool:
    least = _one(lower)
    if least is None:
        return "minvalue" in lower.lower()
    found = (a for a in atoms if a.operator in (">=", ">", "="))
    return any(_at_least(atom.value, least) for atom in found)


def _below(atoms: list[_Atom], upper: str) -> bool:
    end = _one(upper)
    if end is None:
        return "maxvalue" in upper.lower()
    return any(
        _at_least(end, atom.value) and (atom.operator == "<" or atom.value != end)
        for atom in atoms
        if atom.operator in ("<", "<=", "=")
    )


def _at_least(value: Constant, least: Constant) -> bool:
    """Whether ``value >= least``; texts are ordered only when both are dates in ISO form."""
    if isinstance(value, float) and isinstance(least, float):
        return value >= least
    if isinstance(value, str) and isinstance(least, str):
        return value == least or (bool(_ISO.match(value) and _ISO.match(least)) and value > least)
    return False
