"""VACUUM, ANALYZE, CLUSTER, TRUNCATE and LOCK."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migsafe.catalog import Table, TableKind, View
from migsafe.effects import altering, reading
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ACCESS_SHARE,
    ROW_EXCLUSIVE,
    SHARE,
    SHARE_UPDATE_EXCLUSIVE,
    Ledger,
    has_rows,
)
from migsafe.effects.usage import check_not_in_use
from migsafe.locks import LockMode
from migsafe.names import Name
from migsafe.sql import ast


def _stored(
    names: Iterable[Name], ledger: Ledger, only: tuple[Name, ...] = ()
) -> Iterator[Table | View]:
    """The relations with rows that *names* mean, partitions one by one; all when there are none.

    Of those in *only* the partitions are left out.
    """
    wanted = list(names)
    if not wanted:
        yield from ledger.catalog.tables.values()
        return
    for name in wanted:
        relation = ledger.relation(name)
        if isinstance(relation, Table):
            partitioned = relation.kind is TableKind.PARTITIONED
            yield from ledger.family(relation, only=name in only or not partitioned)
        elif isinstance(relation, View) and relation.materialized:
            yield relation


def vacuum(statement: ast.Vacuum, ledger: Ledger) -> None:
    """VACUUM lets others read and write; FULL writes the table anew."""
    ledger.outside_transaction("VACUUM")
    for relation in _stored(statement.tables, ledger, statement.only):
        if isinstance(relation, Table) and relation.kind is TableKind.PARTITIONED:
            continue
        if statement.full:
            altering.rewrite_table(ledger, relation)
            continue
        ledger.lock(relation.name, SHARE_UPDATE_EXCLUSIVE)
        ledger.lock_indexes(relation.name, ROW_EXCLUSIVE)
        if statement.analyze:
            ledger.lock_indexes(relation.name, ACCESS_SHARE)
        ledger.scan(relation)


def analyze(statement: ast.Analyze, ledger: Ledger) -> None:
    """ANALYZE reads a sample, which is all of a small table."""
    _check_columns(statement, ledger)
    parents = set()
    for relation in _stored(statement.tables, ledger, statement.only):
        ledger.lock(relation.name, SHARE_UPDATE_EXCLUSIVE)
        if not isinstance(relation, Table) or relation.kind is not TableKind.PARTITIONED:
            ledger.lock_indexes(relation.name, ACCESS_SHARE)
        if isinstance(relation, Table):
            if relation.kind is TableKind.PARTITIONED:
                parents.add(relation.name)
            if relation.partition_of in parents and relation.kind is not TableKind.PARTITIONED:
                ledger.lock(relation.name, ACCESS_SHARE)
            _sample_children(relation, ledger, only=bool(statement.only))
        ledger.scan(relation)


def _check_columns(statement: ast.Analyze, ledger: Ledger) -> None:
    for name, columns in zip(statement.tables, statement.columns, strict=False):
        table = ledger.catalog.relation(name)
        if not isinstance(table, Table) or table.unknown is not None:
            continue
        for column in columns:
            label = f"column {name.display()}.{column}"
            if table.column(column) is None:
                ledger.refuse("42703", f"{label} does not exist")
            if columns.count(column) > 1:
                ledger.refuse("42701", f"{label} is named twice")


def _sample_children(table: Table, ledger: Ledger, *, only: bool) -> None:
    """Statistics of an inheritance tree sample its tables.

    Since 18 each of them is analysed itself too, unless *only* was said.
    """
    if table.partition_of is not None or (table.kind is TableKind.PARTITIONED and not only):
        return
    for member in ledger.family(table):
        if member.name == table.name:
            continue
        ledger.lock(member.name, ACCESS_SHARE)
        if ledger.major >= 18 and not only:
            ledger.lock(member.name, SHARE_UPDATE_EXCLUSIVE)
            ledger.lock_indexes(member.name, ACCESS_SHARE)
            ledger.scan(member)


def cluster(statement: ast.Cluster, ledger: Ledger) -> None:
    """CLUSTER writes the table anew in the order of an index."""
    if statement.table is None:
        ledger.outside_transaction("CLUSTER")
        marked = {i.table for i in ledger.catalog.indexes.values() if i.clustered}
        tables = [
            ledger.catalog.tables[name] for name in sorted(marked & set(ledger.catalog.tables))
        ]
    else:
        relation = ledger.relation(statement.table)
        if isinstance(relation, View) and not relation.materialized:
            ledger.refuse("42809", f"{relation.name.display()} has no rows to be clustered")
        found = ledger.relation(statement.table)
        if isinstance(found, View) and found.materialized:
            altering.rewrite_table(ledger, found)
            ledger.lock_indexes(found.name, ACCESS_SHARE)
        if not isinstance(found, Table):
            return
        tables = [found] if found is not None else []
    for table in tables:
        check_not_in_use(ledger, table.name, "CLUSTER")
        if table.kind is TableKind.PARTITIONED and ledger.major < 15:
            ledger.refuse("0A000", f"partitioned table {table.name.display()} cannot be clustered")
        _check_index(statement, table, ledger)
        if table.kind is TableKind.PARTITIONED:
            ledger.outside_transaction("CLUSTER of a partitioned table")
            ledger.lock(table.name, ACCESS_EXCLUSIVE)
        for member in ledger.family(table, only=table.kind is not TableKind.PARTITIONED):
            altering.rewrite_table(ledger, member)
            ledger.lock_indexes(member.name, ACCESS_SHARE)


def _check_index(statement: ast.Cluster, table: Table, ledger: Ledger) -> None:
    indexes = ledger.catalog.indexes_of(table.name)
    label = table.name.display()
    if statement.index is None:
        if statement.table is not None and not any(index.clustered for index in indexes):
            ledger.refuse("42704", f"{label} has no index it was clustered by before")
        return
    chosen = ledger.catalog.indexes.get(Name(table.name.schema, statement.index or ""))
    if statement.index is None:
        return
    if chosen is None:
        ledger.refuse("42704", f"index {statement.index} does not exist")
        return
    what = chosen.name.display()
    if chosen not in indexes:
        ledger.refuse("42809", f"{what} is not an index of {label}")
    if chosen.method not in ("btree", "gist"):
        ledger.refuse("0A000", f"{what} by {chosen.method} has no order")
    if chosen.predicate is not None:
        ledger.refuse("0A000", f"{what} is a partial index")


def truncate(statement: ast.Truncate, ledger: Ledger) -> None:
    """TRUNCATE gives tables new, empty files under a lock nobody passes."""
    tables: dict[Name, Table] = {}
    for name in statement.names:
        relation = ledger.relation(name)
        if relation is not None and not isinstance(relation, Table):
            ledger.refuse("42809", f"{relation.name.display()} is not a table")
        table = ledger.table(name)
        if table is not None:
            if name in statement.only and table.kind is TableKind.PARTITIONED:
                ledger.refuse("42809", f"{name.display()} is partitioned and has no rows itself")
            members = ledger.family(table, only=name in statement.only)
            tables.update((member.name, member) for member in members)
    waiting = list(tables.values())
    while waiting:
        table = waiting.pop(0)
        for other in _referring(table, ledger):
            if other.name in tables:
                continue
            if not statement.cascade:
                why = f"{other.name.display()} refers to {table.name.display()}"
                ledger.refuse("0A000", why)
            tables[other.name] = other
            waiting.append(other)
    for table in tables.values():
        _empty(table, statement, ledger)


def _referring(table: Table, ledger: Ledger) -> Iterator[Table]:
    """The tables with a foreign key to *table* or to what it is a partition of."""
    current: Table | None = table
    while current is not None:
        for other, _ in ledger.catalog.references_to(current.name):
            yield other
        above = current.partition_of
        current = ledger.catalog.tables.get(above) if above is not None else None


def _empty(table: Table, statement: ast.Truncate, ledger: Ledger) -> None:
    ledger.lock(table.name, ACCESS_EXCLUSIVE)
    check_not_in_use(ledger, table.name, "TRUNCATE")
    if table.kind is not TableKind.TABLE:
        return
    if has_rows(table):
        ledger.remove("rows", table.name, loses_data=True)
    ledger.lock(table.name, SHARE)
    ledger.lock_indexes(table.name, ACCESS_EXCLUSIVE)
    ledger.rewrite(table.name)
    for index in ledger.catalog.indexes_of(table.name):
        ledger.rebuild(index)
    if statement.restart_identity:
        for sequence in ledger.catalog.sequences_of(table.name):
            ledger.lock(sequence.name, ACCESS_EXCLUSIVE, ROW_EXCLUSIVE)
            ledger.rewrite(sequence.name)


def lock(statement: ast.Lock, ledger: Ledger) -> None:
    """LOCK TABLE, with its partitions and children, and what a view reads."""
    ledger.inside_transaction("LOCK TABLE")
    mode = LockMode(statement.mode)
    for name in statement.names:
        relation = ledger.relation(name)
        if isinstance(relation, Table):
            for member in ledger.family(relation, only=name in statement.only):
                ledger.lock(member.name, mode)
        elif isinstance(relation, View) and not relation.materialized:
            _lock_view(relation, mode, ledger)
        elif relation is not None:
            ledger.refuse("42809", f"{relation.name.display()} cannot be locked")


def _lock_view(view: View, mode: LockMode, ledger: Ledger) -> None:
    """What a view reads is locked with it, at any depth (LockViewRecurse)."""
    ledger.lock(view.name, mode)
    for used in sorted({used for used, _ in view.uses}):
        inner = ledger.catalog.views.get(used)
        if inner is not None and not inner.materialized:
            _lock_view(inner, mode, ledger)
        else:
            reading.read_all([used], ledger, mode=mode, planned=False)
