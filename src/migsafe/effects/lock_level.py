"""The table lock each action of ALTER TABLE asks for (AlterTableGetLockLevel in tablecmds.c).

One ALTER TABLE takes the strongest level that any of its actions asks for, on its table and on all
children it descends to.
"""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.locks import LockMode
from migsafe.sql import ast

_SUX = LockMode.SHARE_UPDATE_EXCLUSIVE
_SRX = LockMode.SHARE_ROW_EXCLUSIVE
_AX = LockMode.ACCESS_EXCLUSIVE

_LEVELS: dict[type[ast.Action], LockMode] = {
    ast.ValidateConstraint: _SUX,
    ast.AttachPartition: _SUX,
    ast.SetStatistics: _SUX,
    ast.SetColumnOptions: _SUX,
    ast.ClusterOn: _SUX,
    ast.SetWithoutCluster: _SUX,
    ast.SetTrigger: _SRX,
}
# reloptions.c gives every storage parameter the lock that changing it needs; all others need
# SHARE UPDATE EXCLUSIVE.
_STRONG_OPTIONS_WORDS = """
    user_catalog_table autosummarize pages_per_range fastupdate gin_pending_list_limit
    buffering security_barrier security_invoker check_option
"""
_STRONG_OPTIONS = frozenset(_STRONG_OPTIONS_WORDS.split())


def lock_level(actions: Iterable[ast.Action]) -> LockMode:
    """The lock mode under which *actions* are done together."""
    levels = {_level(action) for action in actions} or {_AX}
    return max(levels, key=lambda m: m.strength) if len(levels) > 1 else levels.pop()


def _level(action: ast.Action) -> LockMode:
    if isinstance(action, ast.AddConstraint):
        return _SRX if action.constraint.kind is ast.ConstraintKind.FOREIGN_KEY else _AX
    if isinstance(action, ast.DetachPartition):
        return _SUX if action.concurrently or action.finalize else _AX
    if isinstance(action, ast.SetOptions):
        return _options_level(option.name for option in action.options)
    if isinstance(action, ast.ResetOptions):
        return _options_level(action.options)
    return _LEVELS.get(type(action), _AX)


def _options_level(names: Iterable[str]) -> LockMode:
    plain = {name.rpartition(".")[2] for name in names}
    return _AX if plain & _STRONG_OPTIONS else _SUX
