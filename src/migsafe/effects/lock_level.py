"""The table lock each action of ALTER TABLE asks for (AlterTableGetLockLevel in tablecmds.c).

One ALTER TABLE takes the strongest level that any of its actions asks for, on its table and on all
children it descends to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from migsafe.locks import LockMode
from migsafe.sql import ast

_SUX = LockMode.SHARE_UPDATE_EXCLUSIVE
_SRX = LockMode.SHARE_ROW_EXCLUSIVE
_AX = LockMode.ACCESS_EXCLUSIVE

# reloptions.c gives every storage parameter the lock that changing it needs; all others need
# SHARE UPDATE EXCLUSIVE.
_STRONG_OPTIONS_WORDS = """
    user_catalog_table autosummarize pages_per_range fastupdate gin_pending_list_limit
    buffering security_barrier security_invoker check_option
"""
_STRONG_OPTIONS = frozenset(_STRONG_OPTIONS_WORDS.split())


def lock_level(actions: Sequence[ast.Action]) -> LockMode:
    """The lock mode under which *actions* are done together."""
    if len(actions) == 1:
        return _level(actions[0])
    levels = {_level(action) for action in actions} or {_AX}
    return max(levels, key=lambda m: m.strength)


def _level(action: ast.Action) -> LockMode:
    level = _LEVELS.get(type(action), _AX)
    return level if isinstance(level, LockMode) else level(action)


def _of_constraint(action: ast.AddConstraint) -> LockMode:
    return _SRX if action.constraint.kind is ast.ConstraintKind.FOREIGN_KEY else _AX


def _of_detaching(action: ast.DetachPartition) -> LockMode:
    return _SUX if action.concurrently or action.finalize else _AX


def _of_options(action: ast.SetOptions) -> LockMode:
    return _options_level(option.name for option in action.options)


def _of_resetting(action: ast.ResetOptions) -> LockMode:
    return _options_level(action.options)


def _options_level(names: Iterable[str]) -> LockMode:
    plain = {name.rpartition(".")[2] for name in names}
    return _AX if plain & _STRONG_OPTIONS else _SUX


_LEVELS: dict[type[ast.Action], LockMode | Callable[[Any], LockMode]] = {
    ast.AddConstraint: _of_constraint,
    ast.DetachPartition: _of_detaching,
    ast.SetOptions: _of_options,
    ast.ResetOptions: _of_resetting,
    ast.ValidateConstraint: _SUX,
    ast.AttachPartition: _SUX,
    ast.SetStatistics: _SUX,
    ast.SetColumnOptions: _SUX,
    ast.ClusterOn: _SUX,
    ast.SetWithoutCluster: _SUX,
    ast.SetTrigger: _SRX,
}
