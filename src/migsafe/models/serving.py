"""What an index is good for: which keys it enforces, which look-ups it answers, what it repeats."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from migsafe.catalog import Catalog, Constraint, ConstraintKind, Index, IndexKey, Table
from migsafe.names import Name

_NOT_NULL = re.compile(r'\(*"?(?P<column>[^"()]+?)"? IS NOT NULL\)*', re.I)


def key_columns(index: Index) -> tuple[str | None, ...]:
    """The columns of the keys in order; None for an expression."""
    return tuple(key.column for key in index.keys)


def answers(index: Index, columns: tuple[str, ...]) -> int:
    """How many of *columns* an equality look-up on all of them finds through *index*, at its front.

    A GIN index has no front; one on a plain column has an operator class with ``=`` for it.
    Partial indexes answer only if their predicate follows from the equality.
    """
    if not index.valid or index.method == "brin" or not _is_implied(index, columns):
        return 0
    keys = key_columns(index)
    if index.method == "gin":
        return len(set(keys) & set(columns))
    if index.method == "hash":
        return int(keys[0] in columns)
    front = 0
    while front < len(keys) and keys[front] in columns:
        front += 1
    return len(set(keys[:front]))


def _is_implied(index: Index, columns: tuple[str, ...]) -> bool:
    """Whether the predicate, if any, only leaves out NULLs, which no key refers to."""
    if index.predicate is None:
        return True
    parts = re.split(r"\s+AND\s+", index.predicate, flags=re.I)
    matches = [_NOT_NULL.fullmatch(part.strip()) for part in parts]
    return all(match is not None and match["column"] in columns for match in matches)


def best_answer(catalog: Catalog, table: Table, columns: tuple[str, ...]) -> int:
    """The most of *columns* that any index of *table* answers, see `answers`."""
    return max((answers(index, columns) for index in catalog.indexes_of(table.name)), default=0)


def foreign_keys(table: Table) -> tuple[Constraint, ...]:
    """The foreign keys of *table*, by name."""
    return table.constraints_of(ConstraintKind.FOREIGN_KEY)


def is_unique(catalog: Catalog, table: Table, columns: tuple[str, ...]) -> bool:
    """Whether no two rows of *table* share the values of *columns*."""
    return any(
        index.unique and index.predicate is None and set(key_columns(index)) <= set(columns)
        for index in catalog.indexes_of(table.name)
    )


def is_mandatory(table: Table, columns: tuple[str, ...]) -> bool:
    """Whether none of *columns* may be NULL."""
    found = (table.column(name) for name in columns)
    return all(column is not None and column.not_null for column in found)


def repeated(catalog: Catalog, table: Name) -> Iterator[tuple[Index, Index]]:
    """Pairs of (an index that could go, the index that does all it does)."""
    owner = catalog.tables[table]
    indexes = catalog.indexes_of(table)
    for index in indexes:
        for other in indexes:
            if other is index or not _does_all_of(owner, other, index):
                continue
            twins = _does_all_of(owner, index, other)
            if not twins or _dispensable(owner, index) > _dispensable(owner, other):
                yield index, other
                break


def _constraint(table: Table, index: Index) -> Constraint | None:
    return None if index.constraint is None else table.constraint(index.constraint)


def _dispensable(table: Table, index: Index) -> tuple[bool, bool, str]:
    """Of two that do the same, the greater goes: an index before a constraint, the key never."""
    constraint = _constraint(table, index)
    is_key = constraint is not None and constraint.kind is ConstraintKind.PRIMARY_KEY
    return constraint is None, not is_key, index.name.name


def _does_all_of(table: Table, other: Index, index: Index) -> bool:
    """Whether *other* enforces and answers what *index* does, as far as their shapes tell."""
    mine, theirs = _constraint(table, index), _constraint(table, other)
    if mine is not None and (theirs is None or mine.kind is ConstraintKind.EXCLUDE):
        return False
    if (mine is not None and mine.deferrable) != (theirs is not None and theirs.deferrable):
        return False
    if index.method != other.method or index.predicate != other.predicate or not other.valid:
        return False
    if index.replica_identity or index.options != other.options:
        return False
    if index.nulls_not_distinct != other.nulls_not_distinct:
        return False
    same = _front_equals(index.keys, other.keys[: len(index.keys)])
    longer = len(other.keys) > len(index.keys)
    if not same or (longer and (index.method != "btree" or index.unique)):
        return False
    if index.unique and not other.unique:
        return False
    carried = {*key_columns(other), *other.include}
    return set(index.include) <= carried


def _front_equals(keys: tuple[IndexKey, ...], front: tuple[IndexKey, ...]) -> bool:
    return keys == front or tuple(_flipped(key) for key in keys) == front


def _flipped(key: IndexKey) -> IndexKey:
    """The key as a scan backwards sees it."""
    return replace(key, descending=not key.descending, nulls_first=not key.nulls_first)
