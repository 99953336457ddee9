"""ADD COLUMN, DROP COLUMN, and what ALTER COLUMN does to defaults and expressions."""

from __future__ import annotations

from migsafe.catalog import ConstraintKind, Rows, Table, TableKind
from migsafe.effects import constraints, mentions, reading, retype
from migsafe.effects.altering import Altering
from migsafe.effects.collations import check_collation
from migsafe.effects.column_type import domain_default, unwrap
from migsafe.effects.defaults import check_default
from migsafe.effects.identity import check_new_identity
from migsafe.effects.ledger import ACCESS_SHARE
from migsafe.effects.literals import check_fit
from migsafe.effects.storage import check_storage
from migsafe.effects.stored_expressions import check_generated, check_new_name
from migsafe.effects.type_names import check_type
from migsafe.effects.virtual import check_new
from migsafe.effects.volatility import is_volatile
from migsafe.pgtypes import TypeRef
from migsafe.sql import ast


def add_column(action: ast.AddColumn, altering: Altering) -> None:
    """ADD COLUMN: free unless every row needs a value of its own or a check."""
    ledger, column = altering.ledger, action.column
    if altering.table.partition_of is not None:
        ledger.refuse("42809", f"{altering.display()} is a partition: add to its parent")
    if altering.table.column(column.name) is not None:
        if not action.if_not_exists:
            ledger.refuse("42701", f"column {altering.display(column.name)} exists already")
        return
    members = altering.family()
    altering.not_only("column")
    _check_children(column, members[1:], altering)
    if altering.table.of_type is not None:
        ledger.refuse("42809", f"{altering.display()} has the columns of its type")
    type_ = column.type or TypeRef.builtin("text")
    check_type(type_, ledger)
    check_collation(column.collation, type_, ledger)
    check_new_name(column.name, altering.display(), ledger)
    if column.generated is not None:
        check_generated(column.generated, altering.table, ledger)
    check_new(column, ledger)
    check_new_identity(column, type_, altering)
    is_key = any(c.kind is ast.ConstraintKind.PRIMARY_KEY for c in column.constraints)
    if is_key and altering.table.primary_key is not None:
        ledger.refuse("42P16", f"{altering.display()} has a primary key already")
    default = _default(column)
    _check_values(column, default, type_, members, altering)
    if _needs_rewrite(column, type_, altering):
        for member in members:
            altering.rewrite(member)
        if default is not None:
            reading.draw(default, ledger)
    _check_domain(type_, default, members, altering)
    if column.serial or column.identity:
        ledger.lock(altering.name, ACCESS_SHARE)  # the new sequence is OWNED BY the table
    if _is_computed(column, default, type_, altering):
        altering.needs_own_row_type()
    _add_not_null(column, default, members, altering)
    for constraint in column.constraints:
        constraints.add_inline(constraint, column, default, altering)


def _check_values(
    column: ast.ColumnDef,
    default: ast.Expression | None,
    type_: TypeRef,
    members: list[Table],
    altering: Altering,
) -> None:
    """Refuse a default that the column cannot have, and a way to store values that it has not."""
    ledger = altering.ledger
    if column.storage is not None:
        check_storage(column.storage, type_, altering.display(column.name), ledger)
    if default is not None:
        check_default(ledger, type_, default)
        if any(member.kind is TableKind.TABLE for member in members):
            check_fit(ledger, type_, default)  # it is computed for the rows there are


def _check_children(column: ast.ColumnDef, children: list[Table], altering: Altering) -> None:
    """Children that have the column already share it, if it is of the same type."""
    if not children:
        return
    ledger = altering.ledger
    type_ = ledger.catalog.resolve_type(column.type or TypeRef.builtin("text"))
    for member in children:
        own = member.column(column.name)
        if own is not None and own.type != type_:
            what = f"{member.name.display()}.{column.name}"
            ledger.refuse("42804", f"{what} is {own.type}, not {type_}")


def _is_computed(
    column: ast.ColumnDef, default: ast.Expression | None, type_: TypeRef, altering: Altering
) -> bool:
    """Whether existing rows get a value, which rows inside of other rows could not."""
    filled = default is not None or column.generated is not None
    drawn = bool(column.serial or column.identity)
    return filled or drawn or unwrap(altering.ledger.catalog, type_).constrained


def _default(column: ast.ColumnDef) -> ast.Expression | None:
    """The default of a new column, None also for DEFAULT NULL."""
    if column.default is None or column.default.sql.upper().split("::")[0] == "NULL":
        return None
    return column.default


def _needs_rewrite(column: ast.ColumnDef, type_: TypeRef, altering: Altering) -> bool:
    """Whether one stored value cannot stand for all rows (ATExecAddColumn)."""
    catalog = altering.ledger.catalog
    if column.generated is not None:
        return not column.virtual
    if column.serial or column.identity or unwrap(catalog, type_).constrained:
        return True
    if column.default is not None:
        return is_volatile(catalog, column.default)
    inherited = domain_default(catalog, type_)
    return inherited is not None and is_volatile(catalog, ast.Expression(inherited))


