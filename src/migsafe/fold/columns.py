"""From a column as written to a Column, with the sequence it brings."""

from __future__ import annotations

import re

from migsafe.catalog import Catalog, Column, Domain, Generated, Identity
from migsafe.fold.literals import spelled
from migsafe.fold.resolve import collation_of, type_of
from migsafe.fold.sequence import add_owned, next_value
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql.ast import NO_OPTIONS, ColumnDef, ConstraintKind, Expression
from migsafe.values import replace

_NULL = re.compile(r"\(*null\)*(\s*::.*)?\Z", re.IGNORECASE)


def default_of(catalog: Catalog, expression: Expression | None, ref: TypeRef) -> str | None:
    """The default's text; a NULL is none, except over a domain, whose own default it hides."""
    if expression is None:
        return None
    domain = isinstance(catalog.types.get(ref.name), Domain) and not ref.dimensions
    if _NULL.match(expression.sql) and not domain:
        return None
    return spelled(expression.sql, ref)


def define(
    catalog: Catalog, table: Name, definition: ColumnDef, persistence: str = "p"
) -> tuple[Catalog, Column]:
    """The column that *definition* makes, and the catalog with its sequence.

    NOT NULL is left to `notnull.require`, but for identity and serial columns it is set.
    """
    ref = type_of(catalog, definition.type or TypeRef.builtin("text"))
    column = Column(
        definition.name,
        ref,
        not_null=wants_not_null(definition),
        default=default_of(catalog, definition.default, ref),
        collation=collation_of(catalog, definition.collation),
        storage=definition.storage,
        compression=definition.compression,
    )
    if definition.generated is not None:
        stored = not definition.virtual
        column = replace(column, generated=Generated(definition.generated.sql, stored))
    if definition.serial:
        catalog, sequence = add_owned(
            catalog, table, column.name, ref, NO_OPTIONS, identity=False, persistence=persistence
        )
        column = replace(column, default=next_value(sequence.name))
    if definition.identity is not None:
        options = definition.identity.sequence
        catalog, _ = add_owned(
            catalog, table, column.name, ref, options, identity=True, persistence=persistence
        )
        column = replace(column, identity=identity_of(definition.identity.always))
    return catalog, column


def identity_of(always: bool) -> Identity:
    return Identity.ALWAYS if always else Identity.BY_DEFAULT


def named_not_null(definition: ColumnDef) -> bool:
    """Whether the column's NOT NULL is written as a constraint of its own, with a name."""
    return any(c.kind is ConstraintKind.NOT_NULL for c in definition.constraints)


def wants_not_null(definition: ColumnDef) -> bool:
    """Whether the column is NOT NULL by itself, a primary key left aside."""
    return bool(definition.not_null) or definition.serial or definition.identity is not None
