"""The actions of ALTER TABLE on constraints, NOT NULL included."""

from __future__ import annotations

from migsafe.catalog import Catalog, Constraint, ConstraintKind, Table, TableKind
from migsafe.fold.constraint import add_constraint
from migsafe.fold.notnull import column_in, of_column, release, require
from migsafe.fold.refusal import Refused
from migsafe.fold.removal import remove
from migsafe.fold.things import Thing
from migsafe.sql import ast
from migsafe.values import replace


def add(catalog: Catalog, table: Table, action: ast.AddConstraint, recurse: bool) -> Catalog:
    return add_constraint(catalog, table.name, action.constraint, recurse=recurse)


def set_not_null(catalog: Catalog, table: Table, action: ast.SetNotNull, recurse: bool) -> Catalog:
    column = column_in(table, action.column)
    constraint = of_column(table, action.column)
    if constraint is not None:
        valid = replace(constraint, validated=True, local=True)
        return catalog.with_table(table.with_constraint(valid))
    if column.not_null and not recurse:
        return catalog
    return require(catalog, table.name, action.column, recurse=recurse)


def drop_not_null(
    catalog: Catalog, table: Table, action: ast.DropNotNull, recurse: bool
) -> Catalog:
    if not column_in(table, action.column).not_null:
        return catalog
    parent = catalog.tables.get(table.partition_of) if table.partition_of else None
    above = parent.column(action.column) if parent else None
    if above is not None and above.not_null:
        raise Refused(f"{action.column} is NOT NULL in the parent")
    return release(catalog, table.name, action.column, recurse=recurse)


def _existing(table: Table, name: str) -> Constraint:
    constraint = table.constraint(name)
    if constraint is None:
        raise Refused(f"{table.name} has no constraint {name}")
    return constraint


def alter(catalog: Catalog, table: Table, action: ast.AlterConstraint, recurse: bool) -> Catalog:
    constraint = _existing(table, action.name)
    is_reference = constraint.kind is ConstraintKind.FOREIGN_KEY
    if not is_reference and (action.inherit is None or action.deferrable is not None):
        raise Refused(f"{action.name} is no foreign key")
    return _altered(catalog, table, constraint, action)


def _altered(
    catalog: Catalog, table: Table, constraint: Constraint, action: ast.AlterConstraint
) -> Catalog:
    new = constraint
    if action.deferrable is not None:
        new = replace(new, deferrable=action.deferrable, deferred=False)
    if action.initially_deferred is not None:
        deferred = action.initially_deferred
        new = replace(new, deferred=deferred, deferrable=new.deferrable or deferred)
    if action.enforced is not None:
        new = replace(new, enforced=action.enforced, validated=action.enforced)
    if action.inherit is not None:
        new = replace(new, no_inherit=not action.inherit)
    catalog = catalog.with_table(table.with_constraint(new))
    if action.inherit is not None and constraint.kind is ConstraintKind.NOT_NULL:
        return _inherit_changed(catalog, table, new, given=action.inherit)
    for child in catalog.partitions_of(table.name):
        copy = child.constraint(constraint.name)
        if copy is not None and copy.inherited:
            catalog = _altered(catalog, child, copy, action)
    return catalog


def _inherit_changed(
    catalog: Catalog, table: Table, constraint: Constraint, *, given: bool
) -> Catalog:
    """INHERIT and NO INHERIT of a NOT NULL: what the children have by it changes with it."""
    for child in catalog.children_of(table.name):
        own = of_column(child, constraint.columns[0])
        if given and own is None:
            from_parent = ast.ConstraintDef(
                ast.ConstraintKind.NOT_NULL, constraint.name, constraint.columns
            )
            catalog = add_constraint(catalog, child.name, from_parent)
            own = of_column(catalog.tables[child.name], constraint.columns[0])
            if own is not None:
                copy = replace(own, local=False, inherited=1)
                changed = catalog.tables[child.name].with_constraint(copy)
                catalog = catalog.with_table(changed)
        elif own is not None:
            count = own.inherited + (1 if given else -1)
            local = own.local or not given
            changed = child.with_constraint(replace(own, inherited=max(0, count), local=local))
            catalog = catalog.with_table(changed)
    return catalog


def validate(
    catalog: Catalog, table: Table, action: ast.ValidateConstraint, recurse: bool
) -> Catalog:
    constraint = _existing(table, action.name)
    if constraint.validated:
        return catalog
    if not constraint.enforced:
        raise Refused(f"{action.name} is not enforced")
    catalog = catalog.with_table(table.with_constraint(replace(constraint, validated=True)))
    for child in catalog.children_of(table.name):
        copy = child.constraint(action.name)
        if copy is not None and copy.inherited and copy.kind is constraint.kind:
            catalog = validate(catalog, child, action, recurse)
    return catalog


def drop(catalog: Catalog, table: Table, action: ast.DropConstraint, recurse: bool) -> Catalog:
    constraint = table.constraint(action.name)
    if constraint is None:
        if action.if_exists:
            return catalog
        raise Refused(f"{table.name} has no constraint {action.name}")
    if constraint.inherited:
        raise Refused(f"{action.name} is inherited")
    if constraint.kind is ConstraintKind.NOT_NULL:
        return release(catalog, table.name, constraint.columns[0], recurse=recurse)
    things, catalog = _dropped(catalog, table, constraint, recurse=recurse)
    return remove(catalog, things, cascade=action.cascade)


def _dropped(
    catalog: Catalog, table: Table, constraint: Constraint, *, recurse: bool
) -> tuple[list[Thing], Catalog]:
    things = [Thing("constraint", table.name, constraint.name)]
    is_reference = constraint.kind is ConstraintKind.FOREIGN_KEY
    if is_reference and table.kind is not TableKind.PARTITIONED:
        return things, catalog
    if is_reference or constraint.kind is ConstraintKind.CHECK:
        return _dropped_below(catalog, table, constraint, things, recurse=recurse)
    return things + _keys_below(catalog, table, constraint), catalog


def _keys_below(catalog: Catalog, table: Table, constraint: Constraint) -> list[Thing]:
    """The constraints of partitions whose indexes are part of the one that goes."""
    found = []
    for index in catalog.indexes.values():
        owner = table.name.schema
        if index.parent is None or index.parent.schema != owner:
            continue
        if index.parent.name == constraint.index and index.constraint is not None:
            child = catalog.tables[index.table]
            found.append(Thing("constraint", child.name, index.constraint))
            found += _keys_below(catalog, child, _existing(child, index.constraint))
    return found


def _dropped_below(
    catalog: Catalog, table: Table, constraint: Constraint, things: list[Thing], *, recurse: bool
) -> tuple[list[Thing], Catalog]:
    if constraint.no_inherit:
        return things, catalog
    for child in catalog.children_of(table.name):
        own = child.constraint(constraint.name)
        if own is None or own.kind is not constraint.kind or not own.inherited:
            continue
        if own.inherited == 1 and not own.local and recurse:
            below, catalog = _dropped(catalog, child, own, recurse=True)
            things = things + below
            continue
        kept = replace(own, inherited=own.inherited - 1, local=own.local or not recurse)
        catalog = catalog.with_table(catalog.tables[child.name].with_constraint(kept))
    return things, catalog
