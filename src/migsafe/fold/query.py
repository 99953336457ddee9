"""What columns a query gives and which it reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from migsafe.catalog import Catalog, Table, View
from migsafe.errors import SqlError
from migsafe.fold.heading import heading
from migsafe.fold.inference import LITERAL, common_type, type_in
from migsafe.fold.refusal import Refused
from migsafe.fold.scope import Known, Result, Scope, Source, Use, Visible
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql import _pg
from migsafe.sql.nodes import enum, names, relation, strings, type_ref
from migsafe.values import dataclass, replace


@dataclass(frozen=True)
class Answer:
    """The columns of a query and the (relation, column) pairs it reads.

    *complete* is False when not even the number of columns is known.
    """

    columns: tuple[Result, ...] = ()
    uses: frozenset[Use] = frozenset()
    complete: bool = True


def analyse(catalog: Catalog, sql: str) -> Answer:
    """The columns and reads of the query *sql*, whose names are looked up in *catalog*."""
    try:
        node = _pg.statements(sql)[0].stmt
    except SqlError:
        return Answer(complete=False)
    if node.WhichOneof("node") != "select_stmt":
        return Answer(complete=False)
    reader = _Reader(catalog)
    columns = reader.select(node.select_stmt, (), {})
    read = {name for name, column in reader.uses if column is not None}
    uses = frozenset(u for u in reader.uses if u[1] is not None or u[0] not in read)
    decided = (
        replace(c, type=TypeRef.builtin("text")) if c.type == LITERAL else c for c in columns
    )
    return Answer(tuple(decided), uses, reader.complete)


class _Reader:
    """Walks a query, remembering what it reads."""

    def __init__(self, catalog: Catalog):
        self.catalog = catalog
        self.uses: set[Use] = set()
        self.complete = True

    def select(self, select: Any, outer: Visible, known: Known) -> tuple[Result, ...]:
        """The columns of *select*, which sees the columns *outer* and the WITH queries *known*."""
        known = self._with(select, outer, known)
        if enum(select, "op") != "SETOP_NONE":
            return self._combined(select, outer, known)
        if select.values_lists:
            return self._values(select, outer, known)
        visible: Visible = ()
        for item in select.from_clause:
            visible = (*visible, *self._from(item, (*visible, *outer), known))
        scope = Scope(self, visible, outer, known)
        columns = [c for item in select.target_list for c in self._target(item.res_target, scope)]
        titles = {column.name for column in columns}
        for field in ("where_clause", "having_clause"):
            if select.HasField(field):
                scope.visit(getattr(select, field))
        for item in (*select.group_clause, *select.distinct_clause, *select.window_clause):
            scope.visit(item)
        for item in select.sort_clause:
            if not _is_title(item.sort_by.node, titles):
                scope.visit(item)
        return tuple(columns)

    def _with(self, select: Any, outer: Visible, known: Known) -> Known:
        if not select.HasField("with_clause"):
            return known
        for item in select.with_clause.ctes:
            cte = item.common_table_expr
            known = {**known, cte.ctename: self._common(cte, outer, known, select)}
        return known

    def _common(self, cte: Any, outer: Visible, known: Known, select: Any) -> tuple[Result, ...]:
        if cte.ctequery.WhichOneof("node") != "select_stmt":
            self.complete = False
            return ()
        query = cte.ctequery.select_stmt
        if select.with_clause.recursive and enum(query, "op") != "SETOP_NONE":
            start = self.select(query.larg, outer, known)
            known = {**known, cte.ctename: _titled(start, strings(cte.aliascolnames))}
        return _titled(self.select(query, outer, known), strings(cte.aliascolnames))

    def _combined(self, select: Any, outer: Visible, known: Known) -> tuple[Result, ...]:
        left = self.select(select.larg, outer, known)
        right = self.select(select.rarg, outer, known)
        return tuple(
            replace(one, type=common_type((one.type, two.type)))
            for one, two in zip(left, right, strict=False)
        )

    def _values(self, select: Any, outer: Visible, known: Known) -> tuple[Result, ...]:
        scope = Scope(self, (), outer, known)
        rows = [row.list.items for row in select.values_lists]
        for row in rows:
            for item in row:
                scope.visit(item)
        places = zip(*rows, strict=False)
        types = (common_type(type_in(scope, item) for item in place) for place in places)
        return tuple(Result(f"column{i}", ref) for i, ref in enumerate(types, start=1))

    def _target(self, target: Any, scope: Scope) -> list[Result]:
        kind, message = _pg.unwrap(target.val)
        if kind == "column_ref" and message.fields[-1].WhichOneof("node") == "a_star":
            return scope.star(strings(message.fields[:-1]))
        scope.visit(target.val)
        ref = type_in(scope, target.val)
        title = target.name or heading(target.val)
        return [Result(title, ref, scope.collation(target.val, ref))]

    # -- FROM ----------------------------------------------------------------------------------

    def _from(self, item: Any, before: Visible, known: Known) -> Visible:
        kind, message = _pg.unwrap(item)
        if kind == "range_var":
            return self._relation(message, known)
        if kind == "join_expr":
            return self._join(message, before, known)
        if kind == "range_subselect":
            columns = self.select(message.subquery.select_stmt, before, known)
            return _aliased(columns, message.alias)
        if kind == "range_function":
            return self._function(message, Scope(self, (), before, known))
        if kind == "range_table_sample":
            return self._from(message.relation, before, known)
        self.complete = False
        return ()

    def _relation(self, message: Any, known: Known) -> Visible:
        name = relation(message)
        if name.schema is None and name.name in known:
            return _aliased(known[name.name], message.alias, name.name)
        found = self.catalog.relation(name)
        if found is None and not self.catalog.gaps and self._is_ours(name):
            raise Refused(f"{name} does not exist")
        if not isinstance(found, (Table, View)):
            self.complete = False
            return ()
        self.uses.add((found.name, None))
        if isinstance(found, View):
            columns = [Result(n, None if r == LITERAL else r) for n, r in found.columns]
        else:
            self.complete = self.complete and found.unknown is None
            columns = [Result(c.name, c.type, c.collation) for c in found.columns]
        sources = _aliased(columns, message.alias, found.name.name)
        return tuple(
            replace(source, uses=((found.name, column.name),))
            for source, column in zip(sources, columns, strict=True)
        )

    def _is_ours(self, name: Name) -> bool:
        """Whether *name* cannot be a relation of PostgreSQL or of an extension."""
        system = ("pg_catalog", "information_schema")
        return name.schema not in system and not (
            name.name.startswith("pg_") or self.catalog.extensions
        )

    def _function(self, message: Any, scope: Scope) -> Visible:
        scope.visit(message)
        calls = [item.list.items[0] for item in message.functions]
        if message.coldeflist:
            definitions = [item.column_def for item in message.coldeflist]
            columns = [Result(d.colname, type_ref(d.type_name)) for d in definitions]
            return _aliased(columns, message.alias)
        columns = [column for call in calls for column in self._results(call, scope, message)]
        if message.ordinality:
            columns.append(Result("ordinality", TypeRef.builtin("int8")))
        return _aliased(columns, message.alias, columns[0].name if columns else "")

    def _results(self, call: Any, scope: Scope, message: Any) -> list[Result]:
        """The columns of a function in FROM: those of its row type, or one of its own name."""
        kind, inner = _pg.unwrap(call)
        name = names(inner.funcname) if kind == "func_call" else Name(None, heading(call))
        for function in self.catalog.functions_named(name):
            row = _row_columns(self.catalog, function.returns or "")
            if row is not None:
                return row
        ref = type_in(scope, call)
        alias = message.alias.aliasname
        return [Result(alias or name.name, ref)]

    def _join(self, message: Any, before: Visible, known: Known) -> Visible:
        left = self._from(message.larg, before, known)
        right = self._from(message.rarg, (*left, *before), known)
        shared = strings(message.using_clause)
        if message.is_natural:
            ours = {s.column.name for s in right if not s.hidden}
            shared = tuple(s.column.name for s in left if not s.hidden and s.column.name in ours)
        for side in (left, right):
            found = [s for s in side if s.column.name in shared and not s.hidden]
            self.uses.update(use for source in found for use in source.uses)
            if self.complete and len(found) < len(set(shared)):
                raise Refused("USING names a column that is not there")
        outer_right = enum(message, "jointype") == "JOIN_RIGHT"
        kept, merged = (right, left) if outer_right else (left, right)
        hidden = tuple(replace(s, hidden=s.hidden or s.column.name in shared) for s in merged)
        first = [s for name in shared for s in kept if s.column.name == name and not s.hidden]
        rest = tuple(s for s in kept if s not in first)
        first = [_merged(source, merged) for source in first]
        joined = (*first, *((hidden + rest) if outer_right else (rest + hidden)))
        if message.HasField("quals"):
            Scope(self, joined, before, known).visit(message.quals)
        alias = message.alias.aliasname
        if not alias:
            return joined
        return tuple(replace(s, qualifier=alias, place=i) for i, s in enumerate(joined))


def _merged(source: Source, others: Visible) -> Source:
    """A column of USING: of the type that both sides have in common."""
    types = [s.column.type for s in others if s.column.name == source.column.name]
    ref = common_type((source.column.type, *types))
    return replace(source, shared=replace(source.column, type=ref))


def _is_title(node: Any, titles: set[str]) -> bool:
    """ORDER BY takes a bare name for a column of the result before one of FROM."""
    kind, message = _pg.unwrap(node)
    return kind == "column_ref" and len(message.fields) == 1 and heading(node) in titles


def _titled(columns: Iterable[Result], titles: tuple[str, ...]) -> tuple[Result, ...]:
    found = tuple(columns)
    renamed = (replace(c, name=name) for c, name in zip(found, titles, strict=False))
    return (*renamed, *found[len(titles) :])


def _aliased(columns: Iterable[Result], alias: Any, name: str = "") -> Visible:
    """*columns* as FROM shows them, under their alias or *name*."""
    titled = _titled(columns, strings(alias.colnames))
    return tuple(
        Source(alias.aliasname or name, column, place=place) for place, column in enumerate(titled)
    )


def _row_columns(catalog: Catalog, returns: str) -> list[Result] | None:
    """The columns of what a set-returning function of the user's returns; None for a scalar."""
    if returns.startswith("TABLE("):
        parts = (part.strip().partition(" ") for part in returns[6:-1].split(","))
        return [Result(name, TypeRef.parse(text)) for name, _, text in parts]
    try:
        ref = TypeRef.parse(returns.removeprefix("SETOF "))
    except ValueError:
        return None
    table = catalog.tables.get(ref.name)
    return None if table is None else [Result(c.name, c.type, c.collation) for c in table.columns]
