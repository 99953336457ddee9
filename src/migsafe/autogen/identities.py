"""`migsafe.identities`: SERIAL and identity columns, and the sequences behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops

from migsafe.autogen.convert import ConvertColumnOp
from migsafe.autogen.found import Found, found, wanted_tables
from migsafe.autogen.numbering import (
    Numbering,
    NumberOp,
    Owned,
    given,
    is_identity,
    is_serial,
    numbering_of,
    numbering_wanted,
    owned_sequences,
    performed,
    taken_away,
)
from migsafe.autogen.operations import SqlOp, do_block, text_sql
from migsafe.autogen.placing import operations_on, remove_empty
from migsafe.autogen.sequence_sql import bounds, create_sequence
from migsafe.autogen.wanted import bare, default_text, type_ref
from migsafe.catalog import Column, Table
from migsafe.names import quote_ident, quote_literal
from migsafe.settings import OLDEST
from migsafe.sql.online import not_null_set

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Add the operations that give columns their numbers as the metadata says."""
    state = found(context)
    owned = owned_sequences(state)
    for table in wanted_tables(context):
        live = state.table(table)
        if live is None or live.partition_of is not None:
            continue
        container = operations_on(upgrade_ops, table)
        for column in table.columns:
            there = live.column(str(column.name))
            if there is not None and there.local:
                _compare(state, live, column, numbering_of(live, there, owned), container)
        _number_new(state, table, live, container)
        _bring_back(state, live, owned, container)
    remove_empty(upgrade_ops)


def _compare(
    state: Found,
    live: Table,
    column: sa.Column[Any],
    old: Numbering | None,
    container: ops.ModifyTableOps,
) -> None:
    new = numbering_wanted(state, live, column)
    there = live.column(str(column.name))
    assert there is not None
    if old is not None and new is not None and old.identity == new.identity:
        _recount(state, live, there, old, new, container)
        return
    if not _is_change(state, live, column, there, old, new):
        return
    if old is not None:  # The name of a sequence is nobody's but its own.
        new = new and replace(new, sequence=replace(new.sequence, name=old.sequence.name))
    step = _exchange(state, live, column, there, (old, new))
    _forget_default(container, there.name)
    first = there.default is not None and new is None
    _place(container, there.name, step, first=first)


def _exchange(
    state: Found,
    live: Table,
    column: sa.Column[Any],
    there: Column,
    numbers: tuple[Numbering | None, Numbering | None],
) -> SqlOp:
    """Return the operation that takes the first of *numbers* away and gives the second."""
    table = state.written(live.name)
    defaults = (
        None if numbers[0] is not None else there.default,
        None if numbers[1] is not None else default_text(column.server_default, state.dialect),
    )
    up, down = (
        [
            *taken_away(table, there.name, numbers[a], defaults[a]),
            *given(table, there.name, numbers[b], defaults[b], state),
        ]
        for a, b in ((0, 1), (1, 0))
    )
    loose = f"ALTER TABLE {table} ALTER COLUMN {quote_ident(there.name)} DROP NOT NULL"
    proof = list(not_null_set(table, there.name, major=OLDEST).statements)
    new = numbers[1]
    tightens = new is not None and new.identity is not None and not there.not_null
    if tightens:  # Alembic leaves NOT NULL of identity columns alone.
        up, down = [*proof, *up], [*down, loose]
    elif new is None and there.not_null and column.nullable:
        up, down = [*up, loose], [*proof, *down]
    conditions = [is_identity(table, there.name, n) for n in numbers]
    again = [
        [do_block(f"IF {condition} THEN {'; '.join(map(performed, way))}; END IF;")]
        for condition, way in zip(conditions, (up, down), strict=True)
    ]
    title = f"{there.name} of {live.name.display()} is numbered otherwise"
    step = NumberOp(title, up, down, slow=tightens, again=(again[0], again[1]))
    step.column = (live.name, there.name)
    return step


def _is_change(
    state: Found,
    live: Table,
    column: sa.Column[Any],
    there: Column,
    old: Numbering | None,
    new: Numbering | None,
) -> bool:
    """Whether the author meant it: many a SERIAL is in no metadata, and many a key has no default.

    So SERIAL comes and goes with the primary key or with an explicit `autoincrement`.
    """
    if (old and old.identity) or (new and new.identity):
        return True
    key = live.primary_key
    was_key = key is not None and there.name in key.columns
    same_key = key is not None and set(key.columns) == {
        str(c.name) for c in column.table.primary_key.columns
    }
    if new is not None:
        comes = not was_key or not same_key or column.autoincrement is True
        return comes and there.default is None
    if old is None:
        return False
    kept = isinstance(column.server_default, sa.DefaultClause)
    number = isinstance(bare(column.type, state.dialect), sa.Integer)
    return not kept and (column.autoincrement is False or not number or (was_key and not same_key))


