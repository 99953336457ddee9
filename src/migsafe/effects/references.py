"""A new foreign key: whether it can be made, and what it costs on both tables."""

from __future__ import annotations

from collections.abc import Mapping

from migsafe.catalog import Index, Table, TableKind
from migsafe.effects import foreign_keys
from migsafe.effects.altering import Altering
from migsafe.effects.casts import is_referable
from migsafe.effects.column_type import plain
from migsafe.effects.ledger import SHARE_ROW_EXCLUSIVE, Ledger
from migsafe.effects.virtual import check_used
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql import ast


def add_foreign_key(
    definition: ast.ConstraintDef,
    altering: Altering,
    *,
    column: ast.ColumnDef | None = None,
) -> None:
    """ADD FOREIGN KEY, and REFERENCES behind a new *column*.

    A new column without a default is NULL everywhere, and PostgreSQL leaves the check out
    (transformAlterTableStmt).
    """
    ledger = altering.ledger
    if definition.references is None:
        return
    check_referenced(definition.references, ledger)
    referenced = ledger.table(definition.references)
    if referenced is None:
        return
    table = altering.table
    check_persistence(ledger, table.persistence, referenced)
    ledger.lock(referenced.name, SHARE_ROW_EXCLUSIVE)
    for name in definition.columns:
        if column is None or name != column.name:
            altering.column(name)
    _check_own(definition, table, ledger)
    check_target(ledger, definition, referenced)
    types = {own.name: own.type for own in table.columns}
    if column is not None and column.type is not None:
        types[column.name] = column.type
    check_types(ledger, definition, types, referenced)
    _check_partitioned(definition, altering)
    if not definition.enforced:
        return
    foreign_keys.attach(ledger, table.name, referenced.name)
    if not definition.not_valid and (column is None or _has_values(column)):
        label = definition.name or f"the foreign key to {referenced.name.display()}"
        foreign_keys.validate(
            ledger, table, referenced.name, label, filled=_is_filled(definition, table, ledger)
        )
    ledger.restrict("foreign-key", table.name, definition.name)


def _check_own(definition: ast.ConstraintDef, table: Table, ledger: Ledger) -> None:
    """The columns on this side are stored, and ON DELETE SET … is about some of them."""
    check_used(definition.columns, table, "a foreign key", ledger)
    for name in definition.on_delete_columns:
        if name not in definition.columns:
            ledger.refuse("42P10", f"{name} is not in the foreign key that would set it")


def _check_partitioned(definition: ast.ConstraintDef, altering: Altering) -> None:
    if altering.table.kind is not TableKind.PARTITIONED:
        return
    label = f"a foreign key of partitioned table {altering.display()}"
    if altering.only:
        altering.ledger.refuse("42809", f"{label} holds in its partitions too: not ONLY")
    if definition.not_valid and altering.ledger.major < 18:
        altering.ledger.refuse("42809", f"{label} cannot be NOT VALID")


def check_referenced(name: Name, ledger: Ledger) -> None:
    """Refuse to refer to anything but a table."""
    relation = ledger.catalog.relation(name)
    if relation is not None and not isinstance(relation, Table):
        ledger.refuse("42809", f"{relation.name.display()} is not a table")


def check_persistence(ledger: Ledger, persistence: str, referenced: Table) -> None:
    """Refuse a table that refers to one whose rows go before its own."""
    other = referenced.persistence
    if persistence != other and ("t" in (persistence, other) or other == "u"):
        words = {"p": "permanent", "u": "unlogged", "t": "temporary"}
        what = f"{words[other]} table {referenced.name.display()}"
        ledger.refuse("42P16", f"a {words[persistence]} table refers to {what}")


def _has_values(column: ast.ColumnDef) -> bool:
    return column.default is not None or column.serial or column.generated is not None


def _is_filled(definition: ast.ConstraintDef, table: Table, ledger: Ledger) -> bool:
    """Whether a row of *table* may refer to anything: no new column of the key is NULL."""
    before = ledger.session.catalog.tables.get(table.name)
    columns = [table.column(name) for name in definition.columns]
    return before is None or not any(
        column is not None and column.default is None and before.column(column.name) is None
        for column in columns
    )


def check_target(ledger: Ledger, definition: ast.ConstraintDef, referenced: Table) -> None:
    """Refuse a foreign key to columns that no unique index makes a key."""
    label = referenced.name.display()
    if referenced.unknown is not None:
        return
    if not definition.referenced_columns:
        if referenced.primary_key is None:
            ledger.refuse("42704", f"there is no primary key of {label} to refer to")
        return
    for name in definition.referenced_columns:
        if referenced.column(name) is None:
            ledger.refuse("42703", f"column {label}.{name} does not exist")
    wanted = sorted(definition.referenced_columns)
    indexes = ledger.catalog.indexes_of(referenced.name)
    keys = [index for index in indexes if _is_key(index, wanted)]
    if not keys:
        why = f"there is no unique constraint on {label} ({', '.join(wanted)})"
        ledger.refuse("42830", why)
    owners = [referenced.constraint(index.constraint or "") for index in keys]
    if owners and all(owner is not None and owner.deferrable for owner in owners):
        ledger.refuse("55000", f"the unique constraint on {label} is DEFERRABLE")


def _is_key(index: Index, columns: list[str]) -> bool:
    if not index.unique or index.predicate is not None:
        return False
    keys = [key.column or "" for key in index.keys]
    return sorted(keys) == columns


def check_types(
    ledger: Ledger,
    definition: ast.ConstraintDef,
    types: Mapping[str, TypeRef],
    referenced: Table,
) -> None:
    """Refuse a key whose columns, of *types* by name, no operator compares with the referenced."""
    key = referenced.primary_key
    targets = definition.referenced_columns or (key.columns if key else ())
    if targets and definition.columns and len(targets) != len(definition.columns):
        ledger.refuse("42830", "the numbers of referencing and referenced columns differ")
    for name, target in zip(definition.columns, targets, strict=False):
        own, other = types.get(name), referenced.column(target)
        if own is None or other is None:
            continue
        left, right = plain(ledger.catalog, own), plain(ledger.catalog, other.type)
        if is_referable(left, right) is False:
            why = f"{name} is {own}, but {referenced.name.display()}.{target} is {other.type}"
            ledger.refuse("42804", why)
