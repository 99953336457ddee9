"""ALTER … RENAME: quick under a lock nobody passes, and the end of the old name."""

from __future__ import annotations

from migsafe.catalog import Composite, ConstraintKind, Index, Sequence, Table, View
from migsafe.effects import keys
from migsafe.effects.existing import ROUTINES, check_object
from migsafe.effects.ledger import ACCESS_EXCLUSIVE, SHARE_UPDATE_EXCLUSIVE, Ledger
from migsafe.effects.mentions import typed_tables
from migsafe.effects.object_commands import rename_routine
from migsafe.effects.places import check_free_type, check_schema, is_row_type
from migsafe.effects.stored_expressions import check_new_name
from migsafe.effects.usage import check_not_in_use
from migsafe.names import Name
from migsafe.sql import ast

Kind = ast.ObjectKind

_RELATIONS = (
    Kind.TABLE,
    Kind.FOREIGN_TABLE,
    Kind.VIEW,
    Kind.MATERIALIZED_VIEW,
    Kind.INDEX,
    Kind.SEQUENCE,
)
_PARTS = (Kind.TRIGGER, Kind.POLICY, Kind.RULE)


def rename(statement: ast.Rename, ledger: Ledger) -> None:
    """RENAME of anything."""
    if statement.kind in _RELATIONS:
        _rename_relation(statement, ledger)
    elif statement.kind is Kind.COLUMN:
        _rename_column(statement, ledger)
    elif statement.kind is Kind.TABLE_CONSTRAINT:
        _rename_constraint(statement, ledger)
    elif statement.kind is Kind.DOMAIN_CONSTRAINT:
        part = ast.Target(Name(None, statement.sub_name or ""), table=statement.name)
        check_object(statement.kind, part, ledger)
    elif statement.kind in ROUTINES:
        rename_routine(statement, ledger)
    elif statement.kind in _PARTS:
        relation = ledger.relation(statement.name, if_exists=statement.if_exists)
        if relation is not None:
            part = ast.Target(Name(None, statement.sub_name or ""), table=statement.name)
            check_object(statement.kind, part, ledger)
            ledger.lock(relation.name, ACCESS_EXCLUSIVE)
        if isinstance(relation, Table) and statement.kind is Kind.TRIGGER and ledger.major >= 15:
            for member in ledger.family(relation):
                if any(t.name == statement.sub_name and t.inherited for t in member.triggers):
                    ledger.lock(member.name, ACCESS_EXCLUSIVE)
    elif statement.kind is Kind.TYPE_ATTRIBUTE:
        _rename_attribute(statement, ledger)
    elif statement.kind in (Kind.TYPE, Kind.DOMAIN):
        _rename_type(statement, ledger)
    elif statement.kind is Kind.SCHEMA:
        check_schema(statement.name.name, ledger)
        if statement.new_name in ledger.catalog.schemas:
            ledger.refuse("42P06", f"schema {statement.new_name} exists already")
    elif statement.kind in (Kind.PUBLICATION, Kind.STATISTICS):
        check_object(statement.kind, ast.Target(statement.name), ledger)


def _rename_type(statement: ast.Rename, ledger: Ledger) -> None:
    found = ledger.catalog.type(statement.name)
    if found is None:
        if is_row_type(statement.name, ledger.catalog):
            ledger.refuse("42809", f"{statement.name.display()} is a table's row type")
        check_schema(statement.name.schema, ledger)
        ledger.refuse("42704", f"type {statement.name.display()} does not exist")
    else:
        renamed = Name(found.name.schema, statement.new_name)
        taken = (ledger.catalog.types, ledger.catalog.tables, ledger.catalog.views)
        if any(renamed in kind for kind in taken):
            ledger.refuse("42710", f"type {statement.new_name} exists already")
        if isinstance(found, Composite):
            ledger.lock(found.name, ACCESS_EXCLUSIVE)
        ledger.restrict("renamed", found.name, new_name=statement.new_name)


def _rename_attribute(statement: ast.Rename, ledger: Ledger) -> None:
    found = ledger.catalog.type(statement.name)
    if found is None:
        return
    ledger.lock(found.name, ACCESS_EXCLUSIVE)
    for table in typed_tables(ledger.catalog, found.name):
        if not statement.cascade:
            why = f"typed table {table.name.display()} uses {found.name.display()}"
            ledger.refuse("2BP01", why)
        for member in ledger.family(table):
            ledger.lock(member.name, ACCESS_EXCLUSIVE)
        ledger.restrict("renamed", table.name, statement.sub_name, statement.new_name)
    names = [a[0] for a in found.attributes] if isinstance(found, Composite) else []
    if names and statement.sub_name not in names:
        ledger.refuse("42703", f"attribute {statement.sub_name} does not exist")
    if statement.new_name in names:
        ledger.refuse("42701", f"attribute {statement.new_name} exists already")


