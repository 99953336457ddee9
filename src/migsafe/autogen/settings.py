"""`migsafe.settings`: how tables and columns are stored, whose heirs they are, what hides rows.

What no SQLAlchemy argument can say is compared only where `info["migsafe"]` says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops
from alembic.util.sqla_compat import _get_constraint_final_name

from migsafe.autogen.checks import wanted_checks
from migsafe.autogen.convert import ConvertColumnOp
from migsafe.autogen.creation import commented, constraint_body
from migsafe.autogen.foreign_keys import wanted_foreign_key
from migsafe.autogen.found import Found, found, notice, wanted_tables
from migsafe.autogen.info import said
from migsafe.autogen.naming import CommentWithOp
from migsafe.autogen.numbering import is_unlogged
from migsafe.autogen.operations import SqlOp, constraint_sql
from migsafe.autogen.placing import AroundOps, operations_on, remove_empty
from migsafe.autogen.table_sql import column_details
from migsafe.autogen.wanted import type_ref
from migsafe.catalog import Column, Table, TableKind
from migsafe.names import Name, quote_ident

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

# What is set while a database is run, seldom in models: not reset unless the models name it.
_OPERATIONAL = ("autovacuum_", "toast.", "log_autovacuum_", "vacuum_", "parallel_workers")
_TRUTH = {"on": "true", "off": "false", "yes": "true", "no": "false", "1": "true", "0": "false"}
_LONG = {"text", "varchar", "bpchar", "bytea", "json", "jsonb", "numeric", "tsvector", "xml"}
_DEFAULT_STORAGE = "DEFAULT"  # PostgreSQL 16


class CompletingOp(CommentWithOp):
    """What completes a new constraint, which is called *about*; it goes with its table."""

    def __init__(self, about: str, up: str):
        super().__init__(f"details of {about}", [up], ())
        self.about = about


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Add the operations on settings of tables and of their columns."""
    state = found(context)
    created = {
        state.name(str(op.table_name), op.schema)
        for op in upgrade_ops.ops
        if isinstance(op, ops.CreateTableOp)
    }
    for table in wanted_tables(context):
        live = state.table(table)
        name = state.name(table.name, table.schema)
        if live is not None and live.partition_of is None:
            container = operations_on(upgrade_ops, table)
            container.ops[:] = [
                *_unlogged(state, table, live),
                *(one for op in container.ops for one in (*_details(state, live, op), op)),
            ]
            container.ops += [*_options(state, table, live), *_heirs(state, table, live, container)]
            container.ops += _hidden(state, table, live)
            retyped = _retyped(container)
            again = list(_stored_again(state, table, live, retyped))
            container.ops[:0] = [op for op, late in again if not late]
            container.ops += _columns(state, table, live, retyped)
            container.ops += [op for op, late in again if late]
            _unchangeable(table, live)
        elif name in created:
            fresh = Table(name)
            steps = [*_hidden(state, table, fresh), *_columns(state, table, fresh)]
            completing = [*_unenforced(state, table, name), *_comments(state, table, name)]
            _complete(upgrade_ops, table, [*steps, *completing])
    remove_empty(upgrade_ops)


def _complete(upgrade_ops: ops.UpgradeOps, table: sa.Table, steps: list[SqlOp]) -> None:
    """Put *steps* behind the new *table*, those on a foreign key added later behind that."""
    later: dict[str, AroundOps] = {
        str(op.constraint_name): around
        for around in upgrade_ops.ops
        if isinstance(around, AroundOps)
        and (around.table_name, around.schema) == (str(table.name), table.schema)
        for op in around.ops
        if isinstance(op, ops.CreateForeignKeyOp)
    }
    for step in steps:
        around = later.get(step.about) if isinstance(step, CompletingOp) else None
        if around is not None:
            around.ops.append(step)
        else:
            operations_on(upgrade_ops, table).ops.append(SqlOp(step.title, step.up, ()))


def _unlogged(state: Found, table: sa.Table, live: Table) -> Iterator[SqlOp]:
    wanted = is_unlogged(table)
    there = live.persistence == "u"
    if wanted != there and live.kind is TableKind.TABLE:
        change = f"ALTER TABLE {state.written(live.name)} SET"
        words = ("UNLOGGED", "LOGGED") if wanted else ("LOGGED", "UNLOGGED")
        yield SqlOp(f"{live.name.display()} {words[0]}", *([f"{change} {word}"] for word in words))


