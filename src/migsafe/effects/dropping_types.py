"""DROP of types, domains and functions, which tables may depend on."""

from __future__ import annotations

from migsafe.catalog import Domain
from migsafe.effects import drop, mentions
from migsafe.effects.existing import check_routine
from migsafe.effects.ledger import Ledger
from migsafe.effects.places import check_schema, is_row_type
from migsafe.fold.routine import find_functions
from migsafe.names import Name
from migsafe.pgtypes import CATALOG
from migsafe.sql import ast


def drop_types(statement: ast.Drop, ledger: Ledger) -> None:
    """DROP TYPE and DROP DOMAIN: with CASCADE the columns and typed tables go too."""
    for name in statement.names:
        found = ledger.catalog.type(name)
        if found is None:
            _check_missing(name, statement, ledger)
            continue
        if statement.kind is ast.ObjectKind.DOMAIN and not isinstance(found, Domain):
            ledger.refuse("42809", f"{found.name.display()} is not a domain")
        typed = list(mentions.typed_tables(ledger.catalog, found.name))
        dropping = drop.TableDrop(ledger, frozenset(t.name for t in typed), cascade=True)
        for table in typed if statement.cascade else ():
            dropping.drop(table)


def _check_missing(name: Name, statement: ast.Drop, ledger: Ledger) -> None:
    """Types of rows and arrays go with what they are of, and PostgreSQL's own stay."""
    own = name.schema == CATALOG
    if own or is_row_type(name, ledger.catalog):
        ledger.refuse("2BP01", f"type {name.display()} is needed by what it belongs to")
    if not statement.if_exists:
        check_schema(name.schema, ledger)
        ledger.refuse("42704", f"type {name.display()} does not exist")


def drop_functions(statement: ast.Drop, ledger: Ledger) -> None:
    """DROP FUNCTION and PROCEDURE: what calls them goes only with CASCADE."""
    for target in statement.targets:
        known = any(find_functions(ledger.catalog, target))
        if known:
            check_routine(statement.kind, target, ledger)
        if not known and not statement.if_exists and not ledger.catalog.gaps:
            check_schema(target.name.schema, ledger)
            ledger.refuse("42883", f"function {target.name} does not exist")
