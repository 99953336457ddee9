"""Sequences as SQL: those of SERIAL and identity columns, and those by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from migsafe.autogen.creation import commented, granted
from migsafe.catalog import Sequence
from migsafe.names import Name, quote_ident, quote_literal
from migsafe.pgtypes import TypeRef

# manual, table 8.2 "Numeric Types"
_BITS = {"int2": 15, "int4": 31, "int8": 63}


@dataclass(frozen=True)
class Counting:
    """How a sequence counts; *start*, *minimum* and *maximum* are None where it is the default."""

    increment: int = 1
    start: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    cache: int = 1
    cycle: bool = False

    def options(self) -> Iterator[str]:
        """Yield what is not the default, as in CREATE SEQUENCE."""
        if self.increment != 1:
            yield f"INCREMENT BY {self.increment}"
        if self.minimum is not None:
            yield f"MINVALUE {self.minimum}"
        if self.maximum is not None:
            yield f"MAXVALUE {self.maximum}"
        if self.start is not None:
            yield f"START WITH {self.start}"
        if self.cache != 1:
            yield f"CACHE {self.cache}"
        if self.cycle:
            yield "CYCLE"

    def changes(self, old: Counting, type_: TypeRef) -> Iterator[str]:
        """Yield what has to be said to get here from *old*, being of *type_* now."""
        if self.increment != old.increment:
            yield f"INCREMENT BY {self.increment}"
        turned = (self.increment > 0) != (old.increment > 0)
        # NO MAXVALUE would mean the type's maximum when the type changes, too: sequence.c.
        low, high = bounds(self.increment, type_)
        if self.minimum != old.minimum or turned:
            yield f"MINVALUE {low if self.minimum is None else self.minimum}"
        if self.maximum != old.maximum or turned:
            yield f"MAXVALUE {high if self.maximum is None else self.maximum}"
        if self.first != old.first:
            yield f"START WITH {self.first}"
        if turned or _is_narrower(self, old):
            yield f"RESTART WITH {self.first}"
        if self.cache != old.cache:
            yield f"CACHE {self.cache}"
        if self.cycle != old.cycle:
            yield "CYCLE" if self.cycle else "NO CYCLE"

    @property
    def first(self) -> int:
        """The value that it starts with."""
        if self.start is not None:
            return self.start
        if self.increment > 0:
            return 1 if self.minimum is None else self.minimum
        return -1 if self.maximum is None else self.maximum


def _is_narrower(new: Counting, old: Counting) -> bool:
    """Whether the value that *old* stands at may be out of the bounds of *new*."""
    lower, upper = new.minimum, new.maximum
    raised = lower is not None and lower > (1 if old.minimum is None else old.minimum)
    return raised or (upper is not None and (old.maximum is None or upper < old.maximum))


def counting_of(sequence: Sequence) -> Counting:
    """Return how *sequence* of the catalog counts."""
    return _without_defaults(
        Counting(
            sequence.increment,
            sequence.start,
            sequence.minimum,
            sequence.maximum,
            sequence.cache,
            sequence.cycle,
        ),
        sequence.type,
    )


def counting_wanted(options: Any, type_: TypeRef) -> Counting:
    """Return how the `Identity` or `Sequence` *options* of SQLAlchemy counts, being of *type_*."""
    return _without_defaults(
        Counting(
            1 if options.increment is None else options.increment,
            options.start,
            None if options.nominvalue else options.minvalue,
            None if options.nomaxvalue else options.maxvalue,
            1 if options.cache is None else options.cache,
            bool(options.cycle),
        ),
        type_,
    )


def bounds(increment: int, type_: TypeRef) -> tuple[int, int]:
    """Return the minimum and maximum that a sequence of *type_* has by default."""
    bits = _BITS.get(type_.name.name, 63)
    return (1, 2**bits - 1) if increment > 0 else (-(2**bits), -1)


def _without_defaults(counting: Counting, type_: TypeRef) -> Counting:
    low, high = bounds(counting.increment, type_)
    found = replace(
        counting,
        minimum=None if counting.minimum == low else counting.minimum,
        maximum=None if counting.maximum == high else counting.maximum,
    )
    start = found.start
    found = replace(found, start=None)
    return found if start is None or start == found.first else replace(found, start=start)


def create_sequence(name: Name, sequence: Sequence, *, again: bool = True) -> Iterator[str]:
    """Yield the statements that create *sequence* as *name*, with comment and privileges."""
    there = "IF NOT EXISTS " if again else ""
    kind = "UNLOGGED " if sequence.persistence == "u" else ""
    options = [f"AS {sequence.type}", *counting_of(sequence).options()]
    yield f"CREATE {kind}SEQUENCE {there}{name} {' '.join(options)}"
    yield from commented(f"SEQUENCE {name}", sequence.comment)
    yield from granted(f"SEQUENCE {name}", sequence.acl, sequence.owner)


def advance(table: Name, column: str, counting: Counting) -> str:
    """Return the statement that puts the sequence of a column behind the values that are there."""
    quoted = quote_ident(column)
    extreme, bound = ("max", "greatest") if counting.increment > 0 else ("min", "least")
    following = f"{bound}({extreme}({quoted}) + {counting.increment}, {counting.first})"
    sequence = f"pg_get_serial_sequence({quote_literal(str(table))}, {quote_literal(column)})"
    return f"SELECT setval({sequence}, {following}, false) FROM {table}"
