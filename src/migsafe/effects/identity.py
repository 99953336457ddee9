"""Identity columns and the sequences behind them."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Sequence
from migsafe.effects.altering import Altering
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ACCESS_SHARE,
    ROW_EXCLUSIVE,
    SHARE_ROW_EXCLUSIVE,
)
from migsafe.sql import ast


def _sequences(altering: Altering, column: str) -> Iterator[Sequence]:
    for sequence in altering.ledger.catalog.sequences_of(altering.name):
        if sequence.owned_by == (altering.name, column):
            yield sequence


def add_identity(action: ast.AddIdentity, altering: Altering) -> None:
    """ADD GENERATED … AS IDENTITY: a new sequence; the rows keep their values."""
    ledger = altering.ledger
    list(altering.family())
    column = altering.column(action.column)
    if column is None:
        return
    label = altering.display(column.name)
    if column.identity:
        ledger.refuse("55000", f"{label} is an identity column already")
    if column.default:
        ledger.refuse("55000", f"{label} has a default, so it cannot become an identity column")
    if not column.not_null:
        ledger.refuse("55000", f"{label} must be NOT NULL to become an identity column")
    ledger.lock(altering.name, ACCESS_SHARE)


def set_identity(action: ast.SetIdentity, altering: Altering) -> None:
    """SET GENERATED and options of the sequence; these give it a new file."""
    ledger = altering.ledger
    list(altering.family())
    column = altering.column(action.column)
    if column is None:
        return
    if not column.identity:
        ledger.refuse("55000", f"{altering.display(column.name)} is not an identity column")
    for sequence in _sequences(altering, column.name):
        ledger.lock(sequence.name, ROW_EXCLUSIVE, SHARE_ROW_EXCLUSIVE)
        if action.sequence != ast.NO_OPTIONS:
            ledger.rewrite(sequence.name)
    if action.always:
        ledger.restrict("generated", altering.name, column.name)


def drop_identity(action: ast.DropIdentity, altering: Altering) -> None:
    """DROP IDENTITY: the sequence goes."""
    ledger = altering.ledger
    list(altering.family())
    column = altering.column(action.column)
    if column is None:
        return
    if not column.identity and not action.if_exists:
        ledger.refuse("55000", f"{altering.display(column.name)} is not an identity column")
    for sequence in _sequences(altering, column.name):
        ledger.lock(sequence.name, ACCESS_EXCLUSIVE)
        ledger.remove("sequence", sequence.name)
