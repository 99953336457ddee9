"""Indexes: CREATE INDEX, and the copies of a partitioned table's index on its partitions."""

from __future__ import annotations

from migsafe.catalog import (
    Catalog,
    Column,
    Constraint,
    ConstraintKind,
    Index,
    IndexKey,
    Table,
    TableKind,
    View,
)
from migsafe.errors import SqlError
from migsafe.fold.heading import named
from migsafe.fold.naming import choose_index, index_columns, relation_exists
from migsafe.fold.options import options_of
from migsafe.fold.refusal import Refused
from migsafe.fold.resolve import collation_of, opclass_of
from migsafe.fold.texts import mentioned
from migsafe.names import Name
from migsafe.sql import _pg
from migsafe.sql.ast import CreateIndex, Expression, IndexElement
from migsafe.sql.expressions import collated_column
from migsafe.values import replace

_LABELS = {
    ConstraintKind.PRIMARY_KEY: "pkey",
    ConstraintKind.UNIQUE: "key",
    ConstraintKind.EXCLUDE: "excl",
}


def label_of(kind: ConstraintKind) -> str:
    """The end of the name that PostgreSQL chooses for the index of a constraint."""
    return _LABELS[kind]


def column_name(expression: str) -> str | None:
    """What an index calls its column for *expression* (``FigureIndexColname``), if anything."""
    try:
        return named(_pg.expression_node(expression))
    except SqlError:
        return None


def _column_of(relation: Table | View, name: str) -> Column | None:
    if isinstance(relation, Table):
        return relation.column(name)
    return next((Column(name, ref) for other, ref in relation.columns if other == name), None)


def key_of(
    catalog: Catalog, relation: Table | View, element: IndexElement, method: str
) -> IndexKey:
    """One key as the catalog has it: what is the default is left out."""
    name = element.column
    column = None if name is None else _column_of(relation, name)
    text = element.expression.sql if element.expression else None
    written = element.collation
    if text is not None:
        inner = collated_column(Expression(text))
        found = None if inner is None else _column_of(relation, inner[0])
        if inner is not None and found is not None:
            name, column, written = found.name, found, written or inner[1]
    if name is not None and column is None and not getattr(relation, "unknown", None):
        raise Refused(f"{relation.name} has no column {name}")
    collation = collation_of(catalog, written)
    if column is not None and collation == column.collation:
        collation = None
    default_of = column.type if column is not None and not element.opclass_options else None
    nulls_first = element.descending if element.nulls_first is None else element.nulls_first
    return IndexKey(
        column=name,
        expression=None if name is not None else text,
        collation=collation,
        opclass=opclass_of(catalog, element.opclass, method, default_of),
        opclass_options=options_of(element.opclass_options),
        descending=element.descending,
        nulls_first=nulls_first,
    )


def attributes_of(keys: tuple[IndexKey, ...], include: tuple[str, ...]) -> tuple[str, ...]:
    """What the columns of a new index are called."""
    named = (key.column or column_name(key.expression or "") for key in keys)
    return index_columns((*named, *include))


def create_index(catalog: Catalog, statement: CreateIndex) -> Catalog:
    relation = catalog.relation(statement.table)
    if not isinstance(relation, (Table, View)):
        raise Refused(f"{statement.table} is no table")
    method = statement.method or "btree"
    keys = tuple(key_of(catalog, relation, e, method) for e in statement.elements)
    attributes = attributes_of(keys, statement.include)
    name = Name(relation.name.schema, statement.name or "")
    if statement.name is None:
        name = choose_index(catalog, relation.name, attributes)
    if relation_exists(catalog, name):
        if statement.if_not_exists:
            return catalog
        raise Refused(f"{name} exists")
    index = Index(
        name=name,
        table=relation.name,
        keys=keys,
        method=method,
        unique=statement.unique,
        nulls_not_distinct=statement.nulls_not_distinct,
        include=statement.include,
        predicate=statement.where.sql if statement.where else None,
        options=options_of(statement.options),
        tablespace=None if statement.tablespace == "pg_default" else statement.tablespace,
        attributes=attributes,
    )
    return add_index(catalog, index, recurse=not statement.only)


