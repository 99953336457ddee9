"""Types and extensions: parser nodes → enums, domains, composites, ranges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from migsafe.pgtypes import TypeRef
from migsafe.sql.lower_table import column, column_constraints, constraint
from migsafe.sql.nodes import (
    cascades,
    expression,
    name_from,
    names,
    object_kind,
    options,
    relation,
    strings,
    type_ref,
)
from migsafe.sql.objects import AlterExtension, CreateExtension
from migsafe.sql.parts import ColumnDef, Option
from migsafe.sql.targets import target
from migsafe.sql.typedefs import (
    AddEnumValue,
    AlterDomain,
    CreateComposite,
    CreateDomain,
    CreateEnum,
    CreateRange,
    RenameEnumValue,
)

_DOMAIN_ACTIONS = {
    "N": "DROP NOT NULL",
    "O": "SET NOT NULL",
    "C": "ADD CONSTRAINT",
    "X": "DROP CONSTRAINT",
    "V": "VALIDATE CONSTRAINT",
}


def create_enum(node: Any) -> CreateEnum:
    return CreateEnum(names(node.type_name), strings(node.vals))


def alter_enum(node: Any) -> AddEnumValue | RenameEnumValue:
    type_name = names(node.type_name)
    if node.old_val:
        return RenameEnumValue(type_name, node.old_val, node.new_val)
    neighbour = node.new_val_neighbor or None
    return AddEnumValue(
        type=type_name,
        value=node.new_val,
        before=None if node.new_val_is_after else neighbour,
        after=neighbour if node.new_val_is_after else None,
        if_not_exists=node.skip_if_new_val_exists,
    )


def create_domain(node: Any) -> CreateDomain:
    # A domain's constraints have the form of a column's; its name stands for the column's.
    base = type_ref(node.type_name)
    domain = names(node.domainname)
    said = ColumnDef(domain.name, base, **column_constraints(domain.name, node.constraints))
    return CreateDomain(
        name=domain,
        type=base,
        default=said.default,
        not_null=said.not_null,
        collation=names(node.coll_clause.collname) if node.HasField("coll_clause") else None,
        constraints=said.constraints,
    )


def alter_domain(node: Any) -> AlterDomain:
    inner = getattr(node, "def")
    given = node.HasField("def")
    default = "SET DEFAULT" if given else "DROP DEFAULT"
    return AlterDomain(
        name=names(node.type_name),
        action=default if node.subtype == "T" else _DOMAIN_ACTIONS[node.subtype],
        default=expression(inner) if given and node.subtype == "T" else None,
        constraint=constraint(inner.constraint) if given and node.subtype == "C" else None,
        constraint_name=node.name or (inner.constraint.conname if given else "") or None,
        if_exists=node.missing_ok,
        cascade=cascades(node),
    )


def create_composite(node: Any) -> CreateComposite:
    attributes = tuple(column(item.column_def) for item in node.coldeflist)
    return CreateComposite(relation(node.typevar), attributes)


def create_range(node: Any) -> CreateRange:
    given = {item.def_elem.defname: item.def_elem.arg for item in node.params}
    multirange = given.get("multirange_type_name")
    return CreateRange(
        name=names(node.type_name),
        subtype=_type_argument(given.get("subtype")),
        multirange=name_from(strings(multirange.type_name.names)) if multirange else None,
        options=tuple(
            o for o in options(node.params) if o.name not in ("subtype", "multirange_type_name")
        ),
    )


def _type_argument(node: Any) -> TypeRef | None:
    return type_ref(node.type_name) if node is not None else None


def create_extension(node: Any) -> CreateExtension:
    given = _values(options(node.options))
    return CreateExtension(
        name=node.extname,
        if_not_exists=node.if_not_exists,
        schema=given.get("schema"),
        version=given.get("new_version"),
        cascade="cascade" in given,
    )


def alter_extension(node: Any) -> AlterExtension:
    version = _values(options(node.options)).get("new_version")
    return AlterExtension(node.extname, "UPDATE", version)


def alter_extension_contents(node: Any) -> AlterExtension:
    kind = object_kind(node, "objtype")
    # gram.y gives +1 for ADD and -1 for DROP.
    word = "ADD" if node.action > 0 else "DROP"
    return AlterExtension(node.extname, word, kind=kind, target=target(kind, node.object))


def _values(found: Iterable[Option]) -> dict[str, str | None]:
    return {option.name: option.value for option in found}


LOWERINGS = {
    "create_enum_stmt": create_enum,
    "alter_enum_stmt": alter_enum,
    "create_domain_stmt": create_domain,
    "alter_domain_stmt": alter_domain,
    "composite_type_stmt": create_composite,
    "create_range_stmt": create_range,
    "create_extension_stmt": create_extension,
    "alter_extension_stmt": alter_extension,
    "alter_extension_contents_stmt": alter_extension_contents,
}
