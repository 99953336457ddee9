"""CREATE TABLE … (LIKE source INCLUDING …)."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.catalog import (
    Catalog,
    Column,
    Composite,
    Constraint,
    ConstraintKind,
    Index,
    Table,
    View,
)
from migsafe.fold.index import label_of
from migsafe.fold.naming import choose_index, choose_relation
from migsafe.fold.notnull import NotNull, require
from migsafe.fold.refusal import Refused
from migsafe.fold.statistics import choose_statistics
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql.ast import CreateTable, LikeClause
from migsafe.values import replace


def _source(catalog: Catalog, name: Name) -> Table:
    found = catalog.relation(name)
    if isinstance(found, Table):
        return found
    if isinstance(found, View):
        return Table(found.name, tuple(Column(n, ref) for n, ref in found.columns))
    composite = catalog.type(name)
    if isinstance(composite, Composite):
        columns = tuple(Column(n, r, collation=c) for n, r, c in composite.attributes)
        return Table(composite.name, columns)
    raise Refused(f"{name} has no columns to copy")


def resolved(catalog: Catalog, clauses: Iterable[LikeClause]) -> tuple[LikeClause, ...]:
    """*clauses* with qualified sources: the new table may hide one of the same name."""
    return tuple(replace(c, source=_source(catalog, c.source).name) for c in clauses)


def copied_columns(
    catalog: Catalog, name: Name, clauses: Iterable[LikeClause]
) -> tuple[Column, ...]:
    """The columns that the new table *name* has by LIKE."""
    return tuple(
        _copied(column, clause.including)
        for clause in clauses
        for column in _source(catalog, clause.source).columns
    )


def in_written_order(catalog: Catalog, table: Table, statement: CreateTable) -> Table:
    """*table* with the columns of LIKE between those that stand around it; inherited ones first."""
    if not statement.like or statement.inherits:
        return table
    written: list[str] = []
    own = [definition.name for definition in statement.columns]
    done = 0
    for clause in statement.like:
        written += own[done : clause.after]
        written += [column.name for column in _source(catalog, clause.source).columns]
        done = clause.after
    places = {name: place for place, name in enumerate(written + own[done:])}
    return replace(table, columns=tuple(sorted(table.columns, key=lambda c: places[c.name])))


def _copied(column: Column, including: frozenset[str]) -> Column:
    generated = column.generated if "GENERATED" in including else None
    return replace(
        column,
        default=column.default if "DEFAULTS" in including else None,
        generated=generated,
        identity=column.identity if "IDENTITY" in including else None,
        storage=column.storage if "STORAGE" in including else None,
        compression=column.compression if "COMPRESSION" in including else None,
        comment=column.comment if "COMMENTS" in including else None,
        statistics_target=None,
        options=(),
        inherited=0,
        local=True,
        acl=(),
    )


def copy_rest(
    catalog: Catalog, name: Name, clause: LikeClause, *, identity_only: bool = False
) -> Catalog:
    """The catalog with the table *name* having what *clause* copies besides the columns.

    With *identity_only* just what comes first: NOT NULLs and the sequences of identity columns.
    """
    source = _source(catalog, clause.source)
    if identity_only:
        catalog = _copy_not_nulls(catalog, name, source)
        return _copy_sequences(catalog, name, source, clause.including)
    if "CONSTRAINTS" in clause.including:
        catalog = _copy_checks(catalog, name, source, clause.including)
    if "INDEXES" in clause.including:
        for index in catalog.indexes_of(source.name):
            catalog = _copy_index(catalog, name, source, index, clause.including)
    if "STATISTICS" in clause.including:
        catalog = _copy_statistics(catalog, name, source, clause.including)
    return catalog


def _copy_not_nulls(catalog: Catalog, name: Name, source: Table) -> Catalog:
    for constraint in source.constraints_of(ConstraintKind.NOT_NULL):
        how = NotNull(constraint.name, constraint.validated, constraint.no_inherit)
        catalog = require(catalog, name, constraint.columns[0], how)
    return catalog


def _copy_sequences(
    catalog: Catalog, name: Name, source: Table, including: frozenset[str]
) -> Catalog:
    if "IDENTITY" not in including:
        return catalog
    for sequence in catalog.sequences_of(source.name):
        if sequence.identity and sequence.owned_by is not None:
            column = sequence.owned_by[1]
            # generateSerialExtraStmts() gets no type here: the limits stay, the type does not.
            copy = replace(
                sequence,
                type=TypeRef.builtin("int8"),
                name=choose_relation(catalog, name, column, "seq"),
                owned_by=(name, column),
                comment=None,
            )
            catalog = catalog.having("sequences", copy.name, copy)
    return catalog


def _copy_checks(catalog: Catalog, name: Name, source: Table, including: frozenset[str]) -> Catalog:
    table = catalog.tables[name]
    for check in source.constraints_of(ConstraintKind.CHECK):
        copy = replace(check, local=True, inherited=0, validated=check.enforced)
        table = table.with_constraint(_commented(copy, including))
    return catalog.with_table(table)


def _commented(constraint: Constraint, including: frozenset[str]) -> Constraint:
    return constraint if "COMMENTS" in including else replace(constraint, comment=None)


def _copy_index(
    catalog: Catalog, name: Name, source: Table, index: Index, including: frozenset[str]
) -> Catalog:
    constraint = source.constraint(index.constraint) if index.constraint else None
    label = label_of(constraint.kind) if constraint else "idx"
    chosen = choose_index(catalog, name, index.attributes, label=label)
    copy = replace(
        index,
        name=chosen,
        table=name,
        constraint=chosen.name if constraint else None,
        parent=None,
        clustered=False,
        replica_identity=False,
        valid=True,
        comment=index.comment if "COMMENTS" in including else None,
    )
    if constraint is not None:
        key = replace(constraint, name=chosen.name, index=chosen.name, local=True, inherited=0)
        table = catalog.tables[name].with_constraint(_commented(key, including))
        catalog = catalog.with_table(table)
        if constraint.kind is ConstraintKind.PRIMARY_KEY:
            catalog = _require_key(catalog, name, constraint.columns)
    return catalog.with_index(copy)


def _require_key(catalog: Catalog, name: Name, columns: tuple[str, ...]) -> Catalog:
    for column in columns:
        found = catalog.tables[name].column(column)
        if found is not None and not found.not_null:
            catalog = require(catalog, name, column)
    return catalog


def _copy_statistics(
    catalog: Catalog, name: Name, source: Table, including: frozenset[str]
) -> Catalog:
    for found in [s for s in catalog.statistics.values() if s.table == source.name]:
        columns = (*found.columns, *(None for _ in found.expressions))
        chosen = choose_statistics(catalog, name, columns)
        comment = found.comment if "COMMENTS" in including else None
        copy = replace(found, name=chosen, table=name, comment=comment)
        catalog = catalog.having("statistics", chosen, copy)
    return catalog
