"""Constants in SQL texts: the values that a CHECK, a default or a migration speaks of."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

_STRING = re.compile(r"(?P<operator>!?~~?\*?|\bI?LIKE\b)?\s*'(?P<text>(?:[^']|'')*)'", re.I)
_NUMBER = re.compile(r"(?<![\w.'])-?\d+(?:\.\d+)?(?![\w.'])")
_REPEATS = 6  # how often a part without an upper bound is repeated


@dataclass(frozen=True)
class Constants:
    """What texts of SQL mention: plain *strings*, *numbers*, and regular expressions."""

    strings: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


def constants_of(texts: Iterable[str]) -> Constants:
    """Find the constants in *texts*; a LIKE pattern gives strings that match it."""
    strings: list[str] = []
    numbers: list[str] = []
    patterns: list[str] = []
    for text in texts:
        for match in _STRING.finditer(text):
            operator, value = (match["operator"] or "").lower(), match["text"].replace("''", "'")
            if operator in ("~", "~*", "!~", "!~*"):
                patterns.append(value)
            elif operator in ("~~", "~~*", "!~~", "!~~*", "like", "ilike"):
                strings += (value.replace("%", "abc").replace("_", "x"), value.replace("%", ""))
            else:
                strings.append(value)
        numbers += _NUMBER.findall(_STRING.sub(" ", text))
    return Constants(*(tuple(dict.fromkeys(found)) for found in (strings, numbers, patterns)))


def matching(pattern: str, random: Random, count: int) -> list[str]:
    """Up to *count* strings that match a regular expression of PostgreSQL's, as far as it is one
    of Python's, too; none otherwise.
    """
    try:
        from re import _parser  # type: ignore[attr-defined]
    except ImportError:  # Python 3.10
        import sre_parse as _parser
    try:
        parsed = _parser.parse(pattern)
        return sorted({"".join(_generated(parsed, random)) for _ in range(count)})
    except (re.error, OverflowError, RecursionError):
        return []


def _generated(parsed: Any, random: Random) -> Iterator[str]:
    for opcode, argument in parsed:
        kind = str(opcode)
        if kind == "LITERAL":
            yield chr(argument)
        elif kind == "NOT_LITERAL":
            yield random.choice([c for c in "abcXYZ019" if ord(c) != argument])
        elif kind == "ANY":
            yield random.choice("abcxyz019")
        elif kind == "IN":
            yield random.choice(_members(argument))
        elif kind in ("MAX_REPEAT", "MIN_REPEAT"):
            lowest, highest, repeated = argument
            for _ in range(random.randint(lowest, min(int(highest), max(lowest, _REPEATS)))):
                yield from _generated(repeated, random)
        elif kind == "SUBPATTERN":
            yield from _generated(argument[-1], random)
        elif kind == "BRANCH":
            yield from _generated(random.choice(argument[1]), random)


def _members(items: Any) -> list[str]:
    """The printable ASCII characters of a bracket expression."""
    found: set[str] = set()
    negated = str(items[0][0]) == "NEGATE"
    for kind, value in items:
        if str(kind) == "LITERAL":
            found.add(chr(value))
        elif str(kind) == "RANGE":
            found |= {chr(code) for code in range(value[0], min(value[1], 0x7E) + 1)}
        elif "DIGIT" in str(value):
            found |= set(string.digits)
        elif "WORD" in str(value):
            found |= set(string.ascii_letters + string.digits + "_")
        elif "SPACE" in str(value):
            found.add(" ")
    everyday = set(string.ascii_lowercase + string.digits)
    return sorted(everyday - found if negated else found) or ["a"]