def _check_domain(
    type_: TypeRef, default: ast.Expression | None, members: list[Table], altering: Altering
) -> None:
    """The one value that all rows get must pass the checks of its domain."""
    catalog = altering.ledger.catalog
    value = default or domain_default(catalog, type_)
    checks = unwrap(catalog, type_)
    if not checks.constrained or (value is None and not checks.not_null):
        return
    sqlstate = "23502" if value is None else "23514"
    for member in members:
        why = f"rows of {member.name.display()} get a value that {type_} may refuse"
        altering.ledger.rows_may_fail(member, sqlstate, why)


def _add_not_null(
    column: ast.ColumnDef,
    default: ast.Expression | None,
    members: list[Table],
    altering: Altering,
) -> None:
    is_key = any(c.kind is ast.ConstraintKind.PRIMARY_KEY for c in column.constraints)
    if not (column.not_null or is_key) or column.serial or column.identity:
        return
    type_ = column.type or TypeRef.builtin("text")
    filled = default is not None or column.generated is not None
    if not filled and column.default is None:
        filled = domain_default(altering.ledger.catalog, type_) is not None
    if filled and not column.virtual:
        return
    for member in members:
        altering.read(member)
        why = f"existing rows of {member.name.display()} have no value for {column.name}"
        if not filled and member.rows is Rows.SOME:
            altering.ledger.refuse("23502", why)
        altering.ledger.rows_may_fail(member, "23502", why)
    if not filled:
        altering.ledger.restrict("not-null", altering.name, column.name)


def drop_column(action: ast.DropColumn, altering: Altering) -> None:
    """DROP COLUMN: quick, but its indexes, keys and sequences go too, and partners are locked."""
    ledger = altering.ledger
    if altering.table.of_type is not None:
        ledger.refuse("42809", f"{altering.display()} has the columns of its type")
    members = altering.family()
    for child in ledger.catalog.children_of(altering.name) if altering.only else ():
        ledger.lock(child.name, altering.mode)  # it keeps the column as its own
    column = altering.column(action.column, if_exists=action.if_exists)
    if column is None:
        return
    if altering.only and ledger.catalog.partitions_of(altering.name):
        ledger.refuse("42P16", f"{altering.display(column.name)} must go from partitions too")
    if column.inherited:
        ledger.refuse("42P16", f"column {altering.display(column.name)} is inherited")
    for member in members:
        if member.partition_key and column.name in mentions.partition_key_columns(member):
            label = altering.display(column.name)
            ledger.refuse("42P16", f"{label} is in the partition key of {member.name.display()}")
    needs_cascade = list(mentions.drop_needs_cascade(ledger.catalog, altering.table, column.name))
    if ledger.major >= 15:
        needs_cascade += mentions.generated_from(altering.table, column.name)
    if needs_cascade and not action.cascade:
        why = f"{needs_cascade[0]} depends on column {altering.display(column.name)}"
        ledger.refuse("2BP01", why)


def set_default(action: ast.SetDefault, altering: Altering) -> None:
    """SET DEFAULT: touches no row."""
    altering.family()
    column = altering.column(action.column)
    if column is None:
        return
    if column.generated or column.identity:
        kind = "a generated" if column.generated else "an identity"
        why = f"{altering.display(column.name)} is {kind} column"
        altering.ledger.refuse("42601", why)
    check_default(altering.ledger, column.type, action.default)


def drop_default(action: ast.DropDefault, altering: Altering) -> None:
    """DROP DEFAULT: touches no row."""
    altering.family()
    column = altering.column(action.column)
    if column is not None and column.identity:
        altering.ledger.refuse("42601", f"{altering.display(column.name)} is an identity column")
    if column is not None and column.generated:
        altering.ledger.refuse("42601", f"{altering.display(column.name)} is a generated column")


def set_expression(action: ast.SetExpression, altering: Altering) -> None:
    """SET EXPRESSION: a stored column is written anew, a virtual one costs nothing."""
    ledger = altering.ledger
    members = altering.family()
    column = altering.column(action.column)
    if column is None:
        return
    if column.generated is None:
        ledger.refuse("55000", f"{altering.display(column.name)} is not a generated column")
    elif column.generated.stored:
        for member in members:
            altering.rewrite(member)
            retype.rebuild_dependents(member, column, altering)
    elif altering.table.constraints_of(ConstraintKind.CHECK):
        why = f"{altering.display()} has a CHECK, and {column.name} is a virtual column"
        ledger.refuse("0A000", why)


def drop_expression(action: ast.DropExpression, altering: Altering) -> None:
    """DROP EXPRESSION: the stored values stay."""
    altering.family()
    column = altering.column(action.column)
    if column is None:
        return
    if column.generated is None:
        if not action.if_exists:
            why = f"{altering.display(column.name)} is not a generated column"
            altering.ledger.refuse("55000", why)
    elif not column.generated.stored:
        altering.ledger.refuse("0A000", f"{altering.display(column.name)} is a virtual column")
