"""``title:str(200), due:datetime?`` → fields; errors point at the place in the text.

.. code-block:: text

    fields  = field {"," field}
    field   = name ":" type {suffix}
    type    = "str" ["(" length ")"] | "numeric" "(" digits "," scale ")"
            | "enum" "(" label {"," label} ")" | "ref" "(" table ")" | "list" "[" type "]"
            | "text" | "int" | "bigint" | "smallint" | "bool" | "float" | "date" | "datetime"
            | "time" | "interval" | "uuid" | "bytes" | "jsonb"
    suffix  = "?" | ":" flag | (">=" | ">" | "<=" | "<") number | "=" value
    flag    = "unique" | "index" | "gin" | "cascade" | "restrict" | "setnull"
    value   = word | number | "'" text "'" | "[]" | "{}"
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import NoReturn

from migsafe.errors import ConfigError
from migsafe.models.scaffold.fields import FLAGS, NUMBERS, TYPES, Bound, Field, FieldType
from migsafe.models.scaffold.values import default_problem
from migsafe.models.scaffold.wording import name_problem
from migsafe.models.words import is_reserved

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z_]\w*")
_TABLE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?")
_LABEL = re.compile(r"'(?:[^']|'')+'|[\w-]+")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
_VALUE = re.compile(r"'(?:[^']|'')*'|\[\]|\{\}|[-+]?[\w.][\w.-]*")
_COMPARISON = re.compile(r">=|<=|>|<")
_ACTIONS = {"cascade": "CASCADE", "restrict": "RESTRICT", "setnull": "SET NULL"}
_LIMIT = 63 - len("ix__") - 20  # what is left of a PostgreSQL name for a column in an index's name


def parse_fields(text: str, *, taken: Iterable[str] = ()) -> tuple[Field, ...]:
    """Read the fields of a new model; *taken* names are those of its mixins.

    Raises ConfigError with the column, counted from 1, and the text with a mark below it.
    """
    reader = _Reader(text)
    fields = tuple(reader.fields())
    used = set(taken)
    for field in fields:
        names = {field.column, field.relation} if field.type.name == "ref" else {field.column}
        if found := sorted(names & used):
            reader.fail(f"there is a field {found[0]!r} already", field.position)
        used |= names
    return fields


class _Reader:
    """One pass over the text, from left to right."""

    def __init__(self, text: str):
        self.text = text
        self.at = 0

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        raise complaint(self.text, self.at if at is None else at, message)

    def fields(self) -> Iterable[Field]:
        yield self.field()
        while self.took(","):
            yield self.field()
        if self.skip() < len(self.text):
            self.fail("expected a comma, or one of ? : = >= > <= <")

    def skip(self) -> int:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def took(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.skip()):
            return False
        self.at += len(sign)
        return True

    def need(self, sign: str, what: str) -> None:
        if not self.took(sign):
            self.fail(f"expected {sign!r} {what}")

    def match(self, pattern: re.Pattern[str], what: str) -> str:
        found = pattern.match(self.text, self.skip())
        if found is None:
            self.fail(f"expected {what}")
        self.at = found.end()
        return found[0]

    def field(self) -> Field:
        position = self.skip()
        name = self.match(_WORD, "the name of a field, as in title:str(200)")
        if problem := name_problem(name, _LIMIT):
            self.fail(problem, position)
        self.need(":", "and a type after the name")
        field = Field(name, self.type(), position=position)
        if is_reserved(field.column):  # that of user:ref(users) is user_id
            self.fail(f"{name!r} is a reserved word of SQL; choose another name", position)
        while (start := self.skip()) < len(self.text) and self.text[start] != ",":
            field = self.suffix(field)
        return self.checked(field)

    def type(self, inside: bool = False) -> FieldType:
        start = self.skip()
        name = self.match(_WORD, f"a type: {', '.join(TYPES)}")
        if name not in TYPES:
            close = difflib.get_close_matches(name, TYPES, 1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(TYPES)}"
            self.fail(f"there is no type {name!r}; {hint}", start)
        if inside and name in ("ref", "list", "jsonb"):
            self.fail(f"a list cannot hold {name}", start)
        if name == "list":
            self.need("[", "and the type of the elements, as in list[str]")
            element = self.type(inside=True)
            self.need("]", "after the type of the elements")
            return FieldType("list", element=element)
        return self.with_arguments(name)

    def with_arguments(self, name: str) -> FieldType:
        if name == "str" and self.took("("):
            start = self.skip()
            length = int(self.match(re.compile(r"\d+"), "the greatest length, as in str(200)"))
            if not 1 <= length <= 10485760:
                self.fail("a length is from 1 to 10485760", start)
            self.need(")", "after the length")
            return FieldType(name, length=length)
        if name == "numeric":
            return self.numeric()
        if name == "enum":
            return self.enum()
        if name == "ref":
            self.need("(", "and the table that is referred to, as in ref(users)")
            target = self.match(_TABLE, "a table, as in ref(users) or ref(billing.invoices)")
            self.need(")", "after the table")
            return FieldType(name, target=target)
        return FieldType(name)

    def numeric(self) -> FieldType:
        self.need("(", "and the digits, as in numeric(10,2)")
        whole = re.compile(r"\d+")
        start = self.skip()
        digits = int(self.match(whole, "how many digits there are, as in numeric(10,2)"))
        self.need(",", "and how many of the digits are behind the point")
        scale = int(self.match(whole, "how many of the digits are behind the point"))
        self.need(")", "after the digits")
        if not 1 <= digits <= 1000 or scale > digits:
            self.fail("digits are from 1 to 1000, and not fewer than those behind the point", start)
        return FieldType("numeric", digits=(digits, scale))

    def enum(self) -> FieldType:
        self.need("(", "and the labels, as in enum(pending,done)")
        labels: list[str] = []
        while not labels or self.took(","):
            start = self.skip()
            label = unquoted(self.match(_LABEL, "a label, as in enum(pending,'on hold')"))
            if label in labels:
                self.fail(f"the label {label!r} is there already", start)
            if len(label.encode()) > 63:
                self.fail("a label has at most 63 bytes", start)
            labels.append(label)
        self.need(")", "or a comma after the label")
        return FieldType("enum", labels=tuple(labels))

    def suffix(self, field: Field) -> Field:
        start = self.at
        if self.took("?"):
            return replace(field, nullable=True)
        if self.took(":"):
            return self.flag(field)
        if _COMPARISON.match(self.text, start):
            operator = self.match(_COMPARISON, "")
            value = Decimal(self.match(_NUMBER, f"a number after {operator}"))
            bound = Bound(operator, value)
            if any(other.is_lower is bound.is_lower for other in field.bounds):
                self.fail(f"there is a bound with {operator[0]} already", start)
            return replace(field, bounds=(*field.bounds, bound))
        if not self.took("="):
            self.fail("expected a comma, or one of ? : = >= > <= <")
        if field.default is not None:
            self.fail("there is a default already", start)
        default = self.match(_VALUE, "a default, as in =pending or ='a b'")
        return replace(field, default=default)

    def flag(self, field: Field) -> Field:
        start = self.skip()
        flag = self.match(_WORD, f"one of {', '.join(FLAGS)}")
        if flag in _ACTIONS:
            if field.type.name != "ref":
                self.fail(f"{flag} says what happens to a reference; this is none", start)
            return replace(field, on_delete=_ACTIONS[flag])
        if flag == "unique":
            if field.type.name in ("jsonb", "list", "bool", "enum"):
                self.fail(f"{field.type.name} is not made unique", start)
            return replace(field, unique=True)
        if flag == "gin" and field.type.name not in ("list", "jsonb"):
            self.fail("gin is for list and jsonb; say index", start)
        if flag == "index" and field.type.name in ("list", "jsonb"):
            self.fail(f"elements of a {field.type.name} are found through gin; say gin", start)
        if flag not in FLAGS:
            close = difflib.get_close_matches(flag, FLAGS, 1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(FLAGS)}"
            self.fail(f"there is no {flag!r}; {hint}", start)
        return replace(field, index="gin" if flag == "gin" else "btree")

    def checked(self, field: Field) -> Field:
        """The field, if its parts agree."""
        kind = field.type.name
        if field.on_delete == "SET NULL" and not field.nullable:
            self.fail(f"setnull needs a column that may be NULL: {field.name}:ref(…)?:setnull")
        if field.bounds and kind not in NUMBERS and kind not in ("str", "text", "list"):
            self.fail(f"{kind} has no bounds", field.position)
        if problem := default_problem(field):
            self.fail(problem, field.position)
        return field


def complaint(text: str, place: int, message: str) -> ConfigError:
    """An error about what is written at *place*, with the text and a mark below it."""
    shown = re.sub(r"\s", " ", text)
    return ConfigError(f"--fields, column {place + 1}: {message}\n  {shown}\n  {' ' * place}^")


def unquoted(value: str) -> str:
    """A value without its quotes: ``'it''s'`` is ``it's``."""
    return value[1:-1].replace("''", "'") if value.startswith("'") else value
