"""Foreign keys of a column that gets another type: made again, and checked where needed."""

from __future__ import annotations

from migsafe.catalog import Column, Constraint, Table
from migsafe.effects import foreign_keys
from migsafe.effects.altering import Altering
from migsafe.effects.casts import is_referable
from migsafe.effects.column_type import plain
from migsafe.effects.ledger import ACCESS_EXCLUSIVE, SHARE_ROW_EXCLUSIVE, Ledger
from migsafe.names import Name
from migsafe.pgtypes import TypeRef


def rekey(
    table: Table, column: Column, type_: TypeRef, compatible: bool, altering: Altering
) -> None:
    """Foreign keys are made again, and checked unless their operators and the rows are the same."""
    ledger = altering.ledger
    for owner, key in foreign_keys.partners(ledger, table.name, column.name):
        if key.references is None:
            continue
        _check_pairs(owner, key, (table.name, column.name, type_), ledger)
        for name in foreign_keys.triggered(ledger, key.references):
            ledger.lock(name, ACCESS_EXCLUSIVE)
        ledger.lock(key.references, SHARE_ROW_EXCLUSIVE)
        ledger.lock(owner.name, ACCESS_EXCLUSIVE)
        if key.enforced:
            foreign_keys.attach(ledger, owner.name, key.references)
        rows_change = altering.will_rewrite(table.name)
        same = compatible or (owner.name == table.name and _are_texts(column.type, type_))
        if key.validated and key.enforced and (rows_change or not same):
            foreign_keys.validate(ledger, owner, key.references, key.name)


def _are_texts(*types: TypeRef) -> bool:
    """Whether a key of each of *types* is compared as text with a text it refers to."""
    return all(type_.name.name in ("text", "varchar", "citext") for type_ in types)


def _check_pairs(
    owner: Table, key: Constraint, change: tuple[Name, str, TypeRef], ledger: Ledger
) -> None:
    """Refuse a type under which a key and what it refers to have no operator in common."""
    target = ledger.catalog.tables.get(key.references or owner.name)
    for name, other in zip(key.columns, key.referenced_columns, strict=False):
        types = []
        for relation, part in ((owner, name), (target, other)):
            column = relation.column(part) if relation is not None else None
            if relation is not None and change[:2] == (relation.name, part):
                types.append(change[2])
            elif column is not None:
                types.append(column.type)
        pair = [plain(ledger.catalog, type_) for type_ in types]
        if len(pair) == 2 and is_referable(*pair) is False:
            why = f"{key.name} cannot compare {types[0]} with {types[1]}"
            ledger.refuse("42804", why)
