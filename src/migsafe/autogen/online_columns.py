"""Columns that cannot come in one step, and changes that have no online form."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.autogenerate.render import render_op, renderers
from alembic.operations import ops

from migsafe.autogen.convert import ConvertColumnOp
from migsafe.autogen.dependents import ColumnKey
from migsafe.autogen.filling import filled
from migsafe.autogen.operations import SqlOp, execute_lines, remarks
from migsafe.autogen.wanted import default_text
from migsafe.catalog import Catalog
from migsafe.effects import predict
from migsafe.names import Name, quote_ident
from migsafe.session import Session
from migsafe.sql import parse
from migsafe.sql.ast import AlterTable
from migsafe.sql.online import not_null_set
from migsafe.values import replace

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

    from migsafe.autogen.found import Found

_EXCLUSION = re.compile(r"\bADD CONSTRAINT .* EXCLUDE\b", re.S)
_NO_EXCLUSION = (
    "No online form: an exclusion constraint is checked, and its index built, while nobody\n"
    "can write to {table}. On a large table, run this when little is written."
)
_REWRITE = (
    "No online form: the rows of {table} are written anew, and nobody can read or write it\n"
    "meanwhile. On a large table, add a new column, fill it in batches and exchange the two."
)
_PARTITIONS = (
    "No online form: nobody can write to {table} while the index is built, as its partitions are\n"
    "known to each database alone. On a large table, create it ON ONLY {table}, build one\n"
    "CONCURRENTLY on each partition, and attach these to it."
)
_COMPUTED = (
    "No online form: {column} is computed for all rows of {table}; nobody can read or write it\n"
    "meanwhile. On a large table, add a plain column that a trigger writes, and fill it in batches."
)
_NUMBERED = (
    "No online form: all rows of {table} get a number, and nobody can read or write it meanwhile.\n"
    "On a large table, add a plain column, fill it in batches, and make it an identity after that."
)
_ALONE = "That is left to you, as {why}."


class LockTimeoutOps(ops.OpContainer):
    """A lock_timeout for the rest of the transaction; no change, so `alembic check` is silent."""

    def __init__(self, timeout: str):
        super().__init__([])
        self.timeout = timeout


@renderers.dispatch_for(LockTimeoutOps)
def _render_timeout(context: AutogenContext, op: LockTimeoutOps) -> list[str]:
    return execute_lines(f"SET LOCAL lock_timeout = '{op.timeout}'")


class RemarkedOps(ops.OpContainer):
    """An operation with a remark before it."""

    def __init__(self, op: ops.MigrateOperation, text: str):
        super().__init__([op])
        self.text = text


@renderers.dispatch_for(RemarkedOps)
def _render_remarked(context: AutogenContext, container: RemarkedOps) -> list[str]:
    lines = [line for op in container.ops for line in render_op(context, op)]
    return [*remarks(container.text), *lines]


def remarked_sql(op: SqlOp, state: Found, fresh: Collection[Name]) -> ops.MigrateOperation:
    """Return *op* with a comment, if it makes an EXCLUDE constraint of a table not in *fresh*."""
    for sql in op.up:
        if not _EXCLUSION.search(sql):
            continue
        (parsed,) = parse(sql)
        if isinstance(parsed.statement, AlterTable):
            table = parsed.statement.name
            if state.name(table.name, table.schema) not in fresh:
                return RemarkedOps(op, _NO_EXCLUSION.format(table=table.display()))
    return op


def remarked(
    op: ops.MigrateOperation, state: Found, reasons: Mapping[ColumnKey, str]
) -> ops.MigrateOperation:
    """Return *op* with a comment, if it writes all rows anew, or is a build that others wait for.

    *reasons* say why a column cannot be exchanged for another one while others work.
    """
    if isinstance(op, ops.CreateIndexOp):
        return RemarkedOps(op, _PARTITIONS.format(table=op.table_name))
    if isinstance(op, ops.AddColumnOp):
        return _remarked_column(op)
    if not rewrites(op, state):
        return op
    assert isinstance(op, ops.AlterTableOp)
    text = _REWRITE.format(table=op.table_name)
    key = (state.name(op.table_name, op.schema), str(getattr(op, "column_name", "")))
    return RemarkedOps(op, f"{text}\n{_ALONE.format(why=reasons[key])}" if key in reasons else text)


def _remarked_column(op: ops.AddColumnOp) -> ops.MigrateOperation:
    column: sa.Column[Any] = op.column
    text = _NUMBERED if column.identity is not None else None
    if column.computed is not None and column.computed.persisted is not False:
        text = _COMPUTED
    if text is None:
        return op
    return RemarkedOps(op, text.format(column=column.name, table=op.table_name))


def rewrites(op: ops.MigrateOperation, state: Found) -> bool:
    """Whether *op* gives a column another type, and its table new storage."""
    if isinstance(op, ConvertColumnOp) and op.enum:
        return True  # By way of text; a type that the script creates has no effects to look up.
    statement = _retyping(op, state)
    return statement is not None and _rewrites(statement, op, state)


def _retyping(op: Any, state: Found) -> str | None:
    """The ALTER that gives a column another type; None where *op* is none."""
    if isinstance(op, ConvertColumnOp):
        type_, using = str(op.new[0]), op.using
    elif isinstance(op, ops.AlterColumnOp) and op.modify_type is not None:
        type_, using = state.dialect.type_compiler_instance.process(op.modify_type), ""
    else:
        return None
    table = state.name(op.table_name, op.schema)
    column = quote_ident(str(op.column_name))
    return f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {type_}" + (
        f" USING {using}" if using else ""
    )


def _rewrites(sql: str, op: Any, state: Found) -> bool:
    (parsed,) = parse(sql)
    catalog = _bare(state.catalog, state.name(op.table_name, op.schema))
    return bool(predict(parsed.statement, Session(catalog)).rewrites)


def _bare(catalog: Catalog, name: Name) -> Catalog:
    """Return *catalog* without what a script puts aside while a column of the table changes."""
    table = catalog.tables.get(name)
    if table is None:
        return catalog
    columns = tuple(column for column in table.columns if column.generated is None)
    bare = replace(table, columns=columns, triggers=(), policies=(), rules=())
    return replace(catalog.with_table(bare), views={})


@dataclass(frozen=True)
class Added:
    """A new column: *alone* at first, then the statements *filling* and *required*.

    With *late*, NOT NULL has to wait for a revision of its own: nothing has a value yet.
    """

    alone: ops.AddColumnOp
    filling: tuple[SqlOp, ...] = ()
    required: tuple[SqlOp, ...] = ()
    late: bool = False


def added(op: ops.AddColumnOp, state: Found, *, major: int) -> Added | None:
    """Return the steps of a column that cannot come at once; None: it can, or has no other way."""
    column: sa.Column[Any] = op.column
    if column.computed is not None or column.identity is not None or column.primary_key:
        return None
    there = state.name(op.table_name, op.schema)
    table = state.written(there)
    name = str(column.name)
    default = default_text(column.server_default, state.dialect)
    late = default is None and column.server_default is None and not column.nullable
    volatile = default is not None and _is_volatile(op, default, state)
    if not late and not volatile:
        return None
    alone = copy.copy(op)
    alone.column = column._copy()
    alone.column.nullable = True
    filling: tuple[SqlOp, ...] = ()
    if volatile and default is not None:
        alone.column.server_default = None
        filling = filled(table, state.catalog.tables.get(there), name, default)
    required = () if column.nullable else (not_null(table, name, major=major),)
    return Added(alone, filling, required, late)


def not_null(table: Name, column: str, *, major: int) -> SqlOp:
    """Return what sets *column* NOT NULL and reads the table while others work."""
    statements = not_null_set(table, column, major=major).statements
    return SqlOp(f"set {column} not null", list(statements), [])


def _is_volatile(op: ops.AddColumnOp, default: str, state: Found) -> bool:
    table = state.name(op.table_name, op.schema)
    compiler = state.dialect.type_compiler_instance
    try:
        type_ = compiler.process(op.column.type)
    except sa.exc.CompileError:
        return False
    column = quote_ident(str(op.column.name))
    sql = f"ALTER TABLE {table} ADD COLUMN {column} {type_} DEFAULT {default}"
    return _rewrites(sql, op, state)


def nullable_again(op: ops.AddColumnOp) -> Iterator[ops.AlterColumnOp]:
    """Yield the way back of a NOT NULL that came later."""
    yield ops.AlterColumnOp(
        op.table_name,
        str(op.column.name),
        schema=op.schema,
        existing_type=op.column.type,
        existing_nullable=False,
        modify_nullable=True,
    )
