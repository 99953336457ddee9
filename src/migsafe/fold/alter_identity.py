"""The actions of ALTER TABLE on identity columns."""

from __future__ import annotations

from migsafe.catalog import Catalog, Table, TableKind
from migsafe.fold.alter_column import each_column
from migsafe.fold.columns import identity_of
from migsafe.fold.inherit import IDENTITY_SHARED_SINCE
from migsafe.fold.notnull import column_in
from migsafe.fold.refusal import Refused
from migsafe.fold.sequence import add_owned, changed
from migsafe.sql import ast
from migsafe.values import replace


def add_identity(catalog: Catalog, table: Table, action: ast.AddIdentity, recurse: bool) -> Catalog:
    column = column_in(table, action.column)
    if column.identity or column.default or column.generated or not column.not_null:
        raise Refused(f"{action.column} cannot become an identity column")
    kind = identity_of(action.identity.always)
    catalog, _ = add_owned(
        catalog,
        table.name,
        column.name,
        column.type,
        action.identity.sequence,
        identity=True,
        persistence=table.persistence,
    )
    below = recurse and catalog.major >= IDENTITY_SHARED_SINCE and _partitioned(table)
    return each_column(
        catalog, table, column.name, lambda c: replace(c, identity=kind), recurse=below
    )


def set_identity(catalog: Catalog, table: Table, action: ast.SetIdentity, recurse: bool) -> Catalog:
    column = column_in(table, action.column)
    if column.identity is None:
        raise Refused(f"{action.column} is no identity column")
    for sequence in catalog.sequences_of(table.name):
        if sequence.identity and sequence.owned_by == (table.name, column.name):
            new = changed(sequence, action.sequence)
            catalog = catalog.having("sequences", sequence.name, new)
    if action.always is None:
        return catalog
    kind = identity_of(action.always)
    below = recurse and catalog.major >= IDENTITY_SHARED_SINCE and _partitioned(table)
    return each_column(
        catalog, table, column.name, lambda c: replace(c, identity=kind), recurse=below
    )


def drop_identity(
    catalog: Catalog, table: Table, action: ast.DropIdentity, recurse: bool
) -> Catalog:
    column = column_in(table, action.column)
    if column.identity is None:
        if action.if_exists:
            return catalog
        raise Refused(f"{action.column} is no identity column")
    owned = [s.name for s in catalog.sequences_of(table.name) if s.identity]
    mine = [n for n in owned if catalog.sequences[n].owned_by == (table.name, column.name)]
    catalog = catalog.lacking("sequences", *mine)
    below = recurse and catalog.major >= IDENTITY_SHARED_SINCE and _partitioned(table)
    return each_column(
        catalog, table, column.name, lambda c: replace(c, identity=None), recurse=below
    )


def _partitioned(table: Table) -> bool:
    return table.kind is TableKind.PARTITIONED
