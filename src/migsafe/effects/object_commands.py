"""COMMENT, GRANT, OWNER TO, publications and statistics: commands about objects of many kinds."""

from __future__ import annotations

from migsafe.catalog import Composite, Publication, Sequence, Table, TableKind, View
from migsafe.effects.existing import ROUTINES, check_object, check_routine
from migsafe.effects.ledger import ACCESS_SHARE, SHARE_UPDATE_EXCLUSIVE, Ledger
from migsafe.effects.places import check_schema
from migsafe.effects.stored_expressions import check_columns
from migsafe.names import Name
from migsafe.sql import ast

Kind = ast.ObjectKind

_LOCKED_BY_COMMENT = (
    Kind.TABLE,
    Kind.FOREIGN_TABLE,
    Kind.VIEW,
    Kind.MATERIALIZED_VIEW,
    Kind.INDEX,
    Kind.SEQUENCE,
)
_PARTS = (Kind.TABLE_CONSTRAINT, Kind.TRIGGER, Kind.POLICY, Kind.RULE)
_STATISTICS = frozenset({"ndistinct", "dependencies", "mcv"})


def comment(statement: ast.CommentOn, ledger: Ledger) -> None:
    """COMMENT: waits only for others that change the same relation."""
    check_object(statement.kind, statement.target, ledger)
    if statement.kind in _LOCKED_BY_COMMENT:
        _lock(statement.target.name, ledger, is_comment=True)
    elif statement.kind is Kind.COLUMN and statement.target.table is not None:
        composite = ledger.catalog.type(statement.target.table)
        if isinstance(composite, Composite):
            ledger.lock(composite.name, SHARE_UPDATE_EXCLUSIVE)
            return
        _lock(statement.target.table, ledger, is_comment=True)
    elif statement.kind in _PARTS and statement.target.table is not None:
        _lock(statement.target.table, ledger, is_comment=False)


def _lock(name: Name, ledger: Ledger, *, is_comment: bool) -> None:
    relation = ledger.relation(name)
    if relation is not None:
        ledger.lock(relation.name, SHARE_UPDATE_EXCLUSIVE if is_comment else ACCESS_SHARE)


def check_target(
    statement: ast.AlterFunction | ast.SetOwner | ast.SecurityLabel, ledger: Ledger
) -> None:
    """ALTER FUNCTION, OWNER TO and the like of what is no relation: felt by nobody."""
    check_object(statement.kind, statement.target, ledger)


def alter_statistics(statement: ast.AlterStatistics, ledger: Ledger) -> None:
    """ALTER STATISTICS … SET STATISTICS: for the next ANALYZE."""
    if not statement.if_exists:
        check_object(Kind.STATISTICS, ast.Target(statement.name), ledger)


def alter_extension(statement: ast.AlterExtension, ledger: Ledger) -> None:
    """ALTER EXTENSION: what its script does is not known."""
    check_object(Kind.EXTENSION, ast.Target(Name(None, statement.name)), ledger)


def grant(statement: ast.Grant, ledger: Ledger) -> None:
    """GRANT and REVOKE: since PostgreSQL 18 they look at the relation under a lock."""
    if statement.default:
        return
    for schema in statement.in_schemas:
        check_schema(schema, ledger)
    for target in statement.targets if not statement.in_schemas else ():
        _check_grant(statement, target, ledger)


def _check_grant(statement: ast.Grant, target: ast.Target, ledger: Ledger) -> None:
    if statement.kind in (Kind.SCHEMA, Kind.TYPE, Kind.DOMAIN, *ROUTINES):
        check_object(statement.kind, target, ledger)
    if statement.kind not in (Kind.TABLE, Kind.SEQUENCE):
        return
    relation = ledger.relation(target.name)
    if relation is None:
        return
    if statement.kind is Kind.SEQUENCE and not isinstance(relation, Sequence):
        ledger.refuse("42809", f"{relation.name.display()} is not a sequence")
    if isinstance(relation, Table) and relation.unknown is None:
        for privilege in statement.privileges:
            for column in privilege.columns:
                if relation.column(column) is None:
                    why = f"column {relation.name.display()}.{column} does not exist"
                    ledger.refuse("42703", why)
    if ledger.major >= 18:
        ledger.lock(relation.name, ACCESS_SHARE)


