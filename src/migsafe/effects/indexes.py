"""CREATE INDEX, REINDEX and ALTER INDEX."""

from __future__ import annotations

from migsafe.catalog import ConstraintKind, Index, Sequence, Table, TableKind, View
from migsafe.effects.functions import are_shipped
from migsafe.effects.index_elements import check_elements, check_view_elements
from migsafe.effects.keys import check_partition_key
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ACCESS_SHARE,
    ROW_EXCLUSIVE,
    SHARE,
    SHARE_UPDATE_EXCLUSIVE,
    Ledger,
)
from migsafe.effects.lock_level import lock_level
from migsafe.effects.options import check_index_options
from migsafe.effects.places import check_schema
from migsafe.effects.usage import check_not_in_use
from migsafe.fold import fold
from migsafe.names import Name
from migsafe.sql import ast

_METHODS = ("btree", "hash", "gist", "spgist", "gin", "brin")


def create_index(statement: ast.CreateIndex, ledger: Ledger) -> None:
    """CREATE INDEX: blocks writes while it reads the table; CONCURRENTLY lets them pass."""
    if statement.concurrently:
        ledger.outside_transaction("CREATE INDEX CONCURRENTLY")
    relation = ledger.relation(statement.table)
    plain_view = isinstance(relation, View) and not relation.materialized
    if isinstance(relation, Index | Sequence) or (plain_view and relation is not None):
        ledger.refuse("42809", f"{relation.name.display()} cannot have an index")
    if not isinstance(relation, Table | View):
        return
    is_partitioned = isinstance(relation, Table) and relation.kind is TableKind.PARTITIONED
    _check_known(statement.method, ledger)
    if statement.concurrently and is_partitioned:
        ledger.refuse("0A000", f"{relation.name.display()} is partitioned: no CONCURRENTLY")
    mode = SHARE_UPDATE_EXCLUSIVE if statement.concurrently else SHARE
    ledger.lock(relation.name, mode)
    if isinstance(relation, Table):
        for member in ledger.family(relation, only=statement.only or not is_partitioned):
            ledger.lock(member.name, mode)
    if statement.name is not None and _exists(statement.name, relation, ledger):
        if not statement.if_not_exists:
            ledger.refuse("42P07", f"relation {statement.name} exists already")
        return
    if is_partitioned and statement.tablespace == "pg_default":
        ledger.refuse("0A000", "the default tablespace cannot be said of what is partitioned")
    if isinstance(relation, View):
        check_view_elements(statement, relation, ledger)
        ledger.build(relation)
        return
    check_not_in_use(ledger, relation.name, "CREATE INDEX")
    check_elements(statement, relation, ledger)
    if is_partitioned and statement.unique:
        columns = [element.column for element in statement.elements if element.column]
        check_partition_key(ledger, relation, columns, only=statement.only)
    _build(statement, relation, ledger)
    if statement.unique:
        ledger.restrict("unique", relation.name, statement.name)
    if statement.concurrently:
        _wait_for_users(relation.name, ledger)


def _check_known(method: str, ledger: Ledger) -> None:
    """Refuse an index method that neither PostgreSQL nor an extension brings."""
    if method in _METHODS:
        return
    extensions = ledger.catalog.extensions.keys()
    if are_shipped(extensions) and "bloom" not in extensions:
        ledger.refuse("42704", f"there is no index method {method}")


def _build(statement: ast.CreateIndex, table: Table, ledger: Ledger) -> None:
    is_partitioned = table.kind is TableKind.PARTITIONED
    for member in ledger.family(table, only=statement.only or not is_partitioned):
        if is_partitioned and _adopts(statement, member, ledger):
            continue
        ledger.build(member)
        if statement.unique:
            why = f"rows of {member.name.display()} may hold duplicates"
            ledger.rows_may_fail(member, "23505", why)