def add_index(catalog: Catalog, index: Index, *, recurse: bool = True) -> Catalog:
    """The catalog with *index*, and with its copies when its table is partitioned."""
    partitions = catalog.partitions_of(index.table)
    table = catalog.tables.get(index.table)
    if table is not None and index.unique and table.partition_key is not None:
        _refuse_without_partition_key(table, index)
    if table is not None and table.kind is TableKind.PARTITIONED and not recurse:
        return catalog.with_index(replace(index, valid=not partitions))
    catalog = catalog.with_index(index)
    for partition in partitions:
        catalog = ensure_on_partition(catalog, index, partition.name)
    return catalog


def _refuse_without_partition_key(table: Table, index: Index) -> None:
    columns = [column.name for column in table.columns]
    missing = set(mentioned(table.partition_key, columns)) - {key.column for key in index.keys}
    if missing:
        raise Refused(f"a unique index of {table.name} must include {', '.join(sorted(missing))}")


def ensure_on_partition(catalog: Catalog, parent: Index, partition: Name) -> Catalog:
    """The catalog with an index of *partition* attached to *parent*: a fitting one or a copy."""
    fitting = (i for i in catalog.indexes_of(partition) if _fits(catalog, i, parent))
    found = next(fitting, None)
    if found is not None:
        return attach_index(catalog, found, parent)
    constraint = _constraint_of(catalog, parent)
    label = label_of(constraint.kind) if constraint else "idx"
    name = choose_index(catalog, partition, parent.attributes, label=label)
    copy = replace(
        parent,
        name=name,
        table=partition,
        parent=parent.name,
        constraint=name.name if constraint else None,
        valid=True,
        clustered=False,
        replica_identity=False,
        comment=None,
    )
    if constraint is not None:
        child = replace(
            constraint,
            name=name.name,
            index=name.name,
            local=False,
            inherited=1,
            no_inherit=False,
            comment=None,
        )
        table = catalog.tables[partition]
        catalog = catalog.with_table(table.with_constraint(child))
    return add_index(catalog, copy)


def attach_index(catalog: Catalog, index: Index, parent: Index) -> Catalog:
    """The catalog with *index* as the partition's part of *parent*."""
    catalog = catalog.with_index(replace(index, parent=parent.name))
    constraint = _constraint_of(catalog, index)
    if constraint is not None and parent.constraint is not None:
        table = catalog.tables[index.table]
        inherited = replace(constraint, local=False, inherited=1)
        catalog = catalog.with_table(table.with_constraint(inherited))
    return validated_parent(catalog, parent.name)


def validated_parent(catalog: Catalog, name: Name) -> Catalog:
    """A partitioned index is valid from the moment all partitions have a valid part of it."""
    parent = catalog.indexes[name]
    if parent.valid:
        return catalog
    parts = {i.table for i in catalog.parts_of(name) if i.valid}
    if not all(p.name in parts for p in catalog.partitions_of(parent.table)):
        return catalog
    catalog = catalog.with_index(replace(parent, valid=True))
    return validated_parent(catalog, parent.parent) if parent.parent else catalog


def _constraint_of(catalog: Catalog, index: Index) -> Constraint | None:
    table = catalog.tables.get(index.table)
    if table is None or index.constraint is None:
        return None
    return table.constraint(index.constraint)


def _fits(catalog: Catalog, index: Index, parent: Index) -> bool:
    """Whether *index* can be attached to *parent* (``CompareIndexInfo``)."""
    if index.parent is not None or not index.valid:
        return False
    if parent.constraint is not None:
        ours, theirs = _constraint_of(catalog, index), _constraint_of(catalog, parent)
        if ours is None or theirs is None or ours.kind is not theirs.kind:
            return False
    return _shape(index) == _shape(parent)


def _shape(index: Index) -> tuple[object, ...]:
    keys = tuple((k.column, k.expression, k.collation, k.opclass) for k in index.keys)
    return (
        keys,
        index.method,
        index.unique,
        index.nulls_not_distinct,
        index.include,
        index.predicate,
    )