def create_statistics(statement: ast.CreateStatistics, ledger: Ledger) -> None:
    """CREATE STATISTICS: the table cannot be changed meanwhile."""
    relation = ledger.relation(statement.table) if statement.table is not None else None
    if relation is None:
        return
    ledger.lock(relation.name, SHARE_UPDATE_EXCLUSIVE)
    label = relation.name.display()
    name = ledger.catalog.qualify(statement.name) if statement.name is not None else None
    if name in ledger.catalog.statistics and not statement.if_not_exists:
        ledger.refuse("42710", f"statistics object {statement.name} exists already")
    if not isinstance(relation, Table) and not (
        isinstance(relation, View) and relation.materialized
    ):
        ledger.refuse("42809", f"{label} has no rows to make statistics of")
    if set(statement.kinds) - _STATISTICS:
        ledger.refuse("42601", f"statistics are of the kinds {', '.join(sorted(_STATISTICS))}")
    columns = statement.columns
    if isinstance(relation, Table) and relation.unknown is None:
        for column in columns:
            if relation.column(column) is None:
                ledger.refuse("42703", f"column {label}.{column} does not exist")
    if len(set(columns)) < len(columns):
        ledger.refuse("42701", f"a column of {label} appears twice")
    if len(columns) < 2 and not statement.expressions:
        ledger.refuse("42P17", "statistics are of two columns at least, or of expressions")


def create_publication(
    statement: ast.CreatePublication | ast.AlterPublication, ledger: Ledger
) -> None:
    """CREATE and ALTER PUBLICATION: their tables cannot be changed meanwhile."""
    existing = ledger.catalog.publications.get(statement.name)
    action = getattr(statement, "action", None)
    if existing is not None and action is None:
        ledger.refuse("42710", f"publication {statement.name} exists already")
    if action is not None:
        check_object(Kind.PUBLICATION, ast.Target(Name(None, statement.name)), ledger)
    for schema in statement.schemas:
        check_schema(schema, ledger)
    for published in statement.tables:
        table = _publishable(published, ledger)
        if table is None:
            continue
        _check_member(table, statement.name, action, existing, ledger)
        is_partitioned = table.kind is TableKind.PARTITIONED
        for member in ledger.family(table, only=published.only or is_partitioned):
            ledger.lock(member.name, SHARE_UPDATE_EXCLUSIVE)
    if action == "SET":
        for old in existing.tables if existing else ():
            ledger.lock(old.table, SHARE_UPDATE_EXCLUSIVE)


def _publishable(published: ast.PublishedTable, ledger: Ledger) -> Table | None:
    """Refuse what is not replicated: anything but permanent tables, with columns they have."""
    relation = ledger.relation(published.table)
    if relation is None:
        return None
    label = relation.name.display()
    if not isinstance(relation, Table) or relation.persistence != "p":
        ledger.refuse("22023", f"{label} is not a permanent table: it cannot be published")
        return None
    for column in published.columns if relation.unknown is None else ():
        if relation.column(column) is None:
            ledger.refuse("42703", f"column {label}.{column} does not exist")
    if published.where is not None:
        check_columns(published.where, relation, ledger)
    return relation


def _check_member(
    table: Table,
    name: str,
    action: str | None,
    existing: Publication | None,
    ledger: Ledger,
) -> None:
    members = {member.table for member in existing.tables} if existing is not None else set()
    label = f"{table.name.display()} is"
    if action == "ADD" and table.name in members:
        ledger.refuse("42710", f"{label} in publication {name} already")
    if action == "DROP" and existing is not None and table.name not in members:
        ledger.refuse("42704", f"{label} not in publication {name}")


def rename_routine(statement: ast.Rename, ledger: Ledger) -> None:
    """ALTER FUNCTION … RENAME: two functions of one name differ in their arguments."""
    check_routine(statement.kind, ast.Target(statement.name, statement.arguments), ledger)
    renamed = Name(statement.name.schema, statement.new_name)
    wanted = ledger.catalog.functions_named(statement.name)
    arguments = wanted[0].arguments if len(wanted) == 1 else None
    if any(f.arguments == arguments for f in ledger.catalog.functions_named(renamed)):
        ledger.refuse("42723", f"function {statement.new_name} exists already")
