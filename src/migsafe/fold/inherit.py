"""What a child has from its parents: INHERITS, INHERIT, NO INHERIT and partitions."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.catalog import Catalog, Column, Constraint, ConstraintKind, Table
from migsafe.fold.constraint import inherit_check
from migsafe.fold.notnull import NAMED_SINCE, NotNull, of_column, require
from migsafe.fold.refusal import Refused
from migsafe.names import Name
from migsafe.values import replace

IDENTITY_SHARED_SINCE = 17


def inherit_columns(
    catalog: Catalog, parents: Iterable[Table], *, partition: bool = False
) -> tuple[Column, ...]:
    """The columns a new child has from *parents*, in their order; equal names are one column."""
    found: dict[str, Column] = {}
    for parent in parents:
        for column in parent.columns:
            if column.name in found:
                known = found[column.name]
                found[column.name] = replace(
                    known,
                    inherited=known.inherited + 1,
                    not_null=known.not_null or column.not_null,
                )
                continue
            shared = partition and catalog.major >= IDENTITY_SHARED_SINCE
            found[column.name] = replace(
                column,
                not_null=column.not_null and _is_inheritable(catalog, parent, column),
                inherited=1,
                local=False,
                identity=column.identity if shared else None,
                options=(),
                statistics_target=None,
                acl=(),
                comment=None,
            )
    return tuple(found.values())


def _is_inheritable(catalog: Catalog, parent: Table, column: Column) -> bool:
    """Whether children get the NOT NULL of *column*: until PostgreSQL 18 they always did."""
    constraint = of_column(parent, column.name)
    return catalog.major < NAMED_SINCE or (constraint is not None and not constraint.no_inherit)


def inherit_constraints(catalog: Catalog, name: Name, parent: Table) -> Catalog:
    """The catalog with the child *name* having the CHECKs and NOT NULLs of *parent*."""
    for constraint in parent.constraints:
        if constraint.no_inherit:
            continue
        if constraint.kind is ConstraintKind.CHECK:
            catalog = inherit_check(catalog, name, replace(constraint, validated=True))
        if constraint.kind is ConstraintKind.NOT_NULL:
            how = NotNull(constraint.name, constraint.validated, inherited=True)
            catalog = require(catalog, name, constraint.columns[0], how)
    return catalog


def add_parent(catalog: Catalog, name: Name, parent: Table, *, partition: bool = False) -> Catalog:
    """The catalog with the existing table *name* as a child of *parent*, columns and CHECKs."""
    child = catalog.tables[name]
    for column in parent.columns:
        own = child.column(column.name)
        if own is None or own.type != column.type:
            raise Refused(f"{name} has not the columns of {parent.name}")
        own = replace(own, inherited=own.inherited + 1, local=own.local and not partition)
        if partition and catalog.major >= IDENTITY_SHARED_SINCE:
            own = replace(own, identity=column.identity)
        child = child.with_column(own)
    for constraint in parent.constraints:
        child = _inheriting(catalog, child, constraint, partition=partition)
    return catalog.with_table(child)


def _inheriting(
    catalog: Catalog, child: Table, constraint: Constraint, *, partition: bool
) -> Table:
    own: Constraint | None = None
    if constraint.no_inherit:
        return child
    if constraint.kind is ConstraintKind.CHECK:
        own = child.constraint(constraint.name)
        if own is None and not catalog.gaps:
            raise Refused(f"{child.name} lacks the check {constraint.name}")
    elif constraint.kind is ConstraintKind.NOT_NULL:
        own = of_column(child, constraint.columns[0])
    if own is None:
        return child
    local = own.local and not partition
    return child.with_constraint(replace(own, inherited=own.inherited + 1, local=local))


def remove_parent(catalog: Catalog, name: Name, parent: Table) -> Catalog:
    """The catalog with the table *name* standing on its own where it inherited from *parent*."""
    child = catalog.tables[name]
    for column in parent.columns:
        own = child.column(column.name)
        if own is not None:
            fewer = max(0, own.inherited - 1)
            child = child.with_column(replace(own, inherited=fewer, local=own.local or fewer == 0))
    checks = {c.name for c in parent.constraints_of(ConstraintKind.CHECK) if not c.no_inherit}
    for own_constraint in child.constraints:
        if own_constraint.kind is ConstraintKind.CHECK and own_constraint.name in checks:
            child = child.with_constraint(_freed(own_constraint))
        if own_constraint.kind is ConstraintKind.NOT_NULL and catalog.major >= NAMED_SINCE:
            above = of_column(parent, own_constraint.columns[0])
            if above is not None and not above.no_inherit:
                child = child.with_constraint(_freed(own_constraint))
    return catalog.with_table(child)


def _freed(constraint: Constraint) -> Constraint:
    fewer = max(0, constraint.inherited - 1)
    return replace(constraint, inherited=fewer, local=constraint.local or fewer == 0)
