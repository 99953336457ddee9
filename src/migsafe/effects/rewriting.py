"""Rules that rewrite INSERT, UPDATE and DELETE: what they do beside the statement, or instead."""

from __future__ import annotations

from migsafe.catalog import Table
from migsafe.effects.ledger import ROW_EXCLUSIVE, Ledger
from migsafe.sql import ast, parse

_EVENTS: dict[type[ast.Statement], str] = {
    ast.Insert: "INSERT",
    ast.Update: "UPDATE",
    ast.Delete: "DELETE",
}


def rewrite(table: Table, statement: ast.Statement, ledger: Ledger) -> bool:
    """Do the actions of the rules of *table*; whether they stand instead of *statement*."""
    event = _EVENTS.get(type(statement))
    replaced = False
    for rule in table.rules:
        for found in (parsed.statement for parsed in parse(rule.definition)):
            if not isinstance(found, ast.CreateRule) or found.event != event:
                continue
            replaced = replaced or (found.instead and found.where is None)
            _act(found, ledger)
    return replaced


def _act(rule: ast.CreateRule, ledger: Ledger) -> None:
    """Rows that an action writes are those of OLD and NEW: which ones is not looked at."""
    for action in rule.actions:
        if isinstance(action, ast.Insert | ast.Update | ast.Delete):
            written = ledger.relation(action.table)
            if isinstance(written, Table):
                ledger.lock(written.name, ROW_EXCLUSIVE)
                if not isinstance(action, ast.Insert):
                    ledger.lock_indexes(written.name, ROW_EXCLUSIVE)
