"""`migsafe.columns`: types of columns are compared exactly, and changed in a way that works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops

from migsafe.autogen.convert import ConvertColumnOp, Mapped, conversion, is_needed
from migsafe.autogen.crossing import share
from migsafe.autogen.enum_types import wanted_enums
from migsafe.autogen.expressions import RETYPED
from migsafe.autogen.found import Found, found, wanted_tables
from migsafe.autogen.leaving import flat
from migsafe.autogen.placing import operations_on, remove_empty
from migsafe.autogen.rebuild import without
from migsafe.autogen.renaming import renamed
from migsafe.autogen.wanted import type_ref
from migsafe.catalog import Catalog, Table
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Correct the type changes of *upgrade_ops*; a `compare_type` function has the last word."""
    if context.migration_context._user_compare_type is not True:
        return
    state = found(context)
    catalog = without(state, list(flat(upgrade_ops.ops)))
    wanted = wanted_enums(context, state)
    enums = frozenset(wanted)
    mapped: dict[Name, Mapped] = {
        name: said.converted(wanted[name].enum.labels)
        for name, said in renamed(context).declared.items()
        if name in wanted
    }
    for table in wanted_tables(context):
        live = state.table(table)
        if live is not None and live.name in catalog.tables:
            _compare(state, catalog, table, live, upgrade_ops, enums, mapped)
    conversions = [op for op in flat(upgrade_ops.ops) if isinstance(op, ConvertColumnOp)]
    share(state, conversions)
    context.migration_context.impl.memo[RETYPED] = {
        (state.name(op.table.name, op.table.schema), op.column_name)
        for op in conversions
        if op.enum
    }
    remove_empty(upgrade_ops)


def _compare(
    state: Found,
    catalog: Catalog,
    table: sa.Table,
    live: Table,
    upgrade_ops: ops.UpgradeOps,
    enums: frozenset[Name],
    mapped: Mapping[Name, Mapped],
) -> None:
    container = operations_on(upgrade_ops, table)
    changes = {op.column_name: op for op in container.ops if isinstance(op, ops.AlterColumnOp)}
    for column in table.columns:
        there = live.column(str(column.name))
        if there is None or not there.local:
            continue
        op = changes.get(column.name)
        change = conversion(state, catalog, live, column, op, enums, mapped)
        if change is None:
            if op is not None and op.modify_type is not None and _is_readable(state, column):
                op.modify_type = None
        elif op is None or op.modify_type is None or is_needed(change):
            place = container.ops.index(op) if op is not None else _first_drop(container)
            container.ops.insert(place, change)
            if op is not None:
                op.existing_type = column.type
                op.modify_type = None


def _is_readable(state: Found, column: sa.Column[Any]) -> bool:
    return type_ref(column.type, state.dialect) is not None


def _first_drop(container: ops.ModifyTableOps) -> int:
    drops = (n for n, op in enumerate(container.ops) if isinstance(op, ops.DropColumnOp))
    return next(drops, len(container.ops))
