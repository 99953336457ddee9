"""ADD, ALTER, VALIDATE and DROP CONSTRAINT."""

from __future__ import annotations

from migsafe.catalog import Constraint, ConstraintKind, Table, TableKind
from migsafe.effects import comparing, drop, foreign_keys, keys, not_null, references
from migsafe.effects.altering import SYSTEM_COLUMNS, Altering
from migsafe.effects.ledger import ACCESS_EXCLUSIVE
from migsafe.effects.stored_expressions import check_condition, check_expression
from migsafe.effects.usage import check_enum_values
from migsafe.sql import ast
from migsafe.sql.expressions import column_refs


def add_constraint(action: ast.AddConstraint, altering: Altering) -> None:
    """ADD CONSTRAINT of any kind."""
    definition, ledger = action.constraint, altering.ledger
    if ledger.major >= 18:
        altering.family()  # all descendants, for whatever kind of constraint (ATPrepCmd)
    existing = altering.table.constraint(definition.name) if definition.name else None
    merges = definition.kind is ast.ConstraintKind.NOT_NULL
    taken = definition.kind in keys.IN_INDEX and keys.is_key(existing) if existing else False
    if existing is not None and not merges and not taken:
        why = f"constraint {definition.name} of {altering.display()} exists already"
        ledger.refuse("42710", why)
    if definition.kind in keys.IN_INDEX:
        keys.add_key(definition, altering)
    elif definition.kind is ast.ConstraintKind.FOREIGN_KEY:
        references.add_foreign_key(definition, altering)
    elif definition.kind is ast.ConstraintKind.CHECK:
        _add_check(definition, altering)
    else:
        _add_not_null(definition, altering)


def add_inline(
    definition: ast.ConstraintDef,
    column: ast.ColumnDef,
    default: ast.Expression | None,
    altering: Altering,
) -> None:
    """A constraint written behind a new column of ADD COLUMN."""
    if definition.kind is ast.ConstraintKind.CHECK:
        _add_check(definition, altering, new=column.name)
    elif definition.kind is ast.ConstraintKind.FOREIGN_KEY:
        references.add_foreign_key(definition, altering, column=column)
    elif definition.kind in keys.IN_INDEX:
        keys.build_new(definition, default is not None, altering)


def _add_check(
    definition: ast.ConstraintDef, altering: Altering, *, new: str | None = None
) -> None:
    """ADD CHECK: reads every row, unless NOT VALID or NOT ENFORCED."""
    ledger = altering.ledger
    if definition.no_inherit:
        members = [altering.table]
        if altering.table.kind is TableKind.PARTITIONED:
            why = f"a CHECK of partitioned table {altering.display()} cannot be NO INHERIT"
            ledger.refuse("42P16", why)
    else:
        altering.not_only("constraint")
        members = altering.family()
    if definition.expression is not None:
        _check_columns(definition.expression, new, altering)
        if new is None:
            check_condition(definition.expression, altering.table, ledger)
        else:
            check_expression(definition.expression, ledger)
    if definition.not_valid or not definition.enforced:
        if definition.enforced:
            ledger.restrict("check", altering.name, definition.name)
        return
    for member in members:
        if not _merges(member, definition, altering):
            _check_name(member, definition, altering)
            altering.read(member)
            label = definition.name or "the new CHECK"
            why = f"a row of {member.name.display()} may violate {label}"
            ledger.rows_may_fail(member, "23514", why)
    ledger.restrict("check", altering.name, definition.name)


def _merges(member: Table, definition: ast.ConstraintDef, altering: Altering) -> bool:
    """Whether a child has the constraint already (MergeWithExistingConstraint)."""
    if member.name == altering.name or definition.name is None:
        return False
    own = member.constraint(definition.name)
    if own is None or own.kind is not ConstraintKind.CHECK or own.no_inherit:
        return False
    if definition.expression and not comparing.is_same_text(
        own.expression, definition.expression.sql
    ):
        why = f"constraint {own.name} of {member.name.display()} may be another one"
        altering.ledger.may_fail("42710", why)
    return own.validated


def _check_name(member: Table, definition: ast.ConstraintDef, altering: Altering) -> None:
    """A child may not have a constraint of that name which is another one."""
    own = member.constraint(definition.name) if definition.name else None
    if own is None or member.name == altering.name:
        return
    why = f"constraint {own.name} of {member.name.display()} exists already"
    if own.kind is not ConstraintKind.CHECK:
        altering.ledger.refuse("42710", why)
    altering.ledger.refuse("42P17", f"{why}, and is not inherited")


def _check_columns(expression: ast.Expression, new: str | None, altering: Altering) -> None:
    columns = column_refs(expression) - {new, "*", "tableoid", altering.table.name.name}
    for name in sorted(columns & set(SYSTEM_COLUMNS)):
        altering.ledger.refuse("42P10", f"{name} is a system column, which no CHECK may read")
    found = [altering.column(name) for name in sorted(columns)]
    check_enum_values(altering.ledger, [c.type for c in found if c], expression)


def _add_not_null(definition: ast.ConstraintDef, altering: Altering) -> None:
    """ADD CONSTRAINT … NOT NULL (PostgreSQL 18)."""
    ledger = altering.ledger
    if not definition.no_inherit:
        altering.not_only("constraint")
    members = [altering.table] if definition.no_inherit else altering.family()
    if definition.no_inherit and altering.table.kind is TableKind.PARTITIONED:
        ledger.refuse("0A000", f"a NOT NULL of partitioned table {altering.display()} is inherited")
    for name in definition.columns:
        column = altering.column(name)
        if column is None:
            continue
        _check_other_name(definition, name, altering)
        unproven = column.not_null and not not_null.is_not_null(altering.table, column)
        if unproven and not definition.not_valid:
            why = f"the NOT NULL of {altering.display(name)} is there, not validated"
            ledger.refuse("55000", why)
        for member in members:
            own = member.column(name)
            if own is None or own.not_null or definition.not_valid:
                continue
            not_null.require_values(member, own, altering)
        ledger.restrict("not-null", altering.name, name)


