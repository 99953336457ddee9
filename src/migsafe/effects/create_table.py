"""CREATE TABLE: felt only by the tables it refers to, inherits from or becomes part of."""

from __future__ import annotations

from migsafe.catalog import Composite, Table, TableKind
from migsafe.effects import foreign_keys, partitions, references
from migsafe.effects.altering import SYSTEM_COLUMNS
from migsafe.effects.bounds import overlapping
from migsafe.effects.collations import check_collation
from migsafe.effects.defaults import check_default
from migsafe.effects.identity import INTEGERS
from migsafe.effects.keys import IN_INDEX, check_name
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ACCESS_SHARE,
    SHARE_ROW_EXCLUSIVE,
    SHARE_UPDATE_EXCLUSIVE,
    Ledger,
)
from migsafe.effects.operator_classes import check_class
from migsafe.effects.options import check_index_options, check_table_options
from migsafe.effects.partition_bounds import check_bound
from migsafe.effects.places import is_taken
from migsafe.effects.storage import is_method
from migsafe.effects.type_names import check_type
from migsafe.effects.virtual import check_new
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql import ast
from migsafe.sql.expressions import column_refs


def create_table(statement: ast.CreateTable, ledger: Ledger) -> None:
    """CREATE TABLE: felt only by the tables it refers to, inherits from or becomes part of."""
    if is_taken(
        statement.name, statement.persistence, ledger, if_not_exists=statement.if_not_exists
    ):
        return
    _check_names(statement, ledger)
    if statement.server is None:
        check_table_options(statement.options, ledger)
        if not is_method(statement.method, ledger):
            ledger.refuse("42704", f"there is no access method {statement.method}")
    for column in statement.columns:
        check_type(column.type, ledger)
        check_new(column, ledger)
        check_collation(column.collation, column.type, ledger)
        if column.identity and column.type and column.type.name.name not in INTEGERS:
            ledger.refuse("22023", f"identity column {column.name} is not an integer")
        if column.type is not None and column.default is not None:
            check_default(ledger, column.type, column.default)
    _check_of_type(statement, ledger)
    _check_constraints(statement, ledger)
    _check_partitioning(statement, ledger)
    for clause in statement.like:
        source = ledger.relation(clause.source)
        if source is not None:
            ledger.lock(source.name, ACCESS_SHARE)
    _inherit(statement, ledger)
    for definition in statement.all_constraints:
        if definition.references is not None:
            _refer(definition, statement, ledger)
    if statement.partition_of is not None:
        _become_partition(statement, statement.partition_of, ledger)


def _check_names(statement: ast.CreateTable, ledger: Ledger) -> None:
    names = [*SYSTEM_COLUMNS, *(column.name for column in statement.columns)]
    if len(set(names)) == len(names):
        return
    for name in sorted({name for name in names if names.count(name) > 1}):
        ledger.refuse("42701", f"column {name} is defined twice, or is one of the system")


def _check_constraints(statement: ast.CreateTable, ledger: Ledger) -> None:
    """Keys whose index could not bear its name, and conditions on columns that are not there."""
    name = ledger.catalog.qualify(statement.name)
    elsewhere = (statement.like, statement.inherits, statement.of_type, statement.partition_of)
    columns = {"*", "tableoid", name.name, *(column.name for column in statement.columns)}
    for constraint in statement.all_constraints:
        if constraint.kind in IN_INDEX:
            check_index_options(constraint.options, constraint.method or "btree", ledger)
            check_name(constraint, name, ledger)
        if any(elsewhere):
            continue
        for column in constraint.columns if constraint.kind in IN_INDEX else ():
            if column not in columns and column not in SYSTEM_COLUMNS:
                ledger.refuse("42703", f"column {column} of a key does not exist")
        if constraint.expression is None:
            continue
        for column in sorted(column_refs(constraint.expression) - columns):
            sqlstate = "42P10" if column in SYSTEM_COLUMNS else "42703"
            ledger.refuse(sqlstate, f"{constraint.expression} cannot read column {column}")


def _inherit(statement: ast.CreateTable, ledger: Ledger) -> None:
    """The parents of a new table must agree about the columns they share (MergeAttributes)."""
    types = {column.name: column.type for column in statement.columns if column.type}
    seen: set[Name] = set()
    for name in statement.inherits:
        parent = _parent(name, ledger)
        if parent is None:
            continue
        label = parent.name.display()
        if parent.kind is TableKind.PARTITIONED or parent.partition_of is not None:
            ledger.refuse("42809", f"{label} has partitions or is one: no other table inherits it")
        ledger.lock(parent.name, SHARE_UPDATE_EXCLUSIVE)
        if parent.name in seen:
            ledger.refuse("42P07", f"{label} is inherited twice")
        seen.add(parent.name)
        for column in parent.columns:
            type_ = ledger.catalog.resolve_type(types.setdefault(column.name, column.type))
            if type_ != column.type:
                ledger.refuse("42804", f"column {column.name} is both {type_} and {column.type}")


