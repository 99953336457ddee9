"""Which types turn into which by themselves, when a value is stored or two are compared.

The facts are those of pg_cast (`castcontext` a and i) of PostgreSQL 14 to 18, and the rule that
every type may be stored as a string through its output function.
"""

from __future__ import annotations

from migsafe.pgtypes import TypeRef

_TEXTS = frozenset({"text", "varchar", "bpchar", "name", "citext"})
_NUMBERS = frozenset({"int2", "int4", "int8", "float4", "float8", "numeric"})
_RANK = {"int2": 0, "int4": 1, "int8": 2, "numeric": 3, "float4": 4, "float8": 5}
_REG_WORDS = """oid regclass regtype regproc regprocedure regoper regoperator regrole regnamespace
    regconfig regdictionary regcollation"""
_REG = frozenset(_REG_WORDS.split())

_ASSIGNED = frozenset(
    (source, target)
    for source, targets in {
        "money": "numeric",
        "numeric": "money",
        "int4": "money oid regclass regtype regproc",
        "int8": "money oid regclass regtype regproc",
        "int2": "oid regclass regtype regproc",
        "text": "regclass char",
        "varchar": "regclass char",
        "bpchar": "char",
        "date": "timestamp timestamptz",
        "timestamp": "date time timestamptz",
        "timestamptz": "date time timetz timestamp",
        "time": "interval timetz",
        "timetz": "time",
        "interval": "time",
        "json": "jsonb",
        "jsonb": "json",
        "inet": "cidr",
        "cidr": "inet",
        "bit": "varbit",
        "varbit": "bit",
        "macaddr": "macaddr8",
        "macaddr8": "macaddr",
        "path": "polygon",
        "polygon": "path",
        "box": "polygon",
        "circle": "",
        "point": "box",
    }.items()
    for target in targets.split()
)
_KNOWN = (
    _TEXTS
    | _NUMBERS
    | _REG
    | {name for pair in _ASSIGNED for name in pair}
    | {"bit", "varbit", "box", "circle", "lseg", "polygon", "path", "point"}
    | {
        "bool",
        "uuid",
        "bytea",
        "xml",
        "tsvector",
        "tsquery",
        "jsonpath",
        "int4range",
        "int8range",
        "numrange",
    }
)
# Families of types that operators accept together without a cast being written.
_COMPARABLE = (
    frozenset({"int2", "int4", "int8", "float4", "float8", "numeric"}),
    frozenset({"text", "varchar", "bpchar", "name", "citext"}),
    frozenset({"date", "timestamp", "timestamptz"}),
    frozenset({"time", "timetz"}),
    frozenset({"inet", "cidr"}),
    frozenset({"bit", "varbit"}),
    _REG | frozenset({"int2", "int4", "int8"}),
)


def is_assignable(source: TypeRef, target: TypeRef) -> bool | None:
    """Whether a *source* value may be stored as *target* without a cast; None when not known.

    The names may carry the pseudo schemas ``enum`` and ``composite`` for the user's types. Arrays
    go element by element.
    """
    if source.dimensions != target.dimensions:
        return target.name.name in _TEXTS and not target.dimensions
    old, new = source.name, target.name
    if old == new or new.name in _TEXTS:
        return True
    if "enum" in (old.schema, new.schema) or "composite" in (old.schema, new.schema):
        return False
    if old.name not in _KNOWN or new.name not in _KNOWN:
        return None
    if old.name in _NUMBERS and new.name in _NUMBERS:
        return True
    if old.name in _REG and new.name in _REG | {"int4", "int8"}:
        return True
    return (old.name, new.name) in _ASSIGNED


# pg_cast.castcontext = 'e': only a cast that is written out does these.
_EXPLICIT = frozenset(
    (source, target)
    for source, targets in {
        "bit": "int4 int8",
        "bool": "int4",
        "box": "circle lseg point",
        "char": "int4",
        "circle": "box point polygon",
        "int4": "bit bool char",
        "int8": "bit",
        "jsonb": "bool float4 float8 int2 int4 int8 numeric",
        "lseg": "point",
        "polygon": "box circle point",
    }.items()
    for target in targets.split()
)
_CHAR_NO_STRING = 15
"""Before this version "char" counted as a string type, to which everything is cast."""
_BYTES_SINCE = 18
"""From this version on, bytea is cast to integers and back."""


def is_castable(source: TypeRef, target: TypeRef, major: int) -> bool | None:
    """Whether ``CAST (source AS target)`` exists; None when not known. Names as above."""
    if source.dimensions != target.dimensions:
        return (source.name.name in _TEXTS and not source.dimensions) or is_assignable(
            source, target
        )
    old, new = source.name, target.name
    allowed = is_assignable(source, target)
    if allowed is not False or old.name in _TEXTS:
        return allowed or (True if old.name in _TEXTS else None)
    if {old.name, new.name} <= {"bytea", "int2", "int4", "int8"}:
        return major >= _BYTES_SINCE
    if new.name == "char" and major < _CHAR_NO_STRING:
        return True
    return (old.name, new.name) in _EXPLICIT


def is_comparable(left: TypeRef, right: TypeRef) -> bool | None:
    """Whether an operator such as ``=`` takes *left* and *right*; None when not known."""
    if left.name == right.name:
        return left.dimensions == right.dimensions
    if left.dimensions or right.dimensions:
        return False
    if "enum" in (left.name.schema, right.name.schema):
        return False
    if left.name.name not in _KNOWN or right.name.name not in _KNOWN:
        return None
    pair = {left.name.name, right.name.name}
    return any(pair <= family for family in _COMPARABLE)


def is_referable(key: TypeRef, referenced: TypeRef) -> bool | None:
    """Whether a foreign key of type *key* can point at a column of type *referenced*.

    There must be an equality operator in the referenced index's family that takes both, or *key*
    must turn into *referenced* implicitly (ATAddForeignKeyConstraint).
    """
    comparable = is_comparable(key, referenced)
    if not comparable:
        return comparable
    if referenced.name.name == "citext":
        return key.name.name == "citext"  # nothing turns into citext implicitly
    if key.name.name in _REG and referenced.name.name in ("int2", "int4"):
        return False
    ranks = _RANK.get(key.name.name), _RANK.get(referenced.name.name)
    if ranks[0] is None or ranks[1] is None:
        return True
    integers = ranks[0] <= 2 and ranks[1] <= 2
    floats = ranks[0] >= 4 and ranks[1] >= 4
    return integers or floats or ranks[0] <= ranks[1]
