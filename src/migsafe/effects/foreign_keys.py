"""What foreign keys do to the two tables they join: triggers on both, and a join to check them."""

from __future__ import annotations

from migsafe.catalog import Constraint, Table, TableKind
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ACCESS_SHARE,
    ROW_SHARE,
    SHARE_ROW_EXCLUSIVE,
    Ledger,
    has_rows,
)
from migsafe.names import Name


def lock_for_triggers(ledger: Ledger, table: Name) -> None:
    """Creating the constraint's triggers locks a table and all its partitions."""
    ledger.lock(table, ACCESS_SHARE)
    for name in triggered(ledger, table):
        ledger.lock(name, SHARE_ROW_EXCLUSIVE)


def triggered(ledger: Ledger, table: Name) -> list[Name]:
    """*table* and its partitions; before PostgreSQL 15 only the partitions have the triggers."""
    names, tables = _with_partitions(ledger, table), ledger.catalog.tables
    if ledger.major >= 15:
        return names
    return [n for n in names if n not in tables or tables[n].kind is not TableKind.PARTITIONED]


def _with_partitions(ledger: Ledger, table: Name) -> list[Name]:
    found = ledger.catalog.tables.get(table)
    if found is None or found.kind is not TableKind.PARTITIONED:
        return [table]
    return [member.name for member in ledger.family(found)]


def attach(ledger: Ledger, table: Name, referenced: Name) -> None:
    """A foreign key from *table* to *referenced* comes into force for new rows."""
    lock_for_triggers(ledger, table)
    lock_for_triggers(ledger, referenced)


def detach(ledger: Ledger, referenced: Name) -> None:
    """A foreign key to *referenced* goes, and its triggers with it (facts: drop_fk)."""
    for name in _with_partitions(ledger, referenced):
        ledger.lock(name, ACCESS_EXCLUSIVE)


def validate(
    ledger: Ledger, table: Table, referenced: Name, name: str, *, filled: bool = True
) -> None:
    """All rows of *table* are looked up in *referenced*, by one join (RI_Initial_Check).

    The other side of the join is not read when no row is *filled*.
    """
    ledger.lock(referenced, ROW_SHARE)
    target = ledger.catalog.tables.get(referenced)
    members = _queried(ledger, table)
    for member in members:
        if member.kind is not TableKind.PARTITIONED:
            read(ledger, member)
    if target is not None and filled and any(has_rows(member) for member in members):
        for member in _queried(ledger, target):
            read(ledger, member)
    elif target is not None:
        for member in _queried(ledger, target):
            ledger.lock(member.name, ACCESS_SHARE)
            ledger.open_indexes(member, ACCESS_SHARE)
    ledger.rows_may_fail(table, "23503", f"a row of {table.name.display()} may violate {name}")


def _queried(ledger: Ledger, table: Table) -> list[Table]:
    """*table* and its partitions; a key does not reach into inheritance children (FROM ONLY)."""
    return ledger.family(table, only=table.kind is not TableKind.PARTITIONED)


def read(ledger: Ledger, table: Table) -> None:
    """A query over all of *table*: the planner opens its indexes too."""
    ledger.lock(table.name, ACCESS_SHARE)
    ledger.open_indexes(table, ACCESS_SHARE)
    ledger.scan(table)


def partners(ledger: Ledger, table: Name, column: str) -> list[tuple[Table, Constraint]]:
    """The foreign keys from or to *column* of *table*, with the table each belongs to."""
    found = [
        (other, constraint)
        for other, constraint in ledger.catalog.references_to(table)
        if column in constraint.referenced_columns
    ]
    own = ledger.catalog.tables[table]
    for constraint in own.constraints:
        is_ours = constraint.references is not None and column in constraint.columns
        if is_ours and (own, constraint) not in found:
            found.append((own, constraint))
    return found
