"""`migsafe.indexes`: every property of an index counts, compared as PostgreSQL reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic.operations import ops
from alembic.util.sqla_compat import _get_constraint_final_name

from migsafe.autogen.canonical import Expression
from migsafe.autogen.expressions import Sides, Texts, read
from migsafe.autogen.found import Found, found, notice, wanted_tables
from migsafe.autogen.index_sql import body, restored
from migsafe.autogen.placing import operations_on
from migsafe.autogen.wanted import index_body
from migsafe.catalog import Index, Table

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


@dataclass(frozen=True)
class Pair:
    """An index that both sides have, by its name."""

    name: str
    wanted: sa.Index
    live: Index


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Correct what Alembic says about indexes of tables that exist."""
    state = found(context)
    _restore_dropped(state, upgrade_ops)
    tables = [(t, live) for t in wanted_tables(context) if (live := state.table(t)) is not None]
    pairs = [list(_pairs(state, table, live)) for table, live in tables]
    sides = [
        Sides(
            table,
            live,
            {pair.name: Expression("index", index_body(pair.wanted, state.dialect)) for pair in of},
            {pair.name: Expression("index", body(pair.live)) for pair in of},
        )
        for (table, live), of in zip(tables, pairs, strict=True)
    ]
    asked = [n for n, of in enumerate(pairs) if of]
    for n, texts in zip(asked, read(context, [sides[n] for n in asked]), strict=True):
        _correct(context, upgrade_ops, tables[n][0], pairs[n], texts)


def _pairs(state: Found, table: sa.Table, live: Table) -> Iterator[Pair]:
    there = {i.name.name: i for i in state.catalog.indexes_of(live.name) if i.constraint is None}
    for index in sorted(table.indexes, key=lambda i: str(i.name)):
        name = _get_constraint_final_name(index, state.dialect)
        if name is not None and str(name) in there:
            yield Pair(str(name), index, there[str(name)])


def _correct(
    context: AutogenContext,
    upgrade_ops: ops.UpgradeOps,
    table: sa.Table,
    pairs: list[Pair],
    texts: Texts,
) -> None:
    container = operations_on(upgrade_ops, table)
    for pair in pairs:
        wanted, live = texts.wanted[pair.name], texts.live[pair.name]
        if wanted.text is None or live.text is None:
            notice(
                f"index {pair.name} is not compared: PostgreSQL cannot read its definition "
                f"({wanted.error or live.error})"
            )
            continue
        container.ops[:] = [op for op in container.ops if not _is_about(op, pair.name)]
        same = wanted.text == live.text and _flags(pair.wanted) == _live_flags(pair.live)
        old = restored(pair.live, table.name, table.schema)
        if same or not context.run_object_filters(pair.wanted, pair.name, "index", False, old):
            continue
        container.ops += [
            ops.DropIndexOp.from_index(old),
            ops.CreateIndexOp.from_index(pair.wanted),
        ]
    if not container.ops:
        upgrade_ops.ops.remove(container)


def _is_about(op: ops.MigrateOperation, name: str) -> bool:
    return isinstance(op, (ops.CreateIndexOp, ops.DropIndexOp)) and op.index_name == name


def _flags(index: sa.Index) -> tuple[object, ...]:
    options = index.dialect_options["postgresql"]
    return (
        bool(index.unique),
        bool(options["nulls_not_distinct"]),
        options["tablespace"],
        True,
    )


def _live_flags(index: Index) -> tuple[object, ...]:
    return (index.unique, index.nulls_not_distinct, index.tablespace, index.valid)


def _restore_dropped(state: Found, container: ops.OpContainer) -> None:
    """Let the way back of a dropped index be the index as the catalog knows it."""
    for n, op in enumerate(container.ops):
        if isinstance(op, ops.OpContainer):
            _restore_dropped(state, op)
        elif isinstance(op, ops.DropIndexOp):
            name = state.name(str(op.index_name), op.schema)
            if name in state.catalog.indexes:
                index = restored(state.catalog.indexes[name], op.table_name, op.schema)
                container.ops[n] = ops.DropIndexOp.from_index(index)
