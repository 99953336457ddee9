"""Composite types: CREATE TYPE … AS (…) and ALTER TYPE of their attributes."""

from __future__ import annotations

from migsafe.catalog import Catalog, Column, Composite, Table
from migsafe.fold.naming import relation_exists
from migsafe.fold.refusal import Refused
from migsafe.fold.resolve import collation_of, new_name, type_of
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql import ast
from migsafe.sql.ast import AlterTable, CreateComposite
from migsafe.values import replace

Attribute = tuple[str, TypeRef, Name | None]


def create_composite(catalog: Catalog, statement: CreateComposite) -> Catalog:
    name = new_name(catalog, statement.name)
    if name in catalog.types or relation_exists(catalog, name):
        raise Refused(f"{name} exists")
    attributes = tuple(_attribute(catalog, definition) for definition in statement.attributes)
    return catalog.having("types", name, Composite(name, attributes))


def _attribute(catalog: Catalog, definition: ast.ColumnDef) -> Attribute:
    ref = type_of(catalog, definition.type or TypeRef.builtin("text"))
    return definition.name, ref, collation_of(catalog, definition.collation)


def alter_composite(catalog: Catalog, composite: Composite, statement: AlterTable) -> Catalog:
    attributes = composite.attributes
    for action in sorted(statement.actions, key=lambda a: not isinstance(a, ast.DropColumn)):
        names = [name for name, _, _ in attributes]
        if isinstance(action, ast.AddColumn):
            if action.column.name in names:
                raise Refused(f"{composite.name} has an attribute {action.column.name}")
            attributes = (*attributes, _attribute(catalog, action.column))
        elif isinstance(action, ast.DropColumn):
            if action.column not in names and not action.if_exists:
                raise Refused(f"{composite.name} has no attribute {action.column}")
            attributes = tuple(a for a in attributes if a[0] != action.column)
        elif isinstance(action, ast.AlterColumnType):
            if any(True for _ in catalog.columns_of_type(composite.name)):
                raise Refused(f"a column uses {composite.name}")
            new = (action.column, type_of(catalog, action.type), None)
            attributes = tuple(new if a[0] == action.column else a for a in attributes)
        elif isinstance(action, ast.OwnerTo):
            composite = replace(composite, owner=action.role)
    kept = {name for name, _, _ in attributes}
    comments = tuple(c for c in composite.attribute_comments if c[0] in kept)
    composite = replace(composite, attributes=attributes, attribute_comments=comments)
    catalog = catalog.having("types", composite.name, composite)
    return _typed_tables(catalog, composite)


def _typed_tables(catalog: Catalog, composite: Composite) -> Catalog:
    """Tables OF the type follow it; only CASCADE lets them, so what is left is known to agree."""
    for table in list(catalog.tables.values()):
        if table.of_type == composite.name:
            catalog = catalog.with_table(_followed(table, composite))
    return catalog


def _followed(table: Table, composite: Composite) -> Table:
    wanted = {name: ref for name, ref, _ in composite.attributes}
    kept = tuple(replace(c, type=wanted[c.name]) for c in table.columns if c.name in wanted)
    table = replace(table, columns=kept)
    for name, ref, collation in composite.attributes:
        if table.column(name) is None:
            table = table.with_column(Column(name, ref, collation=collation))
    return table
