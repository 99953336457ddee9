"""Enums, domains and composite types, and the tables that use them."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Composite, Domain, Enum, Table
from migsafe.effects import mentions, removing, retype
from migsafe.effects.altering import Altering
from migsafe.effects.collations import check_collation
from migsafe.effects.defaults import check_default
from migsafe.effects.ledger import ACCESS_EXCLUSIVE, ACCESS_SHARE, SHARE, Ledger
from migsafe.effects.operator_classes import check_class
from migsafe.effects.places import check_schema
from migsafe.effects.stored_expressions import check_expression
from migsafe.effects.type_names import check_type
from migsafe.fold.once import changed
from migsafe.names import Name
from migsafe.sql import ast
from migsafe.sql.expressions import column_refs
from migsafe.values import replace


def create_type(
    statement: ast.CreateEnum | ast.CreateDomain | ast.CreateComposite | ast.CreateRange,
    ledger: Ledger,
) -> None:
    """CREATE TYPE and CREATE DOMAIN."""
    name = ledger.catalog.qualify(statement.name)
    check_schema(name.schema, ledger)
    taken = (ledger.catalog.types, ledger.catalog.tables, ledger.catalog.views)
    if any(name in kind for kind in taken):
        ledger.refuse("42710", f"type {statement.name.display()} exists already")
    if isinstance(statement, ast.CreateEnum) and len(set(statement.values)) < len(statement.values):
        ledger.refuse("23505", f"enum {statement.name.display()} has a label twice")
    if isinstance(statement, ast.CreateDomain):
        check_type(statement.type, ledger)
        check_collation(statement.collation, statement.type, ledger)
        if statement.default is not None:
            check_default(ledger, statement.type, statement.default)
        checks = ast.ConstraintKind.CHECK
        given = [c.name for c in statement.constraints if c.kind is checks or ledger.major >= 17]
        for constraint in statement.constraints:
            _check_condition(constraint, ledger)
            if constraint.name is not None and given.count(constraint.name) > 1:
                ledger.refuse("42710", f"constraint {constraint.name} is there twice")
    if isinstance(statement, ast.CreateComposite):
        names = [attribute.name for attribute in statement.attributes]
        for attribute in statement.attributes:
            check_type(attribute.type, ledger)
            if names.count(attribute.name) > 1:
                ledger.refuse("42701", f"attribute {attribute.name} is defined twice")
    if isinstance(statement, ast.CreateRange):
        _check_subtype(statement, ledger)


def _check_condition(constraint: ast.ConstraintDef, ledger: Ledger) -> None:
    """The CHECK of a domain knows nothing but VALUE."""
    if constraint.expression is None:
        return
    for name in sorted(column_refs(constraint.expression) - {"value"}):
        ledger.refuse("42703", f"a domain has no column {name}")
    check_expression(constraint.expression, ledger)


def _check_subtype(statement: ast.CreateRange, ledger: Ledger) -> None:
    """The values of a range are ordered."""
    if statement.subtype is None:
        ledger.refuse("42601", f"range {statement.name.display()} needs a subtype")
        return
    check_type(statement.subtype, ledger)
    if all(option.name != "subtype_opclass" for option in statement.options):
        check_class("btree", statement.subtype, ledger)


def add_value(statement: ast.AddEnumValue, ledger: Ledger) -> None:
    """ADD VALUE: no lock; the value can be used once the transaction is over."""
    found = _enum(statement.type, ledger)
    if found is None:
        return
    if statement.value in found.labels and not statement.if_not_exists:
        ledger.refuse("42710", f"enum label {statement.value!r} exists already")
    neighbour = statement.before or statement.after
    if neighbour is not None and neighbour not in found.labels:
        ledger.refuse("22023", f"{neighbour!r} is not a label of {found.name.display()}")


def rename_value(statement: ast.RenameEnumValue, ledger: Ledger) -> None:
    """RENAME VALUE: no lock, but code that writes the old label fails."""
    found = _enum(statement.type, ledger)
    if found is None:
        return
    if statement.value not in found.labels:
        ledger.refuse("22023", f"{statement.value!r} is not a label of {found.name.display()}")
    if statement.new_value in found.labels:
        ledger.refuse("42710", f"enum label {statement.new_value!r} exists already")
    ledger.restrict("renamed", found.name, statement.value, statement.new_value)


def _enum(name: Name, ledger: Ledger) -> Enum | None:
    found = ledger.catalog.type(name)
    if found is None:
        _missing(name, ledger)
    elif not isinstance(found, Enum):
        ledger.refuse("42809", f"{found.name.display()} is not an enum")
    return found if isinstance(found, Enum) else None


def _missing(name: Name, ledger: Ledger) -> None:
    check_schema(name.schema, ledger)
    ledger.refuse("42704", f"type {name.display()} does not exist")


def alter_domain(statement: ast.AlterDomain, ledger: Ledger) -> None:
    """ALTER DOMAIN: a new check reads every table that uses the domain, while writers wait."""
    domain = ledger.catalog.domain(statement.name)
    if domain is None and ledger.catalog.type(statement.name) is not None:
        ledger.refuse("42809", f"{statement.name.display()} is not a domain")
    if domain is None:
        _missing(statement.name, ledger)
        return
    constraint = statement.constraint
    if statement.action in ("VALIDATE CONSTRAINT", "DROP CONSTRAINT"):
        known = any(c.name == statement.constraint_name for c in domain.constraints)
        if not known and not statement.if_exists:
            why = f"constraint {statement.constraint_name} of {domain.name.display()} is missing"
            ledger.refuse("42704", why)
    clash = constraint.name if constraint is not None else None
    if clash is not None and any(c.name == clash for c in domain.constraints):
        ledger.refuse("42710", f"constraint {clash} of {domain.name.display()} exists already")
    if constraint is not None:
        _check_condition(constraint, ledger)
    if statement.action == "SET DEFAULT" and statement.default is not None:
        check_default(ledger, domain.base, statement.default)
    if statement.action == "SET NOT NULL" and not domain.not_null:
        _check_users(domain, "23502", ledger)
        ledger.restrict("not-null", domain.name)
    elif statement.action == "VALIDATE CONSTRAINT":
        _check_users(domain, "23514", ledger)
    elif statement.action == "ADD CONSTRAINT" and constraint is not None:
        is_check = constraint.kind is ast.ConstraintKind.CHECK
        if not constraint.not_valid:
            _check_users(domain, "23514" if is_check else "23502", ledger)
        ledger.restrict("check" if is_check else "not-null", domain.name, constraint.name)


def _check_users(domain: Domain, sqlstate: str, ledger: Ledger) -> None:
    """Every table with a column of *domain* is read under SHARE (validateDomainCheckConstraint)."""
    for user in _containers(domain.name, ledger):
        ledger.refuse("0A000", f"{user} holds {domain.name.display()} inside another type")
    for table in _users(domain.name, ledger):
        ledger.lock(table.name, SHARE)
        ledger.scan(table)
        why = f"a row of {table.name.display()} may violate {domain.name.display()}"
        ledger.rows_may_fail(table, sqlstate, why)


def _containers(name: Name, ledger: Ledger) -> Iterator[str]:
    """Columns that hold values of the domain *name* in arrays or composite types."""
    for table, column in ledger.catalog.columns_of_type(name):
        if column.type.dimensions:
            yield f"column {table.name.display()}.{column.name}"
    for type_ in ledger.catalog.types.values():
        if isinstance(type_, Composite) and any(a[1].name == name for a in type_.attributes):
            yield from (f"column {u}" for u in mentions.row_type_users(ledger.catalog, type_.name))


def _users(name: Name, ledger: Ledger) -> Iterator[Table]:
    for table, column in ledger.catalog.columns_of_type(name):
        if not column.type.dimensions:
            yield table
    for type_ in ledger.catalog.types.values():
        if isinstance(type_, Domain) and type_.base.name == name and type_.name != name:
            yield from _users(type_.name, ledger)


def alter_composite(statement: ast.AlterTable, ledger: Ledger) -> None:
    """ALTER TYPE … ATTRIBUTE: whoever reads a value of the type as a whole waits."""
    found = ledger.catalog.type(statement.name)
    if not isinstance(found, Composite):
        _refuse_attributes(statement, ledger)
        return
    ledger.lock(found.name, ACCESS_EXCLUSIVE)
    typed = list(mentions.typed_tables(ledger.catalog, found.name))
    for action in statement.actions:
        checks = [_check_attribute, _check_cascade]
        for check in checks if isinstance(action, ast.AlterColumnType) else reversed(checks):
            check(found, action, ledger)
        for table in typed:
            ledger.lock(table.name, ACCESS_EXCLUSIVE)
            if isinstance(action, ast.AlterColumnType):
                retype.follow_type(action, table, ledger)
        change = changed(ledger.catalog, replace(statement, actions=(action,)))
        removing.record(change, ledger)
        ledger.catalog = change.after


def _refuse_attributes(statement: ast.AlterTable, ledger: Ledger) -> None:
    """Only composite types have attributes; they are looked for among relations."""
    relation = ledger.catalog.relation(statement.name)
    if relation is not None:
        ledger.refuse("42809", f"{relation.name.display()} is not a composite type")
    elif not statement.if_exists:
        ledger.missing(statement.name, "composite type")


def _check_cascade(type_: Composite, action: ast.Action, ledger: Ledger) -> None:
    """A typed table follows only with CASCADE."""
    typed = next(iter(mentions.typed_tables(ledger.catalog, type_.name)), None)
    if typed is not None and not getattr(action, "cascade", False):
        why = f"typed table {typed.name.display()} uses {type_.name.display()}"
        ledger.refuse("2BP01", why)


def _check_attribute(type_: Composite, action: ast.Action, ledger: Ledger) -> None:
    names = {attribute[0] for attribute in type_.attributes}
    label = type_.name.display()
    if isinstance(action, ast.AddColumn) and action.column.name in names:
        ledger.refuse("42701", f"attribute {action.column.name} of {label} exists already")
    if isinstance(action, ast.DropColumn | ast.AlterColumnType):
        optional = isinstance(action, ast.DropColumn) and action.if_exists
        if action.column not in names and not optional:
            ledger.refuse("42703", f"attribute {action.column} of {label} does not exist")
    if isinstance(action, ast.AlterColumnType):
        for user in mentions.row_type_users(ledger.catalog, type_.name):
            ledger.refuse("0A000", f"column {user} uses type {label}")


def of_type(action: ast.OfType, altering: Altering) -> None:
    """OF: the table must have the type's attributes, in order."""
    ledger = altering.ledger
    found = ledger.catalog.type(action.type)
    if found is not None and not isinstance(found, Composite):
        ledger.refuse("42809", f"{found.name.display()} is not a composite type")
    if not isinstance(found, Composite):
        _missing(action.type, ledger)
        return
    columns = [(column.name, column.type) for column in altering.table.columns]
    wanted = [(name, type_) for name, type_, _ in found.attributes]
    if columns != wanted:
        why = f"{altering.display()} has not the columns of type {found.name.display()}"
        ledger.refuse("42804", why)
    ledger.lock(found.name, ACCESS_SHARE)
