"""Enums, domains and ranges."""

from __future__ import annotations

from migsafe.catalog import Catalog, Domain, DomainConstraint, Enum, Range
from migsafe.fold.columns import default_of
from migsafe.fold.label import rename_label
from migsafe.fold.naming import choose_constraint
from migsafe.fold.refusal import Refused
from migsafe.fold.resolve import collation_of, new_name, type_of
from migsafe.names import Name
from migsafe.sql.ast import (
    AddEnumValue,
    AlterDomain,
    ConstraintDef,
    ConstraintKind,
    CreateDomain,
    CreateEnum,
    CreateRange,
    RenameEnumValue,
)
from migsafe.values import replace


def _new_type(catalog: Catalog, written: Name) -> Name:
    name = new_name(catalog, written)
    if name in catalog.types or name in catalog.tables or name in catalog.views:
        raise Refused(f"type {name} exists")
    return name


# -- enums -------------------------------------------------------------------------------------


def create_enum(catalog: Catalog, statement: CreateEnum) -> Catalog:
    name = _new_type(catalog, statement.name)
    if len(set(statement.values)) != len(statement.values):
        raise Refused("an enum has no label twice")
    return catalog.having("types", name, Enum(name, statement.values))


def _enum(catalog: Catalog, name: Name) -> Enum:
    found = catalog.enum(name)
    if found is None:
        raise Refused(f"{name} is no enum")
    return found


def add_value(catalog: Catalog, statement: AddEnumValue) -> Catalog:
    enum = _enum(catalog, statement.type)
    if statement.value in enum.labels:
        if statement.if_not_exists:
            return catalog
        raise Refused(f"{enum.name} has the label {statement.value}")
    neighbour = statement.before if statement.before is not None else statement.after
    place = len(enum.labels)
    if neighbour is not None:
        if neighbour not in enum.labels:
            raise Refused(f"{enum.name} has no label {neighbour}")
        place = enum.labels.index(neighbour) + (statement.before is None)
    labels = (*enum.labels[:place], statement.value, *enum.labels[place:])
    return catalog.having("types", enum.name, replace(enum, labels=labels))


def rename_value(catalog: Catalog, statement: RenameEnumValue) -> Catalog:
    enum = _enum(catalog, statement.type)
    if statement.value not in enum.labels or statement.new_value in enum.labels:
        raise Refused(f"{enum.name} cannot rename {statement.value}")
    labels = tuple(statement.new_value if v == statement.value else v for v in enum.labels)
    catalog = rename_label(catalog, enum.name, statement.value, statement.new_value)
    return catalog.having("types", enum.name, replace(enum, labels=labels))


# -- domains -----------------------------------------------------------------------------------


def create_domain(catalog: Catalog, statement: CreateDomain) -> Catalog:
    name = _new_type(catalog, statement.name)
    base = type_of(catalog, statement.type)
    domain = Domain(
        name,
        base,
        not_null=bool(statement.not_null),
        default=default_of(catalog, statement.default, base),
        collation=collation_of(catalog, statement.collation),
    )
    for constraint in statement.constraints:
        domain = _constrained(catalog.having("types", name, domain), domain, constraint)
    return catalog.having("types", name, domain)


def _constrained(catalog: Catalog, domain: Domain, definition: ConstraintDef) -> Domain:
    if definition.kind is ConstraintKind.NOT_NULL:
        return replace(domain, not_null=True)
    name = definition.name or choose_constraint(catalog, domain.name, None, "check")
    if any(c.name == name for c in domain.constraints):
        raise Refused(f"{domain.name} has a constraint {name}")
    text = definition.expression.sql if definition.expression else ""
    check = DomainConstraint(name, text, validated=not definition.not_valid)
    ordered = sorted((*domain.constraints, check), key=lambda c: c.name)
    return replace(domain, constraints=tuple(ordered))


def alter_domain(catalog: Catalog, statement: AlterDomain) -> Catalog:
    domain = catalog.domain(statement.name)
    if domain is None:
        raise Refused(f"{statement.name} is no domain")
    if statement.action == "SET DEFAULT":
        text = default_of(catalog, statement.default, domain.base)
        domain = replace(domain, default=text)
    elif statement.action == "DROP DEFAULT":
        domain = replace(domain, default=None)
    elif statement.action in ("SET NOT NULL", "DROP NOT NULL"):
        domain = replace(domain, not_null=statement.action == "SET NOT NULL")
    elif statement.action == "ADD CONSTRAINT" and statement.constraint is not None:
        domain = _constrained(catalog, domain, statement.constraint)
    elif statement.action == "VALIDATE CONSTRAINT":
        checks = (
            replace(c, validated=True) if c.name == statement.constraint_name else c
            for c in domain.constraints
        )
        domain = replace(domain, constraints=tuple(checks))
    elif statement.action == "DROP CONSTRAINT":
        kept = tuple(c for c in domain.constraints if c.name != statement.constraint_name)
        if kept == domain.constraints and domain.not_null:
            domain = replace(domain, not_null=not _names_not_null(domain, statement))
        domain = replace(domain, constraints=kept)
    return catalog.having("types", domain.name, domain)


def _names_not_null(domain: Domain, statement: AlterDomain) -> bool:
    """NOT NULL has a constraint's name since PostgreSQL 17; the usual one is recognised."""
    return statement.constraint_name == f"{domain.name.name}_not_null"


# -- ranges ------------------------------------------------------------------------------------


def create_range(catalog: Catalog, statement: CreateRange) -> Catalog:
    name = _new_type(catalog, statement.name)
    if statement.subtype is None:
        raise Refused("a range needs a subtype")
    options = {option.name: option.value for option in statement.options}
    multirange = statement.multirange.name if statement.multirange else _multirange(name.name)
    found = Range(
        name,
        type_of(catalog, statement.subtype),
        opclass=options.get("subtype_opclass"),
        canonical=options.get("canonical"),
        subtype_diff=options.get("subtype_diff"),
        multirange=multirange,
    )
    return catalog.having("types", name, found)


def _multirange(name: str) -> str:
    """``floatrange`` has ``floatmultirange`` (``makeMultirangeTypeName``)."""
    before, word, after = name.partition("range")
    return f"{before}multirange{after}" if word else f"{name}_multirange"
