"""The actions of ALTER TABLE on one column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migsafe.catalog import Catalog, Column, Generated, Table, TableKind
from migsafe.fold.columns import default_of, define, named_not_null, wants_not_null
from migsafe.fold.constraint import add_constraint
from migsafe.fold.dependents import dependents
from migsafe.fold.inherit import IDENTITY_SHARED_SINCE
from migsafe.fold.notnull import column_in, require
from migsafe.fold.options import options_of, reset, updated
from migsafe.fold.refusal import Refused
from migsafe.fold.removal import remove
from migsafe.fold.resolve import collation_of, type_of
from migsafe.fold.sequence import changed
from migsafe.fold.texts import mentioned
from migsafe.fold.things import Thing
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql import ast
from migsafe.sql.ast import ColumnDef, ConstraintKind
from migsafe.values import replace

_STORAGE = {"plain": "PLAIN", "external": "EXTERNAL", "main": "MAIN", "extended": "EXTENDED"}
_FIXED_WIDTH_WORDS = """bool int2 int4 int8 float4 float8 date time timetz timestamp timestamptz
    uuid interval money oid "char" name"""
_FIXED_WIDTH = frozenset(_FIXED_WIDTH_WORDS.split())


def each_column(
    catalog: Catalog,
    table: Table,
    column: str,
    change: Callable[[Column], Column],
    *,
    recurse: bool,
) -> Catalog:
    """The catalog with *change* made to *column* of *table* and, if *recurse*, of its children."""
    table = catalog.tables[table.name]
    catalog = catalog.with_table(table.with_column(change(column_in(table, column))))
    if recurse:
        for child in catalog.children_of(table.name):
            catalog = each_column(catalog, child, column, change, recurse=True)
    return catalog


# -- ADD and DROP COLUMN -----------------------------------------------------------------------


def add_column(catalog: Catalog, table: Table, action: ast.AddColumn, recurse: bool) -> Catalog:
    definition = action.column
    if table.column(definition.name) is not None:
        if action.if_not_exists:
            return catalog
        raise Refused(f"{table.name} has a column {definition.name}")
    if table.partition_of is not None or (not recurse and catalog.children_of(table.name)):
        raise Refused("children have the columns of their parent")
    catalog, column = define(catalog, table.name, definition, table.persistence)
    catalog = _add_to(catalog, table.name, column, recurse=recurse)
    if wants_not_null(definition) and not named_not_null(definition):
        catalog = require(catalog, table.name, definition.name)
    return _add_constraints(catalog, table.name, definition, recurse=recurse)


def _add_constraints(
    catalog: Catalog, name: Name, definition: ColumnDef, *, recurse: bool
) -> Catalog:
    ordered = sorted(definition.constraints, key=lambda c: c.kind is ConstraintKind.FOREIGN_KEY)
    for constraint in ordered:
        catalog = add_constraint(catalog, name, constraint, recurse=recurse)
    return catalog


def _add_to(catalog: Catalog, name: Name, column: Column, *, recurse: bool) -> Catalog:
    table = catalog.tables[name]
    catalog = catalog.with_table(table.with_column(column))
    if not recurse:
        return catalog
    for child in catalog.children_of(name):
        own = child.column(column.name)
        if own is not None:
            merged = replace(own, inherited=own.inherited + 1)
            catalog = catalog.with_table(child.with_column(merged))
            continue
        shared = child.partition_of is not None and catalog.major >= IDENTITY_SHARED_SINCE
        copy = replace(
            column, inherited=1, local=False, identity=column.identity if shared else None
        )
        catalog = _add_to(catalog, child.name, copy, recurse=True)
    return catalog


def drop_column(catalog: Catalog, table: Table, action: ast.DropColumn, recurse: bool) -> Catalog:
    column = table.column(action.column)
    if column is None:
        if action.if_exists:
            return catalog
        raise Refused(f"{table.name} has no column {action.column}")
    if column.inherited:
        raise Refused(f"{action.column} is inherited")
    if table.kind is TableKind.PARTITIONED and not recurse and catalog.partitions_of(table.name):
        raise Refused("partitions have the columns of their parent")
    _refuse_partition_key(catalog, table, action.column)
    things, catalog = _dropped(catalog, table, action.column, recurse=recurse)
    return remove(catalog, things, cascade=action.cascade)


def _refuse_partition_key(catalog: Catalog, table: Table, column: str) -> None:
    if mentioned(table.partition_key, [column]):
        raise Refused(f"{column} is part of the partition key of {table.name}")
    for partition in catalog.partitions_of(table.name):
        _refuse_partition_key(catalog, partition, column)


def _dropped(
    catalog: Catalog, table: Table, column: str, *, recurse: bool
) -> tuple[list[Thing], Catalog]:
    """The columns that go, and the catalog in which children that keep theirs own it."""
    things = [Thing("column", table.name, column)]
    for child in catalog.children_of(table.name):
        own = child.column(column)
        if own is None:
            continue
        fewer = max(0, own.inherited - 1)
        if recurse and fewer == 0 and not own.local:
            below, catalog = _dropped(catalog, child, column, recurse=True)
            things += below
            continue
        kept = replace(own, inherited=fewer, local=own.local or not recurse)
        catalog = catalog.with_table(catalog.tables[child.name].with_column(kept))
    return things, catalog


# -- type, default, generation -----------------------------------------------------------------


def alter_type(
    catalog: Catalog, table: Table, action: ast.AlterColumnType, recurse: bool
) -> Catalog:
    column = column_in(table, action.column)
    if column.inherited:
        raise Refused(f"{action.column} is inherited")
    _refuse_readers(catalog, table, action.column)
    _refuse_partition_key(catalog, table, action.column)
    ref = type_of(catalog, action.type)
    collation = collation_of(catalog, action.collation)

    def change(old: Column) -> Column:
        fresh = replace(old, type=ref, collation=collation)
        if _width_class(ref) != _width_class(old.type):
            fresh = replace(fresh, storage=None)
        return fresh

    catalog = each_column(catalog, table, action.column, change, recurse=True)
    return _identity_type(catalog, table.name, action.column, ref)


def _refuse_readers(catalog: Catalog, table: Table, column: str) -> None:
    """Views, rules, policies, triggers and generated columns keep the type of what they read."""
    for dependent, keeps in dependents(catalog, Thing("column", table.name, column)):
        if keeps and dependent.kind != "constraint":
            raise Refused(f"{dependent.kind} {dependent.key} {dependent.part} reads {column}")


def _width_class(ref: TypeRef) -> bool:
    return ref.name.name in _FIXED_WIDTH and not ref.dimensions


def _identity_type(catalog: Catalog, name: Name, column: str, ref: TypeRef) -> Catalog:
    """The sequence of an identity column follows the column's type, that of a serial does not."""
    for sequence in catalog.sequences_of(name):
        if sequence.identity and sequence.owned_by == (name, column):
            new = changed(sequence, ast.SequenceOptions(type=ref))
            catalog = catalog.having("sequences", sequence.name, new)
    return catalog


