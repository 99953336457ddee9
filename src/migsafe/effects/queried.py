"""Whether the columns that a query names are there."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.catalog import Catalog, Sequence, Table, View
from migsafe.effects.ledger import Ledger
from migsafe.names import Name
from migsafe.sql import ast

_OF_SYSTEM = frozenset({"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"})
_OF_SEQUENCE = frozenset({"last_value", "log_cnt", "is_called"})


def check_mentions(
    mentions: Iterable[ast.Mention], ledger: Ledger, known: frozenset[str] = frozenset()
) -> None:
    """Refuse a query that names a column which nothing in its FROM has; *known* are arguments."""
    for mention in mentions:
        if mention.qualifier is not None:
            _check_qualified(mention, mention.qualifier, ledger, known)
        elif mention.column not in known and not _is_seen(mention, ledger.catalog):
            ledger.refuse("42703", f"column {mention.column} does not exist")


def _is_seen(mention: ast.Mention, catalog: Catalog) -> bool:
    """Whether a bare name is a column of any source, or a source itself as a whole row."""
    for source in mention.sources:
        columns = _columns(source, catalog)
        if columns is None or mention.column in columns or source.alias in ("", mention.column):
            return True
    return False


def _check_qualified(
    mention: ast.Mention, qualifier: str, ledger: Ledger, known: frozenset[str]
) -> None:
    """``t.f`` may also be the function f of the row t."""
    column, catalog = mention.column, ledger.catalog
    sources = [source for source in mention.sources if source.alias in ("", qualifier)]
    if not sources and qualifier not in known:
        ledger.refuse("42P01", f"{qualifier}.{column} is of no table in FROM")
    for source in sources[:1]:
        columns = _columns(source, catalog)
        there = columns is None or column in columns or not source.alias
        if not there and not catalog.functions_named(Name(None, column)):
            ledger.refuse("42703", f"column {qualifier}.{column} does not exist")


def _columns(source: ast.Source, catalog: Catalog) -> frozenset[str] | None:
    """The columns of *source*, None when they are not known."""
    if source.columns is not None:
        return frozenset(source.columns)
    relation = catalog.relation(source.relation) if source.relation is not None else None
    if isinstance(relation, Table) and relation.unknown is None:
        return _OF_SYSTEM | {column.name for column in relation.columns}
    if isinstance(relation, View) and relation.columns:
        return _OF_SYSTEM | {name for name, _ in relation.columns}
    return _OF_SEQUENCE | _OF_SYSTEM if isinstance(relation, Sequence) else None
