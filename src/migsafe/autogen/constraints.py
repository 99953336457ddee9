"""`migsafe.constraints`: constraints that Alembic does not compare, and names for unnamed ones.

Without a name the way back would be `op.drop_constraint(None, …)`, which cannot run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from alembic.operations import ops
from sqlalchemy.sql.elements import conv

from migsafe.autogen.exclusions import compare_exclusions
from migsafe.autogen.foreign_keys import compare_foreign_keys
from migsafe.autogen.found import Found, found, wanted_tables
from migsafe.autogen.keys import compare_keys
from migsafe.autogen.leaving import flat
from migsafe.autogen.placing import remove_empty
from migsafe.autogen.referencing import reference_around
from migsafe.fold.naming import object_name
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Name the unnamed constraints of *upgrade_ops*, compare keys, foreign keys and EXCLUDE."""
    state = found(context)
    compare_foreign_keys(context, state, upgrade_ops)
    _name_unnamed(state, upgrade_ops)
    compare_keys(context, state, upgrade_ops)
    tables = [(t, live) for t in wanted_tables(context) if (live := state.table(t)) is not None]
    compare_exclusions(context, state, tables, upgrade_ops)
    reference_around(state, upgrade_ops)
    remove_empty(upgrade_ops)


def _name_unnamed(state: Found, upgrade_ops: ops.UpgradeOps) -> None:
    given: set[tuple[Name, str]] = set()
    for op in flat(upgrade_ops.ops):
        if isinstance(op, ops.CreateUniqueConstraintOp) and op.constraint_name is None:
            table = state.name(op.table_name, op.schema)
            columns = [*op.columns, *(op.kw.get("postgresql_include") or ())]
            op.constraint_name = _chosen(state, table, columns, "key", given)
        elif isinstance(op, ops.CreateForeignKeyOp) and op.constraint_name is None:
            table = state.name(op.source_table, op.kw.get("source_schema"))
            op.constraint_name = _chosen(state, table, op.local_cols, "fkey", given)


def _chosen(
    state: Found, table: Name, columns: Iterable[str], label: str, given: set[tuple[Name, str]]
) -> conv:
    """Choose as `ChooseConstraintName` does (pg_constraint.c): a number until it is unique."""
    existing = state.catalog.tables.get(table)
    taken = {c.name for c in existing.constraints} if existing is not None else set()
    number = 0
    while True:
        name = object_name(table.name, "_".join(columns), label + (str(number) if number else ""))
        if name not in taken and (table, name) not in given:
            given.add((table, name))
            return conv(name)
        number += 1
