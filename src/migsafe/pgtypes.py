"""Column types as values: spellings of a type are one TypeRef, written as format_type() does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from migsafe.names import Name, quote_ident

CATALOG = "pg_catalog"

# pg_type of PostgreSQL 18: what a bare name means before any user schema is searched.
_BUILTIN_NAMES = """aclitem any anyarray anycompatible anycompatiblearray anycompatiblemultirange
    anycompatiblenonarray anycompatiblerange anyelement anyenum anymultirange anynonarray anyrange
    bit bool box bpchar bytea char cid cidr circle cstring date datemultirange daterange
    event_trigger fdw_handler float4 float8 gtsvector index_am_handler inet int2 int2vector int4
    int4multirange int4range int8 int8multirange int8range internal interval json jsonb jsonpath
    language_handler line lseg macaddr macaddr8 money name numeric nummultirange numrange oid
    oidvector path pg_ddl_command pg_lsn pg_node_tree pg_snapshot point polygon record refcursor
    regclass regcollation regconfig regdatabase regdictionary regnamespace regoper regoperator
    regproc regprocedure regrole regtype table_am_handler text tid time timestamp timestamptz timetz
    trigger tsm_handler tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector txid_snapshot
    unknown uuid varbit varchar void xid xid8 xml"""
_BUILTIN = frozenset(_BUILTIN_NAMES.split())
_SPELLINGS = {
    "bigint": "int8",
    "bigserial": "int8",
    "bit varying": "varbit",
    "boolean": "bool",
    "char varying": "varchar",
    "character": "bpchar",
    "character varying": "varchar",
    "dec": "numeric",
    "decimal": "numeric",
    "double precision": "float8",
    "float": "float8",
    "int": "int4",
    "integer": "int4",
    "national char": "bpchar",
    "national char varying": "varchar",
    "national character": "bpchar",
    "national character varying": "varchar",
    "nchar": "bpchar",
    "nchar varying": "varchar",
    "real": "float4",
    "serial": "int4",
    "serial2": "int2",
    "serial4": "int4",
    "serial8": "int8",
    "smallint": "int2",
    "smallserial": "int2",
}
_ONE_BY_DEFAULT = ("char", "character", "nchar", "national char", "national character", "bit")
_DISPLAY = {
    "bool": "boolean",
    "bpchar": "character",
    "float4": "real",
    "float8": "double precision",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "varbit": "bit varying",
    "varchar": "character varying",
}
_CLOCKS = {
    "time": ("time", "without"),
    "timestamp": ("timestamp", "without"),
    "timestamptz": ("timestamp", "with"),
    "timetz": ("time", "with"),
}
# utils/timestamp.h, INTERVAL_MASK(): one bit for each field.
FULL_RANGE = 0x7FFF
"""The first modifier of ``interval(p)``: no restriction to some fields."""
_INTERVALS = {
    "year": 4,
    "month": 2,
    "day": 8,
    "hour": 1024,
    "minute": 2048,
    "second": 4096,
    "year to month": 6,
    "day to hour": 1032,
    "day to minute": 3080,
    "day to second": 7176,
    "hour to minute": 3072,
    "hour to second": 7168,
    "minute to second": 6144,
}
_INTERVAL_NAMES = {mask: words for words, mask in _INTERVALS.items()}
_TOKEN = re.compile(
    r"""\s*(?:"((?:[^"]|"")+)"|'((?:[^']|'')*)'|([^\W\d][\w$]*)|([-+]?\d+)|([][(),.]))"""
)


@dataclass(frozen=True, order=True)
class TypeRef:
    """A type as a column has it; built-in types live in ``pg_catalog`` under their short name.

    *modifiers* are those of the type's own syntax: ``numeric(10,2)`` has (10, 2); an interval has
    its field mask first (FULL_RANGE when there is none), then its precision. *dimensions* is 0 or
    1, because to PostgreSQL ``int[][]`` and ``int[]`` are one type.
    """

    name: Name
    modifiers: tuple[int | str, ...] = ()
    dimensions: int = 0

    def __post_init__(self) -> None:
        if self.name.schema is None and self.name.name in _BUILTIN:
            object.__setattr__(self, "name", Name(CATALOG, self.name.name))
        if self.name == Name(CATALOG, "numeric") and len(self.modifiers) == 1:
            object.__setattr__(self, "modifiers", (*self.modifiers, 0))
        if self.dimensions > 1:
            object.__setattr__(self, "dimensions", 1)

    @classmethod
    def builtin(cls, name: str, *modifiers: int, dimensions: int = 0) -> TypeRef:
        """The built-in type with the short *name* of pg_type, as ``int4`` or ``varchar``."""
        return cls(Name(CATALOG, name), modifiers, dimensions)

    @classmethod
    def parse(cls, text: str) -> TypeRef:
        """Read what format_type() writes or SQL allows, such as ``varchar(50)[]`` or ``app.mood``.

        The serial types are read as the integers they store. Raises ValueError otherwise.
        """
        return _Reader(text).read()

    def __str__(self) -> str:
        return self._scalar() + "[]" * self.dimensions

    def _scalar(self) -> str:
        name, modifiers = self.name.name, self.modifiers
        if self.name.schema != CATALOG or name not in _BUILTIN:
            misread = self.name.schema is None and name in _SPELLINGS
            return (f'"{name}"' if misread else str(self.name)) + _parenthesised(modifiers)
        if name in _CLOCKS:
            word, zone = _CLOCKS[name]
            return f"{word}{_parenthesised(modifiers)} {zone} time zone"
        if name == "interval":
            return _interval_text(modifiers)
        if name == "bpchar" and not modifiers:
            return "bpchar"
        if name in ("bit", "char", "any") and not modifiers:
            return f'"{name}"'
        return _DISPLAY.get(name, name) + _parenthesised(modifiers)

    @property
    def element(self) -> TypeRef:
        """The type of one element when this is an array, else the type itself."""
        return TypeRef(self.name, self.modifiers)

    @property
    def is_builtin(self) -> bool:
        """Whether the type is PostgreSQL's own, no extension's and no user's."""
        return self.name.schema == CATALOG


