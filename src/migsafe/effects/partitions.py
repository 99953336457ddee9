"""Partitions and inheritance: attach, detach, inherit, and what a new partition does to others."""

from __future__ import annotations

from migsafe.catalog import ConstraintKind, Index, Table, TableKind
from migsafe.effects import foreign_keys
from migsafe.effects.altering import Altering
from migsafe.effects.bounds import implies, implies_absent, overlapping
from migsafe.effects.comparing import is_same_text
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ACCESS_SHARE,
    SHARE,
    SHARE_ROW_EXCLUSIVE,
    SHARE_UPDATE_EXCLUSIVE,
    Ledger,
    has_rows,
)
from migsafe.effects.partition_bounds import check_bound
from migsafe.names import Name
from migsafe.sql import ast


def inherit(action: ast.Inherit, altering: Altering) -> None:
    """INHERIT: the child must have the parent's columns already."""
    _check_alone(altering)
    parent = altering.ledger.table(action.parent)
    if parent is None:
        return
    altering.ledger.lock(parent.name, SHARE_UPDATE_EXCLUSIVE)
    below = {member.name for member in altering.ledger.family(altering.table)}
    if parent.name in below or parent.name in altering.table.inherits:
        why = f"{altering.display()} and {parent.name.display()} are related already"
        altering.ledger.refuse("42P07", why)
    _check_columns(altering.table, parent, altering.ledger)


def _check_alone(altering: Altering) -> None:
    """Refuse tables whose place among others is fixed (ATPrepAddInherit)."""
    table = altering.table
    reasons = (
        (table.of_type is not None, "is a typed table"),
        (table.partition_of is not None, "is a partition"),
        (table.kind is TableKind.PARTITIONED, "is partitioned"),
    )
    for applies, reason in reasons:
        if applies:
            altering.ledger.refuse("42809", f"{altering.display()} {reason}: it has no parents")


def no_inherit(action: ast.NoInherit, altering: Altering) -> None:
    """NO INHERIT: the parent is only looked at."""
    _check_alone(altering)
    parent = altering.ledger.table(action.parent)
    if parent is not None:
        altering.ledger.lock(parent.name, ACCESS_SHARE)
        if parent.name not in altering.table.inherits:
            why = f"{parent.name.display()} is not a parent of {altering.display()}"
            altering.ledger.refuse("42P01", why)


def _check_columns(child: Table, parent: Table, ledger: Ledger) -> None:
    label = child.name.display()
    for column in parent.columns:
        own = child.column(column.name)
        if own is None:
            ledger.refuse("42804", f"{label} lacks column {column.name}")
        elif own.type != column.type:
            ledger.refuse("42804", f"{label}.{column.name} is {own.type}, not {column.type}")
        elif column.not_null and not own.not_null and not column.identity:
            ledger.refuse("42804", f"column {column.name} of {label} must be NOT NULL")
    for check in parent.constraints_of(ConstraintKind.CHECK):
        own_check = child.constraint(check.name)
        if own_check is None and not check.no_inherit:
            ledger.refuse("42804", f"{label} lacks constraint {check.name}")
        elif own_check and not is_same_text(own_check.expression, check.expression):
            why = f"constraint {check.name} of {label} may be another one than its parent's"
            ledger.may_fail("42804", why)


def attach(action: ast.AttachPartition, altering: Altering) -> None:
    """ATTACH PARTITION: its rows are read unless a CHECK proves that they belong there."""
    ledger, parent = altering.ledger, altering.table
    _check_partitioned(altering)
    child = ledger.relation(action.partition)
    if child is not None and not isinstance(child, Table):
        ledger.refuse("42809", f"{child.name.display()} is not a table")
    if not isinstance(child, Table):
        return
    ledger.lock(child.name, ACCESS_EXCLUSIVE)
    _check_attachable(child, altering)
    for member in ledger.family(child):
        ledger.lock(member.name, ACCESS_EXCLUSIVE)
    _check_columns(child, parent, ledger)
    bound = action.bound or "DEFAULT"
    check_bound(parent, bound, ledger)
    clash = overlapping(parent, bound, ledger.catalog)
    if clash is not None:
        ledger.refuse("42P17", f"{bound} overlaps partition {clash.name.display()}")
    if not implies(parent, child, bound, ledger.catalog):
        for member in ledger.family(child):
            altering.read(member)
            why = f"a row of {member.name.display()} may lie outside of {bound}"
            ledger.rows_may_fail(member, "23514", why)
    narrow_default(ledger, parent, bound, adding=child)
    if refer_to(ledger, parent):
        ledger.lock(child.name, SHARE_ROW_EXCLUSIVE)
    _adopt_indexes(parent, child, altering)
    for key in parent.constraints_of(ConstraintKind.FOREIGN_KEY):
        if key.references is not None:
            _adopt_key(child, key.columns, key.references, key.name, ledger)


