"""What a change of a column's type does to its values: nothing, a rewrite, or an error.

The rules are those of `ATColumnChangeRequiresRewrite()` in tablecmds.c: only a cast that needs no
function leaves the rows alone, and length casts that cannot shorten count as none (the support
functions of varchar, numeric, varbit, time, timestamp and interval).
"""

from __future__ import annotations

from migsafe.catalog import Catalog, Composite, Domain, Enum
from migsafe.effects.casts import is_assignable
from migsafe.names import Name
from migsafe.pgtypes import FULL_RANGE, TypeRef
from migsafe.values import dataclass, replace

_UTC_NAMES = """utc gmt zulu universal uct greenwich etc/utc etc/gmt etc/uct etc/zulu
    etc/universal etc/greenwich etc/gmt0 etc/gmt+0 etc/gmt-0 gmt0 gmt+0 gmt-0"""
UTC_ZONES = frozenset(_UTC_NAMES.split())

# pg_cast.castmethod = 'b' (select castsource::regtype, casttarget::regtype from pg_cast): the same
# bytes read as another type. citext's are in its extension script.
_SAME_BYTES = frozenset(
    (source, target)
    for source, targets in {
        "text": "varchar bpchar citext",
        "varchar": "text bpchar citext",
        "citext": "text varchar bpchar",
        "bpchar": "",
        "cidr": "inet",
        "xml": "text varchar bpchar",
        "bit": "varbit",
        "varbit": "bit",
        "int4": "oid regclass regtype regproc regprocedure regoper regoperator regrole "
        "regnamespace regconfig regdictionary regcollation",
        "oid": "int4 regclass regtype regproc regprocedure regoper regoperator regrole "
        "regnamespace regconfig regdictionary regcollation",
        "regclass": "oid int4",
        "regtype": "oid int4",
        "regproc": "oid int4 regprocedure",
        "regprocedure": "oid int4 regproc",
        "regrole": "oid int4",
        "regnamespace": "oid int4",
    }.items()
    for target in targets.split()
)
_CLOCK_MAX = 6  # MAX_TIMESTAMP_PRECISION and MAX_INTERVAL_PRECISION
_LEAST_FIELDS = ((4096, 0), (2048, 1), (1024, 2), (8, 3), (2, 4), (4, 5))  # seconds … years


@dataclass(frozen=True)
class Domains:
    """A type with its domains taken off, and whether any of them checks values or refuses NULL."""

    base: TypeRef
    constrained: bool
    not_null: bool = False


def unwrap(catalog: Catalog, type_: TypeRef) -> Domains:
    """Take the domains off *type_*; an array of a domain stays as it is."""
    if type_.is_builtin:
        return Domains(type_, constrained=False)
    constrained = not_null = False
    while not type_.dimensions:
        domain = catalog.domain(type_.name)
        if domain is None:
            break
        not_null = not_null or domain.not_null
        constrained = constrained or not_null or bool(domain.constraints)
        type_ = domain.base
    return Domains(catalog.resolve_type(type_), constrained, not_null)


def domain_default(catalog: Catalog, type_: TypeRef) -> str | None:
    """The default that a column of *type_* takes over from its domain, or None."""
    if type_.dimensions or type_.is_builtin:
        return None
    domain: Domain | None = catalog.domain(type_.name)
    while domain is not None and domain.default is None:
        domain = catalog.domain(domain.base.name)
    return domain.default if domain is not None else None


def keeps_rows(catalog: Catalog, old: TypeRef, new: TypeRef, time_zone: str | None) -> bool:
    """Whether values of type *old* are valid as *new* without being written anew.

    *time_zone* is the session's setting, None when it is not known: timestamp and timestamptz have
    the same bytes only in a session whose zone has no offset and never had one.
    """
    old, new = catalog.resolve_type(old), catalog.resolve_type(new)
    if old == new or (_is_same(old, new) and old.modifiers == new.modifiers):
        return True
    target = unwrap(catalog, new)
    if target.constrained:
        return False
    source = unwrap(catalog, old).base
    if catalog.domain(old.name) is not None and not old.dimensions:
        source = replace(
            source, modifiers=()
        )  # the length of a domain's base type is not looked at
    return _keeps(source, target.base, time_zone)


