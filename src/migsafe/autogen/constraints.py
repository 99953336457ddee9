"""`migsafe.constraints`: constraints that Alembic does not compare, and names for unnamed ones.

Without a name the way back would be `op.drop_constraint(None, …)`, which cannot run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from alembic.operations import ops
from alembic.util.sqla_compat import _get_constraint_final_name
from sqlalchemy.sql.elements import conv

from migsafe.autogen.creation import validated
from migsafe.autogen.exclusions import compare_exclusions
from migsafe.autogen.found import Found, found, wanted_tables
from migsafe.autogen.leaving import flat
from migsafe.autogen.placing import operations_on
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

_LIMIT = 63  # NAMEDATALEN - 1, in bytes


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Name the unnamed constraints of *upgrade_ops*, validate foreign keys, compare EXCLUDE."""
    state = found(context)
    _name_unnamed(state, upgrade_ops)
    tables = [(t, live) for t in wanted_tables(context) if (live := state.table(t)) is not None]
    for table, live in tables:
        for constraint in table.foreign_key_constraints:
            old = live.constraint(_get_constraint_final_name(constraint, state.dialect) or "")
            stays = constraint.dialect_options["postgresql"]["not_valid"]
            if old is not None and not old.validated and old.enforced and not stays:
                step = validated(state.written(live.name), old)
                operations_on(upgrade_ops, table).ops.append(step)
    compare_exclusions(context, state, tables, upgrade_ops)


def _name_unnamed(state: Found, upgrade_ops: ops.UpgradeOps) -> None:
    given: set[tuple[Name, str]] = set()
    for op in flat(upgrade_ops.ops):
        if isinstance(op, ops.CreateUniqueConstraintOp) and op.constraint_name is None:
            table = state.name(op.table_name, op.schema)
            op.constraint_name = _chosen(state, table, op.columns, "key", given)
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


def object_name(first: str, second: str, label: str) -> str:
    """Join the parts to a name of at most 63 bytes, as `makeObjectName` does (indexcmds.c)."""
    one, two = first.encode(), second.encode()
    while len(one) + len(two) + len(label) + 2 > _LIMIT:
        if len(one) > len(two):
            one = one[:-1]
        else:
            two = two[:-1]
    parts = (one.decode(errors="ignore"), two.decode(errors="ignore"), label)
    return "_".join(part for part in parts if part)
