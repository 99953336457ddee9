"""Session, transaction and maintenance statements, and all that touches no table."""

from __future__ import annotations

from typing import Any

from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql import commands as cmd
from migsafe.sql.nodes import call as function_call
from migsafe.sql.nodes import (
    cascades,
    enum,
    names,
    optional_name,
    options,
    relation,
    relations,
    role,
    roles,
    strings,
    switched_on,
    type_ref,
    value,
)
from migsafe.sql.objects import CreateAggregate
from migsafe.sql.parts import ObjectKind

# lockdefs.h: the numbers of the lock modes.
_MODES = (
    "",
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)
_OPENED_ALIKE = {"START": "BEGIN"}


def set_variable(node: Any) -> cmd.Set:
    kind = enum(node, "kind")
    name = node.name.lower() or None
    if kind == "VAR_SET_MULTI":
        parts = [item.def_elem for item in node.args if item.WhichOneof("node") == "def_elem"]
        values = tuple(f"{part.defname}={value(part.arg)}" for part in parts)
        return cmd.Set(name, values or _values(node), node.is_local)
    return cmd.Set(name, _values(node), node.is_local, reset=kind in ("VAR_RESET", "VAR_RESET_ALL"))


def _values(node: Any) -> tuple[str, ...]:
    return tuple(value(item) or "" for item in node.args)


def transaction(node: Any) -> cmd.TransactionControl:
    word = enum(node, "kind").removeprefix("TRANS_STMT_").replace("_", " ")
    name = node.savepoint_name or node.gid or None
    given = options(node.options)
    return cmd.TransactionControl(_OPENED_ALIKE.get(word, word), name, node.chain, given)


def set_constraints(node: Any) -> cmd.SetConstraints:
    return cmd.SetConstraints(relations(node.constraints), node.deferred)


def lock(node: Any) -> cmd.Lock:
    return cmd.Lock(
        names=relations(node.relations),
        mode=_MODES[node.mode],
        nowait=node.nowait,
        only=relations(item for item in node.relations if not item.range_var.inh),
    )


def vacuum(node: Any) -> cmd.Vacuum | cmd.Analyze:
    given = options(node.options)
    rels = [item.vacuum_relation for item in node.rels]
    tables = tuple(relation(rel.relation) for rel in rels)
    only = tuple(
        relation(r.relation) for r in rels if r.HasField("relation") and not r.relation.inh
    )
    if not node.is_vacuumcmd:
        return cmd.Analyze(tables, tuple(strings(rel.va_cols) for rel in rels), given, only)
    return cmd.Vacuum(
        tables=tables,
        full=switched_on(given, "full"),
        analyze=switched_on(given, "analyze"),
        freeze=switched_on(given, "freeze"),
        options=given,
        only=only,
    )


def cluster(node: Any) -> cmd.Cluster:
    table = relation(node.relation) if node.HasField("relation") else None
    return cmd.Cluster(table, node.indexname or None, options(node.params))


def reindex(node: Any) -> cmd.Reindex:
    given = options(node.params)
    named = Name(None, node.name) if node.name else None
    return cmd.Reindex(
        kind=enum(node, "kind").removeprefix("REINDEX_OBJECT_"),
        name=relation(node.relation) if node.HasField("relation") else named,
        concurrently=switched_on(given, "concurrently"),
        tablespace=next((o.value for o in given if o.name == "tablespace"), None),
        options=given,
    )


def call(node: Any) -> cmd.Call:
    called = function_call(node.funccall)
    return cmd.Call(called.name, called.arguments)


def drop_owned(node: Any) -> cmd.DropOwned:
    return cmd.DropOwned(roles(node.roles), cascades(node))


def reassign_owned(node: Any) -> cmd.ReassignOwned:
    return cmd.ReassignOwned(roles(node.roles), role(node.newrole))


def define(node: Any) -> cmd.Utility | CreateAggregate:
    kind = enum(node, "kind").removeprefix("OBJECT_")
    if kind == "AGGREGATE":
        return CreateAggregate(names(node.defnames), _inputs(node), node.replace)
    word = kind.replace("TSCONFIGURATION", "TEXT SEARCH CONFIGURATION")
    word = word.replace("TSDICTIONARY", "TEXT SEARCH DICTIONARY")
    word = word.replace("TSPARSER", "TEXT SEARCH PARSER").replace(
        "TSTEMPLATE", "TEXT SEARCH TEMPLATE"
    )
    return cmd.Utility(f"CREATE {word}", name=optional_name(node.defnames))


def _inputs(node: Any) -> tuple[TypeRef, ...]:
    """The types an aggregate takes; the old way of writing it says ``BASETYPE = …``."""
    listed = node.args[0].list.items if node.args and not node.oldstyle else ()
    parameters = (item.function_parameter for item in listed)
    base = next((d.def_elem for d in node.definition if d.def_elem.defname == "basetype"), None)
    if node.oldstyle and base is not None:
        return (type_ref(base.arg.type_name),)
    return tuple(type_ref(parameter.arg_type) for parameter in parameters)


def discard(node: Any) -> cmd.Utility:
    word = enum(node, "target").removeprefix("DISCARD_")
    return cmd.Utility(f"DISCARD {word}", refuses_transaction=word == "ALL")


def alter_database(node: Any) -> cmd.Utility:
    moves = any(option.name == "tablespace" for option in options(node.options))
    name = Name(None, node.dbname)
    return cmd.Utility("ALTER DATABASE", moves, ObjectKind.DATABASE, name)


def subscription(node: Any) -> cmd.Utility:
    off = ("false", "off", "0")
    given = options(node.options)
    slotless = any(
        o.name in ("create_slot", "connect") and (o.value or "").lower() in off for o in given
    )
    name = Name(None, node.subname)
    return cmd.Utility("CREATE SUBSCRIPTION", not slotless, ObjectKind.SUBSCRIPTION, name)


LOWERINGS = {
    "variable_set_stmt": set_variable,
    "variable_show_stmt": lambda n: cmd.Show(n.name.lower()),
    "transaction_stmt": transaction,
    "constraints_set_stmt": set_constraints,
    "lock_stmt": lock,
    "vacuum_stmt": vacuum,
    "cluster_stmt": cluster,
    "reindex_stmt": reindex,
    "call_stmt": call,
    "drop_owned_stmt": drop_owned,
    "reassign_owned_stmt": reassign_owned,
    "define_stmt": define,
    "discard_stmt": discard,
    "alter_database_stmt": alter_database,
    "create_subscription_stmt": subscription,
    "execute_stmt": lambda n: cmd.Execute(n.name),
    "deallocate_stmt": lambda n: cmd.Deallocate(n.name or None),
    "fetch_stmt": lambda n: cmd.Fetch(n.portalname, n.ismove),
    "close_portal_stmt": lambda n: cmd.CloseCursor(n.portalname or None),
}
