"""`migsafe.generated`: generated columns are compared by what they compute, and replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops

from migsafe.autogen.canonical import Expression
from migsafe.autogen.clones import Sides
from migsafe.autogen.computed import declared, is_stored
from migsafe.autogen.creation import commented
from migsafe.autogen.dependents import dependents_of_replaced, generated_again
from migsafe.autogen.expressions import is_of_other_types, read
from migsafe.autogen.found import Found, found, notice, wanted_tables
from migsafe.autogen.leaving import flat
from migsafe.autogen.operations import SqlOp
from migsafe.autogen.placing import keep_generated_apart, operations_on, remove_empty
from migsafe.autogen.rebuild import without
from migsafe.autogen.wanted import default_text, sql_text
from migsafe.catalog import Column, Table
from migsafe.names import quote_ident

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def mute(
    context: AutogenContext,
    op: ops.AlterColumnOp,
    schema: str | None,
    tname: str,
    cname: str,
    conn_col: sa.Column[Any],
    metadata_col: sa.Column[Any],
) -> bool:
    """Whether Alembic has nothing to say of a default, since a side of it is none to Alembic."""
    kinds = (sa.Computed, sa.Identity)
    if not any(isinstance(c.server_default, kinds) for c in (conn_col, metadata_col)):
        return False
    op.existing_server_default = False
    return True


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Replace the generated columns that compute something else than the metadata says."""
    state = found(context)
    tables = [(t, live) for t in wanted_tables(context) if (live := state.table(t)) is not None]
    work = []
    for table, live in tables:
        pairs = [(c, there) for c in table.columns if (there := live.column(str(c.name)))]
        pairs = [(c, there) for c, there in pairs if c.computed is not None or there.generated]
        if pairs:
            work.append((_sides(state, table, live, pairs), pairs))
    for (sides, pairs), texts in zip(work, read(context, [s for s, _ in work]), strict=True):
        for column, there in pairs:
            wanted, old = texts.wanted.get(there.name), texts.live.get(there.name)
            stored = there.generated.stored if there.generated is not None else None
            moved = stored is not None and stored != is_stored(state, column)
            if wanted is not None and wanted.text is None:
                notice(
                    f"the expression of {sides.table.fullname}.{there.name} is not compared: "
                    f"PostgreSQL cannot read it ({wanted.error})"
                )
            elif stored is not None and column.computed is not None and is_of_other_types(old):
                continue  # It is made anew with the column that it is computed from.
            elif wanted is None or old is None or wanted.text != old.text or moved:
                step = _replacement(state, sides.found, column, there, upgrade_ops)
                _put(upgrade_ops, sides.table, column, step)
    remove_empty(upgrade_ops)
    keep_generated_apart(upgrade_ops)


def _sides(
    state: Found, table: sa.Table, live: Table, pairs: list[tuple[sa.Column[Any], Column]]
) -> Sides:
    wanted, there = {}, {}
    for column, old in pairs:
        type_ = str(old.type)
        if column.computed is not None:
            text = sql_text(column.computed.sqltext, state.dialect)
            wanted[old.name] = Expression("generated", text, type=type_)
        if old.generated is not None:
            there[old.name] = Expression("generated", old.generated.expression, type=type_)
    return Sides(table, live, wanted, there)


def _replacement(
    state: Found, live: Table, column: sa.Column[Any], old: Column, upgrade_ops: ops.UpgradeOps
) -> SqlOp:
    """Return the operation that makes *old* into *column*; only a plain one loses its values."""
    table = state.written(live.name)
    name = quote_ident(old.name)
    catalog = without(state, list(flat(upgrade_ops.ops)))
    aside = dependents_of_replaced(catalog, {(live.name, old.name)})
    drops = [a.drop for a in aside]
    back = [sql for a in reversed(aside) for sql in a.create]
    restored = [
        *drops,
        f"ALTER TABLE {table} DROP COLUMN IF EXISTS {name}",
        *_added(state, live, old),
        *back,
    ]
    title = f"{old.name} of {live.name.display()} is generated otherwise"
    drop = f"ALTER TABLE {table} DROP COLUMN IF EXISTS {name}"
    if column.computed is None:
        if old.generated is not None and not old.generated.stored:  # Nothing is stored to keep.
            plain = Column(old.name, old.type, not_null=old.not_null, comment=column.comment)
            return SqlOp(title, [*drops, drop, *_added(state, live, plain), *back], restored)
        default = default_text(column.server_default, state.dialect)
        plainly = [f"ALTER TABLE {table} ALTER COLUMN {name} DROP EXPRESSION IF EXISTS"]
        if default is not None:
            plainly.append(f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {default}")
        return SqlOp(title, plainly, restored)
    new = declared(state, column, old)
    return SqlOp(title, [*drops, drop, *generated_again(table, new), *back], restored)


def _added(state: Found, live: Table, old: Column) -> Iterator[str]:
    table = state.written(live.name)
    if old.generated is not None:
        yield from generated_again(table, old)
        return
    default = f" DEFAULT {old.default}" if old.default is not None else ""
    null = " NOT NULL" if old.not_null else ""
    yield f"ALTER TABLE {table} ADD COLUMN {quote_ident(old.name)} {old.type}{default}{null}"
    yield from commented(f"COLUMN {table}.{quote_ident(old.name)}", old.comment)


def _put(upgrade_ops: ops.UpgradeOps, table: sa.Table, column: sa.Column[Any], step: SqlOp) -> None:
    container = operations_on(upgrade_ops, table)
    for op in container.ops:
        if isinstance(op, ops.AlterColumnOp) and op.column_name == column.name:
            op.modify_server_default = False
            op.existing_server_default = False
    drops = (n for n, op in enumerate(container.ops) if isinstance(op, ops.DropColumnOp))
    container.ops.insert(next(drops, len(container.ops)), step)