def _adopts(statement: ast.CreateIndex, partition: Table, ledger: Ledger) -> bool:
    """Whether *partition* has an index already that becomes its part of the new one."""
    after = fold(ledger.catalog, statement)
    made = [i for i in after.indexes_of(partition.name) if i.parent is not None]
    for index in ledger.catalog.indexes_of(partition.name):
        adopted = next((i for i in made if i.name == index.name), None)
        if adopted is not None and index.parent is None:
            ledger.lock_index(index, SHARE)
            return True
    return False


def _exists(name: str, relation: Table | View, ledger: Ledger) -> bool:
    return ledger.catalog.relation(Name(relation.name.schema, name)) is not None


def _wait_for_users(table: Name, ledger: Ledger) -> None:
    """What the phases of a concurrent build wait for (DefineIndex in indexcmds.c)."""
    ledger.wait(f"transactions that have written {table.display()}")
    ledger.wait("older snapshots in the same database")


def reindex(statement: ast.Reindex, ledger: Ledger) -> None:
    """REINDEX of an index, a table, or all tables of a schema or the database."""
    if statement.concurrently:
        ledger.outside_transaction("REINDEX CONCURRENTLY")
    if statement.kind in ("SCHEMA", "DATABASE", "SYSTEM"):
        ledger.outside_transaction(f"REINDEX {statement.kind}")
        _reindex_all(statement, ledger)
        return
    if statement.name is None:
        return
    relation = ledger.relation(statement.name)
    is_materialized = isinstance(relation, View) and relation.materialized
    fits = isinstance(relation, Index if statement.kind == "INDEX" else Table) or (
        statement.kind == "TABLE" and is_materialized
    )
    if relation is not None and not fits:
        why = f"{relation.name.display()} cannot be rebuilt by REINDEX {statement.kind}"
        ledger.refuse("42809", why)
    if isinstance(relation, Index):
        view = ledger.catalog.views.get(relation.table)
        if view is not None:
            _reindex_one(view, (relation,), statement, ledger)
        table = ledger.catalog.tables.get(relation.table)
        _reindex_members(statement, table, relation, ledger)
    elif isinstance(relation, Table):
        _reindex_members(statement, relation, None, ledger)
    elif isinstance(relation, View):
        _reindex_one(relation, ledger.catalog.indexes_of(relation.name), statement, ledger)


def _reindex_all(statement: ast.Reindex, ledger: Ledger) -> None:
    schema = statement.name.name if statement.kind == "SCHEMA" and statement.name else None
    if schema is not None:
        check_schema(schema, ledger)
    if statement.kind == "SYSTEM":
        return
    stored: list[Table | View] = [
        *(t for t in ledger.catalog.tables.values() if t.kind is TableKind.TABLE),
        *(view for view in ledger.catalog.views.values() if view.materialized),
    ]
    for relation in stored:
        if schema in (None, relation.name.schema):
            _reindex_one(relation, ledger.catalog.indexes_of(relation.name), statement, ledger)


def _reindex_members(
    statement: ast.Reindex, table: Table | None, index: Index | None, ledger: Ledger
) -> None:
    if table is None:
        return
    if table.kind is TableKind.PARTITIONED:
        ledger.outside_transaction(f"REINDEX {statement.kind} of a partitioned table")
        _find_partitioned(statement, table, index, ledger)
    wanted = {index.name} if index is not None else None
    for member in ledger.family(table, only=table.kind is not TableKind.PARTITIONED):
        indexes = ledger.catalog.indexes_of(member.name)
        if wanted is not None:
            indexes = tuple(i for i in indexes if i.name in wanted or i.parent in wanted)
            wanted |= {i.name for i in indexes}
        if member.kind is not TableKind.PARTITIONED:
            _reindex_one(member, indexes, statement, ledger)


