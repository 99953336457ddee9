"""Reads which object a DROP, COMMENT, RENAME, GRANT or the like is about."""

from __future__ import annotations

from typing import Any

from migsafe.names import Name
from migsafe.sql import _pg
from migsafe.sql.nodes import name_from, relation, signature, strings, type_ref, value
from migsafe.sql.parts import ObjectKind, Target

OF_A_TABLE = frozenset(
    {
        ObjectKind.COLUMN,
        ObjectKind.POLICY,
        ObjectKind.RULE,
        ObjectKind.TABLE_CONSTRAINT,
        ObjectKind.TRIGGER,
        ObjectKind.DOMAIN_CONSTRAINT,
    }
)
_BY_METHOD = (ObjectKind.OPERATOR_CLASS, ObjectKind.OPERATOR_FAMILY)


def target(kind: ObjectKind, node: Any) -> Target:
    """The object that *node* names, which has another shape for nearly every *kind*."""
    shape, message = _pg.unwrap(node)
    if shape == "object_with_args":
        return signature(message)
    if shape == "type_name":
        return Target(type_ref(message).name)
    if shape == "range_var":
        return Target(relation(message))
    if shape == "list":
        return _from_list(kind, message.items)
    return Target(Name(None, value(node) or ""))


def _from_list(kind: ObjectKind, items: Any) -> Target:
    if {item.WhichOneof("node") for item in items} == {"string"}:
        return _named(kind, strings(items))
    shapes = [_pg.unwrap(item) for item in items]
    types = [type_ref(message) for shape, message in shapes if shape == "type_name"]
    if kind is ObjectKind.DOMAIN_CONSTRAINT and types:
        return Target(Name(None, strings(items)[-1]), table=types[0].name)
    if len(types) == len(shapes):
        return Target(types[0].name, tuple(types))
    return _named(kind, tuple(value(item) or "" for item in items))


def _named(kind: ObjectKind, parts: tuple[str, ...]) -> Target:
    if kind in OF_A_TABLE:
        return Target(Name(None, parts[-1]), table=name_from(parts[:-1]))
    if kind in _BY_METHOD:
        return Target(name_from(parts[1:]))
    return Target(name_from(parts))
