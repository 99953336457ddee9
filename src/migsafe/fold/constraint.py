"""Adding table constraints: names, the indexes that enforce keys, and the copies of children."""

from __future__ import annotations

from collections.abc import Callable

from migsafe.catalog import Catalog, Constraint, ConstraintKind, Index, IndexKey, Table
from migsafe.fold.foreign_key import add_foreign_key
from migsafe.fold.index import add_index, attributes_of, key_of, label_of
from migsafe.fold.naming import (
    choose_constraint,
    choose_index,
    relation_exists,
)
from migsafe.fold.notnull import NotNull, column_in, of_column, require
from migsafe.fold.options import options_of
from migsafe.fold.refusal import Refused
from migsafe.fold.texts import mentioned
from migsafe.names import Name
from migsafe.sql.ast import ConstraintDef, IndexElement
from migsafe.sql.ast import ConstraintKind as Written
from migsafe.values import replace


def add_constraint(
    catalog: Catalog, name: Name, definition: ConstraintDef, *, recurse: bool = True
) -> Catalog:
    """The catalog with *definition* added to the table *name* and, if *recurse*, its children."""
    table = catalog.tables[name]
    if definition.name is not None and definition.kind is not Written.NOT_NULL:
        _refuse_taken(table, definition)
    return _ADDERS[definition.kind](catalog, table, definition, recurse)


def _refuse_taken(table: Table, definition: ConstraintDef) -> None:
    existing = table.constraint(definition.name or "")
    if existing is None:
        return
    is_check = definition.kind is Written.CHECK and existing.kind is ConstraintKind.CHECK
    if is_check and existing.inherited and not existing.local:
        return
    raise Refused(f"constraint {definition.name} exists")


# -- CHECK -----------------------------------------------------------------------------------


def _add_check(catalog: Catalog, table: Table, definition: ConstraintDef, recurse: bool) -> Catalog:
    text = definition.expression.sql if definition.expression else ""
    columns = mentioned(text, [c.name for c in table.columns])
    name = definition.name
    if name is None:
        second = columns[0] if len(columns) == 1 else None
        name = choose_constraint(catalog, table.name, second, "check")
    check = Constraint(
        name,
        ConstraintKind.CHECK,
        tuple(sorted(columns)),
        text,
        validated=definition.enforced and not definition.not_valid,
        enforced=definition.enforced,
        no_inherit=definition.no_inherit,
    )
    existing = table.constraint(name)
    if existing is not None:
        check = replace(existing, local=True)
    catalog = catalog.with_table(table.with_constraint(check))
    if not recurse or check.no_inherit:
        return catalog
    for child in catalog.children_of(table.name):
        catalog = inherit_check(catalog, child.name, check)
    return catalog


def inherit_check(catalog: Catalog, name: Name, check: Constraint) -> Catalog:
    """The catalog with the child *name* and all below it having the parent's *check*."""
    child = catalog.tables[name]
    existing = child.constraint(check.name)
    if existing is not None and existing.kind is ConstraintKind.CHECK:
        more = replace(existing, inherited=existing.inherited + 1)
        return catalog.with_table(child.with_constraint(more))
    copy = replace(check, local=False, inherited=1, comment=None)
    catalog = catalog.with_table(child.with_constraint(copy))
    for below in catalog.children_of(name):
        catalog = inherit_check(catalog, below.name, check)
    return catalog


# -- PRIMARY KEY, UNIQUE, EXCLUDE --------------------------------------------------------------


