"""Identity columns and the sequences behind them."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Sequence, TableKind
from migsafe.effects.altering import Altering
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ACCESS_SHARE,
    ROW_EXCLUSIVE,
    SHARE_ROW_EXCLUSIVE,
)
from migsafe.pgtypes import TypeRef
from migsafe.sql import ast

INTEGERS = ("int2", "int4", "int8")
"""The types an identity column can have."""


def check_new_identity(column: ast.ColumnDef, type_: TypeRef, altering: Altering) -> None:
    """An identity column is an integer, and since PostgreSQL 17 partitions can share it."""
    ledger = altering.ledger
    if not column.identity:
        return
    if type_.name.name not in INTEGERS or type_.dimensions:
        ledger.refuse("22023", f"{altering.display(column.name)} is {type_}, not an integer")
    shared = altering.table.kind is TableKind.PARTITIONED and ledger.major >= 17
    if not shared and ledger.catalog.children_of(altering.name) and not altering.only:
        ledger.refuse("42P16", f"{altering.display()} has children: no identity column")


def _check_place(altering: Altering) -> None:
    """Since PostgreSQL 17 a partition's identity columns are its parent's."""
    if altering.table.partition_of is not None and altering.ledger.major >= 17:
        why = f"{altering.display()} is a partition: identity columns are its parent's"
        altering.ledger.refuse("42P16", why)


def _descend(altering: Altering) -> None:
    """Since PostgreSQL 17 partitions share the identity column of their parent."""
    if altering.ledger.major >= 17 and altering.table.kind is TableKind.PARTITIONED:
        altering.family()


def _sequences(altering: Altering, column: str) -> Iterator[Sequence]:
    for sequence in altering.ledger.catalog.sequences_of(altering.name):
        if sequence.owned_by == (altering.name, column):
            yield sequence


def add_identity(action: ast.AddIdentity, altering: Altering) -> None:
    """ADD GENERATED … AS IDENTITY: a new sequence; the rows keep their values."""
    ledger = altering.ledger
    column = altering.column(action.column)
    if column is None:
        return
    label = altering.display(column.name)
    _check_place(altering)
    if column.type.name.name not in INTEGERS or column.type.dimensions:
        ledger.refuse("22023", f"{label} is {column.type}, not an integer")
    if column.identity:
        ledger.refuse("55000", f"{label} is an identity column already")
    if column.default:
        ledger.refuse("55000", f"{label} has a default, so it cannot become an identity column")
    if not column.not_null:
        ledger.refuse("55000", f"{label} must be NOT NULL to become an identity column")
    _descend(altering)
    ledger.lock(altering.name, ACCESS_SHARE)


def set_identity(action: ast.SetIdentity, altering: Altering) -> None:
    """SET GENERATED and options of the sequence; these give it a new file."""
    ledger = altering.ledger
    column = altering.column(action.column)
    if column is None:
        return
    _check_place(altering)
    if not column.identity:
        ledger.refuse("55000", f"{altering.display(column.name)} is not an identity column")
    _descend(altering)
    for sequence in _sequences(altering, column.name):
        ledger.lock(sequence.name, ROW_EXCLUSIVE, SHARE_ROW_EXCLUSIVE)
        if action.sequence != ast.NO_OPTIONS:
            ledger.rewrite(sequence.name)
    if action.always:
        ledger.restrict("generated", altering.name, column.name)


def drop_identity(action: ast.DropIdentity, altering: Altering) -> None:
    """DROP IDENTITY: the sequence goes."""
    ledger = altering.ledger
    column = altering.column(action.column)
    if column is None:
        return
    _check_place(altering)
    if not column.identity:
        if not action.if_exists:
            ledger.refuse("55000", f"{altering.display(column.name)} is not an identity column")
        return
    _descend(altering)
    for sequence in _sequences(altering, column.name):
        ledger.lock(sequence.name, ACCESS_EXCLUSIVE)
