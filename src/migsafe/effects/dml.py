"""SELECT, INSERT, UPDATE, DELETE, MERGE and COPY."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

from migsafe.catalog import (
    Catalog,
    Column,
    Constraint,
    ConstraintKind,
    Enum,
    Sequence,
    Table,
    TableKind,
    View,
)
from migsafe.effects import reading
from migsafe.effects.arbiters import check_arbiter
from migsafe.effects.given_columns import check_changes, check_columns, check_rows
from migsafe.effects.ledger import ACCESS_SHARE, ROW_EXCLUSIVE, ROW_SHARE, Ledger
from migsafe.effects.queried import check_mentions
from migsafe.effects.referential import delete_from, follow, look_up, lose_rows
from migsafe.effects.replicated import check_identity
from migsafe.effects.rewriting import rewrite
from migsafe.effects.routing import has_no_place, leaf, look_above, reached
from migsafe.effects.usage import unusable_values
from migsafe.names import Name
from migsafe.sql import ast
from migsafe.sql.expressions import bare_column

Write = ast.Insert | ast.Update | ast.Delete | ast.Merge | ast.Copy


def select(statement: ast.Select, ledger: Ledger) -> None:
    """SELECT: reads; FOR UPDATE and its like lock rows."""
    check_mentions(statement.mentions, ledger)
    mode = ROW_SHARE if statement.locking else ACCESS_SHARE
    reading.read_all(
        statement.reads,
        ledger,
        mode=mode,
        free=set(statement.reads) - statement.locked,
        where=statement.where,
        limited=statement.limited,
    )
    reading.call_all(statement.calls, ledger)
    ledger.nested(statement.writes)


def insert(statement: ast.Insert, ledger: Ledger) -> None:
    """INSERT: draws from sequences, looks referenced rows up."""
    table = _written(statement, statement.table, ledger)
    if table is not None:
        check_columns(table, statement.columns, ledger)
        check_columns(table, statement.updated, ledger)
        check_rows(statement, table, ledger)
        check_arbiter(statement, table, ledger)
        if statement.arbiter is not None:
            ledger.lock_indexes(table.name, ROW_EXCLUSIVE)
        _route(statement, table, ledger)
        is_default = statement.rows == 1 and not statement.values
        _insert_into(table, None if is_default else statement.columns, ledger)


def plan(statement: ast.Statement, ledger: Ledger) -> None:
    """What planning a statement locks of the table that it would change."""
    if not isinstance(statement, ast.Insert | ast.Update | ast.Delete | ast.Merge):
        return
    table = ledger.table(statement.table)
    if table is None:
        return
    ledger.lock(table.name, ROW_EXCLUSIVE)
    if isinstance(statement, ast.Update | ast.Delete):
        for member in reached(table, statement.where, ledger):
            ledger.lock(member.name, ROW_EXCLUSIVE)
            ledger.open_indexes(member, ROW_EXCLUSIVE)


def prepare(statement: ast.Prepare, ledger: Ledger) -> None:
    """PREPARE: analysing a query locks what it names, as running it will."""
    nested = statement.nested
    written = getattr(nested, "table", None)
    if isinstance(nested, ast.Insert | ast.Update | ast.Delete | ast.Merge) and written is not None:
        relation = ledger.relation(written)
        if relation is not None:
            ledger.lock(relation.name, ROW_EXCLUSIVE)
    mode = ROW_SHARE if getattr(nested, "locking", ()) else ACCESS_SHARE
    reading.read_all(getattr(nested, "reads", ()), ledger, mode=mode, planned=False)


def _route(statement: ast.Insert, table: Table, ledger: Ledger) -> None:
    """Rows of a partitioned table go to partitions, which are known when the rows are constants."""
    if table.kind is not TableKind.PARTITIONED or statement.rows != len(statement.values):
        return
    for values in statement.values:
        if has_no_place(table, statement.columns, values, ledger.catalog):
            ledger.refuse("23514", f"no partition of {table.name.display()} takes the row")
        for member in leaf(table, statement.columns, values, ledger.catalog):
            ledger.lock(member.name, ROW_EXCLUSIVE)
            if member.partition_bound == "DEFAULT" and member.partition_of is not None:
                ledger.lock(member.partition_of, ACCESS_SHARE)


def copy(statement: ast.Copy, ledger: Ledger) -> None:
    """COPY, in both directions."""
    if not statement.into:
        names = (statement.table,) if statement.table else ()
        whole = ledger.relation(statement.table) if statement.table else None
        if isinstance(whole, Table) and whole.kind is TableKind.PARTITIONED:
            ledger.refuse(
                "42809", f"{whole.name.display()} is partitioned: COPY its rows by a query"
            )
        if isinstance(whole, View) and not (whole.materialized and ledger.major >= 18):
            ledger.refuse("42809", f"{whole.name.display()} is a view: COPY its rows by a query")
        reading.read_all(names, ledger, planned=False)
        if isinstance(whole, Table | View):
            ledger.scan(whole)
        reading.read_all(statement.reads, ledger)
        ledger.nested(statement.writes)
    elif statement.table is not None:
        table = _written(statement, statement.table, ledger)
        if table is not None:
            check_columns(table, statement.columns, ledger)
            _insert_into(table, statement.columns, ledger)


def _written(statement: Write, name: Name, ledger: Ledger) -> Table | None:
    """Lock the table that is written, and read what else the statement names."""
    reading.read_all(statement.reads, ledger)
    reading.call_all(getattr(statement, "calls", ()), ledger)
    check_mentions(getattr(statement, "mentions", ()), ledger)
    if statement.writes:
        ledger.nested(statement.writes)
    relation = ledger.relation(name, queried=True)
    if isinstance(relation, Sequence) or (isinstance(relation, View) and relation.materialized):
        ledger.refuse("42809", f"{relation.name.display()} cannot be written")
    if isinstance(relation, View):
        ledger.lock(relation.name, ROW_EXCLUSIVE)
        if not relation.triggers:
            ledger.not_known(f"which tables view {relation.name.display()} writes")
    if not isinstance(relation, Table):
        return None
    if rewrite(relation, statement, ledger):
        ledger.lock(relation.name, ROW_EXCLUSIVE)
        return None
    if not isinstance(statement, ast.Delete):
        look_above(relation, ledger)
    ledger.lock(relation.name, ROW_EXCLUSIVE)
    _check_enums(relation.columns, ledger)
    return relation


def _check_enums(columns: Iterable[Column], ledger: Ledger) -> None:
    """Values written may be enum labels that this transaction has added."""
    if not ledger.transaction.new_values:
        return
    for column in columns:
        if isinstance(ledger.catalog.type(column.type.name), Enum):
            for label in sorted(unusable_values(ledger, column.type)):
                ledger.may_fail("55P04", f"value {label!r} cannot be used before commit")


def _insert_into(table: Table, columns: tuple[str, ...] | None, ledger: Ledger) -> None:
    """Rows with values for *columns*, for all of them when it is empty, for none if None."""
    every = tuple(column.name for column in table.columns)
    given = () if columns is None else columns or every
    for column in table.columns:
        if column.name not in given:
            _take_default(table, column, ledger)
    for key in table.constraints_of(ConstraintKind.FOREIGN_KEY):
        if not is_deferred(key, ledger.transaction.deferred) and _is_filled(table, key, given):
            look_up(key, ledger)


def _is_filled(table: Table, key: Constraint, given: tuple[str, ...]) -> bool:
    """Whether an INSERT of the columns *given* gives all columns of *key* a value."""
    columns = [table.column(name) for name in key.columns]
    return all(c is not None and (c.name in given or c.default is not None) for c in columns)


def _take_default(table: Table, column: Column, ledger: Ledger) -> None:
    """An omitted column draws from its sequence."""
    draws = column.identity or (column.default and "nextval" in column.default)
    for sequence in ledger.catalog.sequences_of(table.name) if draws else ():
        if sequence.owned_by == (table.name, column.name):
            ledger.lock(sequence.name, ROW_EXCLUSIVE)


def update(statement: ast.Update, ledger: Ledger) -> None:
    """UPDATE: keys that change are looked up on both sides."""
    table = _written(statement, statement.table, ledger)
    if table is None:
        return
    check_columns(table, statement.columns, ledger)
    check_changes(statement, table, ledger)
    _check_identity(statement, table, "update", ledger)
    _reach(table, statement.where, ledger, only=statement.only, joined=bool(statement.reads))
    for member in () if statement.only else reached(table, statement.where, ledger):
        look_above(member, ledger)  # new rows have to fit
    changed = {
        column
        for column, value in zip_longest(statement.columns, statement.values)
        if column is not None and (value is None or bare_column(value) != column)
    }
    for key in table.constraints_of(ConstraintKind.FOREIGN_KEY):
        if changed & set(key.columns) and not is_deferred(key, ledger.transaction.deferred):
            look_up(key, ledger)
    for other, key in ledger.catalog.references_to(table.name):
        if changed & set(key.referenced_columns):
            follow(table, other, key, key.on_update, ledger)


def delete(statement: ast.Delete, ledger: Ledger) -> None:
    """DELETE: foreign keys look for rows that would be left alone, or take them along."""
    table = _written(statement, statement.table, ledger)
    if table is None:
        return
    _check_identity(statement, table, "delete", ledger)
    _reach(table, statement.where, ledger, only=statement.only, joined=bool(statement.reads))
    members = ledger.family(table, only=True)
    lose_rows(members if statement.only else reached(table, statement.where, ledger), ledger)
    delete_from(table, ledger, {table.name})


def _check_identity(
    statement: ast.Update | ast.Delete, table: Table, operation: str, ledger: Ledger
) -> None:
    """The planner leaves partitions and children out that WHERE excludes."""
    whole = statement.where is None or not ledger.catalog.children_of(table.name)
    certain = whole and not table.rules
    check_identity(table, operation, ledger, only=statement.only, certain=certain)


def _reach(
    table: Table, where: ast.Expression | None, ledger: Ledger, *, only: bool, joined: bool
) -> None:
    """The rows of *table* are found, through a unique index or by reading all of it."""
    direct = not joined and reading.finds_by_key(ledger, table, where)
    for member in ledger.family(table, only=True) if only else reached(table, where, ledger):
        ledger.lock(member.name, ROW_EXCLUSIVE)
        ledger.open_indexes(member, ROW_EXCLUSIVE)
        if member.kind is TableKind.PARTITIONED:
            look_above(member, ledger)
        if not direct:
            ledger.scan(member)


def merge(statement: ast.Merge, ledger: Ledger) -> None:
    """MERGE: all of INSERT, UPDATE and DELETE that it may do."""
    table = _written(statement, statement.table, ledger)
    if table is None:
        return
    for action in sorted({"UPDATE", "DELETE"} & set(statement.actions)):
        # The minor releases of September 2025 ask at the start, those before ask the first row.
        check_identity(table, action.lower(), ledger, only=statement.only, certain=False)
    check_columns(table, statement.columns, ledger)
    _reach(table, None, ledger, only=statement.only, joined=True)
    for member in ledger.family(table) if "UPDATE" in statement.actions else ():
        look_above(member, ledger)
    if "INSERT" in statement.actions:
        _insert_into(table, (), ledger)
    if "DELETE" in statement.actions:
        lose_rows(ledger.family(table, only=statement.only), ledger)
        delete_from(table, ledger, {table.name})


def events(
    statement: ast.Statement, table: Table, catalog: Catalog, deferred: frozenset[str]
) -> Iterator[tuple[Constraint, bool]]:
    """The foreign keys that *statement* leaves to be checked at commit, and whether certainly.

    *deferred* are the constraints that SET CONSTRAINTS has deferred, ``*`` for all.
    """
    for key in table.constraints_of(ConstraintKind.FOREIGN_KEY):
        if not is_deferred(key, deferred):
            continue
        if isinstance(statement, ast.Insert):
            given = statement.columns or tuple(c.name for c in table.columns)
            if _is_filled(table, key, given):
                yield key, bool(statement.rows)
        elif isinstance(statement, ast.Update) and set(statement.columns) & set(key.columns):
            yield key, False
    if isinstance(statement, ast.Delete):
        for _, key in catalog.references_to(table.name):
            if is_deferred(key, deferred) and key.on_delete == "a":
                yield key, False


def is_deferred(key: Constraint, deferred: frozenset[str]) -> bool:
    """Whether *key* is checked at commit."""
    chosen = key.deferrable and bool(deferred & {"*", key.name})
    return key.enforced and (key.deferred or chosen)
