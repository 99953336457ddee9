"""Small readings of the parser's nodes that every lowering needs: names, types, expressions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from migsafe.names import Name, quote_ident
from migsafe.pgtypes import CATALOG, TypeRef
from migsafe.sql import _pg
from migsafe.sql.parts import Expression, FunctionCall, ObjectKind, Option, Target

PERSISTENCE = {"p": "permanent", "u": "unlogged", "t": "temporary"}
_SERIAL = {
    "smallserial": "int2",
    "serial2": "int2",
    "serial": "int4",
    "serial4": "int4",
    "bigserial": "int8",
    "serial8": "int8",
}
_ROLES = {
    "ROLESPEC_CURRENT_ROLE": "CURRENT_ROLE",
    "ROLESPEC_CURRENT_USER": "CURRENT_USER",
    "ROLESPEC_SESSION_USER": "SESSION_USER",
    "ROLESPEC_PUBLIC": "public",
}
_KINDS = {
    "DOMCONSTRAINT": "DOMAIN_CONSTRAINT",
    "FDW": "FOREIGN_DATA_WRAPPER",
    "FOREIGN_SERVER": "SERVER",
    "LARGEOBJECT": "LARGE_OBJECT",
    "MATVIEW": "MATERIALIZED_VIEW",
    "OPCLASS": "OPERATOR_CLASS",
    "OPFAMILY": "OPERATOR_FAMILY",
    "PARAMETER_ACL": "PARAMETER",
    "STATISTIC_EXT": "STATISTICS",
    "TABCONSTRAINT": "TABLE_CONSTRAINT",
    "TSCONFIGURATION": "TEXT_SEARCH_CONFIGURATION",
    "TSDICTIONARY": "TEXT_SEARCH_DICTIONARY",
    "TSPARSER": "TEXT_SEARCH_PARSER",
    "TSTEMPLATE": "TEXT_SEARCH_TEMPLATE",
    "ATTRIBUTE": "TYPE_ATTRIBUTE",
}


def enum(message: Any, field: str) -> str:
    """The name of an enum field's value: the numbers differ between majors."""
    return _enum_names(message.__class__, field)[getattr(message, field)]


@lru_cache(maxsize=256)
def _enum_names(kind: Any, field: str) -> dict[int, str]:
    """The names of all values of a *field* of messages of a *kind*."""
    values = kind.DESCRIPTOR.fields_by_name[field].enum_type.values
    return {value.number: value.name for value in values}


def enum_value(message: Any, field: str, name: str) -> int:
    """The number of the value *name* of an enum field."""
    values = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_name
    return int(values[name].number)


def object_kind(message: Any, field: str) -> ObjectKind:
    """The kind of object that an ObjectType field names."""
    return _object_kind(enum(message, field))


@lru_cache(maxsize=128)
def _object_kind(value: str) -> ObjectKind:
    name = value.removeprefix("OBJECT_")
    return ObjectKind[_KINDS.get(name, name)]


def cascades(message: Any) -> bool:
    return enum(message, "behavior") == "DROP_CASCADE"


def relation(range_var: Any) -> Name:
    """The name in a RangeVar."""
    return Name(range_var.schemaname or None, range_var.relname)


def relations(items: Iterable[Any]) -> tuple[Name, ...]:
    return tuple(relation(item.range_var) for item in items)


def strings(items: Iterable[Any]) -> tuple[str, ...]:
    """The texts of a list of String nodes."""
    return tuple([item.string.sval for item in items])


def name_from(parts: Sequence[str]) -> Name:
    """A name from its parts; a database name before the schema is dropped."""
    return Name(parts[-2] if len(parts) > 1 else None, parts[-1])


def names(items: Iterable[Any]) -> Name:
    """The name spelled by a list of String nodes."""
    return name_from(strings(items))


def optional_name(items: Sequence[Any]) -> Name | None:
    return names(items) if items else None


def role(spec: Any) -> str:
    """The name of a role, in upper case for CURRENT_USER and its like."""
    return _ROLES.get(enum(spec, "roletype"), str(spec.rolename))


def roles(items: Iterable[Any]) -> tuple[str, ...]:
    return tuple(role(item.role_spec) for item in items)