def set_default(catalog: Catalog, table: Table, action: ast.SetDefault, recurse: bool) -> Catalog:
    column = column_in(table, action.column)
    if column.identity is not None or column.generated is not None:
        raise Refused(f"{action.column} is generated")
    text = default_of(catalog, action.default, column.type)
    return each_column(
        catalog, table, action.column, lambda c: replace(c, default=text), recurse=recurse
    )


def drop_default(catalog: Catalog, table: Table, action: ast.DropDefault, recurse: bool) -> Catalog:
    column = column_in(table, action.column)
    if column.identity is not None or column.generated is not None:
        raise Refused(f"{action.column} is generated")
    return each_column(
        catalog, table, action.column, lambda c: replace(c, default=None), recurse=recurse
    )


def set_expression(
    catalog: Catalog, table: Table, action: ast.SetExpression, recurse: bool
) -> Catalog:
    def change(old: Column) -> Column:
        if old.generated is None or catalog.major < 17:
            raise Refused(f"{old.name} is not generated")
        return replace(old, generated=Generated(action.expression.sql, old.generated.stored))

    return each_column(catalog, table, action.column, change, recurse=recurse)


def drop_expression(
    catalog: Catalog, table: Table, action: ast.DropExpression, recurse: bool
) -> Catalog:
    column = column_in(table, action.column)
    if column.generated is None or not column.generated.stored:
        if column.generated is None and action.if_exists:
            return catalog
        raise Refused(f"{action.column} is not a stored generated column")
    return each_column(
        catalog, table, action.column, lambda c: replace(c, generated=None), recurse=recurse
    )


# -- attributes --------------------------------------------------------------------------------


def set_attribute(catalog: Catalog, table: Table, action: Any, recurse: bool) -> Catalog:
    """SET STATISTICS, STORAGE, COMPRESSION and (…)."""
    recurse = recurse and not isinstance(action, ast.SetCompression)
    return each_column(
        catalog, table, action.column, lambda c: with_attribute(c, action), recurse=recurse
    )


def with_attribute(column: Column, action: Any) -> Column:
    """*column* after SET STATISTICS, STORAGE, COMPRESSION or (…)."""
    if isinstance(action, ast.SetStatistics):
        return replace(column, statistics_target=None if action.target < 0 else action.target)
    if isinstance(action, ast.SetStorage):
        return replace(column, storage=own_storage(column.type, action.storage))
    if isinstance(action, ast.SetCompression):
        method = action.method.lower()
        return replace(column, compression=None if method == "default" else method)
    options = options_of(action.options)
    if action.reset:
        return replace(column, options=reset(column.options, (name for name, _ in options)))
    return replace(column, options=updated(column.options, options))


def own_storage(ref: TypeRef, storage: str) -> str | None:
    """*storage* in capitals; None when it is what the type has by itself."""
    word = _STORAGE.get(storage.lower(), storage.upper())
    usual = "PLAIN" if _width_class(ref) else "MAIN" if _is_main(ref) else "EXTENDED"
    return None if word in (usual, "DEFAULT") else word


def _is_main(ref: TypeRef) -> bool:
    return ref.name.name in ("numeric", "inet", "cidr") and not ref.dimensions
