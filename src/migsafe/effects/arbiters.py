"""The unique index by which ON CONFLICT knows a row again."""

from __future__ import annotations

from migsafe.catalog import Index, Table
from migsafe.effects.ledger import Ledger
from migsafe.sql import ast
from migsafe.sql.expressions import bare_column


def check_arbiter(statement: ast.Insert, table: Table, ledger: Ledger) -> None:
    """Refuse ON CONFLICT over columns that no unique index makes a key (infer_arbiter_indexes)."""
    arbiter, label = statement.arbiter, table.name.display()
    if arbiter is None and statement.on_conflict == "UPDATE":
        ledger.refuse("42601", "ON CONFLICT DO UPDATE must say which conflict is meant")
    if arbiter is None or table.unknown is not None:
        return
    if arbiter.constraint is not None:
        if table.constraint(arbiter.constraint) is None:
            ledger.refuse("42704", f"constraint {arbiter.constraint} of {label} does not exist")
        return
    for name in arbiter.columns:
        if name is not None and table.column(name) is None:
            ledger.refuse("42703", f"column {label}.{name} does not exist")
    if not any(_fits(index, arbiter) for index in ledger.catalog.indexes_of(table.name)):
        columns = ", ".join(name or "an expression" for name in arbiter.columns)
        ledger.refuse("42P10", f"no unique index of {label} is over ({columns})")


def _fits(index: Index, arbiter: ast.Arbiter) -> bool:
    """Whether *index* may be the arbiter; expressions and predicates are not compared."""
    columns = {
        key.column or bare_column(ast.Expression(key.expression or "")) for key in index.keys
    }
    partial = index.predicate is not None and not arbiter.filtered
    return index.unique and not partial and columns == set(arbiter.columns)
