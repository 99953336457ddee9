"""`migsafe.defaults`: server defaults are compared as PostgreSQL reads them, all at once.

Alembic asks the server `SELECT old = new` for each: that runs the expressions, fails on types
without `=` and on labels that do not exist yet, and never settles for what is not deterministic.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops

from migsafe.autogen.canonical import Expression
from migsafe.autogen.clones import Sides
from migsafe.autogen.expressions import Texts, read
from migsafe.autogen.found import Found, found, notice, wanted_tables
from migsafe.autogen.operations import text_sql
from migsafe.autogen.placing import operations_on, remove_empty
from migsafe.autogen.wanted import default_text
from migsafe.catalog import Column, Table
from migsafe.pgtypes import TypeRef

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

_CONSTANT = re.compile(r"E?'(?:[^']|'')*'\Z|[\w.]+\Z|\(?-?[\d.]+\)?\Z")
_NEXTVAL = re.compile(r"nextval\('(?P<name>.+?)'::regclass\)")
Change = tuple[ops.AlterColumnOp, sa.Table, Table, Column]


def prepare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Let Alembic report every default that is not textually the same, without a query."""
    state = found(context)
    impl: Any = context.migration_context.impl
    impl.compare_server_default = functools.partial(_may_differ, state)
    owned = {
        (s.owned_by[0], s.owned_by[1]): s.name
        for s in state.catalog.sequences.values()
        if s.owned_by is not None and not s.identity
    }

    def autogen_column_reflect(inspector: Any, table: sa.Table, column: dict[str, Any]) -> None:
        key = (state.name(table.name, table.schema), column["name"])
        if key in owned and _NEXTVAL.match(column.get("default") or ""):
            del column["default"]  # SERIAL, which the metadata says by autoincrement.

    impl.autogen_column_reflect = autogen_column_reflect


def _may_differ(
    state: Found, inspector_column: Any, column: Any, wanted: str | None, live: str | None
) -> bool:
    if wanted == live or (column.primary_key and column is column.table._autoincrement_column):
        return False
    found = state.table(column.table)
    there = found.column(str(column.name)) if found is not None else None
    if there is None or there.default is None:
        return True
    return default_text(column.server_default, state.dialect) != _bare(there)


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Take the defaults that mean the same out of *upgrade_ops*.

    Where env.py does not ask for the comparison (`compare_server_default`), it is made none the
    less: `~migsafe.defaults` turns it off. A function given there has the last word.
    """
    asked = context.migration_context._user_compare_server_default
    if callable(asked):
        return
    state = found(context)
    if not asked:
        _propose(context, state, upgrade_ops)
    changes: dict[str, list[Change]] = {}
    for container in upgrade_ops.ops:
        if isinstance(container, ops.ModifyTableOps):
            _forget_null(state, container)
            for change in _changes(context, state, container):
                changes.setdefault(str(change[1].key), []).append(change)
    sides = [_sides(of, state) for of in changes.values()]
    for of, texts in zip(changes.values(), read(context, sides), strict=True):
        for change in of:
            _settle(change, texts)
    remove_empty(upgrade_ops)


def _propose(context: AutogenContext, state: Found, upgrade_ops: ops.UpgradeOps) -> None:
    """Put every default that is not textually the same into *upgrade_ops*."""
    owned = {s.owned_by for s in state.catalog.sequences.values() if s.owned_by is not None}
    for table in wanted_tables(context):
        live = state.table(table)
        for column in table.columns if live is not None else ():
            there = live.column(column.name) if live is not None else None
            if live is None or there is None or there.generated or there.identity:
                continue
            clause = column.server_default
            if not isinstance(clause, (sa.DefaultClause, type(None))):
                continue
            if clause is None and (there.default is None or (live.name, there.name) in owned):
                continue
            if column.autoincrement and _NEXTVAL.match(there.default or ""):
                continue
            if default_text(clause, state.dialect) != there.default:
                _alter(operations_on(upgrade_ops, table), column, there)


def _alter(container: ops.ModifyTableOps, column: sa.Column[Any], there: Column) -> None:
    for op in container.ops:
        if isinstance(op, ops.AlterColumnOp) and op.column_name == column.name:
            break
    else:
        op = ops.AlterColumnOp(
            container.table_name,
            column.name,
            schema=container.schema,
            existing_type=column.type,
            existing_nullable=column.nullable,
        )
        container.ops.append(op)
    old = None
    if there.default is not None:
        old = sa.DefaultClause(sa.text(text_sql(there.default)))
    op.existing_server_default = old
    op.modify_server_default = column.server_default


def _changes(context: AutogenContext, state: Found, container: ops.ModifyTableOps) -> list[Change]:
    live = state.catalog.tables.get(state.name(container.table_name, container.schema))
    key = f"{container.schema}.{container.table_name}" if container.schema else container.table_name
    table = context.table_key_to_table.get(key)
    if live is None or table is None:
        return []
    return [
        (op, table, live, column)
        for op in container.ops
        if isinstance(op, ops.AlterColumnOp)
        and isinstance(op.modify_server_default, sa.DefaultClause)
        and (column := live.column(op.column_name)) is not None
        and column.default is not None
    ]


def _forget_null(state: Found, container: ops.ModifyTableOps) -> None:
    """Take `DEFAULT NULL` of a column without a default out of *container*."""
    live = state.catalog.tables.get(state.name(container.table_name, container.schema))
    for op in container.ops:
        if isinstance(op, ops.AlterColumnOp) and op.modify_server_default not in (False, None):
            there = live.column(op.column_name) if live is not None else None
            wanted = op.modify_server_default
            if there is None or there.default is not None:
                continue
            if isinstance(wanted, sa.DefaultClause) and default_text(wanted, state.dialect) is None:
                op.modify_server_default = False


def _sides(changes: list[Change], state: Found) -> Sides:
    wanted, live = {}, {}
    for op, _, _, column in changes:
        text = default_text(op.modify_server_default, state.dialect) or "NULL"
        wanted[column.name] = Expression("default", text, column.name)
        live[column.name] = Expression("default", _bare(column), column.name)
    return Sides(changes[0][1], changes[0][2], wanted, live)


def _bare(column: Column) -> str:
    """Return the default without the cast to the column's own type that a constant gets."""
    default = column.default or "NULL"
    bare = default.removesuffix(f"::{TypeRef(column.type.name)}")
    return bare if _CONSTANT.match(bare) else default


def _settle(change: Change, texts: Texts) -> None:
    op, table, _, column = change
    wanted, live = texts.wanted[column.name], texts.live[column.name]
    if wanted.text is None:
        notice(
            f"the default of {table.fullname}.{column.name} is not compared: PostgreSQL cannot "
            f"read it ({wanted.error})"
        )
    if wanted.text is None or wanted.text == live.text:
        op.modify_server_default = False