def _check_partitioned(altering: Altering) -> None:
    if altering.table.kind is not TableKind.PARTITIONED:
        sqlstate = "42809" if altering.ledger.major >= 18 else "42P17"
        altering.ledger.refuse(sqlstate, f"{altering.display()} is not partitioned")


def _check_attachable(child: Table, altering: Altering) -> None:
    """Refuse tables that have another place already (ATExecAttachPartition)."""
    ledger, label = altering.ledger, child.name.display()
    inherited = child.kind is not TableKind.PARTITIONED and ledger.catalog.children_of(child.name)
    reasons = (
        (child.partition_of is not None, "is a partition already"),
        (child.of_type is not None, "is a typed table"),
        (bool(child.inherits), "inherits from another table"),
        (bool(inherited), "is inherited from"),
    )
    for applies, reason in reasons:
        if applies:
            ledger.refuse("42809", f"{label} {reason}: it cannot be attached")
    if altering.name in {member.name for member in ledger.family(child)}:
        ledger.refuse("42P07", f"{altering.display()} is a part of {label} itself")
    for column in child.columns:
        if altering.table.column(column.name) is None and altering.table.unknown is None:
            why = f"{label} has column {column.name}, which {altering.display()} has not"
            ledger.refuse("42804", why)


def refer_to(ledger: Ledger, parent: Table) -> bool:
    """The keys that refer to *parent* refer to a new partition too; whether there are any.

    CloneFkReferenced() locks the tables of the keys for their triggers since PostgreSQL 15.
    """
    above: Table | None = parent
    found = False
    while above is not None:
        for other, _ in ledger.catalog.references_to(above.name):
            found = True
            ledger.lock(other.name, ACCESS_SHARE)
            if ledger.major >= 15:
                ledger.lock(other.name, SHARE_ROW_EXCLUSIVE)
        above = ledger.catalog.tables.get(above.partition_of) if above.partition_of else None
    return found


def narrow_default(ledger: Ledger, parent: Table, bound: str, *, adding: Table | None) -> None:
    """A new partition takes its values away from the DEFAULT partition, which is read for them."""
    for sibling in ledger.catalog.partitions_of(parent.name):
        if sibling.partition_bound != "DEFAULT" or (adding and sibling.name == adding.name):
            continue
        if bound == "DEFAULT":
            why = f"{sibling.name.display()} is the DEFAULT partition already"
            ledger.refuse("42P17", why)
        ledger.lock(sibling.name, ACCESS_EXCLUSIVE)
        if implies_absent(parent, sibling, bound, ledger.catalog):
            continue
        for member in ledger.family(sibling):
            ledger.lock(member.name, ACCESS_EXCLUSIVE)
            ledger.scan(member)
            why = f"{member.name.display()} may hold rows that belong to the new partition"
            ledger.rows_may_fail(member, "23514", why)


def _adopt_indexes(parent: Table, child: Table, altering: Altering) -> None:
    """Every index of the parent finds its like in the partition, or is built there."""
    ledger = altering.ledger
    free = [i for i in ledger.catalog.indexes_of(child.name) if i.parent is None and i.valid]
    for index in ledger.catalog.indexes_of(parent.name):
        ledger.lock_index(index, SHARE_UPDATE_EXCLUSIVE)
        match = next((own for own in free if alike(own, index)), None)
        if match is not None:
            free.remove(match)
            continue
        ledger.lock(child.name, SHARE)
        for member in ledger.family(child):
            ledger.build(member)
            if index.unique:
                why = f"rows of {member.name.display()} may violate {index.name.display()}"
                ledger.rows_may_fail(member, "23505", why)