def _is_same(old: TypeRef, new: TypeRef) -> bool:
    """Whether both name one type, of an extension perhaps, which the catalog does not list."""
    names = old.name, new.name
    same = names[0].name == names[1].name and None in (names[0].schema, names[1].schema)
    return same and old.dimensions == new.dimensions


def _keeps(old: TypeRef, new: TypeRef, time_zone: str | None) -> bool:
    if old.dimensions != new.dimensions:
        return False
    if old.name == new.name or _is_same(old, new):
        return _fits(old, new)
    if old.dimensions:
        return False  # every element goes through an ArrayCoerceExpr
    source, target = old.name.name, new.name.name
    if {source, target} == {"timestamp", "timestamptz"}:
        is_utc = (time_zone or "").lower() in UTC_ZONES
        return is_utc and _fits(TypeRef(new.name), new)
    if (source, target) in _SAME_BYTES:
        # A cast to a length of its own starts from a value without a known length, except between
        # varchar, text and citext, where only varchar has one.
        return _fits(
            replace(old, name=new.name) if _is_text(source, target) else TypeRef(new.name), new
        )
    return False


def _is_text(*names: str) -> bool:
    return all(name in ("text", "varchar") for name in names)


def _fits(old: TypeRef, new: TypeRef) -> bool:
    """Whether the length or precision of *new* holds all values of *old*, of the same type."""
    if not new.modifiers or old.modifiers == new.modifiers:
        return True
    if old.dimensions:
        return False
    kind = new.name.name
    numbers = tuple(m for m in old.modifiers if isinstance(m, int))
    wanted = tuple(m for m in new.modifiers if isinstance(m, int))
    if not wanted:
        return False
    if kind in ("varchar", "varbit"):
        return bool(numbers) and wanted[0] >= numbers[0]
    if kind == "numeric":
        return len(numbers) == 2 and wanted[0] >= numbers[0] and wanted[1] == numbers[1]
    if kind in ("timestamp", "timestamptz", "time", "timetz"):
        return wanted[0] >= _CLOCK_MAX or (bool(numbers) and wanted[0] >= numbers[0])
    if kind == "interval":
        return _interval_fits(numbers, wanted)
    return False


