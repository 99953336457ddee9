"""What foreign keys do when rows are written: look-ups, and the rows that go along."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.catalog import Constraint, Table, TableKind
from migsafe.effects.ledger import ROW_EXCLUSIVE, ROW_SHARE, Ledger, has_rows
from migsafe.names import Name


def look_up(key: Constraint, ledger: Ledger) -> None:
    """A foreign key looks for its referenced row (SELECT … FOR KEY SHARE)."""
    if key.references is not None and key.enforced:
        ledger.lock(key.references, ROW_SHARE)
        referenced = ledger.catalog.tables.get(key.references)
        if referenced is not None:
            ledger.open_indexes(referenced, ROW_SHARE)


def lose_rows(members: Iterable[Table], ledger: Ledger) -> None:
    for member in members:
        if member.kind is not TableKind.PARTITIONED and has_rows(member):
            ledger.remove("rows", member.name, loses_data=True)


def delete_from(table: Table, ledger: Ledger, done: set[Name]) -> None:
    for other, key in ledger.catalog.references_to(table.name):
        follow(table, other, key, key.on_delete, ledger)
        if key.on_delete == "c" and other.name not in done:
            lose_rows(ledger.family(other), ledger)
            delete_from(other, ledger, done | {other.name})


def follow(table: Table, other: Table, key: Constraint, action: str, ledger: Ledger) -> None:
    """What a foreign key of *other* does when rows of *table* go or change (ri_triggers.c)."""
    if not key.enforced or (key.deferred and action == "a"):
        return
    mode = ROW_SHARE if action in ("a", "r") else ROW_EXCLUSIVE
    if mode is ROW_SHARE:
        why = f"rows of {other.name.display()} may refer to {table.name.display()} by {key.name}"
        ledger.rows_may_fail(other, "23503", why)
    ledger.lock(other.name, mode)
    ledger.lock_indexes(other.name, mode)
    if not _finds_key(other, key, ledger):
        ledger.scan(other)
    if action == "a":
        ledger.lock(table.name, ROW_SHARE)
        ledger.lock_indexes(table.name, ROW_SHARE)


def _finds_key(table: Table, key: Constraint, ledger: Ledger) -> bool:
    """Whether an index of *table* begins with a column of its foreign key *key*."""
    firsts = (index.keys[0].column for index in ledger.catalog.indexes_of(table.name) if index.keys)
    return any(first in key.columns for first in firsts)