def alike(own: Index, parent: Index) -> bool:
    """Whether CompareIndexInfo() takes *own* for the partition's part of *parent*."""
    same = (
        own.keys == parent.keys
        and own.method == parent.method
        and own.unique == parent.unique
        and own.include == parent.include
        and own.predicate == parent.predicate
    )
    return same and (parent.constraint is None or own.constraint is not None)


def _adopt_key(
    child: Table, columns: tuple[str, ...], target: Name, name: str, ledger: Ledger
) -> None:
    """A foreign key of the parent holds for the partition too, and is checked."""
    for key in child.constraints_of(ConstraintKind.FOREIGN_KEY):
        if key.references == target and key.columns == columns and key.validated:
            # It becomes a part of the parent's, whose triggers on the other table suffice.
            for referenced in foreign_keys.triggered(ledger, target):
                ledger.lock(referenced, ACCESS_EXCLUSIVE)
            return
    foreign_keys.attach(ledger, child.name, target)
    ledger.lock(child.name, SHARE_UPDATE_EXCLUSIVE)
    foreign_keys.validate(ledger, child, target, name)


def detach(action: ast.DetachPartition, altering: Altering) -> None:
    """DETACH PARTITION: locks the parent against reads; CONCURRENTLY waits for its users."""
    ledger, parent = altering.ledger, altering.table
    if action.concurrently:
        ledger.outside_transaction("ALTER TABLE ... DETACH CONCURRENTLY")
    _check_partitioned(altering)
    child = ledger.table(action.partition)
    if child is None:
        return
    label = child.name.display()
    if child.partition_of != parent.name:
        ledger.refuse("42P01", f"{label} is not a partition of {altering.display()}")
    default = [
        p for p in ledger.catalog.partitions_of(parent.name) if p.partition_bound == "DEFAULT"
    ]
    ledger.remove("partition", parent.name, child.name.name)
    if action.finalize:
        if not child.detach_pending:
            ledger.refuse("55000", f"{label} is not waiting to be detached")
        ledger.lock(child.name, ACCESS_EXCLUSIVE)
        return
    if action.concurrently:
        if default:
            ledger.refuse("55000", f"{altering.display()} has a DEFAULT partition: no CONCURRENTLY")
        ledger.lock(parent.name, ACCESS_SHARE)
        ledger.lock(child.name, SHARE_UPDATE_EXCLUSIVE, ACCESS_EXCLUSIVE)
        ledger.wait(f"transactions that use {altering.display()}")
    for member in ledger.family(child) if not action.concurrently else ():
        ledger.lock(member.name, ACCESS_EXCLUSIVE)
    for other in default:
        ledger.lock(other.name, ACCESS_EXCLUSIVE)
    _let_go(child, parent, ledger)


def _let_go(child: Table, parent: Table, ledger: Ledger) -> None:
    """What the partition inherited becomes its own; nobody may refer to its rows any more."""
    for other, key in ledger.catalog.references_to(parent.name):
        if other.name == child.name:
            continue
        ledger.lock(other.name, ACCESS_EXCLUSIVE, SHARE)
        ledger.lock(parent.name, ACCESS_SHARE)
        foreign_keys.read(ledger, other)
        ledger.lock(child.name, ACCESS_SHARE)
        ledger.lock_indexes(child.name, ACCESS_SHARE)
        if has_rows(other):
            ledger.scan(child)
        why = f"rows of {other.name.display()} may refer to {child.name.display()} by {key.name}"
        ledger.rows_may_fail(other, "23503", why)
    for index in ledger.catalog.indexes_of(child.name):
        if index.parent is not None:
            ledger.lock_index(index, ACCESS_EXCLUSIVE)
    for key in child.constraints_of(ConstraintKind.FOREIGN_KEY):
        if key.inherited and key.references is not None:
            ledger.lock(child.name, ACCESS_SHARE)
            if key.references in foreign_keys.triggered(ledger, key.references):
                ledger.lock(key.references, SHARE_ROW_EXCLUSIVE)
