"""ALTER … RENAME and ALTER … SET SCHEMA, followed wherever the old name stood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migsafe.catalog import Catalog, Composite, ConstraintKind, Domain, Index, Sequence, Table, View
from migsafe.fold.naming import relation_exists
from migsafe.fold.refusal import Refused
from migsafe.fold.rename_column import rename_column, rename_view_column
from migsafe.fold.resolve import collation_of
from migsafe.fold.rewrite import rename_collation, rename_function, rename_relations, rename_schema
from migsafe.fold.routine import find_functions
from migsafe.names import Name
from migsafe.sql.ast import ObjectKind, Rename, SetSchema, Target
from migsafe.values import replace

_RELATIONS = (
    ObjectKind.TABLE,
    ObjectKind.VIEW,
    ObjectKind.MATERIALIZED_VIEW,
    ObjectKind.FOREIGN_TABLE,
    ObjectKind.INDEX,
    ObjectKind.SEQUENCE,
)
_FUNCTIONS = (
    ObjectKind.FUNCTION,
    ObjectKind.PROCEDURE,
    ObjectKind.ROUTINE,
    ObjectKind.AGGREGATE,
)


_INHERITED = (ConstraintKind.CHECK, ConstraintKind.NOT_NULL)


def rename(catalog: Catalog, statement: Rename) -> Catalog:
    if statement.kind in _RELATIONS:
        return _rename_relation(catalog, statement)
    if statement.kind in _FUNCTIONS:
        arguments = statement.arguments
        target = Target(statement.name, arguments)
        for function in find_functions(catalog, target):
            new = Name(function.name.schema, statement.new_name)
            return _moved_function(catalog, function.name, function.arguments, new)
        raise Refused(f"{statement.name} does not exist")
    handler = _RENAMERS.get(statement.kind)
    return catalog if handler is None else handler(catalog, statement)


def _rename_relation(catalog: Catalog, statement: Rename) -> Catalog:
    relation = catalog.relation(statement.name)
    if relation is None:
        raise Refused(f"{statement.name} does not exist")
    new = Name(relation.name.schema, statement.new_name)
    if relation_exists(catalog, new):
        raise Refused(f"{new} exists")
    if isinstance(relation, Index) and relation.constraint is not None:
        table = catalog.tables[relation.table]
        return _with_constraint_named(catalog, table, relation.constraint, new.name)
    return rename_relations(catalog, {relation.name: new})


def _rename_column(catalog: Catalog, statement: Rename) -> Catalog:
    relation = catalog.relation(statement.name)
    old = statement.sub_name or ""
    if isinstance(relation, View):
        return rename_view_column(catalog, relation, old, statement.new_name)
    if isinstance(relation, Table):
        return rename_column(catalog, relation, old, statement.new_name)
    composite = catalog.type(statement.name)
    if isinstance(composite, Composite):
        return _rename_attribute(catalog, statement)
    raise Refused(f"{statement.name} has no columns")


def _rename_attribute(catalog: Catalog, statement: Rename) -> Catalog:
    composite = catalog.type(statement.name)
    if not isinstance(composite, Composite):
        raise Refused(f"{statement.name} is no composite type")
    attributes = tuple(
        (statement.new_name if name == statement.sub_name else name, ref, collation)
        for name, ref, collation in composite.attributes
    )
    catalog = catalog.having("types", composite.name, replace(composite, attributes=attributes))
    for table in list(catalog.tables.values()):
        if table.of_type == composite.name:
            if not statement.cascade:
                raise Refused(f"typed table {table.name} uses {composite.name}")
            catalog = rename_column(catalog, table, statement.sub_name or "", statement.new_name)
    return catalog


def _rename_constraint(catalog: Catalog, statement: Rename) -> Catalog:
    table = catalog.table(statement.name)
    constraint = table.constraint(statement.sub_name or "") if table else None
    plain = constraint is not None and constraint.kind in _INHERITED
    if table is None or constraint is None or (plain and constraint.inherited):
        raise Refused(f"{statement.name} has no constraint {statement.sub_name} of its own")
    return _with_constraint_named(catalog, table, constraint.name, statement.new_name)


def _with_constraint_named(catalog: Catalog, table: Table, old: str, new: str) -> Catalog:
    """The catalog with a constraint, its index and what children have of it called *new*."""
    constraint = table.constraint(old)
    if constraint is None or table.constraint(new) is not None:
        raise Refused(f"constraint {new} exists")
    renamed = replace(constraint, name=new)
    if constraint.index is not None:
        old_index = Name(table.name.schema, constraint.index)
        new_index = Name(table.name.schema, new)
        if relation_exists(catalog, new_index):
            raise Refused(f"{new_index} exists")
        index = catalog.indexes[old_index]
        catalog = rename_relations(catalog, {old_index: new_index})
        catalog = catalog.with_index(replace(index, name=new_index, constraint=new))
        table = catalog.tables[table.name]
        renamed = replace(renamed, index=new)
    kept = replace(table, constraints=tuple(c for c in table.constraints if c.name != old))
    catalog = catalog.with_table(kept.with_constraint(renamed))
    if constraint.index is not None or constraint.no_inherit:
        return catalog
    for child in catalog.children_of(table.name):
        own = child.constraint(old)
        if own is None or not own.inherited or own.kind is not constraint.kind:
            continue
        if own.references is None:
            catalog = _with_constraint_named(catalog, child, old, new)
    return catalog


def _rename_type(catalog: Catalog, statement: Rename) -> Catalog:
    found = catalog.type(statement.name)
    if found is None:
        raise Refused(f"{statement.name} does not exist")
    new = Name(found.name.schema, statement.new_name)
    if new in catalog.types or relation_exists(catalog, new):
        raise Refused(f"{new} exists")
    return rename_relations(catalog, {found.name: new})


def _rename_domain_constraint(catalog: Catalog, statement: Rename) -> Catalog:
    domain = catalog.type(statement.name)
    if not isinstance(domain, Domain):
        raise Refused(f"{statement.name} is no domain")
    renamed = (
        replace(c, name=statement.new_name) if c.name == statement.sub_name else c
        for c in domain.constraints
    )
    ordered = tuple(sorted(renamed, key=lambda c: c.name))
    return catalog.having("types", domain.name, replace(domain, constraints=ordered))


def _rename_schema(catalog: Catalog, statement: Rename) -> Catalog:
    if statement.name.name not in catalog.schemas or statement.new_name in catalog.schemas:
        raise Refused(f"schema {statement.name} cannot be renamed")
    return rename_schema(catalog, statement.name.name, statement.new_name)


def _rename_part(collection: str) -> Callable[[Catalog, Rename], Catalog]:
    def renamed(catalog: Catalog, statement: Rename) -> Catalog:
        owner = catalog.relation(statement.name)
        if not isinstance(owner, (Table, View)):
            raise Refused(f"{statement.name} does not exist")
        return _renamed_in(catalog, owner, collection, statement)

    return renamed


def _renamed_in(
    catalog: Catalog, owner: Table | View, collection: str, statement: Rename
) -> Catalog:
    old, new = statement.sub_name, statement.new_name
    parts = getattr(owner, collection, ())
    if all(part.name != old for part in parts):
        raise Refused(f"{owner.name} has no {old}")
    renamed = (replace(part, name=new) if part.name == old else part for part in parts)
    ordered = tuple(sorted(renamed, key=lambda part: str(part.name)))
    where = "tables" if isinstance(owner, Table) else "views"
    changed: dict[str, Any] = {collection: ordered}
    catalog = catalog.having(where, owner.name, replace(owner, **changed))
    for child in catalog.partitions_of(owner.name) if collection == "triggers" else ():
        if any(t.name == old and t.inherited for t in child.triggers):
            catalog = _renamed_in(catalog, child, collection, statement)
    return catalog


def _rename_plain(collection: str) -> Callable[[Catalog, Rename], Catalog]:
    def renamed(catalog: Catalog, statement: Rename) -> Catalog:
        found = getattr(catalog, collection).get(statement.name.name)
        if found is None:
            raise Refused(f"{statement.name} does not exist")
        catalog = catalog.lacking(collection, found.name)
        return catalog.having(
            collection, statement.new_name, replace(found, name=statement.new_name)
        )

    return renamed


def _rename_statistics(catalog: Catalog, statement: Rename) -> Catalog:
    return _moved_statistics(catalog, statement.name, new_name=statement.new_name)


def _moved_statistics(
    catalog: Catalog, written: Name, *, schema: str | None = None, new_name: str | None = None
) -> Catalog:
    for name, found in catalog.statistics.items():
        if name in (written, catalog.qualify(written)):
            new = Name(schema or name.schema, new_name or name.name)
            catalog = catalog.lacking("statistics", name)
            return catalog.having("statistics", new, replace(found, name=new))
    raise Refused(f"{written} does not exist")


def _rename_collation(catalog: Catalog, statement: Rename) -> Catalog:
    old = _collation(catalog, statement.name)
    return rename_collation(catalog, old, Name(old.schema, statement.new_name))


def _collation(catalog: Catalog, name: Name) -> Name:
    found = collation_of(catalog, name)
    if found is None or found not in catalog.collations:
        raise Refused(f"collation {name} does not exist")
    return found


def _moved_function(catalog: Catalog, old: Name, arguments: tuple[str, ...], new: Name) -> Catalog:
    function = catalog.functions[old, arguments]
    catalog = catalog.lacking("functions", (old, arguments))
    catalog = rename_function(catalog, old, new)
    return catalog.having("functions", (new, arguments), replace(function, name=new))


# -- SET SCHEMA --------------------------------------------------------------------------------


def set_schema(catalog: Catalog, statement: SetSchema) -> Catalog:
    if statement.schema not in catalog.schemas and not catalog.gaps:
        raise Refused(f"schema {statement.schema} does not exist")
    if statement.kind in _FUNCTIONS:
        for function in find_functions(catalog, statement.target):
            new = Name(statement.schema, function.name.name)
            return _moved_function(catalog, function.name, function.arguments, new)
        raise Refused(f"{statement.target.name} does not exist")
    if statement.kind is ObjectKind.COLLATION:
        old = _collation(catalog, statement.target.name)
        return rename_collation(catalog, old, Name(statement.schema, old.name))
    if statement.kind is ObjectKind.STATISTICS:
        return _moved_statistics(catalog, statement.target.name, schema=statement.schema)
    if statement.kind is ObjectKind.EXTENSION:
        return _move_extension(catalog, statement)
    name = statement.target.name
    relation = catalog.relation(name) if statement.kind in _RELATIONS else catalog.type(name)
    if relation is None:
        raise Refused(f"{name} does not exist")
    moved = [relation.name]
    if isinstance(relation, (Table, View)):
        moved += [index.name for index in catalog.indexes_of(relation.name)]
        moved += [sequence.name for sequence in catalog.sequences_of(relation.name)]
    if isinstance(relation, Sequence) and relation.owned_by:
        raise Refused(f"{name} is owned by a table")
    return rename_relations(catalog, {old: Name(statement.schema, old.name) for old in moved})


def _move_extension(catalog: Catalog, statement: SetSchema) -> Catalog:
    found = catalog.extensions.get(statement.target.name.name)
    if found is None:
        raise Refused(f"{statement.target.name} does not exist")
    return catalog.having("extensions", found.name, replace(found, schema=statement.schema))


_RENAMERS: dict[ObjectKind, Callable[[Catalog, Rename], Catalog]] = {
    ObjectKind.COLUMN: _rename_column,
    ObjectKind.TYPE_ATTRIBUTE: _rename_attribute,
    ObjectKind.TABLE_CONSTRAINT: _rename_constraint,
    ObjectKind.DOMAIN_CONSTRAINT: _rename_domain_constraint,
    ObjectKind.TYPE: _rename_type,
    ObjectKind.DOMAIN: _rename_type,
    ObjectKind.SCHEMA: _rename_schema,
    ObjectKind.TRIGGER: _rename_part("triggers"),
    ObjectKind.POLICY: _rename_part("policies"),
    ObjectKind.RULE: _rename_part("rules"),
    ObjectKind.PUBLICATION: _rename_plain("publications"),
    ObjectKind.STATISTICS: _rename_statistics,
    ObjectKind.COLLATION: _rename_collation,
}
