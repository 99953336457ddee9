"""Which actions of ALTER TABLE a relation that is no table allows (ATSimplePermissions)."""

from __future__ import annotations

from migsafe.catalog import Index, Sequence, View
from migsafe.effects.ledger import Ledger
from migsafe.sql import ast

_OPTIONS = (ast.SetOptions, ast.ResetOptions)
_VIEW = (
    *_OPTIONS,
    ast.SetDefault,
    ast.DropDefault,
    ast.AddIdentity,
    ast.SetIdentity,
    ast.DropIdentity,
    ast.OwnerTo,
)
_MATERIALIZED_VIEW = (
    *_OPTIONS,
    ast.SetStatistics,
    ast.SetColumnOptions,
    ast.SetStorage,
    ast.SetCompression,
    ast.ClusterOn,
    ast.SetWithoutCluster,
    ast.SetAccessMethod,
    ast.SetTablespace,
    ast.ReplicaIdentity,
    ast.OwnerTo,
)
_INDEX = (
    *_OPTIONS,
    ast.SetStatistics,
    ast.SetTablespace,
    ast.AttachPartition,
    ast.OwnerTo,
)
_SEQUENCE = (ast.SetPersistence, ast.OwnerTo)


def check_actions(
    relation: View | Index | Sequence, statement: ast.AlterTable, ledger: Ledger
) -> None:
    """Refuse an action that is not for relations of this kind."""
    allowed, kind = _allowed(relation)
    for action in statement.actions:
        # What the parser has no class for may be allowed.
        if not isinstance(action, (*allowed, ast.OtherAction)):
            why = f"{relation.name.display()} is {kind}: this action is for tables"
            ledger.refuse("42809", why)


def _allowed(relation: View | Index | Sequence) -> tuple[tuple[type[ast.Action], ...], str]:
    if isinstance(relation, Index):
        return _INDEX, "an index"
    if isinstance(relation, Sequence):
        return _SEQUENCE, "a sequence"
    if relation.materialized:
        return _MATERIALIZED_VIEW, "a materialized view"
    return _VIEW, "a view"