def _rename_relation(statement: ast.Rename, ledger: Ledger) -> None:
    relation = ledger.relation(statement.name, if_exists=statement.if_exists)
    if relation is None:
        return
    _check_kind(relation, statement, ledger)
    if ledger.catalog.relation(Name(relation.name.schema, statement.new_name)) is not None:
        ledger.refuse("42P07", f"relation {statement.new_name} exists already")
    if not isinstance(relation, Index):
        check_free_type(Name(relation.name.schema, statement.new_name), ledger)
    ledger.restrict("renamed", relation.name, new_name=statement.new_name)
    if isinstance(relation, Index):
        # ALTER INDEX knows what it gets and is content with less; ALTER TABLE does not.
        by_index = (statement.relation_kind or statement.kind) is Kind.INDEX
        mode = SHARE_UPDATE_EXCLUSIVE if by_index else ACCESS_EXCLUSIVE
        ledger.lock_index(relation, mode)
        return
    if isinstance(relation, Table):
        check_not_in_use(ledger, relation.name, "ALTER TABLE")
    ledger.lock(relation.name, ACCESS_EXCLUSIVE)


def _check_kind(
    relation: Table | View | Index | Sequence, statement: ast.Rename, ledger: Ledger
) -> None:
    """ALTER TABLE renames anything, the others what they are for (RenameRelation)."""
    kind = statement.relation_kind or statement.kind
    materialized = isinstance(relation, View) and relation.materialized
    fits = {
        Kind.VIEW: isinstance(relation, View) and not materialized,
        Kind.MATERIALIZED_VIEW: materialized,
        Kind.SEQUENCE: isinstance(relation, Sequence),
    }
    if not fits.get(kind, True):
        ledger.refuse("42809", f"{relation.name.display()} is not a {kind.value.lower()}")


def _rename_column(statement: ast.Rename, ledger: Ledger) -> None:
    relation = ledger.relation(statement.name, if_exists=statement.if_exists)
    if relation is None:
        return
    ledger.lock(relation.name, ACCESS_EXCLUSIVE)
    if isinstance(relation, Table) and relation.of_type is not None:
        ledger.refuse("42809", f"{relation.name.display()} has the columns of its type")
    if isinstance(relation, View) and relation.columns:
        names = [name for name, _ in relation.columns]
        if statement.sub_name not in names:
            ledger.refuse("42703", f"column {statement.sub_name} does not exist")
        if statement.new_name in names:
            ledger.refuse("42701", f"column {statement.new_name} exists already")
    if isinstance(relation, Table) and relation.unknown is None:
        check_new_name(statement.new_name, relation.name.display(), ledger)
        label = relation.name.display()
        old = relation.column(statement.sub_name or "")
        if old is None:
            ledger.refuse("42703", f"column {label}.{statement.sub_name} does not exist")
        elif old.inherited:
            ledger.refuse("42P16", f"column {label}.{old.name} is inherited")
        if statement.only and ledger.catalog.children_of(relation.name):
            ledger.refuse("42P16", f"{label}.{statement.sub_name} is renamed in children too")
        for member in ledger.family(relation):
            if member.column(statement.new_name) is not None:
                why = f"column {member.name.display()}.{statement.new_name} exists already"
                ledger.refuse("42701", why)
        check_not_in_use(ledger, relation.name, "ALTER TABLE")
        for member in ledger.family(relation, only=statement.only):
            ledger.lock(member.name, ACCESS_EXCLUSIVE)
    ledger.restrict("renamed", relation.name, statement.sub_name, statement.new_name)


def _rename_constraint(statement: ast.Rename, ledger: Ledger) -> None:
    table = ledger.table(statement.name, if_exists=statement.if_exists)
    if table is None:
        return
    ledger.lock(table.name, ACCESS_EXCLUSIVE)
    constraint = table.constraint(statement.sub_name or "")
    if constraint is None:
        if table.unknown is None:
            why = f"constraint {statement.sub_name} of {table.name.display()} does not exist"
            ledger.refuse("42704", why)
        return
    recursive = (ConstraintKind.CHECK, ConstraintKind.NOT_NULL)
    if constraint.inherited and constraint.kind in recursive:
        ledger.refuse("42P16", f"constraint {constraint.name} is inherited")
    if table.constraint(statement.new_name) is not None:
        why = f"constraint {statement.new_name} of {table.name.display()} exists already"
        ledger.refuse("42710", why)
    descends = constraint.kind in recursive and not constraint.no_inherit
    if statement.only and descends and ledger.catalog.children_of(table.name):
        ledger.refuse("42P16", f"constraint {constraint.name} is renamed in child tables too")
    index = keys.index_of(ledger, table, constraint)
    if index is not None:
        ledger.lock_index(index, SHARE_UPDATE_EXCLUSIVE)
    elif not constraint.no_inherit and constraint.references is None:
        for member in ledger.family(table):
            ledger.lock(member.name, ACCESS_EXCLUSIVE)