def expression(node: Any) -> Expression:
    kind = node.WhichOneof("node")
    if kind == "a_const" and node.a_const.isnull:
        return Expression("NULL")  # it need not be written back to be known
    if kind == "current_of_expr":
        return Expression(f"CURRENT OF {quote_ident(node.current_of_expr.cursor_name)}")
    return Expression(_pg.deparse_expression(node))


def expression_of(message: Any, field: str) -> Expression | None:
    """The expression in a field, None when the field is absent."""
    return expression(getattr(message, field)) if message.HasField(field) else None


def type_ref(type_name: Any) -> TypeRef:
    """A TypeName as a TypeRef; serial types become their integers, ``%TYPE`` stays in the name."""
    return column_type(type_name)[0]


def column_type(type_name: Any) -> tuple[TypeRef, bool]:
    """That of a TypeName, and whether it is one of the serial types."""
    return _type(
        strings(type_name.names),
        tuple([_modifier(node) for node in type_name.typmods]),
        len(type_name.array_bounds),
        type_name.pct_type,
    )


@lru_cache(maxsize=4096)
def _type(
    parts: tuple[str, ...], modifiers: tuple[int | str, ...], dimensions: int, of_column: bool
) -> tuple[TypeRef, bool]:
    serial = len(parts) == 1 and parts[0] in _SERIAL
    if of_column:
        return TypeRef(Name(None, ".".join(parts) + "%TYPE")), serial
    if serial:
        return TypeRef(Name(CATALOG, _SERIAL[parts[0]]), (), dimensions), True
    return TypeRef(name_from(parts), modifiers, dimensions), False


def _modifier(node: Any) -> int | str:
    kind, message = _pg.unwrap(node)
    if kind == "column_ref":
        return ".".join(strings(message.fields))
    if kind == "a_const" and message.HasField("ival"):
        return int(message.ival.ival)
    if kind == "a_const" and message.HasField("sval"):
        return str(message.sval.sval)
    return _pg.deparse_expression(node)


_SIMPLE = {"string": "sval", "integer": "ival", "float": "fval", "boolean": "boolval"}


def value(node: Any) -> str | None:
    """The value of an option as plain text, None when there is none."""
    kind, message = _pg.unwrap(node)
    if kind == "":
        return None
    if kind == "a_const":
        return _constant(message)
    if kind in _SIMPLE:
        plain = str(getattr(message, _SIMPLE[kind]))
        return plain.lower() if kind == "boolean" else plain
    if kind == "type_name":
        return ".".join(strings(message.names))
    if kind == "list":
        return ", ".join(value(item) or "" for item in message.items)
    if kind == "role_spec":
        return role(message)
    return _pg.deparse_expression(node) if kind != "a_star" else "*"


def _constant(constant: Any) -> str:
    which = constant.WhichOneof("val")
    if which is None:
        return "NULL"
    found = getattr(getattr(constant, which), which)
    return str(found).lower() if which == "boolval" else str(found)


def options(items: Iterable[Any]) -> tuple[Option, ...]:
    """A list of DefElem nodes."""
    return tuple([option(item.def_elem) for item in items])


def option(element: Any) -> Option:
    space = element.defnamespace + "." if element.defnamespace else ""
    action = enum(element, "defaction").removeprefix("DEFELEM_")
    argument = value(element.arg) if element.HasField("arg") else None
    return Option(space + element.defname, argument, "" if action == "UNSPEC" else action)


def switched_on(found: Iterable[Option], name: str) -> bool:
    """Whether a parenthesised option, as ``CONCURRENTLY``, is given and not turned off."""
    off = ("false", "off", "0")
    return any(o.name == name and (o.value is None or o.value.lower() not in off) for o in found)


def call(func_call: Any) -> FunctionCall:
    """A FuncCall node; arguments passed by name stand in the order written, without the name."""
    return FunctionCall(names(func_call.funcname), tuple(map(_argument, func_call.args)))


def _argument(node: Any) -> Expression:
    kind, message = _pg.unwrap(node)
    return expression(message.arg if kind == "named_arg_expr" else node)


def signature(with_args: Any) -> Target:
    """A function, aggregate or operator with the types of its input arguments."""
    arguments = tuple(type_ref(a.type_name) for a in with_args.objargs if a.WhichOneof("node"))
    return Target(names(with_args.objname), None if with_args.args_unspecified else arguments)
