"""Why a column cannot give its place to another one, and its table is written anew instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import render_op
from alembic.operations import ops

from migsafe.autogen.convert import ConvertColumnOp
from migsafe.autogen.dependents import generated_columns, mentions
from migsafe.autogen.exchange import Exchange, is_retyping
from migsafe.autogen.leaving import flat
from migsafe.catalog import Catalog, Column, Constraint, ConstraintKind, TableKind
from migsafe.fold.naming import object_name
from migsafe.names import Name
from migsafe.pgtypes import TypeRef

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

    from migsafe.autogen.found import Found

_INTEGERS = frozenset({"int2", "int4", "int8"})
_ZONED = frozenset({"timestamptz", "timetz"})
_CALENDAR = frozenset({"date", "time", "timestamp", "interval", "money", *_ZONED})
_TEXTS = frozenset({"text", "varchar", "bpchar"})


def limits(exchange: Exchange, op: Any, catalog: Catalog) -> Iterator[str]:
    """Yield what is against *exchange*, which *op* asks for, as the end of a sentence."""
    table, column = exchange.table, exchange.column
    if table.kind is not TableKind.TABLE or table.partition_of is not None:
        yield "a partitioned table has no concurrent index builds"
    elif table.inherits or table.of_type is not None or catalog.children_of(table.name):
        yield "other tables inherit its columns, or it theirs"
    if isinstance(op, ConvertColumnOp) and op.enum:
        yield "the enum type comes or goes with it"
    elif not (column.type.is_builtin and exchange.type.is_builtin):
        yield "its type is one of the database's own"
    elif depends_on_session(column.type, exchange.type):
        yield "its values depend on the time zone, or date style, of who writes them"
    if bool(column.type.dimensions) != bool(exchange.type.dimensions):
        yield "only one of its types is an array"
    if column.generated is not None or any(generated_columns(catalog, {exchange.key})):
        yield "generated columns are computed from it"
    if isinstance(op, ops.AlterColumnOp) and _changes_more(op):
        yield "more of it changes than its type"
    yield from _attached(exchange, catalog)


def shares(op: Any) -> bool:
    """Whether *op* leaves to another type change what depends on both columns: see `crossing`."""
    return isinstance(op, ConvertColumnOp) and any(not a.drop or not a.create for a in op.aside)


def depends_on_session(old: TypeRef, new: TypeRef) -> bool:
    """Whether a cast between the two reads a setting of the session."""
    names = {old.name.name, new.name.name}
    dates = bool(names & _CALENDAR)
    return len(names) == 2 and (bool(names & _ZONED) or (dates and bool(names & _TEXTS)))


def _changes_more(op: ops.AlterColumnOp) -> bool:
    return (
        op.modify_nullable is not None
        or op.modify_server_default is not False
        or op.modify_comment is not False
        or op.modify_name is not None
        or bool(op.kw.get("postgresql_using"))
    )


def _attached(exchange: Exchange, catalog: Catalog) -> Iterator[str]:
    """Yield what hangs on the column and cannot be moved while others work."""
    table, name = exchange.table, exchange.column.name
    for constraint in table.constraints:
        if constraint.kind is ConstraintKind.NOT_NULL and constraint.columns == (name,):
            usual = object_name(table.name.name, name, "not_null")
            if constraint.name != usual or not constraint.validated or constraint.no_inherit:
                yield "its NOT NULL is a constraint of a kind or a name of its own"
        elif constraint.kind is ConstraintKind.EXCLUDE and _is_over(constraint, exchange, catalog):
            yield "an exclusion constraint cannot be built while others write"
        elif name in constraint.columns and (constraint.period or not constraint.local):
            yield "a constraint over it is a temporal or an inherited one"
    for index in catalog.indexes_of(table.name):
        used = {key.column for key in index.keys} | set(index.include)
        if name in used and (index.clustered or index.replica_identity or index.parent):
            yield "an index over it is the replica identity or the order of the table"
    for statistics in catalog.statistics.values():
        if statistics.table == table.name and (
            name in statistics.columns or any(mentions(e, [name]) for e in statistics.expressions)
        ):
            yield "a statistics object reads it"
    for publication in catalog.publications.values():
        for part in publication.tables:
            if part.table == table.name and (name in part.columns or mentions(part.where, [name])):
                yield "a publication names it"
    if any(view.materialized for view in catalog.views_using(table.name, name)):
        yield "a materialised view reads it"


def _is_over(constraint: Constraint, exchange: Exchange, catalog: Catalog) -> bool:
    """Whether an EXCLUDE *constraint* is, or may be, over the column."""
    index = catalog.indexes.get(Name(exchange.table.name.schema, constraint.index or ""))
    name = exchange.column.name
    if index is None or name in index.include or mentions(index.predicate, [name]):
        return True
    return any(key.column == name or mentions(key.expression, [name]) for key in index.keys)


def unfitting(exchanges: Sequence[Exchange], catalog: Catalog) -> Iterator[tuple[Exchange, str]]:
    """Yield the exchanges after which the two sides of a foreign key have no common `=`."""
    types = {each.key: each for each in exchanges}
    for table in catalog.tables.values():
        for key in table.foreign_keys:
            far = catalog.tables.get(key.references) if key.references else None
            if far is None:
                continue
            sides = zip(key.columns, key.referenced_columns, strict=True)
            for near_name, far_name in sides:
                ends = [types.get((table.name, near_name)), types.get((far.name, far_name))]
                near, other = table.column(near_name), far.column(far_name)
                bad = not _are_comparable(_type(ends[0], near), _type(ends[1], other))
                apart = far.kind is not TableKind.TABLE or table.kind is not TableKind.TABLE
                for end in ends:
                    if end is not None and (bad or apart or key.period or not key.local):
                        yield end, f"the foreign key {key.name} could not follow it"


def _type(exchange: Exchange | None, column: Column | None) -> TypeRef | None:
    found = exchange or column
    return found.type if found is not None else None


def _are_comparable(near: TypeRef | None, far: TypeRef | None) -> bool:
    if near is None or far is None:
        return False
    return near.name == far.name or {near.name.name, far.name.name} <= _INTEGERS


def meddling(
    context: AutogenContext, state: Found, exchange: Exchange, operations: Sequence[Any]
) -> bool:
    """Whether another one of *operations* speaks of the column; rather yes than no."""
    table, column = exchange.table.name.name, exchange.column.name
    for op in flat(operations):
        if is_retyping(op):
            continue
        here = getattr(op, "table_name", None) or getattr(op, "source_table", None)
        text = "\n".join(render_op(context, op))
        if (here == table or mentions(text, [table])) and mentions(text, [column]):
            return True
    return False
