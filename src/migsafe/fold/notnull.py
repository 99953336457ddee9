"""NOT NULL: a flag of the column and, since PostgreSQL 18, a constraint with a name."""

from __future__ import annotations

from migsafe.catalog import Catalog, Column, Constraint, ConstraintKind, Table
from migsafe.fold.naming import choose_constraint
from migsafe.fold.refusal import Refused
from migsafe.names import Name
from migsafe.values import dataclass, replace

NAMED_SINCE = 18


@dataclass(frozen=True)
class NotNull:
    """How a NOT NULL is added: its name if the user gave one, and where it comes from."""

    name: str | None = None
    validated: bool = True
    no_inherit: bool = False
    inherited: bool = False


PLAIN = NotNull()


def of_column(table: Table, column: str) -> Constraint | None:
    """The NOT NULL constraint of *column*, which exists since PostgreSQL 18."""
    found = table.constraints_of(ConstraintKind.NOT_NULL)
    return next((c for c in found if c.columns == (column,)), None)


def column_in(table: Table, name: str) -> Column:
    """The column *name* of *table*; raises Refused when there is none."""
    column = table.column(name)
    if column is None:
        raise Refused(f"{table.name} has no column {name}")
    return column


def require(
    catalog: Catalog, name: Name, column: str, how: NotNull = PLAIN, *, recurse: bool = True
) -> Catalog:
    """The catalog with *column* of the table *name* and of its children set NOT NULL."""
    table, known = required(catalog, catalog.tables[name], column, how, only=not recurse)
    catalog = catalog.with_table(table)
    if not recurse or how.no_inherit:
        return catalog
    for child in catalog.children_of(name):
        inherited = replace(how, name=known, inherited=True)
        if how.inherited or not _is_required(child, column, catalog.major):
            catalog = require(catalog, child.name, column, inherited)
    return catalog


def required(
    catalog: Catalog, table: Table, column: str, how: NotNull = PLAIN, *, only: bool = False
) -> tuple[Table, str | None]:
    """*table* with *column* set NOT NULL, and the name of the constraint."""
    found = column_in(table, column)
    if not found.not_null:
        table = table.with_column(replace(found, not_null=True))
    if catalog.major < NAMED_SINCE:
        return table, how.name
    constraint = _constraint(catalog, table, column, how, only=only)
    return table.with_constraint(constraint), constraint.name


def _is_required(table: Table, column: str, major: int) -> bool:
    """Whether *column* inherits a NOT NULL already, or, before 18, simply is NOT NULL."""
    if major < NAMED_SINCE:
        found = table.column(column)
        return found is None or found.not_null
    constraint = of_column(table, column)
    return constraint is not None and constraint.inherited > 0


def _constraint(
    catalog: Catalog, table: Table, column: str, how: NotNull, *, only: bool
) -> Constraint:
    """The constraint; with ONLY it is NO INHERIT where there are children to inherit it."""
    found = of_column(table, column)
    if found is not None:
        return replace(
            found,
            local=found.local or not how.inherited,
            inherited=found.inherited + how.inherited,
            validated=found.validated or how.validated,
        )
    wanted = how.name
    if wanted is None or (how.inherited and table.constraint(wanted) is not None):
        taken = [constraint.name for constraint in table.constraints]
        wanted = choose_constraint(catalog, table.name, column, "not_null", reserved=taken)
    if table.constraint(wanted) is not None:
        raise Refused(f"constraint {wanted} exists")
    return Constraint(
        wanted,
        ConstraintKind.NOT_NULL,
        (column,),
        validated=how.validated,
        no_inherit=how.no_inherit or (only and bool(catalog.children_of(table.name))),
        local=not how.inherited,
        inherited=int(how.inherited),
    )


def release(catalog: Catalog, name: Name, column: str, *, recurse: bool = True) -> Catalog:
    """The catalog with *column* nullable again, in children that only inherited it too."""
    table = catalog.tables[name]
    found = column_in(table, column)
    key = table.primary_key
    if found.identity is not None or (key is not None and column in key.columns):
        raise Refused(f"{column} must be NOT NULL")
    constraint = of_column(table, column)
    if constraint is not None and constraint.inherited:
        raise Refused(f"{column} inherits NOT NULL")
    return _released(catalog, table, column, recurse=recurse)


def _released(catalog: Catalog, table: Table, column: str, *, recurse: bool) -> Catalog:
    constraint = of_column(table, column)
    table = table.with_column(replace(column_in(table, column), not_null=False))
    kept = tuple(c for c in table.constraints if c is not constraint)
    catalog = catalog.with_table(replace(table, constraints=kept))
    for child in catalog.children_of(table.name):
        catalog = _released_child(catalog, child, column, recurse=recurse)
    return catalog


def _released_child(catalog: Catalog, child: Table, column: str, *, recurse: bool) -> Catalog:
    if catalog.major < NAMED_SINCE:
        return _released(catalog, child, column, recurse=True) if recurse else catalog
    constraint = of_column(child, column)
    if constraint is None:
        return catalog
    fewer = replace(constraint, inherited=max(0, constraint.inherited - 1))
    if not recurse:
        fewer = replace(fewer, local=True)
    if fewer.inherited == 0 and not fewer.local:
        return _released(catalog, child, column, recurse=True)
    return catalog.with_table(child.with_constraint(fewer))
