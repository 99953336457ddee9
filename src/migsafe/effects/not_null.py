"""SET NOT NULL and DROP NOT NULL, and what proves that a column holds no NULL."""

from __future__ import annotations

from migsafe.catalog import Column, ConstraintKind, Table
from migsafe.effects.altering import Altering
from migsafe.sql import ast
from migsafe.sql.expressions import not_null_proofs


def set_not_null(action: ast.SetNotNull, altering: Altering) -> None:
    """SET NOT NULL: reads the table unless a valid CHECK proves that there is no NULL."""
    ledger = altering.ledger
    known = altering.column(action.column)
    if known is None:
        return
    if is_not_null(altering.table, known):
        return  # children that follow are NOT NULL already (ATPrepSetNotNull)
    members = altering.family()
    # ATPrepSetNotNull until 17, ATExecSetNotNull from 18 on, to which ONLY means NO INHERIT.
    partitions = ledger.catalog.partitions_of(altering.name) if altering.only else ()
    if partitions and ledger.major < 18:
        for member in ledger.family(altering.table):
            ledger.lock(member.name, altering.mode)  # each of them is asked
    for child in partitions:
        own = child.column(action.column)
        if ledger.major >= 18 or (own is not None and not own.not_null):
            ledger.refuse("42P16", f"{action.column} must be NOT NULL in child tables too")
    for member in members:
        column = member.column(action.column)
        if column is not None and not is_not_null(member, column):
            require_values(member, column, altering)
    ledger.restrict("not-null", altering.name, action.column)


def is_not_null(table: Table, column: Column) -> bool:
    """Whether *column* is NOT NULL already, and not merely for new rows (NOT VALID, 18)."""
    unproven = any(
        column.name in c.columns and not c.validated
        for c in table.constraints_of(ConstraintKind.NOT_NULL)
    )
    return column.not_null and not unproven


def require_values(table: Table, column: Column, altering: Altering) -> None:
    """Check that *column* holds no NULL, unless that is proven."""
    if not is_proven(table, column.name):
        altering.read(table)
        why = f"{table.name.display()}.{column.name} may hold NULL"
        altering.ledger.rows_may_fail(table, "23502", why)


def is_proven(table: Table, column: str) -> bool:
    """Whether a valid CHECK says that *column* is not NULL (NotNullImpliedByRelConstraints)."""
    return any(
        column in not_null_proofs(ast.Expression(check.expression))
        for check in table.constraints_of(ConstraintKind.CHECK)
        if check.validated and check.enforced and check.expression
    )


def drop_not_null(action: ast.DropNotNull, altering: Altering) -> None:
    """DROP NOT NULL: refused for keys and identity columns."""
    ledger = altering.ledger
    column = altering.column(action.column)
    if column is None:
        return
    if column.not_null or ledger.major < 18:
        altering.family()
    if column.identity:
        ledger.refuse("42601", f"{altering.display(column.name)} is an identity column")
    key = altering.table.primary_key
    if key is not None and column.name in key.columns:
        ledger.refuse("42P16", f"{altering.display(column.name)} is in a primary key")
    _check_parent(column, altering)


def _check_parent(column: Column, altering: Altering) -> None:
    """What a parent says about NULL holds in its partitions, since 18 in all its children."""
    ledger, table = altering.ledger, altering.table
    label = altering.display(column.name)
    parent = ledger.catalog.tables.get(table.partition_of) if table.partition_of else None
    own = parent.column(column.name) if parent is not None else None
    inherited = any(
        column.name in constraint.columns and constraint.inherited
        for constraint in table.constraints_of(ConstraintKind.NOT_NULL)
    )
    if column.not_null and ((own is not None and own.not_null) or inherited):
        ledger.refuse("42P16", f"{label} is NOT NULL in its parent")
    if altering.only and ledger.major < 18 and ledger.catalog.partitions_of(table.name):
        ledger.refuse("42P16", f"{label} stays NOT NULL while partitions say so")