def _options(state: Found, table: sa.Table, live: Table) -> Iterator[SqlOp]:
    given: Mapping[str, Any] = table.dialect_options["postgresql"]["with"] or {}
    wanted = {str(key).lower(): _value(value) for key, value in given.items()}
    there = {key: _value(value) for key, value in live.options}
    there |= {f"toast.{key}": _value(value) for key, value in live.toast_options}
    kept = {k for k in there if k not in wanted and k.startswith(_OPERATIONAL)}
    changed = sorted(k for k in {*wanted, *there} - kept if wanted.get(k) != there.get(k))
    if changed and live.kind is TableKind.TABLE:
        name = state.written(live.name)
        up, down = (list(_set(name, changed, side)) for side in (wanted, there))
        yield SqlOp(f"settings of {live.name.display()}", up, down)


def _value(value: object) -> str:
    text = "true" if value is None else str(value).lower()
    return _TRUTH.get(text, text) if not text.isdigit() else text


def _set(table: Name, keys: list[str], values: Mapping[str, str]) -> Iterator[str]:
    settings = ", ".join(f"{key} = {values[key]}" for key in keys if key in values)
    gone = ", ".join(key for key in keys if key not in values)
    if settings:
        yield f"ALTER TABLE {table} SET ({settings})"
    if gone:
        yield f"ALTER TABLE {table} RESET ({gone})"


def _heirs(
    state: Found, table: sa.Table, live: Table, container: ops.ModifyTableOps
) -> Iterator[SqlOp]:
    given = table.dialect_options["postgresql"]["inherits"] or ()
    listed = (given,) if isinstance(given, str) else given
    wanted = {state.name(str(parent), None) for parent in listed}
    there = set(live.inherits)
    # A parent of another schema is in no model: SQLAlchemy takes its name for one identifier.
    gone = {name for name in there - wanted if name.schema == state.schema}
    for parent in sorted((wanted - there) | gone):
        words = ("INHERIT", "NO INHERIT") if parent in wanted else ("NO INHERIT", "INHERIT")
        change = f"ALTER TABLE {state.written(live.name)}"
        up, down = ([f"{change} {word} {state.written(parent)}"] for word in words)
        yield SqlOp(f"{live.name.display()}: {words[0]} {parent.name}", up, down)
        heritage = state.catalog.tables.get(parent)
        if parent in wanted and heritage is not None:
            names = {column.name for column in heritage.columns}
            container.ops[:] = [
                op
                for op in container.ops
                if not isinstance(op, ops.DropColumnOp) or op.column_name not in names
            ]


def _hidden(state: Found, table: sa.Table, live: Table) -> Iterator[SqlOp]:
    change = f"ALTER TABLE {state.written(live.name)}"
    for part, there, words in (
        ("row_security", live.row_security, ("ENABLE", "DISABLE")),
        ("force_row_security", live.force_row_security, ("FORCE", "NO FORCE")),
    ):
        wanted = said(table, part)
        if wanted is not None and wanted != there:
            on, off = (f"{change} {word} ROW LEVEL SECURITY" for word in words)
            title = f"row level security of {live.name.display()}"
            yield SqlOp(title, [on if wanted else off], [off if wanted else on])


def _columns(
    state: Found, table: sa.Table, live: Table, retyped: Set[str] = frozenset()
) -> Iterator[SqlOp]:
    for column in table.columns:
        for part, old in _stored(live.column(str(column.name))):
            wanted = said(column, part)
            if wanted is None or wanted.upper() == (old or "").upper():
                continue
            head = _setting(state, live, column, part)
            back = old if old is not None else _usual(state, part, live, str(column.name))
            title = f"{part} of {live.name.display()}.{column.name}"
            down = [f"{head} {back}"] if back is not None else []
            kind = CommentWithOp if column.name in retyped else SqlOp
            yield kind(title, [f"{head} {wanted}"], down)


def _retyped(container: ops.ModifyTableOps) -> frozenset[str]:
    """Return the columns that get another type."""
    return frozenset(
        str(op.column_name)
        for op in container.ops
        if isinstance(op, ConvertColumnOp)
        or (isinstance(op, ops.AlterColumnOp) and op.modify_type is not None)
    )