def _parent(name: Name, ledger: Ledger) -> Table | None:
    relation = ledger.relation(name)
    if relation is not None and not isinstance(relation, Table):
        ledger.refuse("42809", f"{relation.name.display()} is not a table")
    return relation if isinstance(relation, Table) else None


def _check_of_type(statement: ast.CreateTable, ledger: Ledger) -> None:
    """A typed table has the columns of a composite type that is no table's own."""
    if statement.of_type is None:
        return
    found = ledger.catalog.type(statement.of_type)
    if found is None and ledger.catalog.relation(statement.of_type) is None:
        check_type(TypeRef(statement.of_type), ledger)
    elif not isinstance(found, Composite):
        ledger.refuse("42809", f"{statement.of_type.display()} is not a composite type")
    else:
        ledger.lock(found.name, ACCESS_SHARE)
        attributes = {attribute[0] for attribute in found.attributes}
        for column in statement.columns:
            if column.name not in attributes:
                why = f"type {found.name.display()} has no attribute {column.name}"
                ledger.refuse("42703", why)


def _check_partitioning(statement: ast.CreateTable, ledger: Ledger) -> None:
    """The columns of a partition key exist, can be compared, and are in every unique key."""
    key = statement.partition_by
    if key is None:
        return
    label = statement.name.display()
    if statement.persistence == "unlogged" and ledger.major >= 18:
        ledger.refuse("0A000", f"partitioned table {label} cannot be unlogged")
    if key.strategy == "list" and len(key.elements) > 1:
        ledger.refuse("42P17", f"{label} is partitioned by LIST, which takes one column")
    types = {column.name: column.type for column in statement.columns}
    elsewhere = (statement.like, statement.inherits, statement.of_type, statement.partition_of)
    listed = not any(elsewhere)
    names = [element.column for element in key.elements if element.column]
    for element in key.elements:
        name = element.column
        if name is not None and name not in (*types, *SYSTEM_COLUMNS) and listed:
            ledger.refuse("42703", f"column {label}.{name} in the partition key does not exist")
        type_ = types.get(name) if name is not None and element.opclass is None else None
        if type_ is not None:
            check_class("hash" if key.strategy == "hash" else "btree", type_, ledger)
    kinds = (ast.ConstraintKind.PRIMARY_KEY, ast.ConstraintKind.UNIQUE)
    for constraint in statement.all_constraints:
        if constraint.kind in kinds:
            lacking = sorted(set(names) - set(constraint.columns))
            if lacking or len(names) < len(key.elements):
                what = ", ".join(lacking) or "expressions"
                ledger.refuse("0A000", f"a unique key of {label} must include {what}")


def _refer(definition: ast.ConstraintDef, statement: ast.CreateTable, ledger: Ledger) -> None:
    name = definition.references
    if name is None or ledger.catalog.qualify(name) == ledger.catalog.qualify(statement.name):
        return
    references.check_referenced(name, ledger)
    referenced = ledger.table(name)
    if referenced is None:
        return
    references.check_persistence(ledger, statement.persistence[0], referenced)
    references.check_target(ledger, definition, referenced)
    types = {column.name: column.type for column in statement.columns if column.type}
    references.check_types(ledger, definition, types, referenced)
    ledger.lock(referenced.name, SHARE_ROW_EXCLUSIVE)
    if definition.enforced:
        foreign_keys.lock_for_triggers(ledger, referenced.name)


def _become_partition(statement: ast.CreateTable, name: Name, ledger: Ledger) -> None:
    parent = _parent(name, ledger)
    if parent is None:
        return
    if parent.kind is not TableKind.PARTITIONED:
        ledger.refuse("42P17", f"{parent.name.display()} is not partitioned")
    if (statement.persistence == "temporary") is not (parent.persistence == "t"):
        why = f"{parent.name.display()} and its partitions are all temporary or all permanent"
        ledger.refuse("42809", why)
    ledger.lock(parent.name, ACCESS_EXCLUSIVE)
    for index in ledger.catalog.indexes_of(parent.name):
        ledger.lock_index(index, SHARE_UPDATE_EXCLUSIVE)
    for constraint in parent.constraints:
        if constraint.references is not None:
            foreign_keys.lock_for_triggers(ledger, constraint.references)
    bound = statement.partition_bound or "DEFAULT"
    check_bound(parent, bound, ledger)
    clash = overlapping(parent, bound, ledger.catalog)
    if clash is not None:
        ledger.refuse("42P17", f"{bound} overlaps partition {clash.name.display()}")
    partitions.narrow_default(ledger, parent, bound, adding=None)
    partitions.refer_to(ledger, parent)
