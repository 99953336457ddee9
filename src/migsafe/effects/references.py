"""A new foreign key: whether it can be made, and what it costs on both tables."""

from __future__ import annotations

from collections.abc import Mapping

from migsafe.catalog import Index, Table, TableKind
from migsafe.effects import foreign_keys
from migsafe.effects.altering import Altering
from migsafe.effects.casts import is_referable
from migsafe.effects.column_type import plain
from migsafe.effects.ledger import SHARE_ROW_EXCLUSIVE, Ledger
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
    referenced = ledger.table(definition.references)
    if referenced is None:
        return
    table = altering.table
    ledger.lock(referenced.name, SHARE_ROW_EXCLUSIVE)
    for name in definition.columns:
        if column is None or name != column.name:
            altering.column(name)
    check_target(ledger, definition, referenced)
    types = {own.name: own.type for own in table.columns}
    if column is not None and column.type is not None:
        types[column.name] = column.type
    check_types(ledger, definition, types, referenced)
    if definition.not_valid and table.kind is TableKind.PARTITIONED and ledger.major < 18:
        why = f"a foreign key of partitioned table {altering.display()} cannot be NOT VALID"
        ledger.refuse("42809", why)
    if not definition.enforced:
        return
    foreign_keys.attach(ledger, table.name, referenced.name)
    if not definition.not_valid and (column is None or _has_values(column)):
        label = definition.name or f"the foreign key to {referenced.name.display()}"
        foreign_keys.validate(
            ledger, table, referenced.name, label, filled=_is_filled(definition, table, ledger)
        )
    ledger.restrict("foreign-key", table.name, definition.name)


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
    if not any(_is_key(index, wanted) for index in indexes):
        why = f"there is no unique constraint on {label} ({', '.join(wanted)})"
        ledger.refuse("42830", why)


def _is_key(index: Index, columns: list[str]) -> bool:
    keys = [key.column for key in index.keys]
    usable = index.unique and index.predicate is None and None not in keys
    return usable and sorted(key for key in keys if key) == columns


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
