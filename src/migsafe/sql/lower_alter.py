"""ALTER TABLE and its relatives: parser nodes → actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migsafe.sql import actions as act
from migsafe.sql.lower_table import bound_text, column, constraint, identity
from migsafe.sql.nodes import (
    cascades,
    enum,
    expression,
    expression_of,
    names,
    object_kind,
    options,
    relation,
    role,
    type_ref,
    value,
)
from migsafe.sql.relations import AlterTable, MoveAll
from migsafe.sql.sequences import sequence_options

_STATES = {
    "Enable": "ENABLE",
    "EnableAlways": "ENABLE ALWAYS",
    "EnableReplica": "ENABLE REPLICA",
    "Disable": "DISABLE",
}
_ROW_SECURITY = {
    "AT_EnableRowSecurity": "ENABLE",
    "AT_DisableRowSecurity": "DISABLE",
    "AT_ForceRowSecurity": "FORCE",
    "AT_NoForceRowSecurity": "NO FORCE",
}
_REPLICA_IDENTITY = {"d": "DEFAULT", "f": "FULL", "n": "NOTHING", "i": "INDEX"}


def alter_table(node: Any) -> AlterTable:
    return AlterTable(
        name=relation(node.relation),
        actions=tuple([action(item.alter_table_cmd) for item in node.cmds]),
        kind=object_kind(node, "objtype"),
        if_exists=node.missing_ok,
        only=not node.relation.inh and enum(node, "objtype") != "OBJECT_TYPE",
    )


def move_all(node: Any) -> MoveAll:
    kind = object_kind(node, "objtype")
    return MoveAll(kind, node.orig_tablespacename, node.new_tablespacename, node.nowait)


def action(cmd: Any) -> act.Action:
    """One AlterTableCmd node."""
    subtype = enum(cmd, "subtype")
    if subtype in _ACTIONS:
        return _ACTIONS[subtype](cmd)
    if subtype in _ROW_SECURITY:
        return act.RowSecurity(_ROW_SECURITY[subtype])
    for suffix in ("TrigAll", "TrigUser", "Trig", "Rule"):
        state = _STATES.get(subtype.removeprefix("AT_").removesuffix(suffix))
        if subtype.endswith(suffix) and state:
            return _switch(cmd, suffix, state)
    return act.OtherAction(subtype)


def _switch(cmd: Any, suffix: str, state: str) -> act.Action:
    if suffix == "Rule":
        return act.SetRule(cmd.name, state)
    return act.SetTrigger(cmd.name or None, state, user=suffix == "TrigUser")


def _inner(cmd: Any) -> Any:
    return getattr(cmd, "def")


def _add_column(cmd: Any) -> act.Action:
    return act.AddColumn(column(_inner(cmd).column_def), cmd.missing_ok, cascades(cmd))


def _column_type(cmd: Any) -> act.Action:
    node = _inner(cmd).column_def
    return act.AlterColumnType(
        column=cmd.name,
        type=type_ref(node.type_name),
        using=expression_of(node, "raw_default"),
        collation=names(node.coll_clause.collname) if node.HasField("coll_clause") else None,
        cascade=cascades(cmd),
    )


def _default(cmd: Any) -> act.Action:
    if not cmd.HasField("def"):
        return act.DropDefault(cmd.name)
    return act.SetDefault(cmd.name, expression(_inner(cmd)))


def _set_identity(cmd: Any) -> act.Action:
    elements = _inner(cmd).list.items
    generated = [e.def_elem for e in elements if e.def_elem.defname == "generated"]
    others = [e for e in elements if e.def_elem.defname != "generated"]
    always = generated[-1].arg.integer.ival == ord("a") if generated else None
    return act.SetIdentity(cmd.name, always, sequence_options(others))


def _statistics(cmd: Any) -> act.Action:
    target = int(value(_inner(cmd)) or -1) if cmd.HasField("def") else -1
    return act.SetStatistics(cmd.name or str(cmd.num), target)


def _alter_constraint(cmd: Any) -> act.Action:
    node = _inner(cmd).atalter_constraint
    return act.AlterConstraint(
        name=node.conname,
        deferrable=node.deferrable if node.alter_deferrability else None,
        initially_deferred=node.initdeferred if node.alter_deferrability else None,
        enforced=node.is_enforced if node.alter_enforceability else None,
        inherit=not node.noinherit if node.alter_inheritability else None,
    )


def _attach(cmd: Any) -> act.Action:
    node = _inner(cmd).partition_cmd
    bound = bound_text(node.bound) if node.HasField("bound") else None
    return act.AttachPartition(relation(node.name), bound)


def _detach(cmd: Any) -> act.Action:
    node = _inner(cmd).partition_cmd
    finalize = enum(cmd, "subtype") == "AT_DetachPartitionFinalize"
    return act.DetachPartition(relation(node.name), node.concurrent, finalize)


def _replica_identity(cmd: Any) -> act.Action:
    node = _inner(cmd).replica_identity_stmt
    return act.ReplicaIdentity(_REPLICA_IDENTITY[node.identity_type], node.name or None)


def _column_options(cmd: Any) -> act.Action:
    reset = enum(cmd, "subtype") == "AT_ResetOptions"
    return act.SetColumnOptions(cmd.name, options(_inner(cmd).list.items), reset)


def _reset_options(cmd: Any) -> act.Action:
    return act.ResetOptions(tuple(o.name for o in options(_inner(cmd).list.items)))


_ACTIONS: dict[str, Callable[[Any], act.Action]] = {
    "AT_AddColumn": _add_column,
    "AT_DropColumn": lambda c: act.DropColumn(c.name, c.missing_ok, cascades(c)),
    "AT_AlterColumnType": _column_type,
    "AT_ColumnDefault": _default,
    "AT_SetNotNull": lambda c: act.SetNotNull(c.name),
    "AT_DropNotNull": lambda c: act.DropNotNull(c.name),
    "AT_SetExpression": lambda c: act.SetExpression(c.name, expression(_inner(c))),
    "AT_DropExpression": lambda c: act.DropExpression(c.name, c.missing_ok),
    "AT_AddIdentity": lambda c: act.AddIdentity(c.name, identity(_inner(c).constraint)),
    "AT_SetIdentity": _set_identity,
    "AT_DropIdentity": lambda c: act.DropIdentity(c.name, c.missing_ok),
    "AT_SetStatistics": _statistics,
    "AT_SetOptions": _column_options,
    "AT_ResetOptions": _column_options,
    "AT_SetStorage": lambda c: act.SetStorage(c.name, (value(_inner(c)) or "").upper()),
    "AT_SetCompression": lambda c: act.SetCompression(c.name, value(_inner(c)) or ""),
    "AT_AddConstraint": lambda c: act.AddConstraint(constraint(_inner(c).constraint)),
    "AT_AlterConstraint": _alter_constraint,
    "AT_ValidateConstraint": lambda c: act.ValidateConstraint(c.name),
    "AT_DropConstraint": lambda c: act.DropConstraint(c.name, c.missing_ok, cascades(c)),
    "AT_SetLogged": lambda c: act.SetPersistence(logged=True),
    "AT_SetUnLogged": lambda c: act.SetPersistence(logged=False),
    "AT_SetAccessMethod": lambda c: act.SetAccessMethod(c.name or None),
    "AT_SetTableSpace": lambda c: act.SetTablespace(c.name),
    "AT_SetRelOptions": lambda c: act.SetOptions(options(_inner(c).list.items)),
    "AT_ResetRelOptions": _reset_options,
    "AT_AddInherit": lambda c: act.Inherit(relation(_inner(c).range_var)),
    "AT_DropInherit": lambda c: act.NoInherit(relation(_inner(c).range_var)),
    "AT_AttachPartition": _attach,
    "AT_DetachPartition": _detach,
    "AT_DetachPartitionFinalize": _detach,
    "AT_ReplicaIdentity": _replica_identity,
    "AT_ClusterOn": lambda c: act.ClusterOn(c.name),
    "AT_DropCluster": lambda c: act.SetWithoutCluster(),
    "AT_DropOids": lambda c: act.SetWithoutOids(),
    "AT_ChangeOwner": lambda c: act.OwnerTo(role(c.newowner)),
    "AT_AddOf": lambda c: act.OfType(names(_inner(c).type_name.names)),
    "AT_DropOf": lambda c: act.NotOf(),
    "AT_GenericOptions": lambda c: act.ForeignOptions(options(_inner(c).list.items)),
    "AT_AlterColumnGenericOptions": lambda c: act.ForeignOptions(
        options(_inner(c).list.items), c.name
    ),
}
LOWERINGS = {"alter_table_stmt": alter_table, "alter_table_move_all_stmt": move_all}
