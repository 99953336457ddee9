"""ALTER TABLE: its actions in the order PostgreSQL does them, then the rewrite or the scan."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from migsafe.catalog import Index, Sequence, Table, View
from migsafe.effects import (
    columns,
    constraints,
    identity,
    indexes,
    not_null,
    partitions,
    relations,
    removing,
    retype,
    storage,
    types,
)
from migsafe.effects.altering import Altering
from migsafe.effects.ledger import Ledger
from migsafe.effects.lock_level import lock_level
from migsafe.effects.permissions import check_actions
from migsafe.effects.usage import check_not_in_use
from migsafe.fold import fold
from migsafe.fold.once import changed
from migsafe.sql import ast
from migsafe.values import replace

_HANDLERS: dict[type[ast.Action], Callable[..., None]] = {
    ast.AddColumn: columns.add_column,
    ast.DropColumn: columns.drop_column,
    ast.SetDefault: columns.set_default,
    ast.DropDefault: columns.drop_default,
    ast.SetNotNull: not_null.set_not_null,
    ast.DropNotNull: not_null.drop_not_null,
    ast.SetExpression: columns.set_expression,
    ast.DropExpression: columns.drop_expression,
    ast.AlterColumnType: retype.alter_column_type,
    ast.AddIdentity: identity.add_identity,
    ast.SetIdentity: identity.set_identity,
    ast.DropIdentity: identity.drop_identity,
    ast.AddConstraint: constraints.add_constraint,
    ast.AlterConstraint: constraints.alter_constraint,
    ast.ValidateConstraint: constraints.validate_constraint,
    ast.DropConstraint: constraints.drop_constraint,
    ast.SetPersistence: storage.set_persistence,
    ast.SetAccessMethod: storage.set_access_method,
    ast.SetTablespace: storage.set_tablespace,
    ast.SetOptions: storage.set_options,
    ast.NotOf: storage.not_of,
    ast.SetStatistics: storage.descend,
    ast.SetStorage: storage.set_storage,
    ast.SetColumnOptions: storage.set_column_options,
    ast.SetRule: storage.set_rule,
    ast.SetCompression: storage.set_compression,
    ast.ClusterOn: storage.cluster_on,
    ast.ReplicaIdentity: storage.replica_identity,
    ast.OwnerTo: storage.owner_to,
    ast.OfType: types.of_type,
    ast.Inherit: partitions.inherit,
    ast.NoInherit: partitions.no_inherit,
    ast.AttachPartition: partitions.attach,
    ast.DetachPartition: partitions.detach,
    ast.SetTrigger: storage.set_trigger,
}

# The passes of tablecmds.c (AT_PASS_…): drops come first, so that a dropped CHECK proves nothing.
_PASSES: dict[type[ast.Action], int] = {
    ast.DropColumn: 0,
    ast.DropConstraint: 0,
    ast.DropDefault: 0,
    ast.DropNotNull: 0,
    ast.DropIdentity: 0,
    ast.DropExpression: 0,
    ast.AlterColumnType: 1,
    ast.AddColumn: 4,
    ast.SetExpression: 5,
    ast.AddConstraint: 8,
    ast.SetNotNull: 7,
    ast.AddIdentity: 7,
    ast.SetDefault: 7,
}
_LAST_PASS = 9
_DROPPING = (
    ast.DropColumn,
    ast.DropConstraint,
    ast.DropDefault,
    ast.DropExpression,
    ast.DropIdentity,
)


def alter(statement: ast.AlterTable, ledger: Ledger) -> None:
    """ALTER TABLE, and ALTER of another kind of relation."""
    if statement.kind is ast.ObjectKind.TYPE:
        types.alter_composite(statement, ledger)
        return
    relation = ledger.relation(statement.name, if_exists=statement.if_exists)
    if isinstance(relation, Table):
        alter_table(relation, statement, ledger)
        return
    if relation is not None:
        check_actions(relation, statement, ledger)
    if isinstance(relation, Index):
        indexes.alter_index(relation, statement, ledger)
    elif isinstance(relation, View):
        relations.alter_view(relation, statement, ledger)
    elif isinstance(relation, Sequence):
        relations.alter_as_table(relation, statement, ledger)


def alter_table(table: Table, statement: ast.AlterTable, ledger: Ledger) -> None:
    """All actions of *statement* on *table*."""
    mode = lock_level(statement.actions)
    count = len(statement.actions)
    altering = Altering(ledger, table.name, mode, only=statement.only, count=count)
    ledger.lock(table.name, mode)
    if _is_felt(statement):
        check_not_in_use(ledger, table.name, "ALTER TABLE")
    for action in sorted(statement.actions, key=_pass) if count > 1 else statement.actions:
        handler = _HANDLERS.get(type(action))
        if handler is not None:
            handler(action, altering)
        done = statement
        if count > 1:
            done = replace(statement, name=table.name, actions=(action,))
        before = ledger.catalog
        if isinstance(action, _DROPPING):
            change = changed(ledger.catalog, done)
            removing.record(change, ledger)
            ledger.catalog = change.after
        elif count > 1:
            ledger.catalog = fold(ledger.catalog, done)
            if ledger.catalog.indexes is not before.indexes and not _adopts(action):
                ledger.rebuild_again(ledger.catalog.indexes.keys() - before.indexes.keys())
        if table.name not in ledger.catalog.tables:
            return
    if count > 1:
        ledger.reconsider(partial(removing.is_back, ledger.catalog))
    altering.finish()


def _pass(action: ast.Action) -> int:
    if isinstance(action, ast.AddConstraint) and not action.constraint.using_index:
        order = {ast.ConstraintKind.CHECK: 6, ast.ConstraintKind.NOT_NULL: 6}
        return order.get(action.constraint.kind, 8)
    return _PASSES.get(type(action), _LAST_PASS)


def _adopts(action: ast.Action) -> bool:
    """Whether an index that is there gets another name, as that of a constraint."""
    return isinstance(action, ast.AddConstraint) and action.constraint.using_index is not None


def _is_felt(statement: ast.AlterTable) -> bool:
    """Whether cursors and pending events of the session stand in its way."""
    detached = [a for a in statement.actions if isinstance(a, ast.DetachPartition)]
    return not detached or not any(action.concurrently for action in detached)