def _find_partitioned(
    statement: ast.Reindex, table: Table, index: Index | None, ledger: Ledger
) -> None:
    """The locks of the transaction that finds the partitions (ReindexPartitions)."""
    mode = SHARE_UPDATE_EXCLUSIVE if statement.concurrently else SHARE
    ledger.lock(table.name, mode)
    if index is not None:
        ledger.lock_index(index, mode if statement.concurrently else ACCESS_EXCLUSIVE)
    for member in ledger.family(table):
        if index is None and member.name != table.name:
            ledger.lock(member.name, SHARE)
    waiting = [index.name] if index is not None else []
    while waiting:
        for child in ledger.catalog.parts_of(waiting.pop()):
            ledger.lock_index(child, SHARE)
            waiting.append(child.name)


def _reindex_one(
    relation: Table | View, indexes: tuple[Index, ...], statement: ast.Reindex, ledger: Ledger
) -> None:
    check_not_in_use(ledger, relation.name, "REINDEX")
    ledger.lock(relation.name, SHARE_UPDATE_EXCLUSIVE if statement.concurrently else SHARE)
    for index in indexes:
        if statement.concurrently and statement.kind == "INDEX" and _excludes(index, relation):
            why = f"{index.name.display()} belongs to an exclusion constraint: no CONCURRENTLY"
            ledger.refuse("0A000", why)
        if statement.concurrently:
            ledger.lock_index(index, SHARE_UPDATE_EXCLUSIVE, ROW_EXCLUSIVE, ACCESS_EXCLUSIVE)
        else:
            ledger.lock_index(index, ACCESS_EXCLUSIVE)
        ledger.rebuild(index)
    if indexes:
        ledger.scan(relation)
    if statement.concurrently:
        ledger.wait(f"transactions that use {relation.name.display()}")
        ledger.wait("older snapshots in the same database")


def _excludes(index: Index, relation: Table | View) -> bool:
    owner = relation.constraint(index.constraint or "") if isinstance(relation, Table) else None
    return owner is not None and owner.kind is ConstraintKind.EXCLUDE


def alter_index(index: Index, statement: ast.AlterTable, ledger: Ledger) -> None:
    """ALTER INDEX: the table is not locked, but a locked index stops the planner too."""
    ledger.lock_index(index, lock_level(statement.actions))
    table = ledger.catalog.tables.get(index.table)
    for action in statement.actions:
        if isinstance(action, ast.SetOptions) and table and table.kind is TableKind.PARTITIONED:
            ledger.refuse("42809", f"{index.name.display()} is partitioned: it has no parameters")
        if isinstance(action, ast.SetTablespace):
            if action.tablespace != (index.tablespace or "pg_default"):
                ledger.rebuild(index)
        elif isinstance(action, ast.SetOptions):
            check_index_options(action.options, index.method, ledger)
        elif isinstance(action, ast.SetStatistics):
            _check_statistics(index, action, ledger)
        elif isinstance(action, ast.AttachPartition):
            _attach(index, action, ledger)


def _check_statistics(index: Index, action: ast.SetStatistics, ledger: Ledger) -> None:
    """Only expressions have statistics of their own."""
    number = int(action.column) if action.column.isdigit() else 0
    if 0 < number <= len(index.keys) and index.keys[number - 1].expression is None:
        ledger.refuse("0A000", f"column {number} of {index.name.display()} is no expression")
    if number > len(index.keys) + len(index.include):
        ledger.refuse("42703", f"{index.name.display()} has no column {number}")


def _attach(parent: Index, action: ast.AttachPartition, ledger: Ledger) -> None:
    child = ledger.relation(action.partition)
    if not isinstance(child, Index):
        return
    table = ledger.catalog.tables.get(child.table)
    if child.parent != parent.name and (table is None or table.partition_of != parent.table):
        why = f"{child.name.display()} is not on a partition of {parent.table.display()}"
        ledger.refuse("55000", why)
    ledger.lock_index(child, ACCESS_EXCLUSIVE)
    ledger.lock(parent.table, ACCESS_SHARE)
    ledger.lock(child.table, ACCESS_SHARE)
