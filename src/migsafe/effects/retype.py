"""ALTER COLUMN … TYPE: what happens to the rows, and to everything that depends on the column."""

from __future__ import annotations

import re

from migsafe.catalog import Column, ConstraintKind, Index, Table
from migsafe.effects import mentions
from migsafe.effects.altering import Altering
from migsafe.effects.casts import is_castable
from migsafe.effects.collations import check_collation
from migsafe.effects.column_type import (
    cannot_convert,
    keeps_index,
    keeps_rows,
    may_lose,
    plain,
    unwrap,
)
from migsafe.effects.comparing import breaks_comparison
from migsafe.effects.identity import INTEGERS
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ACCESS_SHARE,
    ROW_EXCLUSIVE,
    SHARE,
    SHARE_ROW_EXCLUSIVE,
    SHARE_UPDATE_EXCLUSIVE,
    Ledger,
)
from migsafe.effects.literals import check_literal
from migsafe.effects.operator_classes import check_class
from migsafe.effects.rekeying import rekey
from migsafe.effects.stored_expressions import check_columns, check_expression
from migsafe.effects.type_names import check_type
from migsafe.names import Name, quote_ident
from migsafe.pgtypes import TypeRef
from migsafe.sql import ast


def alter_column_type(action: ast.AlterColumnType, altering: Altering) -> None:
    """ALTER COLUMN … TYPE on a table and its children."""
    ledger = altering.ledger
    members = altering.family()
    column = altering.column(action.column)
    if column is None:
        return
    _refuse_place(column, altering)
    altering.retype(column.name)
    check_type(action.type, ledger)
    if column.identity and action.type.name.name not in INTEGERS:
        ledger.refuse("22023", f"{altering.display(column.name)} is an identity column: an integer")
    check_collation(action.collation, action.type, ledger)
    _refuse_conversion(action, column, altering)
    _refuse_dependents(column, altering)
    altering.needs_own_row_type()
    for member in members:
        own = member.column(action.column)
        if own is not None:
            _retype(action, member, own, altering)
    if column.identity:
        for sequence in ledger.catalog.sequences_of(altering.name):
            if sequence.owned_by == (altering.name, column.name):
                ledger.lock(sequence.name, ROW_EXCLUSIVE, SHARE_ROW_EXCLUSIVE)
                ledger.rewrite(sequence.name)
    ledger.restrict("type", altering.name, column.name)


def _refuse_place(column: Column, altering: Altering) -> None:
    """Columns that only change together with others (ATPrepAlterColumnType)."""
    ledger, table = altering.ledger, altering.table
    name = altering.display(column.name)
    if table.of_type is not None:
        ledger.refuse("42809", f"{altering.display()} has the columns of its type")
    for member in ledger.family(table):
        if column.name in mentions.partition_key_columns(member):
            ledger.refuse("42P16", f"{name} is in the partition key of {member.name.display()}")
    if column.inherited:
        ledger.refuse("42P16", f"column {name} is inherited")
    if altering.only and ledger.catalog.children_of(table.name):
        ledger.refuse("42P16", f"the type of {name} must be changed in child tables too")


def follow_type(action: ast.AlterColumnType, table: Table, ledger: Ledger) -> None:
    """A typed *table* follows its type, whose attribute gets another one."""
    altering = Altering(ledger, table.name, ACCESS_EXCLUSIVE, only=False, count=1)
    for member in altering.family():
        column = member.column(action.column)
        if column is not None:
            _retype(action, member, column, altering)
    altering.finish()


def _refuse_dependents(column: Column, altering: Altering) -> None:
    ledger, table = altering.ledger, altering.table
    name = altering.display(column.name)
    for generated in mentions.generated_from(table, column.name):
        sqlstate = "42601" if ledger.major < 15 else "0A000"
        ledger.refuse(sqlstate, f"generated column {generated} is computed from {name}")
    for user in mentions.fixed_by(ledger.catalog, table, column.name):
        ledger.refuse("0A000", f"{user} uses column {name}, so its type cannot be changed")


def _refuse_conversion(action: ast.AlterColumnType, column: Column, altering: Altering) -> None:
    ledger = altering.ledger
    impossible = cannot_convert(ledger.catalog, column.type, action.type)
    if action.using is not None:
        check_columns(action.using, altering.table, ledger)
        check_expression(action.using, ledger)
        check_literal(ledger, action.type, action.using)
        _refuse_casts(action, action.using, column, altering)
    elif impossible:
        why = f"{altering.display(column.name)} cannot be cast to {action.type} without USING"
        ledger.refuse("42804", why)
    if column.default and column.default.upper() != "NULL" and not column.generated and impossible:
        why = f"the default of {altering.display(column.name)} cannot be cast to {action.type}"
        ledger.refuse("42804", why)


def _refuse_casts(
    action: ast.AlterColumnType, using: ast.Expression, column: Column, altering: Altering
) -> None:
    """Refuse a USING that is made of casts of which one does not exist."""
    ledger, current = altering.ledger, column.type
    steps = _casts(using, column.name)
    for step in steps or ():
        pair = plain(ledger.catalog, current), plain(ledger.catalog, step)
        if pair[0] != pair[1] and is_castable(*pair, ledger.major) is False:
            ledger.refuse("42846", f"{current} cannot be cast to {step}")
        current = step
    if steps is not None and cannot_convert(ledger.catalog, current, action.type):
        ledger.refuse("42804", f"{current}, as USING gives it, is not stored as {action.type}")


