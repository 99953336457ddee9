"""Triggers, policies, publications, statistics, comments and rights: parser nodes → statements."""

from __future__ import annotations

from typing import Any

from migsafe.sql.nodes import (
    cascades,
    enum,
    expression,
    expression_of,
    names,
    object_kind,
    options,
    relation,
    relations,
    roles,
    strings,
    switched_on,
    value,
)
from migsafe.sql.objects import (
    AlterPolicy,
    AlterPublication,
    AlterStatistics,
    CommentOn,
    CreateEventTrigger,
    CreatePolicy,
    CreatePublication,
    CreateStatistics,
    CreateTrigger,
    Grant,
    Privilege,
    PublishedTable,
    SecurityLabel,
)
from migsafe.sql.parts import ObjectKind
from migsafe.sql.targets import target
from migsafe.values import replace

# pg_trigger.h, TRIGGER_TYPE_*.
_TIMINGS = {2: "BEFORE", 64: "INSTEAD OF"}
_EVENTS = {4: "INSERT", 8: "DELETE", 16: "UPDATE", 32: "TRUNCATE"}


def comment(node: Any) -> CommentOn:
    kind = object_kind(node, "objtype")
    return CommentOn(kind, target(kind, node.object), node.comment or None)


def security_label(node: Any) -> SecurityLabel:
    kind = object_kind(node, "objtype")
    subject = target(kind, node.object)
    return SecurityLabel(kind, subject, node.provider or None, node.label or None)


def grant(node: Any) -> Grant:
    kind = object_kind(node, "objtype")
    in_schema = enum(node, "targtype") == "ACL_TARGET_ALL_IN_SCHEMA"
    return Grant(
        kind=kind,
        privileges=tuple(_privilege(item.access_priv) for item in node.privileges),
        targets=() if in_schema else tuple(target(kind, item) for item in node.objects),
        grantees=roles(node.grantees),
        revoke=not node.is_grant,
        cascade=cascades(node),
        grant_option=node.grant_option,
        in_schemas=strings(node.objects) if in_schema else (),
    )


def grant_role(node: Any) -> Grant:
    return Grant(
        kind=ObjectKind.ROLE,
        privileges=tuple(_privilege(item.access_priv) for item in node.granted_roles),
        targets=(),
        grantees=roles(node.grantee_roles),
        revoke=not node.is_grant,
        cascade=cascades(node),
        grant_option=switched_on(options(node.opt), "admin"),
    )


def default_privileges(node: Any) -> Grant:
    schemas: tuple[str, ...] = ()
    for element in (item.def_elem for item in node.options):
        if element.defname == "schemas":
            schemas = strings(element.arg.list.items)
    return replace(grant(node.action), default=True, in_schemas=schemas)


def _privilege(node: Any) -> Privilege:
    return Privilege(node.priv_name or "all", strings(node.cols))


def create_trigger(node: Any) -> CreateTrigger:
    return CreateTrigger(
        name=node.trigname,
        table=relation(node.relation),
        function=names(node.funcname),
        timing=_TIMINGS.get(node.timing, "AFTER"),
        events=tuple(word for bit, word in _EVENTS.items() if node.events & bit),
        columns=strings(node.columns),
        for_each_row=node.row,
        when=expression_of(node, "when_clause"),
        constraint=node.isconstraint,
        deferrable=node.deferrable or node.initdeferred,
        initially_deferred=node.initdeferred,
        from_table=relation(node.constrrel) if node.HasField("constrrel") else None,
        arguments=strings(node.args),
        transitions=_transitions(node),
        or_replace=node.replace,
    )


def _transitions(node: Any) -> tuple[str | None, str | None]:
    named = [item.trigger_transition for item in node.transition_rels]
    old = next((each.name for each in named if not each.is_new), None)
    return old, next((each.name for each in named if each.is_new), None)


def create_event_trigger(node: Any) -> CreateEventTrigger:
    return CreateEventTrigger(node.trigname, node.eventname, names(node.funcname))


def create_policy(node: Any) -> CreatePolicy:
    return CreatePolicy(
        name=node.policy_name,
        table=relation(node.table),
        command=node.cmd_name.upper(),
        permissive=node.permissive,
        roles=roles(node.roles),
        using=expression_of(node, "qual"),
        check=expression_of(node, "with_check"),
    )


def alter_policy(node: Any) -> AlterPolicy:
    return AlterPolicy(
        name=node.policy_name,
        table=relation(node.table),
        roles=roles(node.roles) or None,
        using=expression_of(node, "qual"),
        check=expression_of(node, "with_check"),
    )


def create_publication(node: Any) -> CreatePublication:
    tables, schemas = _published(node)
    given = options(node.options)
    return CreatePublication(node.pubname, tables, schemas, node.for_all_tables, given)


def alter_publication(node: Any) -> AlterPublication:
    tables, schemas = _published(node)
    word = enum(node, "action").removeprefix("AP_").removesuffix("Objects").upper()
    given = options(node.options)
    return AlterPublication(
        name=node.pubname,
        action="SET OPTIONS" if given else word,
        tables=tables,
        schemas=schemas,
        all_tables=node.for_all_tables,
        options=given,
    )


def _published(node: Any) -> tuple[tuple[PublishedTable, ...], tuple[str | None, ...]]:
    specs = [item.publication_obj_spec for item in node.pubobjects]
    tables = (_published_table(spec.pubtable) for spec in specs if spec.HasField("pubtable"))
    schemas = (spec.name or None for spec in specs if not spec.HasField("pubtable"))
    return tuple(tables), tuple(schemas)


def _published_table(node: Any) -> PublishedTable:
    return PublishedTable(
        table=relation(node.relation),
        only=not node.relation.inh,
        columns=strings(node.columns),
        where=expression_of(node, "where_clause"),
    )


def create_statistics(node: Any) -> CreateStatistics:
    elements = [item.stats_elem for item in node.exprs]
    tables = relations(item for item in node.relations if item.WhichOneof("node") == "range_var")
    return CreateStatistics(
        name=names(node.defnames) if node.defnames else None,
        table=tables[0] if tables else None,
        columns=tuple(element.name for element in elements if element.name),
        expressions=tuple(expression(e.expr) for e in elements if not e.name),
        kinds=strings(node.stat_types),
        if_not_exists=node.if_not_exists,
    )


def alter_statistics(node: Any) -> AlterStatistics:
    target_node = node.stxstattarget
    given = node.HasField("stxstattarget")
    number = value(target_node) if given else None
    return AlterStatistics(names(node.defnames), int(number or -1), node.missing_ok)


LOWERINGS = {
    "comment_stmt": comment,
    "sec_label_stmt": security_label,
    "grant_stmt": grant,
    "grant_role_stmt": grant_role,
    "alter_default_privileges_stmt": default_privileges,
    "create_trig_stmt": create_trigger,
    "create_event_trig_stmt": create_event_trigger,
    "create_policy_stmt": create_policy,
    "alter_policy_stmt": alter_policy,
    "create_publication_stmt": create_publication,
    "alter_publication_stmt": alter_publication,
    "create_stats_stmt": create_statistics,
    "alter_stats_stmt": alter_statistics,
}