def _check_other_name(definition: ast.ConstraintDef, column: str, altering: Altering) -> None:
    """A column has one NOT NULL, which keeps its name."""
    for own in altering.table.constraints_of(ConstraintKind.NOT_NULL):
        if column in own.columns and definition.name not in (None, own.name):
            why = f"{altering.display(column)} has a NOT NULL already, called {own.name}"
            altering.ledger.refuse("55000", why)


def alter_constraint(action: ast.AlterConstraint, altering: Altering) -> None:
    """ALTER CONSTRAINT: of foreign keys, and of NOT NULL's inheritance (18)."""
    ledger = altering.ledger
    constraint = _existing(action.name, altering)
    if constraint is None:
        return
    if action.inherit is not None:
        if constraint.kind is not ConstraintKind.NOT_NULL:
            ledger.refuse("42809", f"constraint {action.name} is not a NOT NULL constraint")
        if not action.inherit and altering.table.kind is TableKind.PARTITIONED:
            why = f"a NOT NULL of partitioned table {altering.display()} is inherited"
            ledger.refuse("0A000", why)
        if constraint.no_inherit is action.inherit:
            altering.family()
        return
    if constraint.kind is not ConstraintKind.FOREIGN_KEY or constraint.references is None:
        ledger.refuse("42809", f"constraint {action.name} is not a foreign key")
        return
    if altering.table.kind is TableKind.PARTITIONED:
        for member in ledger.family(altering.table):
            ledger.lock(member.name, ACCESS_EXCLUSIVE)
    if action.enforced is False and constraint.enforced:
        foreign_keys.detach(ledger, constraint.references)
    if action.enforced and not constraint.enforced:
        foreign_keys.attach(ledger, altering.name, constraint.references)
        foreign_keys.validate(ledger, altering.table, constraint.references, constraint.name)
        ledger.restrict("foreign-key", altering.name, constraint.name)


def _existing(name: str, altering: Altering, *, if_exists: bool = False) -> Constraint | None:
    found = altering.table.constraint(name)
    if found is None and not if_exists and altering.table.unknown is None:
        altering.ledger.refuse("42704", f"constraint {name} of {altering.display()} does not exist")
    return found


def validate_constraint(action: ast.ValidateConstraint, altering: Altering) -> None:
    """VALIDATE CONSTRAINT: reads the table under a lock that lets rows be read and written."""
    ledger = altering.ledger
    constraint = _existing(action.name, altering)
    if constraint is None:
        return
    if keys.is_key(constraint):
        ledger.refuse("42809", f"constraint {action.name} cannot be NOT VALID")
    if not constraint.enforced:
        ledger.refuse("55000", f"constraint {action.name} is NOT ENFORCED")
    if constraint.validated:
        return
    if constraint.references is not None:
        altering.family()
        foreign_keys.validate(ledger, altering.table, constraint.references, constraint.name)
        return
    sqlstate = "23502" if constraint.kind is ConstraintKind.NOT_NULL else "23514"
    members = [altering.table] if constraint.no_inherit else altering.family()
    for member in members:
        altering.read(member)
        why = f"a row of {member.name.display()} may violate {action.name}"
        ledger.rows_may_fail(member, sqlstate, why)


def drop_constraint(action: ast.DropConstraint, altering: Altering) -> None:
    """DROP CONSTRAINT: quick, but a foreign key's other table is locked against reads too."""
    ledger, table = altering.ledger, altering.table
    constraint = _existing(action.name, altering, if_exists=action.if_exists)
    if constraint is None:
        if table.kind is TableKind.PARTITIONED:
            altering.family()  # they are looked at first (ATCheckPartitionsNotInUse)
        return
    if constraint.inherited:
        ledger.refuse("42P16", f"constraint {action.name} of {altering.display()} is inherited")
    if constraint.kind is ConstraintKind.NOT_NULL:
        key = table.primary_key
        if key is not None and set(constraint.columns) & set(key.columns):
            ledger.refuse("42P16", f"{constraint.columns[0]} is in a primary key")
    partitions = ledger.catalog.partitions_of(altering.name) if altering.only else ()
    if partitions and ledger.major < 18 and constraint.kind is ConstraintKind.CHECK:
        why = f"constraint {action.name} must go from the partitions of {altering.display()} too"
        ledger.refuse("42P16", why)
    dependents = list(drop.foreign_keys_on(ledger, table, constraint))
    if dependents and not action.cascade:
        other, foreign_key = dependents[0]
        why = f"constraint {foreign_key.name} on {other.name.display()} depends on {action.name}"
        ledger.refuse("2BP01", why)
    _lock_members(constraint, altering)
    if constraint.references is not None:
        foreign_keys.detach(ledger, constraint.references)


def _lock_members(constraint: Constraint, altering: Altering) -> None:
    """The tables a constraint goes from: CHECK and NOT NULL are inherited, all by partitions."""
    table = altering.table
    inherited = constraint.kind in (ConstraintKind.CHECK, ConstraintKind.NOT_NULL)
    if inherited and not constraint.no_inherit:
        for child in altering.ledger.catalog.children_of(table.name):
            altering.ledger.lock(child.name, altering.mode)  # with ONLY it keeps its own
        altering.family()
    elif table.kind is TableKind.PARTITIONED:
        for member in altering.ledger.family(table):
            altering.ledger.lock(member.name, ACCESS_EXCLUSIVE)
