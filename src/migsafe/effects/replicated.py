"""Updates and deletes that a publication refuses, because it could not say which row they mean."""

from __future__ import annotations

from migsafe.catalog import Catalog, Publication, Table, TableKind
from migsafe.effects.ledger import Ledger


def check_identity(
    table: Table, operation: str, ledger: Ledger, *, only: bool, certain: bool
) -> None:
    """Refuse *operation*, update or delete, on a published table whose rows have no identity.

    All tables that the plan may change are asked before the first row (CheckCmdReplicaIdentity);
    it is not *certain* where the planner may leave some of them out.
    """
    for member in ledger.family(table, only=only):
        if member.kind is not TableKind.TABLE or has_identity(member, ledger.catalog):
            continue
        for publication in ledger.catalog.publications.values():
            published = operation in publication.operations
            if published and _publishes(publication, member, ledger.catalog):
                why = (
                    f"{member.name.display()} has no replica identity, "
                    f"and publication {publication.name} is of its {operation}s"
                )
                if certain:
                    ledger.refuse("55000", why)
                ledger.may_fail("55000", why)


def has_identity(table: Table, catalog: Catalog) -> bool:
    """Whether the log can say which row of *table* is meant (REPLICA IDENTITY)."""
    if table.unknown is not None or table.persistence != "p" or table.replica_identity == "f":
        return True
    if table.replica_identity == "i":
        return any(index.replica_identity for index in catalog.indexes_of(table.name))
    key = table.primary_key
    return table.replica_identity == "d" and key is not None and not key.deferrable


def _publishes(publication: Publication, table: Table, catalog: Catalog) -> bool:
    """Whether *table* is in *publication*: itself, by its schema, or by what it is a part of."""
    if publication.all_tables:
        return True
    members = {member.table for member in publication.tables}
    current: Table | None = table
    while current is not None:
        if current.name in members or current.name.schema in publication.schemas:
            return True
        above = current.partition_of
        current = catalog.tables.get(above) if above is not None else None
    return False
