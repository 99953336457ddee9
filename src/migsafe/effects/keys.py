"""Constraints that live in an index: PRIMARY KEY, UNIQUE and EXCLUDE."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.catalog import Constraint, ConstraintKind, Index, Table, TableKind
from migsafe.effects import mentions, not_null
from migsafe.effects.altering import Altering
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ACCESS_SHARE,
    SHARE,
    SHARE_ROW_EXCLUSIVE,
    SHARE_UPDATE_EXCLUSIVE,
    Ledger,
)
from migsafe.effects.options import check_index_options
from migsafe.effects.virtual import check_used
from migsafe.names import Name
from migsafe.sql import ast

IN_INDEX = (
    ast.ConstraintKind.PRIMARY_KEY,
    ast.ConstraintKind.UNIQUE,
    ast.ConstraintKind.EXCLUDE,
)
_KINDS = {
    ast.ConstraintKind.UNIQUE: "unique",
    ast.ConstraintKind.EXCLUDE: "exclude",
    ast.ConstraintKind.PRIMARY_KEY: "unique",
}


def add_key(definition: ast.ConstraintDef, altering: Altering) -> None:
    """ADD PRIMARY KEY, UNIQUE or EXCLUDE: an index is built under a lock nobody passes."""
    ledger, table = altering.ledger, altering.table
    is_primary = definition.kind is ast.ConstraintKind.PRIMARY_KEY
    columns = key_columns(definition)
    for name in columns:
        altering.column(name)
    if len(set(columns)) < len(columns):
        ledger.refuse("42701", f"a column appears twice in {_label(definition)}")
    if is_primary and table.primary_key is not None:
        ledger.refuse("42P16", f"{altering.display()} has a primary key already")
    if definition.using_index is not None:
        _use_index(definition, definition.using_index, altering)
    else:
        _build(definition, altering)
    ledger.restrict(_KINDS[definition.kind], altering.name, definition.name)


def _build(definition: ast.ConstraintDef, altering: Altering) -> None:
    ledger, table = altering.ledger, altering.table
    is_exclusion = definition.kind is ast.ConstraintKind.EXCLUDE
    is_partitioned = table.kind is TableKind.PARTITIONED
    if is_exclusion and definition.method in ("gin", "brin"):
        ledger.refuse("0A000", f"an index by {definition.method} does not exclude anything")
    if is_exclusion and is_partitioned and ledger.major < 17:
        ledger.refuse("0A000", "exclusion constraints are not supported on partitioned tables")
    for column in definition.columns:
        altering.column(column)
    check_used(key_columns(definition), table, "a key", ledger)
    if is_partitioned:
        check_partition_key(ledger, table, key_columns(definition), only=altering.only)
    check_index_options(definition.options, definition.method or "btree", ledger)
    check_name(definition, table.name, ledger)
    is_primary = definition.kind is ast.ConstraintKind.PRIMARY_KEY
    if is_primary:
        _require_not_null(definition.columns, altering)
    if is_primary and ledger.major < 18 and not is_partitioned:
        altering.family()  # children are asked for NOT NULL, even where it is there
    members = ledger.family(table, only=altering.only) if is_partitioned else (table,)
    for member in members:
        if is_partitioned and ledger.major >= 18:
            ledger.lock(member.name, ACCESS_EXCLUSIVE)
        ledger.lock(member.name, SHARE)
        ledger.build(member)
        if definition.deferrable:
            ledger.lock(member.name, SHARE_ROW_EXCLUSIVE)  # it is checked by a trigger
        sqlstate = "23P01" if is_exclusion else "23505"
        why = f"rows of {member.name.display()} may violate {_label(definition)}"
        ledger.rows_may_fail(member, sqlstate, why)


def build_new(definition: ast.ConstraintDef, filled: bool, altering: Altering) -> None:
    """The index of a new column; rows can be in its way only when they are *filled* alike."""
    ledger = altering.ledger
    table = altering.table
    if table.kind is TableKind.PARTITIONED:
        check_partition_key(ledger, table, ())
    check_index_options(definition.options, definition.method or "btree", ledger)
    check_name(definition, table.name, ledger)
    members = altering.family() if table.kind is TableKind.PARTITIONED else (table,)
    for member in members:
        ledger.lock(member.name, SHARE)
        ledger.build(member)
        if definition.deferrable:
            ledger.lock(member.name, SHARE_ROW_EXCLUSIVE)  # it is checked by a trigger
        if filled:
            why = f"the rows of {member.name.display()} get the same value"
            ledger.rows_may_fail(member, "23505", why)
    ledger.restrict(_KINDS[definition.kind], altering.name, definition.name)


def check_name(definition: ast.ConstraintDef, table: Name, ledger: Ledger) -> None:
    """Refuse a name that a relation has beside *table*: the index of a key bears it too."""
    name = Name(table.schema, definition.name or "")
    if definition.name is not None and (name == table or ledger.catalog.relation(name) is not None):
        ledger.refuse("42P07", f"relation {name.display()} exists already")


def _label(definition: ast.ConstraintDef) -> str:
    return definition.name or f"{definition.kind.value} ({', '.join(key_columns(definition))})"


def key_columns(definition: ast.ConstraintDef) -> tuple[str, ...]:
    """The plain columns that the key consists of."""
    exclusions = tuple(e.element.column for e in definition.exclusions if e.element.column)
    return definition.columns or exclusions


def check_partition_key(
    ledger: Ledger, table: Table, columns: Iterable[str], *, only: bool = False
) -> None:
    """A unique index of a partitioned table must contain its partition key.

    With not *only* that goes for the partitions that are partitioned themselves, too.
    """
    for member in ledger.family(table, only=only):
        key = (member.partition_key or "").partition("(")[2]
        lacking = mentions.partition_key_columns(member) - set(columns)
        if lacking or "(" in key:
            what = ", ".join(sorted(lacking)) or "an expression"
            label = member.name.display()
            ledger.refuse("0A000", f"a unique index of {label} must include {what} of its key")


def _require_not_null(columns: Iterable[str], altering: Altering) -> None:
    ledger = altering.ledger
    for name in columns:
        column = altering.table.column(name)
        if column is None or not_null.is_not_null(altering.table, column):
            continue
        if column.not_null:
            why = f"the NOT NULL of {altering.display(name)} is not validated"
            ledger.refuse("55000", why)
        for member in altering.family():
            own = member.column(name)
            if own is not None:
                not_null.require_values(member, own, altering)


def _use_index(definition: ast.ConstraintDef, name: str, altering: Altering) -> None:
    """USING INDEX: no scan but the one for NOT NULL of a primary key."""
    ledger, table = altering.ledger, altering.table
    if table.kind is TableKind.PARTITIONED:
        ledger.refuse("0A000", "USING INDEX is not supported on partitioned tables")
    index = ledger.catalog.indexes.get(Name(table.name.schema, name))
    if index is None:
        ledger.refuse("42704", f"index {name} does not exist")
        return
    _check_usable(index, altering)
    ledger.lock_index(index, ACCESS_SHARE)
    if definition.deferrable:
        ledger.lock(table.name, SHARE_ROW_EXCLUSIVE)
    if definition.name is not None and definition.name != index.name.name:
        check_name(definition, table.name, ledger)
        ledger.lock_index(index, SHARE_UPDATE_EXCLUSIVE)
        ledger.restrict("renamed", index.name, new_name=definition.name)
    if definition.kind is ast.ConstraintKind.PRIMARY_KEY:
        _require_not_null((key.column for key in index.keys if key.column), altering)


def _check_usable(index: Index, altering: Altering) -> None:
    """Refuse an index that cannot become a constraint (transformIndexConstraint)."""
    ledger, label = altering.ledger, index.name.display()
    if index.table != altering.name:
        ledger.refuse("55000", f"index {label} does not belong to {altering.display()}")
    if index.constraint is not None:
        ledger.refuse("55000", f"index {label} belongs to a constraint already")
    if not index.valid:
        ledger.refuse("55000", f"index {label} is not valid")
    reasons = (
        (not index.unique, "is not unique"),
        (any(key.expression for key in index.keys), "contains expressions"),
        (index.predicate is not None, "is a partial index"),
        (any(_is_sorted_oddly(key) for key in index.keys), "has a sorting of its own"),
        (index.method != "btree", "is not a btree index"),
    )
    for applies, reason in reasons:
        if applies:
            ledger.refuse("42809", f"index {label} {reason}")


def _is_sorted_oddly(key: object) -> bool:
    chosen = ("descending", "nulls_first", "opclass", "collation")
    return any(getattr(key, attribute, None) for attribute in chosen)


def index_of(ledger: Ledger, table: Table, constraint: Constraint) -> Index | None:
    """The index that enforces *constraint*."""
    if constraint.index is None:
        return None
    return ledger.catalog.indexes.get(Name(table.name.schema, constraint.index))


def is_key(constraint: Constraint) -> bool:
    """Whether *constraint* lives in an index."""
    kinds = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE, ConstraintKind.EXCLUDE)
    return constraint.kind in kinds
