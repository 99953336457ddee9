"""Candidate values of a type: SQL expressions, among which the server picks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from migsafe.catalog import Catalog, Composite, Domain, Enum, Range
from migsafe.names import quote_literal
from migsafe.pgtypes import TypeRef
from migsafe.seed.constants import Constants, constants_of, matching

_DEPTH = 4
_WHOLE = ("{g}", "{g}+1", "0", "1", "2", "{g}*7+3", "-{g}")
_MOMENTS = (
    "timestamp '2024-03-01 10:00:00.123456' + {g}*interval '1 hour'",
    "timestamp '2024-06-01'",
    "timestamp '2001-01-01' + {g}*interval '1 day'",
    "timestamp '2030-02-01' + {g}*interval '1 minute'",
)
_OBJECTS = ("json_build_object('k',{g},'s','v'||{g})", "'{}'", '\'{"a":{"b":[1,2]}}\'')
_LISTS = ("json_build_array({g},'x')", "'[]'", "'[1,2,3]'")
_HOURS = "timestamp '2024-01-01'+{g}*interval '2 hour'"
# By the short name of pg_type; {g} is a number that differs from row to row.
_BY_TYPE: Mapping[str, tuple[str, ...]] = {
    "int2": ("{g}%32000", "0", "1", "2"),
    "int4": _WHOLE,
    "int8": _WHOLE,
    "oid": ("{g}", "1"),
    "float4": ("{g}*1.5", "0", "1", "-0.25", "{g}/7.0"),
    "float8": ("{g}*1.5", "0", "1", "-0.25", "{g}/7.0"),
    "money": ("{g}", "0", "1"),
    "bool": ("true", "false"),
    "date": ("date '2024-01-01'+{g}%3000", "date '2001-02-03'"),
    "timestamp": _MOMENTS,
    "timestamptz": _MOMENTS,
    "time": ("time '10:00'+{g}*interval '1 minute'", "time '00:00'"),
    "timetz": ("timetz '10:00+00'+{g}*interval '1 minute'",),
    "interval": ("{g}*interval '1 minute'", "interval '1 day'"),
    "uuid": ("md5('u'||{g})::uuid",),
    "bytea": ("decode(md5({g}::text),'hex')", "''"),
    "inet": ("('10.0.'||({g}/250)%250||'.'||{g}%250)::inet",),
    "cidr": ("('10.'||({g}/250)%250||'.'||{g}%250||'.0/24')::cidr",),
    "macaddr": ("('08:00:2b:01:'||to_char({g}/256%256,'fm00')||':02')::macaddr",),
    "macaddr8": ("'08:00:2b:01:02:03:04:05'",),
    "varbit": ("B'101'", "B'1'"),
    "xml": ("('<a>'||{g}||'</a>')::xml",),
    "point": ("point({g},{g}*2)",),
    "box": ("box(point(0,0),point({g},1))",),
    "circle": ("circle(point({g},0),1)",),
    "line": ("line(point(0,0),point({g},1))",),
    "lseg": ("lseg(point(0,0),point({g},1))",),
    "path": ("path '((0,0),(1,1))'",),
    "polygon": ("polygon(box(point(0,0),point({g},1)))",),
    "tsvector": ("to_tsvector('simple','v'||{g})",),
    "tsquery": ("to_tsquery('simple','v'||{g})",),
    "regclass": ("'pg_class'::regclass",),
    "pg_lsn": ("'0/1'::pg_lsn+{g}",),
    "int4range": ("int4range(({g}*10)::int,({g}*10+5)::int)",),
    "int8range": ("int8range({g}*10,{g}*10+5)",),
    "numrange": ("numrange({g}*10,{g}*10+5)",),
    "daterange": ("daterange(date '2024-01-01'+({g}*3)%3000,date '2024-01-01'+({g}*3)%3000+2)",),
    "tsrange": (f"tsrange({_HOURS},{_HOURS}+interval '1 hour')",),
    "tstzrange": (f"tstzrange({_HOURS},{_HOURS}+interval '1 hour')",),
    "hstore": ("('k=>'||{g})::public.hstore",),
    "ltree": ("('top.n'||{g})::public.ltree",),
}
_TEXTS = ("text", "varchar", "bpchar", "name", "citext")
_NUMBERS = ("int2", "int4", "int8", "numeric", "float4", "float8")
_DATES = ("date", "timestamp", "timestamptz")


@dataclass(frozen=True)
class Values:
    """Makes candidate expressions for the types of a *catalog*."""

    catalog: Catalog
    random: Random = field(default_factory=lambda: Random(1))

    def of(self, ref: TypeRef, constants: Constants, depth: int = 0) -> tuple[str, ...]:
        """Expressions of the type *ref*, those with *constants* first; none for unknown types.

        ``{g}`` stands for a number that differs from row to row.
        """
        if depth > _DEPTH:
            return ()
        if ref.dimensions:
            return self._arrays(ref, constants, depth)
        found = self.catalog.type(ref.name)
        if isinstance(found, Enum):
            return tuple(f"{quote_literal(label)}::{ref}" for label in found.labels)
        if isinstance(found, Domain):
            texts = [constraint.expression for constraint in found.constraints]
            return self.of(found.base, joined(constants, constants_of(texts)), depth + 1)
        if isinstance(found, Composite):
            return self._composites(found, ref, depth)
        if isinstance(found, Range):
            return self._ranges(found, ref, depth)
        return tuple(f"({e})::{ref}" for e in self._builtin(ref, constants))

    def _builtin(self, ref: TypeRef, constants: Constants) -> tuple[str, ...]:
        name = ref.name.name
        strings = tuple(map(quote_literal, constants.strings))
        if name in _TEXTS:
            made = [m for p in constants.patterns for m in matching(p, self.random, 60)]
            return (*map(quote_literal, made), *strings * 3, *self._texts(ref))
        if name in _NUMBERS:
            near = tuple(e for n in constants.numbers for e in (n, f"({n}+1)", f"({n}-1)"))
            plain = _numeric(ref) if name == "numeric" else _BY_TYPE[name]
            return (*near, *plain)
        if name in _DATES:
            dates = [s for s in constants.strings if re.match(r"\d{4}-\d\d", s)]
            near = tuple(f"{quote_literal(d)}::{ref}{o}" for d in dates for o in ("", _next(name)))
            return (*near, *_BY_TYPE[name])
        if name == "bit":
            return (f"({{g}})::bit({ref.modifiers[0] if ref.modifiers else 1})",)
        if name in ("json", "jsonb"):
            return _documents(constants)
        return _BY_TYPE.get(name, strings)

    def _texts(self, ref: TypeRef) -> tuple[str, ...]:
        length = int(ref.modifiers[0]) if ref.modifiers else 0
        if not length or length >= 40:
            return (
                "'v'||{g}",
                "'User '||{g}",
                "'user'||{g}||'@example.com'",
                "'https://example.com/'||{g}",
                "'Größe '||{g}",
            )
        if length >= 8:
            return ("'v'||{g}", "md5({g}::text)::char(8)::text", "upper('ab'||{g})")
        letter = "chr((97+({g}/power(26,%d)::int)%%26)::int)"
        return ("||".join(letter % place for place in range(length)), "'x'")

    def _arrays(self, ref: TypeRef, constants: Constants, depth: int) -> tuple[str, ...]:
        of_one = self.of(ref.element, constants, depth + 1)
        if not of_one:
            return ("'{}'::" + str(ref),)
        picked = ([self.random.choice(of_one) for _ in range(n)] for n in (1, 2, 3))
        return (*(f"array[{','.join(p)}]::{ref}" for p in picked), "'{}'::" + str(ref))

    def _composites(self, found: Composite, ref: TypeRef, depth: int) -> tuple[str, ...]:
        of_each = [self.of(t, Constants(), depth + 1) or ("null",) for _, t, _ in found.attributes]
        rows = ([self.random.choice(of_one) for of_one in of_each] for _ in range(3))
        return tuple(f"row({','.join(row)})::{ref}" for row in rows)

    def _ranges(self, found: Range, ref: TypeRef, depth: int) -> tuple[str, ...]:
        bounds = self.of(found.subtype, Constants(), depth + 1)
        if not bounds:
            return ("'empty'::" + str(ref),)
        low, high = bounds[0], bounds[1 % len(bounds)]
        return (f"{ref}(least({low},{high}),greatest({low},{high}),'[]')",)


def _documents(constants: Constants) -> tuple[str, ...]:
    """Objects, which most code expects, or lists where a default or a CHECK speaks of those."""
    if any(text.startswith("[") for text in constants.strings):
        return _LISTS
    return (*_OBJECTS, *_LISTS) if "array" in constants.strings else _OBJECTS


def joined(first: Constants, second: Constants) -> Constants:
    """The constants of both."""
    return Constants(
        first.strings + second.strings,
        first.numbers + second.numbers,
        first.patterns + second.patterns,
    )


def _numeric(ref: TypeRef) -> tuple[str, ...]:
    digits, scale = (int(ref.modifiers[0]), int(ref.modifiers[1])) if ref.modifiers else (9, 2)
    largest = max(10 ** min(digits - scale, 15) - 1, 1)
    return (f"({{g}}*37)%{largest}", f"({{g}}*1.37)::numeric%{largest}", "0", "0.5")


def _next(name: str) -> str:
    return "+1" if name == "date" else "+interval '1 day'"
