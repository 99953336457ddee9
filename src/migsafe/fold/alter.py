"""ALTER TABLE and its relatives: the actions in the order of PostgreSQL's passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from migsafe.catalog import Catalog, Composite, Index, Sequence, Table, TableKind, View
from migsafe.fold import alter_column, alter_constraint, alter_identity, alter_other
from migsafe.fold.composite import alter_composite
from migsafe.fold.inherit import add_parent, remove_parent
from migsafe.fold.partition import attach, attach_partition_index, detach
from migsafe.fold.refusal import Refused
from migsafe.fold.resolve import existing_table
from migsafe.sql import ast
from migsafe.sql.ast import Action, AlterTable
from migsafe.values import replace

# tablecmds.c, AlterTablePass; what is not listed comes last, in the order written.
_PASSES: tuple[tuple[type[Action], ...], ...] = (
    (
        ast.DropColumn,
        ast.DropConstraint,
        ast.DropNotNull,
        ast.DropDefault,
        ast.DropExpression,
        ast.DropIdentity,
    ),
    (ast.AlterColumnType,),
    (ast.AddColumn,),
    (ast.SetExpression,),
    (ast.SetNotNull, ast.AddIdentity, ast.SetIdentity),
    (ast.AddConstraint, ast.SetDefault),
)


def _pass_of(action: Action) -> int:
    place = (i for i, kinds in enumerate(_PASSES) if isinstance(action, kinds))
    return next(place, len(_PASSES)) * 2 + _after_keys(action)


def _after_keys(action: Action) -> int:
    """Keys come before checks and foreign keys, which may need them."""
    if not isinstance(action, ast.AddConstraint):
        return 0
    return int(action.constraint.kind in (ast.ConstraintKind.CHECK, ast.ConstraintKind.FOREIGN_KEY))


def alter_table(catalog: Catalog, statement: AlterTable) -> Catalog:
    relation = catalog.relation(statement.name)
    if relation is None:
        composite = catalog.type(statement.name)
        if isinstance(composite, Composite):
            return alter_composite(catalog, composite, statement)
        raise Refused(f"{statement.name} does not exist")
    actions = statement.actions
    for action in sorted(actions, key=_pass_of) if len(actions) > 1 else actions:
        current = catalog.relation(relation.name)
        if isinstance(current, Table):
            catalog = _alter_table(catalog, current, action, only=statement.only)
        elif isinstance(current, Index):
            catalog = _alter_index(catalog, current, action)
        elif isinstance(current, View):
            catalog = _alter_view(catalog, current, action)
        elif isinstance(current, Sequence):
            catalog = alter_other.alter_sequence_action(catalog, current, action)
    return catalog


def _alter_table(catalog: Catalog, table: Table, action: Action, *, only: bool) -> Catalog:
    handler = _ACTIONS.get(type(action))
    if handler is not None:
        return handler(catalog, table, action, not only)
    change = alter_other.CHANGES.get(type(action))
    if change is not None:
        return catalog.with_table(change(table, action))
    return catalog


def _alter_view(catalog: Catalog, view: View, action: Any) -> Catalog:
    if _ACTIONS.get(type(action)) is not alter_column.set_attribute:
        return alter_other.alter_view(catalog, view, action)
    change = partial(alter_column.with_attribute, action=action)
    view = alter_other.with_detail(view, action.column, change)
    return catalog.having("views", view.name, view)


def _alter_index(catalog: Catalog, index: Index, action: Action) -> Catalog:
    if isinstance(action, ast.AttachPartition):
        return attach_partition_index(catalog, index, action.partition)
    return catalog.with_index(alter_other.changed_index(index, action))


def _attach(catalog: Catalog, table: Table, action: Any, recurse: bool) -> Catalog:
    return attach(catalog, table, action)


def _detach(catalog: Catalog, table: Table, action: Any, recurse: bool) -> Catalog:
    return detach(catalog, table, action)


def _inherit(catalog: Catalog, table: Table, action: Any, recurse: bool) -> Catalog:
    parent = existing_table(catalog, action.parent)
    if (
        parent.name in table.inherits
        or parent.name == table.name
        or parent.kind is TableKind.PARTITIONED
    ):
        raise Refused(f"{table.name} cannot inherit from {parent.name}")
    catalog = add_parent(catalog, table.name, parent)
    child = catalog.tables[table.name]
    return catalog.with_table(replace(child, inherits=(*child.inherits, parent.name)))


def _no_inherit(catalog: Catalog, table: Table, action: Any, recurse: bool) -> Catalog:
    parent = existing_table(catalog, action.parent)
    if parent.name not in table.inherits:
        raise Refused(f"{table.name} does not inherit from {parent.name}")
    catalog = remove_parent(catalog, table.name, parent)
    child = catalog.tables[table.name]
    kept = tuple(name for name in child.inherits if name != parent.name)
    return catalog.with_table(replace(child, inherits=kept))


Handler = Callable[[Catalog, Table, Any, bool], Catalog]
_ACTIONS: dict[type[Action], Handler] = {
    ast.AddColumn: alter_column.add_column,
    ast.DropColumn: alter_column.drop_column,
    ast.AlterColumnType: alter_column.alter_type,
    ast.SetDefault: alter_column.set_default,
    ast.DropDefault: alter_column.drop_default,
    ast.SetNotNull: alter_constraint.set_not_null,
    ast.DropNotNull: alter_constraint.drop_not_null,
    ast.SetExpression: alter_column.set_expression,
    ast.DropExpression: alter_column.drop_expression,
    ast.AddIdentity: alter_identity.add_identity,
    ast.SetIdentity: alter_identity.set_identity,
    ast.DropIdentity: alter_identity.drop_identity,
    ast.SetStatistics: alter_column.set_attribute,
    ast.SetColumnOptions: alter_column.set_attribute,
    ast.SetStorage: alter_column.set_attribute,
    ast.SetCompression: alter_column.set_attribute,
    ast.ForeignOptions: alter_other.foreign_options,
    ast.AddConstraint: alter_constraint.add,
    ast.AlterConstraint: alter_constraint.alter,
    ast.ValidateConstraint: alter_constraint.validate,
    ast.DropConstraint: alter_constraint.drop,
    ast.AttachPartition: _attach,
    ast.DetachPartition: _detach,
    ast.Inherit: _inherit,
    ast.NoInherit: _no_inherit,
    ast.ReplicaIdentity: alter_other.replica_identity,
    ast.ClusterOn: alter_other.cluster_on,
    ast.SetWithoutCluster: alter_other.without_cluster,
    ast.SetPersistence: alter_other.set_persistence,
    ast.SetTrigger: alter_other.set_trigger,
    ast.SetRule: alter_other.set_rule,
    ast.OfType: alter_other.of_type,
}
