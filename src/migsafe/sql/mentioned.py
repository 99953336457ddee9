"""The columns that a query names, each with the relations it may be a column of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from migsafe.sql import _pg
from migsafe.sql.nodes import enum, relation, strings
from migsafe.sql.scopes import Mention, Source

_CHANGES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
_BY_TITLE = ("sort_clause", "group_clause", "distinct_clause")
_LEAVES = frozenset({"a_const", "string"})
_FROM = frozenset({"from_clause", "using_clause", "with_clause", "source_relation"})

Sources = tuple[Source, ...]
Common = dict[str, "tuple[str, ...] | None"]


def mentions(message: Any, common: Iterable[str] = ()) -> tuple[Mention, ...]:
    """The columns that the query or change *message* names, at any depth.

    *common* are the names of WITH queries around it; those that change rows are not looked into.
    """
    return tuple(dict.fromkeys(_of(message, (), dict.fromkeys(common))))


def _of(message: Any, outer: Sources, common: Common) -> Iterator[Mention]:
    """Those of one query, which sees the sources *outer* and the WITH queries *common*."""
    fields = message.DESCRIPTOR.fields_by_name
    if "with_clause" in fields and message.HasField("with_clause"):
        common = dict(common)
        yield from _with(message.with_clause, outer, common)
    if message.DESCRIPTOR.name == "SelectStmt":
        yield from _of_select(message, outer, common)
    elif message.DESCRIPTOR.name in _CHANGES:
        yield from _of_change(message, outer, common)


def _with(clause: Any, outer: Sources, common: Common) -> Iterator[Mention]:
    """Those of the queries of a WITH, which become known in *common*."""
    if clause.recursive:
        common.update({item.common_table_expr.ctename: None for item in clause.ctes})
    for item in clause.ctes:
        table = item.common_table_expr
        kind, query = _pg.unwrap(table.ctequery)
        yield from _of(query, outer, common) if kind == "select_stmt" else ()
        titles = _titles(query) if kind == "select_stmt" else None
        common[table.ctename] = strings(table.aliascolnames) or titles


def _of_select(select: Any, outer: Sources, common: Common) -> Iterator[Mention]:
    if enum(select, "op") != "SETOP_NONE":
        yield from _of(select.larg, outer, common)
        yield from _of(select.rarg, outer, common)
        return
    own: Sources = ()
    for item in select.from_clause:
        found, mentioned = _from(item, (*own, *outer), common)
        own = (*own, *found)
        yield from mentioned
    visible = (*own, *outer)
    titles = _titles(select, stars=True)
    for field, item in _pg.fields(select):
        if field not in _FROM:
            for mention in _in(item, visible, common):
                if field not in _BY_TITLE or not _is_title(mention, titles):
                    yield mention


def _of_change(change: Any, outer: Sources, common: Common) -> Iterator[Mention]:
    target = Source(
        change.relation.alias.aliasname or change.relation.relname, relation(change.relation)
    )
    kind = change.DESCRIPTOR.name
    if kind == "InsertStmt":
        if change.HasField("select_stmt"):
            yield from _of(change.select_stmt.select_stmt, outer, common)
        excluded = Source("excluded", target.relation)
        if change.HasField("on_conflict_clause"):
            conflict = change.on_conflict_clause
            for item in (*conflict.target_list, conflict.where_clause):
                yield from _in(item, (target, excluded, *outer), common)
        yield from _returned(change, (target,), common)
        return
    visible: Sources = (target, *outer)
    items = {"UpdateStmt": "from_clause", "DeleteStmt": "using_clause"}.get(kind)
    for item in getattr(change, items) if items else (change.source_relation,):
        found, mentioned = _from(item, visible, common)
        visible = (*visible, *found)
        yield from mentioned
    for field, item in _pg.fields(change):
        if field not in (*_FROM, "relation", "returning_clause"):
            yield from _in(item, visible, common)
    yield from _returned(change, visible, common)


def _returned(change: Any, visible: Sources, common: Common) -> Iterator[Mention]:
    """RETURNING also knows OLD and NEW since PostgreSQL 18, and names of its own for them."""
    if not change.HasField("returning_clause"):
        return
    options = [item.returning_option.value for item in change.returning_clause.options]
    rows = tuple(Source(alias, relation(change.relation)) for alias in ("old", "new", *options))
    for item in change.returning_clause.exprs:
        yield from _in(item, (*visible, *rows), common)


def _in(message: Any, visible: Sources, common: Common) -> Iterator[Mention]:
    """Those anywhere in an expression."""
    select, column_ref = _pg.message_kind("SelectStmt"), _pg.message_kind("ColumnRef")
    waiting = [("", message)]
    while waiting:
        name, current = waiting.pop()
        kind = type(current)
        if kind is select:
            yield from _of(current, visible, common)
        elif kind is column_ref:
            parts = strings(f for f in current.fields if f.WhichOneof("node") == "string")
            if len(parts) == len(current.fields) and len(parts) in (1, 2):
                yield Mention(parts[-1], parts[0] if len(parts) == 2 else None, visible)
        elif name not in _LEAVES:
            waiting += _pg.inside(current)


def _from(item: Any, outer: Sources, common: Common) -> tuple[Sources, list[Mention]]:
    """What an item of FROM makes visible, and the columns named in it."""
    kind, message = _pg.unwrap(item)
    if kind == "range_var":
        return (_table(message, common),), []
    if kind == "join_expr":
        left, before = _from(message.larg, outer, common)
        right, after = _from(message.rarg, (*left, *outer), common)
        joined = (*left, *right)
        condition = [message.quals] if message.HasField("quals") else []
        found = [m for part in condition for m in _in(part, (*joined, *outer), common)]
        if message.HasField("alias"):
            joined = (*joined, Source(message.alias.aliasname))
        return joined, [*before, *after, *found]
    if kind == "range_subselect":
        query = message.subquery.select_stmt
        titles = strings(message.alias.colnames) or _titles(query)
        source = Source(message.alias.aliasname, columns=titles)
        return (source,), list(_of(query, outer, common))
    if kind == "range_table_sample":
        return _from(message.relation, outer, common)
    return (Source(message.alias.aliasname),), []


def _table(range_var: Any, common: Common) -> Source:
    """A relation, or a WITH query, by the name it has in the query."""
    alias = range_var.alias
    name = relation(range_var)
    titled = strings(alias.colnames)
    if name.schema is None and name.name in common:
        return Source(alias.aliasname or name.name, columns=titled or common[name.name])
    if titled:
        return Source(alias.aliasname)
    return Source(alias.aliasname or name.name, name)


def _titles(select: Any, *, stars: bool = False) -> tuple[str, ...] | None:
    """The names of the columns that *select* gives, None when they are not all written there.

    With *stars* a ``*`` is left out: what it stands for is visible by itself.
    """
    if enum(select, "op") != "SETOP_NONE":
        return _titles(select.larg)
    if select.values_lists:
        return None
    found = [_title(item.res_target, stars) for item in select.target_list]
    return None if None in found else tuple(title for title in found if title)


def _title(target: Any, stars: bool) -> str | None:
    """The name of a column of the result, empty for ``*``, None where it cannot be told."""
    kind, message = _pg.unwrap(target.val)
    if target.name:
        return str(target.name)
    if kind == "func_call":
        return strings(message.funcname)[-1]
    last = message.fields[-1] if kind == "column_ref" else None
    if last is None:
        return None
    starred = last.WhichOneof("node") == "a_star"
    return ("" if stars else None) if starred else str(last.string.sval)


def _is_title(mention: Mention, titles: tuple[str, ...] | None) -> bool:
    """Whether ORDER BY or GROUP BY may mean a column of the result."""
    return mention.qualifier is None and (titles is None or mention.column in titles)
