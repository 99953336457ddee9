"""Queries and statements that change rows: parser nodes → statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migsafe.names import Name
from migsafe.sql import _pg
from migsafe.sql.nodes import (
    PERSISTENCE,
    cascades,
    enum,
    expression,
    expression_of,
    object_kind,
    options,
    relation,
    relations,
    strings,
)
from migsafe.sql.parts import Expression, ObjectKind, Statement
from migsafe.sql.queries import Facts, facts
from migsafe.sql.relations import CreateTableAs
from migsafe.sql.rows import Arbiter, Copy, Delete, Insert, Merge, Select, Truncate, Update

_STRENGTHS = {
    "LCS_FORKEYSHARE": "FOR KEY SHARE",
    "LCS_FORSHARE": "FOR SHARE",
    "LCS_FORNOKEYUPDATE": "FOR NO KEY UPDATE",
    "LCS_FORUPDATE": "FOR UPDATE",
}
_OVERRIDING = {"OVERRIDING_USER_VALUE": "USER", "OVERRIDING_SYSTEM_VALUE": "SYSTEM"}
_ROWS_READ = 20
"""So many rows of an INSERT are read: the first say what the others are like."""
_CONFLICTS = {"ONCONFLICT_NOTHING": "NOTHING", "ONCONFLICT_UPDATE": "UPDATE"}


def select(node: Any) -> Statement:
    if node.HasField("into_clause"):
        return _select_into(node)
    found = facts(node)
    locking = _locking(node)
    return Select(
        reads=found.reads,
        mentions=found.mentions,
        writes=_writes(found),
        calls=found.calls,
        locking=tuple(dict.fromkeys(strength for strength, _ in locking)),
        locked=frozenset().union(*(names for _, names in locking)),
        where=expression_of(node, "where_clause"),
        limited=node.HasField("limit_count"),
    )


def _locking(node: Any) -> list[tuple[str, frozenset[Name]]]:
    """The strength of each FOR UPDATE and its like at any depth, and the relations it is about."""
    kind = _pg.message_kind("SelectStmt")
    selects = (m for _, m in _pg.walk(node) if type(m) is kind)
    return [
        (_STRENGTHS[enum(clause, "strength")], _about(select, _named(clause)))
        for select in selects
        for clause in (item.locking_clause for item in select.locking_clause)
    ]


def _named(clause: Any) -> frozenset[str]:
    return frozenset(item.range_var.relname for item in clause.locked_rels)


def _about(select: Any, named: frozenset[str]) -> frozenset[Name]:
    """The relations of FROM that are locked: those *named* by OF, or all, in its queries too."""
    found: set[Name] = set()
    waiting = list(select.from_clause)
    while waiting:
        kind, message = _pg.unwrap(waiting.pop())
        if kind == "join_expr":
            waiting += [message.larg, message.rarg]
            continue
        alias = message.alias.aliasname or (message.relname if kind == "range_var" else "")
        if named and alias not in named:
            continue
        if kind == "range_subselect":
            found |= _about(message.subquery.select_stmt, frozenset())
        elif kind == "range_var":
            found.add(relation(message))
    return frozenset(found)


def _select_into(node: Any) -> CreateTableAs:
    query = type(node)()
    query.CopyFrom(node)
    query.ClearField("into_clause")
    return _table_as(node.into_clause, _pg.wrap("select_stmt", query), ObjectKind.TABLE)


def create_table_as(node: Any) -> CreateTableAs:
    kind = object_kind(node, "objtype")
    return _table_as(node.into, node.query, kind, if_not_exists=node.if_not_exists)


def _table_as(
    into: Any, query: Any, kind: ObjectKind, *, if_not_exists: bool = False
) -> CreateTableAs:
    found = facts(query)
    return CreateTableAs(
        name=relation(into.rel),
        query=Expression(_pg.deparse_statement(query)),
        kind=kind,
        columns=strings(into.col_names),
        reads=found.reads,
        mentions=found.mentions,
        writes=_writes(found),
        calls=found.calls,
        with_data=not into.skip_data,
        persistence=PERSISTENCE[into.rel.relpersistence],
        options=options(into.options),
        tablespace=into.table_space_name or None,
        method=into.access_method or None,
        if_not_exists=if_not_exists,
    )


def _writes(found: Facts) -> tuple[Statement, ...]:
    """The data-changing queries of a WITH as statements of their own."""
    return tuple(
        _CHANGES[type(node).DESCRIPTOR.name](node, common) for node, common in found.writing
    )


def insert(node: Any, common: frozenset[str] = frozenset()) -> Insert:
    found = facts(node, target=node.relation, common=common)
    query = node.select_stmt.select_stmt if node.HasField("select_stmt") else None
    conflict = node.on_conflict_clause if node.HasField("on_conflict_clause") else None
    return Insert(
        table=relation(node.relation),
        columns=tuple(item.res_target.name for item in node.cols),
        rows=1 if query is None else len(query.values_lists) or None,
        values=tuple(_row(item.list) for item in query.values_lists[:_ROWS_READ]) if query else (),
        updated=tuple(item.res_target.name for item in conflict.target_list) if conflict else (),
        overriding=_OVERRIDING.get(enum(node, "override")),
        arbiter=_arbiter(conflict.infer) if conflict and conflict.HasField("infer") else None,
        reads=found.reads,
        mentions=found.mentions,
        writes=_writes(found),
        calls=found.calls,
        on_conflict=_CONFLICTS[enum(conflict, "action")] if conflict is not None else None,
        returning=node.HasField("returning_clause"),
    )


def _row(row: Any) -> tuple[Expression | None, ...]:
    return tuple(_value(item) for item in row.items)


def _value(node: Any) -> Expression | None:
    return None if node.WhichOneof("node") == "set_to_default" else expression(node)


def _arbiter(infer: Any) -> Arbiter:
    return Arbiter(
        columns=tuple(item.index_elem.name or None for item in infer.index_elems),
        filtered=infer.HasField("where_clause"),
        constraint=infer.conname or None,
    )


def update(node: Any, common: frozenset[str] = frozenset()) -> Update:
    found = facts(node, target=node.relation, common=common)
    targets = {item.res_target.name: item.res_target for item in node.target_list}
    return Update(
        table=relation(node.relation),
        columns=tuple(targets),
        values=tuple(_set_to(target) for target in targets.values()),
        where=expression_of(node, "where_clause"),
        only=not node.relation.inh,
        reads=found.reads,
        mentions=found.mentions,
        writes=_writes(found),
        calls=found.calls,
        returning=node.HasField("returning_clause"),
    )


def _set_to(target: Any) -> Expression | None:
    """What a column is set to; of a query's columns and of an element it stays unsaid."""
    kind, message = _pg.unwrap(target.val)
    if target.indirection:
        return None
    if kind != "multi_assign_ref":
        return _value(target.val)
    row = message.source.row_expr.args
    return _value(row[message.colno - 1]) if len(row) >= message.colno else None


