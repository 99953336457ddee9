"""Schemas, extensions, publications, owners and the session's search_path."""

from __future__ import annotations

from collections.abc import Callable

from migsafe.catalog import Catalog, Collation, Extension, Publication, PublicationTable, Schema
from migsafe.fold.refusal import Refused
from migsafe.fold.resolve import existing_table, new_name
from migsafe.fold.routine import find_functions
from migsafe.sql.ast import (
    AlterExtension,
    AlterPublication,
    CreateExtension,
    CreatePublication,
    CreateSchema,
    ObjectKind,
    Option,
    PublishedTable,
    Select,
    Set,
    SetOwner,
    Statement,
    Utility,
)
from migsafe.values import replace

Fold = Callable[[Catalog, Statement], Catalog]
_FIXED_SCHEMAS = {"plpgsql": "pg_catalog", "pg_cron": "pg_catalog", "postgis_topology": "topology"}


def create_schema(catalog: Catalog, statement: CreateSchema, fold: Fold) -> Catalog:
    name = statement.name or statement.owner or ""
    if name in catalog.schemas:
        if statement.if_not_exists:
            return catalog
        raise Refused(f"schema {name} exists")
    catalog = catalog.having("schemas", name, Schema(name, owner=statement.owner))
    path = catalog.search_path
    catalog = replace(catalog, search_path=(name, *path))
    for element in statement.elements:
        catalog = fold(catalog, element)
    return replace(catalog, search_path=path)


def create_extension(catalog: Catalog, statement: CreateExtension) -> Catalog:
    if statement.name in catalog.extensions:
        if statement.if_not_exists:
            return catalog
        raise Refused(f"extension {statement.name} exists")
    if statement.name == "plpgsql":
        return catalog
    path = next((s for s in catalog.search_path if s in catalog.schemas), "public")
    schema = statement.schema or _FIXED_SCHEMAS.get(statement.name, path)
    extension = Extension(statement.name, schema, statement.version)
    return catalog.having("extensions", statement.name, extension)


def alter_extension(catalog: Catalog, statement: AlterExtension) -> Catalog:
    found = catalog.extensions.get(statement.name)
    if found is None or statement.action != "UPDATE":
        return catalog
    return catalog.having("extensions", found.name, replace(found, version=statement.version))


def create_utility(catalog: Catalog, statement: Utility) -> Catalog:
    """Of the statements that touch no table, those that make what the catalog lists."""
    if statement.tag != "CREATE COLLATION" or statement.name is None:
        return catalog
    name = new_name(catalog, statement.name)
    return catalog.having("collations", name, Collation(name, "unknown"))


# -- publications ------------------------------------------------------------------------------


def create_publication(catalog: Catalog, statement: CreatePublication) -> Catalog:
    if statement.name in catalog.publications:
        raise Refused(f"publication {statement.name} exists")
    publication = Publication(
        statement.name,
        all_tables=statement.all_tables,
        tables=_published(catalog, statement.tables),
        schemas=_schemas(catalog, statement.schemas),
    )
    publication = _with_options(publication, statement.options)
    return catalog.having("publications", publication.name, publication)


def _schemas(catalog: Catalog, names: tuple[str | None, ...]) -> tuple[str, ...]:
    return tuple(sorted(name or catalog.search_path[0] for name in names))


def _published(
    catalog: Catalog, tables: tuple[PublishedTable, ...]
) -> tuple[PublicationTable, ...]:
    found = []
    for published in tables:
        table = existing_table(catalog, published.table)
        order = [column.name for column in table.columns]
        if not {*published.columns} <= {*order}:
            raise Refused(f"{table.name} has not all of the columns")
        columns = tuple(sorted(published.columns, key=order.index))
        where = published.where.sql if published.where else None
        found.append(PublicationTable(table.name, columns, where))
    return tuple(sorted(found, key=lambda p: p.table))


def _with_options(publication: Publication, options: tuple[Option, ...]) -> Publication:
    for option in options:
        value = option.value or "true"
        if option.name == "publish":
            wanted = {word.strip() for word in value.split(",")}
            known = ("insert", "update", "delete", "truncate")
            publication = replace(publication, operations=tuple(o for o in known if o in wanted))
        elif option.name == "publish_via_partition_root":
            publication = replace(publication, via_root=value.lower() in ("true", "on", "1"))
        elif option.name == "publish_generated_columns":
            publication = replace(publication, generated_columns=value[:1].lower())
    return publication


def alter_publication(catalog: Catalog, statement: AlterPublication) -> Catalog:
    found = catalog.publications.get(statement.name)
    if found is None:
        raise Refused(f"publication {statement.name} does not exist")
    tables, schemas = _published(catalog, statement.tables), _schemas(catalog, statement.schemas)
    if statement.action == "SET OPTIONS":
        found = _with_options(found, statement.options)
    elif statement.action == "SET":
        found = replace(found, tables=tables, schemas=schemas)
    else:
        gone = {t.table for t in tables}
        rest = tuple(t for t in found.tables if t.table not in gone)
        others = tuple(s for s in found.schemas if s not in schemas)
        added = statement.action == "ADD"
        found = replace(
            found,
            tables=tuple(sorted(rest + tables * added, key=lambda t: t.table)),
            schemas=tuple(sorted(others + schemas * added)),
        )
    return catalog.having("publications", found.name, found)


# -- owners ------------------------------------------------------------------------------------


def set_owner(catalog: Catalog, statement: SetOwner) -> Catalog:
    name, role = statement.target.name, statement.role
    if statement.kind is ObjectKind.SCHEMA and name.name in catalog.schemas:
        schema = replace(catalog.schemas[name.name], owner=role)
        return catalog.having("schemas", schema.name, schema)
    if statement.kind in (ObjectKind.TYPE, ObjectKind.DOMAIN):
        found = catalog.type(name)
        if found is not None:
            return catalog.having("types", found.name, replace(found, owner=role))
    if statement.kind in (ObjectKind.FUNCTION, ObjectKind.PROCEDURE, ObjectKind.ROUTINE):
        for function in list(find_functions(catalog, statement.target))[:1]:
            key = (function.name, function.arguments)
            catalog = catalog.having("functions", key, replace(function, owner=role))
    return catalog


# -- settings ----------------------------------------------------------------------------------


def set_setting(catalog: Catalog, statement: Set) -> Catalog:
    """SET search_path; other settings are the session's and do not touch the catalog."""
    if statement.name not in (None, "search_path"):
        return catalog
    if statement.reset or not statement.values:
        return replace(catalog, search_path=("public",))
    words = [word.strip() for value in statement.values for word in _listed(value)]
    path = tuple(word.strip('"') for word in words if word not in ("", '"$user"', "$user"))
    return replace(catalog, search_path=path)


def select(catalog: Catalog, statement: Select) -> Catalog:
    """``SELECT set_config('search_path', …)``, with which the scripts of pg_dump begin."""
    for call in statement.calls:
        words = [argument.sql.strip("'") for argument in call.arguments]
        if call.name.name == "set_config" and words[:1] == ["search_path"] and len(words) > 1:
            catalog = set_setting(catalog, Set("search_path", (words[1],)))
    return catalog


def _listed(value: str) -> list[str]:
    """One value may hold a whole list, when it was given as a string with commas."""
    return value.split(",") if "," in value else [value]
