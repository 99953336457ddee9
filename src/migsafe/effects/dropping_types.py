"""DROP of types, domains and functions, which tables may depend on."""

from __future__ import annotations

from migsafe.effects import drop, mentions
from migsafe.effects.ledger import Ledger
from migsafe.fold.routine import find_functions
from migsafe.sql import ast


def drop_types(statement: ast.Drop, ledger: Ledger) -> None:
    """DROP TYPE and DROP DOMAIN: with CASCADE the columns and typed tables go too."""
    for name in statement.names:
        found = ledger.catalog.type(name)
        if found is None:
            if not statement.if_exists:
                ledger.refuse("42704", f"type {name.display()} does not exist")
            continue
        typed = list(mentions.typed_tables(ledger.catalog, found.name))
        dropping = drop.TableDrop(ledger, frozenset(t.name for t in typed), cascade=True)
        for table in typed if statement.cascade else ():
            dropping.drop(table)


def drop_functions(statement: ast.Drop, ledger: Ledger) -> None:
    """DROP FUNCTION and PROCEDURE: what calls them goes only with CASCADE."""
    for target in statement.targets:
        known = any(find_functions(ledger.catalog, target))
        if not known and not statement.if_exists and not ledger.catalog.gaps:
            ledger.refuse("42883", f"function {target.name} does not exist")
