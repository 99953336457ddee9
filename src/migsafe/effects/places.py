"""Whether a new or renamed relation or type can have its name: schemas, and what has it already."""

from __future__ import annotations

from migsafe.catalog import Catalog
from migsafe.effects.ledger import Ledger
from migsafe.names import Name


def check_schema(schema: str | None, ledger: Ledger) -> None:
    """Refuse a schema that does not exist; those of PostgreSQL itself are not in the catalog."""
    if schema is None or schema in ledger.catalog.schemas:
        return
    if not schema.startswith("pg_") and schema != "information_schema":
        ledger.refuse("3F000", f"schema {schema} does not exist")


def check_free_type(name: Name, ledger: Ledger) -> None:
    """Refuse a name that a type has: every table, view and sequence brings a type of its own."""
    if name in ledger.catalog.types:
        ledger.refuse("42710", f"type {name.display()} exists already")


def is_taken(name: Name, persistence: str, ledger: Ledger, *, if_not_exists: bool) -> bool:
    """Whether a relation of that name is there already, which refuses the statement or ends it."""
    if persistence == "temporary":
        return False
    check_schema(name.schema, ledger)
    if ledger.catalog.relation(ledger.catalog.qualify(name)) is None:
        check_free_type(ledger.catalog.qualify(name), ledger)
        return False
    if not if_not_exists:
        ledger.refuse("42P07", f"relation {name.display()} exists already")
    return True


def is_row_type(name: Name, catalog: Catalog) -> bool:
    """Whether *name* is the type of a relation's rows, or of arrays of them or of another type."""
    element = Name(name.schema, name.name.removeprefix("_"))
    array = element != name and (catalog.type(element) or catalog.relation(element))
    return bool(catalog.relation(name) or array)
