"""What a field of a new model is: its type, its limits, its default, its place in the text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

NUMBERS = frozenset({"smallint", "int", "bigint", "float", "numeric"})
SIZED = frozenset({"str", "text", "list"})
"""Types whose bounds are of their length."""
TYPES = (
    *("str", "text", "int", "bigint", "smallint", "bool", "float", "numeric", "date", "datetime"),
    *("time", "interval", "uuid", "bytes", "jsonb", "enum", "ref", "list"),
)
FLAGS = ("unique", "index", "gin", "cascade", "restrict", "setnull")
RANGES = {
    "smallint": (-(2**15), 2**15 - 1),
    "int": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}


@dataclass(frozen=True)
class FieldType:
    """A type of the grammar: ``str(200)`` has *length*, ``numeric(10,2)`` *digits*.

    ``enum(a,b)`` has *labels*, ``ref(users)`` *target*, ``list[str]`` *element*.
    """

    name: str
    length: int | None = None
    digits: tuple[int, int] | None = None
    labels: tuple[str, ...] = ()
    target: str | None = None
    element: FieldType | None = None


@dataclass(frozen=True)
class Bound:
    """``>= 0``: *operator* is one of ``>``, ``>=``, ``<``, ``<=``."""

    operator: str
    value: Decimal

    @property
    def is_lower(self) -> bool:
        """Whether it says how small a value may be."""
        return self.operator.startswith(">")

    def allows(self, value: Decimal) -> bool:
        """Whether *value* keeps to the bound."""
        if value == self.value:
            return len(self.operator) == 2
        return (value > self.value) is self.is_lower


@dataclass(frozen=True)
class Field:
    """One field; *default* is as written, *position* its index in the text of all fields."""

    name: str
    type: FieldType
    nullable: bool = False
    unique: bool = False
    index: str | None = None  # btree or gin
    on_delete: str | None = None  # CASCADE, RESTRICT or SET NULL
    bounds: tuple[Bound, ...] = ()
    default: str | None = None
    position: int = 0

    @property
    def column(self) -> str:
        """The column: a reference ends in ``_id``."""
        is_bare = self.type.name == "ref" and not self.name.endswith("_id")
        return f"{self.name}_id" if is_bare else self.name

    @property
    def relation(self) -> str:
        """The attribute that has the row which a reference refers to."""
        return self.column.removesuffix("_id")
