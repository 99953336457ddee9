"""Partitions: what a new one gets from its parent, ATTACH and DETACH."""

from __future__ import annotations

from migsafe.catalog import Catalog, ConstraintKind, Index, Table, TableKind, Trigger
from migsafe.fold.foreign_key import inherit_foreign_key
from migsafe.fold.index import attach_index, ensure_on_partition
from migsafe.fold.inherit import IDENTITY_SHARED_SINCE, add_parent, remove_parent
from migsafe.fold.refusal import Refused
from migsafe.fold.resolve import existing_table
from migsafe.names import Name
from migsafe.sql.ast import AttachPartition, DetachPartition
from migsafe.values import replace

# Before, the copies were marked internal, so that nothing but pg_trigger itself shows them.
COPIES_ARE_TRIGGERS_SINCE = 15


def bound_of(text: str | None) -> str | None:
    """The bound's text as ``pg_get_expr(relpartbound)`` writes it."""
    return text


def fill_partition(catalog: Catalog, name: Name, parent: Table) -> Catalog:
    """The catalog with the partition *name* having its parent's indexes, FKs and row triggers."""
    for index in catalog.indexes_of(parent.name):
        catalog = ensure_on_partition(catalog, index, name)
    for key in parent.constraints_of(ConstraintKind.FOREIGN_KEY):
        catalog = inherit_foreign_key(catalog, name, key)
    return inherit_triggers(catalog, name, parent.triggers)


def inherit_triggers(catalog: Catalog, name: Name, triggers: tuple[Trigger, ...]) -> Catalog:
    """The catalog with copies of the row *triggers* on the table *name* and its partitions."""
    copies = [replace(t, inherited=True, comment=None) for t in triggers if t.row]
    if not copies or catalog.major < COPIES_ARE_TRIGGERS_SINCE:
        return catalog
    table = catalog.tables[name]
    names = {copy.name for copy in copies}
    kept = [t for t in table.triggers if t.name not in names]
    ordered = tuple(sorted([*kept, *copies], key=lambda t: t.name))
    catalog = catalog.with_table(replace(table, triggers=ordered))
    for partition in catalog.partitions_of(name):
        catalog = inherit_triggers(catalog, partition.name, tuple(copies))
    return catalog


def attach(catalog: Catalog, parent: Table, action: AttachPartition) -> Catalog:
    child = existing_table(catalog, action.partition)
    if child.partition_of is not None or child.inherits or child.name == parent.name:
        raise Refused(f"{child.name} cannot become a partition")
    if parent.kind is not TableKind.PARTITIONED:
        raise Refused(f"{parent.name} is not partitioned")
    if any(parent.column(column.name) is None for column in child.columns):
        raise Refused(f"{child.name} has more columns than {parent.name}")
    catalog = add_parent(catalog, child.name, parent, partition=True)
    bound = bound_of(action.bound)
    child = replace(catalog.tables[child.name], partition_of=parent.name, partition_bound=bound)
    return fill_partition(catalog.with_table(child), child.name, parent)


def detach(catalog: Catalog, parent: Table, action: DetachPartition) -> Catalog:
    child = existing_table(catalog, action.partition)
    if child.partition_of != parent.name:
        raise Refused(f"{child.name} is no partition of {parent.name}")
    bound = child.partition_bound
    catalog = remove_parent(catalog, child.name, parent)
    child = _standing_alone(catalog, catalog.tables[child.name], parent)
    catalog = catalog.with_table(child)
    for index in catalog.indexes_of(child.name):
        if index.parent is not None:
            catalog = catalog.with_index(replace(index, parent=None))
    if action.concurrently and bound != "DEFAULT":
        why = "DETACH CONCURRENTLY leaves a CHECK of the partition's bound"
        catalog = catalog.with_table(replace(child, unknown=why))
    return catalog


def _standing_alone(catalog: Catalog, child: Table, parent: Table) -> Table:
    keys = (
        ConstraintKind.FOREIGN_KEY,
        ConstraintKind.PRIMARY_KEY,
        ConstraintKind.UNIQUE,
        ConstraintKind.EXCLUDE,
    )
    constraints = tuple(
        replace(c, local=True, inherited=0) if c.kind in keys else c for c in child.constraints
    )
    columns = child.columns
    if catalog.major >= IDENTITY_SHARED_SINCE:
        columns = tuple(replace(c, identity=None) for c in columns)
    theirs = {t.name for t in parent.triggers}
    return replace(
        child,
        columns=columns,
        constraints=constraints,
        triggers=tuple(t for t in child.triggers if not (t.inherited and t.name in theirs)),
        partition_of=None,
        partition_bound=None,
        detach_pending=False,
    )


def attach_partition_index(catalog: Catalog, parent: Index, name: Name) -> Catalog:
    """ALTER INDEX … ATTACH PARTITION."""
    child = catalog.index(name)
    if child is None:
        raise Refused(f"{name} is no index")
    if child.parent == parent.name:
        return catalog
    if child.parent is not None:
        raise Refused(f"{name} is attached elsewhere")
    return attach_index(catalog, child, parent)