def _recount(
    state: Found,
    live: Table,
    there: Column,
    old: Numbering,
    new: Numbering,
    container: ops.ModifyTableOps,
) -> None:
    table, column = state.written(live.name), quote_ident(there.name)
    if new.identity is None:
        if old.sequence.type != new.sequence.type:
            name = state.written(old.sequence.name)
            steps = [f"ALTER SEQUENCE {name} AS {n.sequence.type}" for n in (new, old)]
            step = SqlOp(f"sequence {name} of another type", steps[:1], steps[1:])
            _place(container, there.name, step)
        return
    ways = [
        " ".join(f"SET {change}" if not change.startswith("RESTART") else change for change in way)
        for way in (
            new.counting.changes(old.counting, new.sequence.type),
            old.counting.changes(new.counting, old.sequence.type),
        )
    ]
    if any(ways):
        head = f"ALTER TABLE {table} ALTER COLUMN {column} "
        title = f"the numbers of {there.name} of {live.name.display()}"
        up, down = ([head + way] if way else [] for way in ways)
        # The values of either type have to fit in the wider one.
        narrower = bounds(1, new.sequence.type)[1] < bounds(1, old.sequence.type)[1]
        _place(container, there.name, SqlOp(title, up, down), first=narrower)


def _forget_default(container: ops.ModifyTableOps, column: str) -> None:
    for op in container.ops:
        if isinstance(op, ops.AlterColumnOp) and op.column_name == column:
            op.modify_server_default = False
            op.existing_server_default = False
        elif isinstance(op, ConvertColumnOp) and op.column_name == column:
            op.old, op.new = (op.old[0], None), (op.new[0], None)


def _place(container: ops.ModifyTableOps, column: str, step: SqlOp, *, first: bool = False) -> None:
    """Put *step* behind the other changes of *column*, or *first*, and before drops of columns."""
    mine = [n for n, op in enumerate(container.ops) if getattr(op, "column_name", None) == column]
    drops = (n for n, op in enumerate(container.ops) if isinstance(op, ops.DropColumnOp))
    if mine:
        container.ops.insert(mine[0] if first else mine[-1] + 1, step)
    else:
        container.ops.insert(next(drops, len(container.ops)), step)


def _number_new(state: Found, table: sa.Table, live: Table, container: ops.ModifyTableOps) -> None:
    """Let new columns be SERIAL, which `op.add_column` does not write."""
    words = {"int2": "SMALLSERIAL", "int4": "SERIAL", "int8": "BIGSERIAL"}
    for n, op in enumerate(container.ops):
        if not isinstance(op, ops.AddColumnOp) or op.column.name not in table.c:
            continue
        column = table.c[op.column.name]
        type_ = type_ref(column.type, state.dialect)
        if is_serial(column, state) and type_ is not None:
            name = state.written(live.name)
            quoted = quote_ident(str(column.name))
            word = words.get(type_.name.name, "SERIAL")
            container.ops[n] = SqlOp(
                f"add {column.name} to {live.name.display()}",
                [f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS {quoted} {word}"],
                [f"ALTER TABLE {name} DROP COLUMN IF EXISTS {quoted}"],
            )


def _bring_back(
    state: Found,
    live: Table,
    owned: Owned,
    container: ops.ModifyTableOps,
) -> None:
    """Let a dropped SERIAL column come back with its sequence."""
    table = state.written(live.name)
    for op in [op for op in container.ops if isinstance(op, ops.DropColumnOp)]:
        column = live.column(str(op.column_name))
        numbering = numbering_of(live, column, owned) if column is not None else None
        reverse: Any = op._reverse
        if numbering is None or numbering.identity is not None or reverse is None:
            continue
        sequence = numbering.sequence
        name = state.written(sequence.name)
        text = f"nextval({quote_literal(str(name))}::regclass)"
        reverse.column.server_default = sa.DefaultClause(sa.text(text_sql(text)))
        quoted = quote_ident(str(op.column_name))
        place = container.ops.index(op)
        container.ops[place : place + 1] = [
            SqlOp("", (), [f"ALTER SEQUENCE {name} OWNED BY {table}.{quoted}"]),
            op,
            SqlOp("", (), list(create_sequence(name, sequence))),
        ]
