"""CREATE TABLE: columns, what they inherit or copy, and constraints in PostgreSQL's order."""

from __future__ import annotations

from migsafe.catalog import Catalog, Column, Composite, Rows, Table, TableKind
from migsafe.fold.columns import define, named_not_null, wants_not_null
from migsafe.fold.constraint import add_constraint
from migsafe.fold.inherit import inherit_columns, inherit_constraints
from migsafe.fold.like import copied_columns, copy_rest, in_written_order, resolved
from migsafe.fold.naming import relation_exists
from migsafe.fold.notnull import required
from migsafe.fold.options import split_toast
from migsafe.fold.partition import bound_of, fill_partition
from migsafe.fold.refusal import Refused
from migsafe.fold.resolve import existing_table, new_name
from migsafe.fold.sequence import PERSISTENCE
from migsafe.names import Name
from migsafe.sql.ast import ConstraintDef, ConstraintKind, CreateTable, PartitionKey
from migsafe.values import replace

_ORDER = (
    ConstraintKind.CHECK,
    ConstraintKind.NOT_NULL,
    ConstraintKind.PRIMARY_KEY,
    ConstraintKind.UNIQUE,
    ConstraintKind.EXCLUDE,
    ConstraintKind.FOREIGN_KEY,
)


def create_table(catalog: Catalog, statement: CreateTable) -> Catalog:
    missing = _missing(catalog, statement)
    if missing and catalog.gaps:
        statement = replace(statement, partition_of=None, inherits=(), like=(), of_type=None)
        before, catalog = catalog, create_table(catalog, statement)
        table = None if catalog is before else catalog.table(statement.name)
        why = f"it has columns of {', '.join(map(str, missing))}, which is not known"
        return catalog if table is None else catalog.with_table(replace(table, unknown=why))
    name = new_name(catalog, statement.name, statement.persistence)
    if relation_exists(catalog, name):
        if statement.if_not_exists:
            return catalog
        raise Refused(f"{name} exists")
    if name in catalog.types:
        raise Refused(f"type {name} exists")
    if statement.like:
        statement = replace(statement, like=resolved(catalog, statement.like))
    parents = _parents(catalog, statement)
    columns = inherit_columns(catalog, parents, partition=statement.partition_of is not None)
    columns += _typed(catalog, statement) + copied_columns(catalog, name, statement.like)
    catalog, table = _with_columns(catalog, _empty(catalog, name, statement), columns, statement)
    table = in_written_order(catalog, table, statement)
    for clause in statement.like:
        catalog = copy_rest(catalog.with_table(table), name, clause, identity_only=True)
        table = catalog.tables[name]
    catalog = catalog.with_table(_required(catalog, table, statement))
    for parent in parents:
        catalog = inherit_constraints(catalog, name, parent)
    catalog = _constrained(catalog, name, statement, (ConstraintKind.CHECK,))
    if statement.partition_of is not None:
        catalog = fill_partition(catalog, name, parents[0])
    for clause in statement.like:
        catalog = copy_rest(catalog, name, clause)
    return _constrained(catalog, name, statement, _ORDER[1:])


def _missing(catalog: Catalog, statement: CreateTable) -> list[Name]:
    """The tables and types that should give the new one columns and are not there."""
    named = [*statement.inherits, *(clause.source for clause in statement.like)]
    named += [name for name in (statement.partition_of, statement.of_type) if name is not None]
    return [n for n in named if catalog.relation(n) is None and catalog.type(n) is None]


def _parents(catalog: Catalog, statement: CreateTable) -> list[Table]:
    if statement.partition_of is None:
        return [existing_table(catalog, name) for name in statement.inherits]
    parent = existing_table(catalog, statement.partition_of)
    if parent.kind is not TableKind.PARTITIONED:
        raise Refused(f"{parent.name} is not partitioned")
    return [parent]