def delete(node: Any, common: frozenset[str] = frozenset()) -> Delete:
    found = facts(node, target=node.relation, common=common)
    return Delete(
        table=relation(node.relation),
        where=expression_of(node, "where_clause"),
        only=not node.relation.inh,
        reads=found.reads,
        mentions=found.mentions,
        writes=_writes(found),
        calls=found.calls,
        returning=node.HasField("returning_clause"),
    )


def merge(node: Any, common: frozenset[str] = frozenset()) -> Merge:
    found = facts(node, target=node.relation, common=common)
    clauses = [item.merge_when_clause for item in node.merge_when_clauses]
    columns = (item.res_target.name for clause in clauses for item in clause.target_list)
    kinds = (enum(clause, "command_type").removeprefix("CMD_") for clause in clauses)
    return Merge(
        table=relation(node.relation),
        columns=tuple(dict.fromkeys(columns)),
        actions=tuple(dict.fromkeys(kinds)),
        reads=found.reads,
        mentions=found.mentions,
        writes=_writes(found),
        calls=found.calls,
        only=not node.relation.inh,
        returning=node.HasField("returning_clause"),
    )


def copy(node: Any) -> Copy:
    found = facts(node.query) if node.HasField("query") else Facts()
    return Copy(
        table=relation(node.relation) if node.HasField("relation") else None,
        into=node.is_from,
        columns=strings(node.attlist),
        reads=found.reads,
        writes=_writes(found),
        options=options(node.options),
        on_server=bool(node.filename) or node.is_program,
    )


def truncate(node: Any) -> Truncate:
    return Truncate(
        names=relations(node.relations),
        cascade=cascades(node),
        restart_identity=node.restart_seqs,
        only=relations(item for item in node.relations if not item.range_var.inh),
    )


_CHANGES: dict[str, Callable[[Any, frozenset[str]], Statement]] = {
    "InsertStmt": insert,
    "UpdateStmt": update,
    "DeleteStmt": delete,
    "MergeStmt": merge,
}
LOWERINGS = {
    "select_stmt": select,
    "insert_stmt": insert,
    "update_stmt": update,
    "delete_stmt": delete,
    "merge_stmt": merge,
    "copy_stmt": copy,
    "create_table_as_stmt": create_table_as,
    "truncate_stmt": truncate,
}