def _retype(action: ast.AlterColumnType, table: Table, column: Column, altering: Altering) -> None:
    """The consequences of a new type of *column* in one table."""
    ledger = altering.ledger
    if not _keeps_rows(action, column, altering):
        altering.rewrite(table)
        sqlstate = may_lose(
            unwrap(ledger.catalog, column.type).base, unwrap(ledger.catalog, action.type).base
        )
        if sqlstate is not None:
            why = f"a value of {table.name.display()}.{column.name} may not fit {action.type}"
            ledger.rows_may_fail(table, sqlstate, why)
        if unwrap(ledger.catalog, action.type).constrained:
            why = f"a value of {table.name.display()}.{column.name} may not pass {action.type}"
            ledger.rows_may_fail(table, "23514", why)
    catalog = ledger.catalog
    for index in catalog.indexes_of(table.name):
        if mentions.index_uses(index, column.name):
            if any(k.column == column.name and k.opclass is None for k in index.keys):
                check_class(index.method, action.type, ledger)
            _reindex(index, table, column, _keeps_class(index, column, action, ledger), altering)
    _recheck(table, column, altering, action.type)
    same = keeps_index(catalog, column.type, action.type)
    rekey(table, column, action.type, same, altering)
    _restat(table, column, altering)


def _keeps_rows(action: ast.AlterColumnType, column: Column, altering: Altering) -> bool:
    if column.generated is not None and not column.generated.stored:
        return True  # nothing of it is in the rows
    zone = altering.ledger.session.setting("timezone")
    catalog = altering.ledger.catalog
    steps = _casts(action.using, column.name) if action.using is not None else ()
    if steps is None:
        return False
    current = column.type
    for step in (*steps, action.type):
        if not keeps_rows(catalog, current, step, zone):
            return False
        current = step
    return True


def _casts(using: ast.Expression, column: str) -> tuple[TypeRef, ...] | None:
    """The types that USING casts the bare column to, one after the other; None for other texts."""
    text = using.sql.strip()
    types: list[TypeRef] = []
    while text != quote_ident(column):
        if text.startswith("(") and text.endswith(")"):
            text = text[1:-1].strip()
            continue
        before, cast, type_ = text.rpartition("::")
        standard = re.fullmatch(r"(?is)cast\s*\((.*)\s+as\s+(.*)\)", text)
        if standard is not None:
            before, type_ = standard[1], standard[2]
        elif not cast:
            return None
        try:
            types.insert(0, TypeRef.parse(type_))
        except ValueError:
            return None
        text = before.strip()
    return tuple(types)


def _keeps_class(index: Index, column: Column, action: ast.AlterColumnType, ledger: Ledger) -> bool:
    """Whether the operator class and collation of *column* in *index* stay."""
    same = keeps_index(ledger.catalog, column.type, action.type, index.method)
    is_key = column.name in mentions.key_columns(index)
    return (same or _has_own_class(index, column.name)) and (
        not is_key or _same_collation(action.collation, column.collation)
    )


def _same_collation(wanted: Name | None, old: Name | None) -> bool:
    if wanted is None or old is None:
        return wanted == old
    return wanted.name == old.name and (wanted.schema == old.schema or wanted.schema is None)


def _has_own_class(index: Index, column: str) -> bool:
    """Whether the operator class of *column* in *index* is a chosen one, or none is needed."""
    keys = [key for key in index.keys if key.column == column]
    return all(key.opclass is not None for key in keys)


def _reindex(
    index: Index, table: Table, column: Column, compatible: bool, altering: Altering
) -> None:
    """*index* is made again; its file is kept where CheckIndexCompatible() allows it."""
    ledger = altering.ledger
    if index.predicate or index.parent or any(key.expression for key in index.keys):
        compatible = False  # of a partitioned index only the parent's own part is matched
    ledger.lock(table.name, SHARE)
    ledger.lock_index(index, ACCESS_EXCLUSIVE)
    if index.constraint is not None:
        constraint = table.constraint(index.constraint)
        if constraint is not None and constraint.deferrable:
            ledger.lock(table.name, SHARE_ROW_EXCLUSIVE)  # its trigger is made again
    if altering.will_rewrite(table.name):
        return
    if compatible and index.valid:
        ledger.lock_index(index, ACCESS_SHARE)
        return
    ledger.rebuild(index)
    altering.read(table)
    if index.unique:
        why = f"{index.name.display()} may find duplicates under the new type"
        ledger.rows_may_fail(table, "23505", why)


def _recheck(table: Table, column: Column, altering: Altering, type_: TypeRef | None) -> None:
    """CHECKs on the column are made again, and checked unless they are NOT VALID."""
    ledger = altering.ledger
    texts = []
    for check in table.constraints_of(ConstraintKind.CHECK):
        if mentions.constraint_uses(check, column.name):
            texts.append(check.expression or "")
            if check.validated and check.enforced:
                altering.read(table)
    for index in ledger.catalog.indexes_of(table.name):
        texts += [t for t in (index.predicate, *(k.expression for k in index.keys)) if t]
    if type_ is None:
        return
    for text in texts:
        if breaks_comparison(ledger.catalog, text, column.name, column.type, type_):
            why = f"{text} cannot compare {column.name} as {type_}"
            ledger.refuse("42883", why)


def _restat(table: Table, column: Column, altering: Altering) -> None:
    """Extended statistics on the column are made again."""
    for statistics in altering.ledger.catalog.statistics.values():
        used = {*statistics.columns, *mentions.columns_in(*statistics.expressions)}
        if statistics.table == table.name and column.name in used:
            altering.ledger.lock(table.name, SHARE_UPDATE_EXCLUSIVE)


def rebuild_dependents(table: Table, column: Column, altering: Altering) -> None:
    """What a new generation expression does to the indexes and checks on the column."""
    for index in altering.ledger.catalog.indexes_of(table.name):
        if mentions.index_uses(index, column.name):
            _reindex(index, table, column, False, altering)
    _recheck(table, column, altering, None)
    _restat(table, column, altering)