def _empty(catalog: Catalog, name: Name, statement: CreateTable) -> Table:
    options, toast = split_toast(statement.options)
    kind = TableKind.FOREIGN if statement.server else TableKind.TABLE
    parent = catalog.table(statement.partition_of) if statement.partition_of else None
    inherits = [existing_table(catalog, parent_name).name for parent_name in statement.inherits]
    method: str | None = statement.method or "heap"
    if statement.partition_by is not None:
        kind, method = TableKind.PARTITIONED, statement.method
    return Table(
        name,
        kind=kind,
        persistence=PERSISTENCE[statement.persistence],
        options=options,
        toast_options=toast,
        access_method=None if statement.server else method,
        tablespace=statement.tablespace,
        of_type=catalog.qualify(statement.of_type) if statement.of_type else None,
        inherits=tuple(inherits),
        partition_key=_partition_key(statement.partition_by),
        partition_of=parent.name if parent else None,
        partition_bound=bound_of(statement.partition_bound),
        server=statement.server,
        replica_identity="n" if statement.server else "d",
        rows=Rows.UNKNOWN if statement.server else Rows.NONE,
    )


def _partition_key(key: PartitionKey | None) -> str | None:
    """``RANGE (created_at)``, as ``pg_get_partkeydef()`` writes it."""
    if key is None:
        return None
    parts = []
    for element in key.elements:
        text = element.column or (element.expression.sql if element.expression else "")
        if element.collation is not None:
            text += f" COLLATE {element.collation}"
        if element.opclass is not None:
            text += f" {element.opclass}"
        parts.append(text)
    return f"{key.strategy.upper()} ({', '.join(parts)})"


def _typed(catalog: Catalog, statement: CreateTable) -> tuple[Column, ...]:
    """The columns of ``CREATE TABLE … OF type``."""
    if statement.of_type is None:
        return ()
    found = catalog.type(statement.of_type)
    if not isinstance(found, Composite):
        raise Refused(f"{statement.of_type} is no composite type")
    return tuple(Column(name, ref, collation=coll) for name, ref, coll in found.attributes)


def _with_columns(
    catalog: Catalog, table: Table, columns: tuple[Column, ...], statement: CreateTable
) -> tuple[Catalog, Table]:
    """*table* with its inherited *columns*, merged with those that *statement* spells out."""
    found = {column.name: column for column in columns}
    if len({d.name for d in statement.columns}) < len(statement.columns):
        raise Refused(f"{table.name} has a column twice")
    for definition in statement.columns:
        known = found.get(definition.name)
        catalog, column = define(catalog, table.name, definition, table.persistence)
        if known is not None:
            if definition.type is not None and known.type != column.type:
                raise Refused(f"{definition.name} has another type in the parent")
            column = _merged(known, column, local=statement.partition_of is None)
        found[column.name] = column
    return catalog, replace(table, columns=tuple(found.values()))


def _merged(known: Column, column: Column, *, local: bool) -> Column:
    return replace(
        known,
        not_null=known.not_null or column.not_null,
        default=column.default or known.default,
        generated=column.generated or known.generated,
        identity=column.identity or known.identity,
        collation=known.collation or column.collation,
        local=local or known.local,
    )


def _required(catalog: Catalog, table: Table, statement: CreateTable) -> Table:
    """*table* with NOT NULL for the columns that say so without a name."""
    for definition in statement.columns:
        if wants_not_null(definition) and not named_not_null(definition):
            table, _ = required(catalog, table, definition.name)
    return table


def _constrained(
    catalog: Catalog, name: Name, statement: CreateTable, kinds: tuple[ConstraintKind, ...]
) -> Catalog:
    definitions = statement.all_constraints
    for kind in kinds:
        found = [definition for definition in definitions if definition.kind is kind]
        for definition in dict.fromkeys(found) if len(found) > 1 else found:
            if not _is_repeated_key(catalog.tables[name], definition):
                catalog = add_constraint(catalog, name, _created(definition))
    return catalog


def _created(definition: ConstraintDef) -> ConstraintDef:
    """In CREATE TABLE nothing is NOT VALID: there are no rows to look at."""
    return replace(definition, not_valid=False) if definition.not_valid else definition


def _is_repeated_key(table: Table, definition: ConstraintDef) -> bool:
    """``UNIQUE PRIMARY KEY`` makes one index (parse_utilcmd.c, transformIndexConstraints)."""
    if definition.kind is not ConstraintKind.UNIQUE or definition.include:
        return False
    key = table.primary_key
    same = key is not None and key.columns == definition.columns and not key.inherited
    return same and definition.name in (None, key.name if key else None)