def _stored_again(
    state: Found, table: sa.Table, live: Table, retyped: Set[str]
) -> Iterator[tuple[SqlOp, bool]]:
    """Yield what gives the columns *retyped* their storage again, and whether at the end.

    `ALTER COLUMN … TYPE` takes the storage and the compression of the type, even where only a
    length is another (ATExecAlterColumnType in tablecmds.c).
    """
    for column in (column for column in table.columns if column.name in retyped):
        for part, old in _stored(live.column(str(column.name))):
            wanted = said(column, part)
            head = _setting(state, live, column, part)
            title = f"{part} of {live.name.display()}.{column.name}"
            if old is None:
                continue
            yield CommentWithOp(title, (), [f"{head} {old}"]), False
            same = wanted is not None and wanted.upper() == old.upper()
            if same or (wanted is None and _is_long(column, state)):
                yield CommentWithOp(title, [f"{head} {old}"], ()), True


def _is_long(column: sa.Column[Any], state: Found) -> bool:
    """Whether values of *column* can be stored in more than one way."""
    type_ = type_ref(column.type, state.dialect)
    return type_ is not None and (bool(type_.dimensions) or type_.name.name in _LONG)


def _stored(column: Column | None) -> Iterator[tuple[str, str | None]]:
    yield "storage", column.storage if column is not None else None
    yield "compression", column.compression if column is not None else None


def _details(state: Found, live: Table, op: ops.MigrateOperation) -> Iterator[SqlOp]:
    """Yield what gives back all of the column that *op* drops, if it does."""
    if isinstance(op, ops.DropColumnOp):
        column = live.column(str(op.column_name))
        back = list(column_details(state.written(live.name), live, column)) if column else []
        if back:
            yield SqlOp(f"details of {live.name.display()}.{op.column_name}", (), back)


def _setting(state: Found, live: Table, column: sa.Column[Any], part: str) -> str:
    head = f"ALTER TABLE {state.written(live.name)} ALTER COLUMN "
    return f"{head}{quote_ident(str(column.name))} SET {part.upper()}"


def _unenforced(state: Found, table: sa.Table, name: Name) -> Iterator[SqlOp]:
    """Yield what lets constraints of a new table bind nobody: `create_table` cannot say it."""
    bodies: dict[sa.Constraint, str] = {
        check.constraint: check.text for check in wanted_checks(table, state)
    }
    for constraint in sorted(table.constraints, key=lambda c: str(c.name)):
        called = _get_constraint_final_name(constraint, state.dialect)
        if called is None or said(constraint, "enforced") is not False:
            continue
        if isinstance(constraint, sa.ForeignKeyConstraint):
            body = constraint_body(wanted_foreign_key(state, constraint, str(called)), None)
        else:
            body = f"{bodies[constraint]} NOT ENFORCED"
        yield CompletingOp(str(called), constraint_sql(state.written(name), str(called), body))


def _comments(state: Found, table: sa.Table, name: Name) -> Iterator[SqlOp]:
    """Yield the comments that `create_table` and `create_index` leave out."""
    written = state.written(name)
    for index in sorted(table.indexes, key=lambda i: str(i.name)):
        called = Name(written.schema, str(_get_constraint_final_name(index, state.dialect)))
        for sql in commented(f"INDEX {called}", said(index, "comment")):
            yield SqlOp(f"comment on {called.name}", [sql], ())
    for constraint in sorted(table.constraints, key=lambda c: str(c.name)):
        called = Name(None, str(_get_constraint_final_name(constraint, state.dialect)))
        for sql in commented(f"CONSTRAINT {called} ON {written}", constraint.comment):
            yield CompletingOp(called.name, sql)


def _usual(state: Found, part: str, live: Table, column: str) -> str | None:
    """Return the word for what a column has by default; None where going back needs none."""
    if part == "compression":
        return "default"
    if live.column(column) is None:
        return None
    return _DEFAULT_STORAGE if state.catalog.major >= 16 else "EXTENDED"


def _unchangeable(table: sa.Table, live: Table) -> None:
    """Say what of the model the table does not have and no ALTER TABLE can give it."""
    wanted = table.dialect_options["postgresql"]["partition_by"]
    if bool(wanted) != (live.kind is TableKind.PARTITIONED):
        what = f"partitioned by {wanted}" if wanted else "not partitioned"
        notice(
            f"{table.fullname} is {what} in the models, but not in the database: PostgreSQL cannot "
            "change that; create a new table, copy the rows and rename it"
        )