def _add_key(catalog: Catalog, table: Table, definition: ConstraintDef, recurse: bool) -> Catalog:
    kind = ConstraintKind[definition.kind.name]
    if kind is ConstraintKind.PRIMARY_KEY and table.primary_key is not None:
        raise Refused(f"{table.name} has a primary key")
    if definition.using_index is not None:
        return _use_index(catalog, table, definition)
    for column in definition.include:
        column_in(table, column)
    if len(set(definition.columns)) < len(definition.columns):
        raise Refused("a key has a column twice")
    keys = _keys_of(catalog, table, definition)
    if kind is ConstraintKind.PRIMARY_KEY:
        catalog = _require_all(catalog, table.name, definition.columns, recurse=recurse)
    attributes = attributes_of(keys, definition.include)
    name = Name(table.name.schema, definition.name or "")
    if definition.name is None:
        name = choose_index(catalog, table.name, attributes, label=label_of(kind))
    if relation_exists(catalog, name):
        raise Refused(f"{name} exists")
    index = Index(
        name=name,
        table=table.name,
        keys=keys,
        method=_method(definition),
        unique=definition.kind is not Written.EXCLUDE,
        nulls_not_distinct=definition.nulls_not_distinct,
        include=definition.include,
        predicate=definition.where.sql if definition.where else None,
        options=options_of(definition.options),
        tablespace=definition.tablespace,
        constraint=name.name,
        attributes=attributes,
    )
    constraint = _key_constraint(definition, kind, index)
    changed = catalog.tables[table.name].with_constraint(constraint)
    return add_index(catalog.with_table(changed), index, recurse=recurse)


def _method(definition: ConstraintDef) -> str:
    return definition.method or ("gist" if definition.without_overlaps else "btree")


def _keys_of(catalog: Catalog, table: Table, definition: ConstraintDef) -> tuple[IndexKey, ...]:
    elements = [IndexElement(column=column) for column in definition.columns]
    if definition.kind is Written.EXCLUDE:
        elements = [exclusion.element for exclusion in definition.exclusions]
    return tuple(key_of(catalog, table, e, _method(definition)) for e in elements)


def _key_constraint(definition: ConstraintDef, kind: ConstraintKind, index: Index) -> Constraint:
    return Constraint(
        index.name.name,
        kind,
        tuple(key.column for key in index.keys if key.column is not None),
        deferrable=definition.deferrable,
        deferred=definition.initially_deferred,
        no_inherit=True,
        period=definition.without_overlaps,
        index=index.name.name,
        operators=_operators(definition),
    )


def _operators(definition: ConstraintDef) -> tuple[str, ...]:
    """What EXCLUDE compares with; WITHOUT OVERLAPS is equality but for the last column."""
    if definition.without_overlaps:
        return (*("=" for _ in definition.columns[1:]), "&&")
    return tuple(e.operator.name for e in definition.exclusions)


def _require_all(
    catalog: Catalog, name: Name, columns: tuple[str, ...], *, recurse: bool = True
) -> Catalog:
    for column in columns:
        table = catalog.tables[name]
        missing = of_column(table, column) is None and catalog.major >= 18
        if missing or not column_in(table, column).not_null:
            catalog = require(catalog, name, column, recurse=recurse)
    return catalog


def _use_index(catalog: Catalog, table: Table, definition: ConstraintDef) -> Catalog:
    """ADD … USING INDEX: the index gets the constraint's name."""
    old = Name(table.name.schema, definition.using_index or "")
    index = catalog.indexes.get(old)
    if index is None or index.table != table.name or not index.unique or index.constraint:
        raise Refused(f"{old} cannot become a constraint")
    name = Name(old.schema, definition.name or old.name)
    if name != old and relation_exists(catalog, name):
        raise Refused(f"{name} exists")
    columns = tuple(key.column for key in index.keys if key.column is not None)
    kind = ConstraintKind[definition.kind.name]
    if kind is ConstraintKind.PRIMARY_KEY:
        catalog = _require_all(catalog, table.name, columns)
    index = replace(index, name=name, constraint=name.name)
    constraint = _key_constraint(definition, kind, index)
    changed = catalog.tables[table.name].with_constraint(constraint)
    return catalog.lacking("indexes", old).with_index(index).with_table(changed)


# -- NOT NULL ----------------------------------------------------------------------------------


def _add_not_null(
    catalog: Catalog, table: Table, definition: ConstraintDef, recurse: bool
) -> Catalog:
    how = NotNull(definition.name, not definition.not_valid, definition.no_inherit)
    return require(catalog, table.name, definition.columns[0], how, recurse=recurse)


_ADDERS: dict[Written, Callable[[Catalog, Table, ConstraintDef, bool], Catalog]] = {
    Written.CHECK: _add_check,
    Written.PRIMARY_KEY: _add_key,
    Written.UNIQUE: _add_key,
    Written.EXCLUDE: _add_key,
    Written.FOREIGN_KEY: add_foreign_key,
    Written.NOT_NULL: _add_not_null,
}
