"""`migsafe.indexes`: every property of an index counts, compared as PostgreSQL reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic.operations import ops
from alembic.util.sqla_compat import _get_constraint_final_name

from migsafe.autogen.canonical import Expression, Reading
from migsafe.autogen.clones import Sides
from migsafe.autogen.creation import commented
from migsafe.autogen.expressions import Texts, is_of_other_types, read
from migsafe.autogen.found import Found, found, notice, wanted_tables
from migsafe.autogen.index_sql import body, restored
from migsafe.autogen.info import said
from migsafe.autogen.naming import CommentWithOp, recommented
from migsafe.autogen.operations import SqlOp
from migsafe.autogen.placing import operations_on
from migsafe.autogen.wanted import index_body
from migsafe.catalog import Index, Table
from migsafe.names import Name, quote_literal

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
        _correct(context, state, upgrade_ops, tables[n][0], pairs[n], texts)
    _rename(context, upgrade_ops, tables)
    for table, live in tables:
        _comment(state, upgrade_ops, table, live)


def _pairs(state: Found, table: sa.Table, live: Table) -> Iterator[Pair]:
    there = {i.name.name: i for i in state.catalog.indexes_of(live.name) if i.constraint is None}
    for index in sorted(table.indexes, key=lambda i: str(i.name)):
        name = _get_constraint_final_name(index, state.dialect)
        if name is not None and str(name) in there:
            yield Pair(str(name), index, there[str(name)])


def _correct(
    context: AutogenContext,
    state: Found,
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
        container.ops[:] = [op for op in container.ops if not _gives_back(op, pair.name)]
        if same:
            continue
        old = restored(pair.live, table.name, table.schema)
        if not context.run_object_filters(pair.wanted, pair.name, "index", False, old):
            continue
        away = [*_given_back(state, pair.live), ops.DropIndexOp.from_index(old)]
        create = ops.CreateIndexOp.from_index(pair.wanted)
        if is_of_other_types(live):
            container.ops[:] = [*away, *container.ops, create]
        else:
            container.ops += [*away, create]
    if not container.ops:
        upgrade_ops.ops.remove(container)


def _rename(
    context: AutogenContext, upgrade_ops: ops.UpgradeOps, tables: list[tuple[sa.Table, Table]]
) -> None:
    """Give an index another name where Alembic drops one and creates its like."""
    state = found(context)
    sides = [side for of in tables if (side := _exchanged(state, upgrade_ops, *of)) is not None]
    for side, texts in zip(sides, read(context, sides) if sides else (), strict=True):
        container = operations_on(upgrade_ops, side.table)
        left = dict(texts.live)
        for create in [op for op in container.ops if isinstance(op, ops.CreateIndexOp)]:
            wanted = texts.wanted.get(str(create.index_name), Reading(None))
            declared = _declared(state, side.table).get(str(create.index_name))
            for name, reading in left.items():
                old = state.catalog.indexes[Name(side.found.name.schema, name)]
                if declared is None or wanted.text is None or wanted.text != reading.text:
                    continue
                if _flags(declared) == _live_flags(old):
                    _put_rename(state, container, create, old)
                    del left[name]
                    break


def _exchanged(
    state: Found, upgrade_ops: ops.UpgradeOps, table: sa.Table, live: Table
) -> Sides | None:
    """Return the indexes that are created and those that are dropped, None without both."""
    container = operations_on(upgrade_ops, table)
    declared = _declared(state, table)
    wanted, there = {}, {}
    for op in container.ops:
        if isinstance(op, ops.CreateIndexOp) and str(op.index_name) in declared:
            text = index_body(declared[str(op.index_name)], state.dialect)
            wanted[str(op.index_name)] = Expression("index", text)
        elif isinstance(op, ops.DropIndexOp):
            old = state.catalog.indexes.get(Name(live.name.schema, str(op.index_name)))
            if old is not None:
                there[old.name.name] = Expression("index", body(old))
    if not container.ops:
        upgrade_ops.ops.remove(container)
    both = {name for name in wanted if name in there}  # Those are changed, not renamed.
    wanted = {name: text for name, text in wanted.items() if name not in both}
    there = {name: text for name, text in there.items() if name not in both}
    return Sides(table, live, wanted, there) if wanted and there else None


def _declared(state: Found, table: sa.Table) -> dict[str, sa.Index]:
    """Return the indexes of the metadata by the names they have in the database."""
    return {str(_get_constraint_final_name(i, state.dialect)): i for i in table.indexes}


def _put_rename(
    state: Found, container: ops.ModifyTableOps, create: ops.CreateIndexOp, old: Index
) -> None:
    before, after = state.written(old.name), Name(None, str(create.index_name))
    new, back = Name(before.schema, after.name), Name(None, old.name.name)
    container.ops[container.ops.index(create)] = SqlOp(
        f"rename index {back.name} to {after.name}",
        [f"ALTER INDEX IF EXISTS {before} RENAME TO {after}"],
        [f"ALTER INDEX IF EXISTS {new} RENAME TO {back}"],
    )
    gone = (
        op
        for op in container.ops
        if isinstance(op, ops.DropIndexOp) and op.index_name == old.name.name
    )
    container.ops.remove(next(gone))


def _comment(state: Found, upgrade_ops: ops.UpgradeOps, table: sa.Table, live: Table) -> None:
    """Compare the comments of indexes that `info` says."""
    for index in sorted(table.indexes, key=lambda i: str(i.name)):
        wanted = said(index, "comment")
        name = Name(live.name.schema, str(_get_constraint_final_name(index, state.dialect)))
        old = state.catalog.indexes.get(name)
        if wanted is None and old is not None:
            wanted = old.comment  # Nobody said that it goes.
        if wanted is None:
            continue
        what = f"INDEX {state.written(name)}"
        container = operations_on(upgrade_ops, table)
        if old is None or any(_is_about(op, name.name) for op in container.ops):
            comment = [f"COMMENT ON {what} IS {quote_literal(wanted)}"]
            container.ops.append(CommentWithOp(_title(name.name), comment, ()))
        elif old.comment != wanted:
            container.ops.append(recommented(what, old.comment, wanted))


def _is_about(op: ops.MigrateOperation, name: str) -> bool:
    return isinstance(op, (ops.CreateIndexOp, ops.DropIndexOp)) and op.index_name == name


def _gives_back(op: ops.MigrateOperation, name: str) -> bool:
    """Whether *op* is the comment with which a dropped index comes back."""
    return isinstance(op, CommentWithOp) and op.title == _title(name)


def _given_back(state: Found, index: Index) -> Iterator[CommentWithOp]:
    """Yield the comment with which *index*, which is dropped, comes back."""
    for sql in commented(f"INDEX {state.written(index.name)}", index.comment):
        yield CommentWithOp(_title(index.name.name), (), [sql])


def _title(index: str) -> str:
    return f"comment on {index}"


def _flags(index: sa.Index) -> tuple[object, ...]:
    options = index.dialect_options["postgresql"]
    return (
        bool(index.unique),
        bool(options["nulls_not_distinct"]),
        None if options["tablespace"] == "pg_default" else options["tablespace"],
        True,
    )


def _live_flags(index: Index) -> tuple[object, ...]:
    return (index.unique, index.nulls_not_distinct, index.tablespace, index.valid)


def _restore_dropped(state: Found, container: ops.OpContainer) -> None:
    """Let the way back of a dropped index be the index as the catalog knows it."""
    operations: list[ops.MigrateOperation] = []
    for op in container.ops:
        if isinstance(op, ops.OpContainer):
            _restore_dropped(state, op)
        name = (
            state.name(str(op.index_name), op.schema) if isinstance(op, ops.DropIndexOp) else None
        )
        old = state.catalog.indexes.get(name) if name is not None else None
        if isinstance(op, ops.DropIndexOp) and old is not None:
            operations += _given_back(state, old)
            operations.append(ops.DropIndexOp.from_index(restored(old, op.table_name, op.schema)))
        else:
            operations.append(op)
    container.ops[:] = operations