def _parenthesised(modifiers: Sequence[int | str]) -> str:
    if not modifiers:
        return ""
    return "(" + ",".join(str(m) if isinstance(m, int) else quote_ident(m) for m in modifiers) + ")"


def _interval_text(modifiers: Sequence[int | str]) -> str:
    if not modifiers:
        return "interval"
    mask = modifiers[0]
    fields = "" if mask == FULL_RANGE else " " + _INTERVAL_NAMES.get(int(mask), "")
    return f"interval{fields}{_parenthesised(modifiers[1:])}"


class _Reader:
    """One pass over the tokens of a type's text."""

    def __init__(self, text: str):
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise self.error()
            kind = ("quoted", "string", "word", "number", "sign")[(match.lastindex or 1) - 1]
            self.tokens.append((kind, match[match.lastindex or 1]))
            position = match.end()
        self.at = 0

    def error(self) -> ValueError:
        return ValueError(f"{self.text!r} is not a type")

    def read(self) -> TypeRef:
        if not self.tokens:
            raise self.error()
        scalar = self.qualified() if self.is_qualified() else self.spelled()
        dimensions = self.array()
        if self.at != len(self.tokens):
            raise self.error()
        return TypeRef(scalar.name, scalar.modifiers, dimensions)

    def is_qualified(self) -> bool:
        return self.tokens[0][0] == "quoted" or self.tokens[1:2] == [("sign", ".")]

    def take(self, *expected: str) -> bool:
        """Step over the words or signs *expected* if all of them come next."""
        end = self.at + len(expected)
        following = [
            value.lower() for kind, value in self.tokens[self.at : end] if kind in ("word", "sign")
        ]
        if following != list(expected):
            return False
        self.at = end
        return True

    def identifier(self) -> str:
        kind, value = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")
        if kind not in ("quoted", "word"):
            raise self.error()
        self.at += 1
        return value.replace('""', '"') if kind == "quoted" else value.lower()

    def qualified(self) -> TypeRef:
        parts = [self.identifier()]
        while self.take("."):
            parts.append(self.identifier())
        if len(parts) > 2:
            raise self.error()
        name = Name(parts[0] if len(parts) == 2 else None, parts[-1])
        return TypeRef(name, self.modifiers())

    def spelled(self) -> TypeRef:
        for words in (3, 2, 1):
            phrase = self.words_ahead(words)
            if phrase is not None and (phrase in _SPELLINGS or words == 1):
                self.at += words
                return self.named(phrase)
        raise self.error()

    def words_ahead(self, count: int) -> str | None:
        ahead = self.tokens[self.at : self.at + count]
        if len(ahead) < count or any(kind != "word" for kind, _ in ahead):
            return None
        return " ".join(value.lower() for _, value in ahead)

    def named(self, phrase: str) -> TypeRef:
        if phrase in ("time", "timestamp"):
            precision = self.modifiers()
            zone = self.take("with", "time", "zone")
            if not zone:
                self.take("without", "time", "zone")
            return TypeRef(Name(CATALOG, phrase + "tz" * zone), precision)
        if phrase == "interval":
            return TypeRef(Name(CATALOG, "interval"), self.interval())
        modifiers = self.modifiers()
        if phrase == "float" and modifiers:
            single = isinstance(modifiers[0], int) and modifiers[0] <= 24
            return TypeRef.builtin("float4" if single else "float8")
        if phrase in _ONE_BY_DEFAULT and not modifiers:
            modifiers = (1,)
        name = _SPELLINGS.get("character" if phrase == "char" else phrase)
        return TypeRef(Name(CATALOG, name) if name else Name(None, phrase), modifiers)

    def interval(self) -> tuple[int | str, ...]:
        mask = FULL_RANGE
        for words in (3, 1):
            phrase = self.words_ahead(words)
            if phrase in _INTERVALS:
                self.at += words
                mask = _INTERVALS[phrase]
                break
        precision = self.modifiers()
        return (mask, *precision) if precision or mask != FULL_RANGE else ()

    def modifiers(self) -> tuple[int | str, ...]:
        if not self.take("("):
            return ()
        found: list[int | str] = []
        while True:
            kind, value = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")
            if kind in ("end", "sign"):
                raise self.error()
            plain = value.replace('""', '"').replace("''", "'") if kind != "word" else value.lower()
            found.append(int(value) if kind == "number" else plain)
            self.at += 1
            if self.take(")"):
                return tuple(found)
            if not self.take(","):
                raise self.error()

    def array(self) -> int:
        dimensions = int(self.take("array"))
        while self.take("["):
            if self.at < len(self.tokens) and self.tokens[self.at][0] == "number":
                self.at += 1
            if not self.take("]"):
                raise self.error()
            dimensions = 1
        return dimensions
