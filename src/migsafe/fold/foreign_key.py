"""Foreign keys, and their copies on partitions."""

from __future__ import annotations

from migsafe.catalog import Catalog, Constraint, ConstraintKind, Table, TableKind
from migsafe.fold.naming import choose_constraint, joined
from migsafe.fold.notnull import column_in
from migsafe.fold.refusal import Refused
from migsafe.names import Name
from migsafe.sql.ast import ConstraintDef
from migsafe.values import replace

_ACTIONS = {
    "NO ACTION": "a",
    "RESTRICT": "r",
    "CASCADE": "c",
    "SET NULL": "n",
    "SET DEFAULT": "d",
}
_MATCHES = {"SIMPLE": "s", "FULL": "f", "PARTIAL": "p"}


def add_foreign_key(
    catalog: Catalog, table: Table, definition: ConstraintDef, recurse: bool
) -> Catalog:
    for column in definition.columns:
        column_in(table, column)
    target = catalog.table(definition.references or table.name)
    if target is None and not catalog.gaps:
        raise Refused(f"{definition.references} is no table")
    columns = definition.referenced_columns
    if not columns and target is not None and target.primary_key is not None:
        columns = target.primary_key.columns
    if target is not None and target.unknown is None:
        _refuse_loose_target(catalog, target, columns)
    name = definition.name or choose_constraint(
        catalog, table.name, joined(definition.columns), "fkey"
    )
    missing = catalog.qualify(definition.references or table.name)
    key = Constraint(
        name,
        ConstraintKind.FOREIGN_KEY,
        definition.columns,
        references=target.name if target is not None else missing,
        referenced_columns=columns,
        match=_MATCHES.get(definition.match, definition.match),
        on_delete=_ACTIONS.get(definition.on_delete, definition.on_delete),
        on_delete_columns=definition.on_delete_columns,
        on_update=_ACTIONS.get(definition.on_update, definition.on_update),
        deferrable=definition.deferrable,
        deferred=definition.initially_deferred,
        validated=definition.enforced and not definition.not_valid,
        enforced=definition.enforced,
        no_inherit=table.kind is not TableKind.PARTITIONED,
        period=definition.period,
    )
    catalog = catalog.with_table(table.with_constraint(key))
    for partition in catalog.partitions_of(table.name):
        catalog = inherit_foreign_key(catalog, partition.name, key)
    return catalog


def _refuse_loose_target(catalog: Catalog, target: Table, columns: tuple[str, ...]) -> None:
    """What is referenced needs a unique index of exactly its columns."""
    for index in catalog.indexes_of(target.name):
        keys = [key.column for key in index.keys]
        unique = index.unique or index.method == "gist"
        if unique and index.predicate is None and sorted(map(str, keys)) == sorted(columns):
            return
    raise Refused(f"{target.name} has no unique key of {', '.join(columns)}")


def inherit_foreign_key(catalog: Catalog, name: Name, key: Constraint) -> Catalog:
    """The catalog with the partition *name* and all below it having the parent's foreign *key*."""
    table = catalog.tables[name]
    fitting = (c for c in table.constraints if _same_reference(c, key))
    found = next(fitting, None)
    if found is not None:
        copy = replace(found, local=False, inherited=1)
    else:
        chosen = key.name
        if table.constraint(chosen) is not None:
            chosen = choose_constraint(catalog, name, joined(key.columns), "fkey")
        copy = replace(
            key,
            name=chosen,
            local=False,
            inherited=1,
            no_inherit=False,
            comment=None,
        )
    catalog = catalog.with_table(table.with_constraint(copy))
    for below in catalog.partitions_of(name):
        catalog = inherit_foreign_key(catalog, below.name, copy)
    return catalog


def _same_reference(ours: Constraint, theirs: Constraint) -> bool:
    """Whether a partition's own foreign key can stand for its parent's."""
    return ours.inherited == 0 and (
        (ours.kind, ours.columns, ours.references, ours.referenced_columns)
        == (theirs.kind, theirs.columns, theirs.references, theirs.referenced_columns)
        and (ours.match, ours.on_delete, ours.on_update)
        == (theirs.match, theirs.on_delete, theirs.on_update)
        and (ours.deferrable, ours.deferred) == (theirs.deferrable, theirs.deferred)
        and (ours.validated or not theirs.validated)
        and ours.enforced == theirs.enforced
    )