def _interval_fits(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    """`interval_support()`: the smallest field may not grow, nor the seconds lose digits."""
    old_least, new_least = _least(old), _least(new)
    if new_least > old_least:
        return False
    old_precision = old[1] if len(old) > 1 else _CLOCK_MAX
    new_precision = new[1] if len(new) > 1 else _CLOCK_MAX
    return old_least > 0 or new_precision >= _CLOCK_MAX or new_precision >= old_precision


def _least(modifiers: tuple[int, ...]) -> int:
    mask = modifiers[0] if modifiers else FULL_RANGE
    return next(rank for field, rank in _LEAST_FIELDS if mask & field)


def keeps_index(catalog: Catalog, old: TypeRef, new: TypeRef, method: str = "btree") -> bool:
    """Whether an index key of type *old* keeps its operator class as *new* (CheckIndexCompatible).

    Arrays, enums and composite types share one class each, which fits only the very same type.
    """
    before, after = unwrap(catalog, old).base, unwrap(catalog, new).base
    if method == "hash" and (before.dimensions or catalog.type(before.name) is not None):
        return False  # its keys are hash codes, whose type is never that of the column
    if _is_same(before, after):
        return True
    if before.dimensions or after.dimensions:
        return before.name == after.name and before.dimensions == after.dimensions
    return index_class(before, method) == index_class(after, method)


def index_class(type_: TypeRef, method: str = "btree") -> str:
    """The operator class that *type_* has by default, by a name that types of one class share."""
    name = type_.name.name
    if name == "citext" and method not in ("btree", "hash"):
        return "text"
    if name.startswith("reg") and type_.is_builtin:
        return "oid"
    return {"varchar": "text", "cidr": "inet"}.get(name, name if type_.is_builtin else str(type_))


def cannot_convert(catalog: Catalog, old: TypeRef, new: TypeRef) -> bool:
    """Whether values of *old* need an explicit cast to become *new* (42804 without USING)."""
    before, after = plain(catalog, old), plain(catalog, new)
    if after.name.name == "char" and catalog.major < 15:
        return False  # until 14 it counted as a string type
    return before != after and is_assignable(before, after) is False


def plain(catalog: Catalog, type_: TypeRef) -> TypeRef:
    """*type_* without domains, as `casts` wants it: users' types lie in a schema of their kind."""
    if type_.is_builtin:
        return type_
    base = unwrap(catalog, type_).base
    found = catalog.type(base.name)
    kind = "enum" if isinstance(found, Enum) else "composite"
    if not isinstance(found, Enum | Composite):
        return base
    return replace(base, name=Name(kind, str(found.name)))


def may_lose(old: TypeRef, new: TypeRef) -> str | None:
    """The SQLSTATE with which a value of *old* that is none of *new* stops the rewrite, or None."""
    source, name = old.name.name, new.name.name
    if source in _STRINGS:
        both = bool(old.dimensions and new.dimensions)
        if name in _STRINGS and _is_shorter(old, new):
            return None
        return _may_misread(replace(new, dimensions=0) if both else new)
    if source in _NUMBERS and name in (*_NUMBERS, "char"):
        return None if _holds(old, new) else "22003"
    if name in ("bit", "varbit") and source in ("bit", "varbit"):
        return "22026" if name == "bit" else "22001"
    if source == "bytea" and name in _NUMBERS:
        return "22003"
    if source == "jsonb" and name in (*_NUMBERS, "bool"):
        return "22023"
    return "22001" if name in ("varchar", "bpchar") and new.modifiers else None


def _is_shorter(old: TypeRef, new: TypeRef) -> bool:
    """Whether strings of type *old* have a length, and *new* is as long."""
    lengths = old.modifiers[:1], new.modifiers[:1]
    known = all(length and isinstance(length[0], int) for length in lengths)
    return known and int(lengths[0][0]) <= int(lengths[1][0])


def _holds(old: TypeRef, new: TypeRef) -> bool:
    """Whether every number of type *old* is one of type *new*, rounded perhaps."""
    source, name = old.name.name, new.name.name
    if name != "numeric" or not new.modifiers:
        return name in (*_WIDER.get(source, "").split(), "numeric")
    precision, scale = (*(m for m in new.modifiers if isinstance(m, int)), 0)[:2]
    digits = _DIGITS.get(source)
    if source == "numeric" and len(old.modifiers) == 2:
        before, decimals = (m for m in old.modifiers if isinstance(m, int))
        # Rounding to fewer decimals may carry into one more digit.
        digits = before - decimals + (1 if scale < decimals else 0)
    return digits is not None and digits <= precision - scale


def _may_misread(new: TypeRef) -> str | None:
    """How reading a text as *new* fails."""
    name = new.name.name
    if new.dimensions:
        return "22P02"
    if name in _STRINGS:
        return "22001" if new.modifiers else None
    if name == "regclass":
        return "42P01"
    return "22007" if name in _CLOCKS else "22P02"


_CLOCKS = frozenset({"date", "timestamp", "timestamptz", "time", "timetz", "interval"})
_NUMBERS = frozenset({"int2", "int4", "int8", "float4", "float8", "numeric", "money", "oid"})
_WIDER = {
    "int2": "int2 int4 int8 oid float4 float8 money",
    "int4": "int4 int8 oid float4 float8 money",
    "int8": "int8 float4 float8",
    "oid": "oid int4 int8",
    "float4": "float4 float8",
    "float8": "float8",
    "money": "money",
}
_DIGITS = {"int2": 5, "int4": 10, "int8": 19, "oid": 10, "money": 17}
_STRINGS = frozenset({"text", "varchar", "bpchar", "name", "citext"})
