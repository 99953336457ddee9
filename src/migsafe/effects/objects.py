"""What hangs on tables or stands beside them: triggers, policies, grants, comments, functions."""

from __future__ import annotations

from migsafe.catalog import Function, Index, Sequence, Table, View
from migsafe.effects import reading, removing
from migsafe.effects.functions import check_calls
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ACCESS_SHARE,
    ROW_EXCLUSIVE,
    SHARE_ROW_EXCLUSIVE,
    Ledger,
)
from migsafe.effects.places import check_schema
from migsafe.effects.queried import check_mentions
from migsafe.effects.storage import change_owner, is_owner
from migsafe.effects.stored_expressions import check_columns, check_condition
from migsafe.effects.type_names import check_type
from migsafe.fold.once import changed
from migsafe.names import Name
from migsafe.sql import ast, parse
from migsafe.sql.expressions import has_subquery

Kind = ast.ObjectKind

_BUILTIN_TRIGGERS = (
    "suppress_redundant_updates_trigger",
    "tsvector_update_trigger",
    "tsvector_update_trigger_column",
)


def create_trigger(statement: ast.CreateTrigger, ledger: Ledger) -> None:
    """CREATE TRIGGER: writers wait, readers do not."""
    relation = ledger.relation(statement.table)
    if not isinstance(relation, Table | View):
        return
    ledger.lock(relation.name, SHARE_ROW_EXCLUSIVE)
    _check_timing(statement, relation, ledger)
    exists = any(trigger.name == statement.name for trigger in relation.triggers)
    if exists and not statement.or_replace:
        why = f"trigger {statement.name} of {relation.name.display()} exists already"
        ledger.refuse("42710", why)
    _check_function(statement.function, ledger)
    if isinstance(relation, Table) and statement.for_each_row and not statement.constraint:
        for member in ledger.family(relation):
            if member.partition_of is not None:
                ledger.lock(member.name, SHARE_ROW_EXCLUSIVE)
    if statement.from_table is not None:
        other = ledger.relation(statement.from_table)
        if other is not None:
            ledger.lock(other.name, ACCESS_SHARE)


def _check_timing(statement: ast.CreateTrigger, relation: Table | View, ledger: Ledger) -> None:
    """Views have other triggers than tables (CreateTriggerFiringOn)."""
    label = relation.name.display()
    if isinstance(relation, View) and relation.materialized:
        ledger.refuse("42809", f"materialized view {label} cannot have triggers")
    instead = statement.timing == "INSTEAD OF"
    if isinstance(relation, Table) is instead and (instead or statement.for_each_row):
        ledger.refuse("42809", f"{label} cannot have {statement.timing} triggers for each row")
    if "TRUNCATE" in statement.events and statement.for_each_row:
        ledger.refuse("0A000", "a trigger on TRUNCATE fires once for each statement")
    if statement.columns and any(statement.transitions):
        ledger.refuse("0A000", "a trigger for some columns has no transition tables")
    if isinstance(relation, Table) and relation.unknown is None:
        for column in statement.columns:
            if relation.column(column) is None:
                ledger.refuse("42703", f"column {label}.{column} does not exist")
        if statement.when is not None:
            check_columns(statement.when, relation, ledger, ("old", "new"))


def _check_function(name: Name, ledger: Ledger) -> None:
    """Refuse a trigger function that neither the user nor an extension can have made."""
    known = ledger.catalog.functions_named(name)
    if known and all(f.returns not in (None, "trigger") for f in known):
        ledger.refuse("42P17", f"function {name} does not return trigger")
    if name.name in _BUILTIN_TRIGGERS or known:
        return
    if ledger.catalog.extensions:
        ledger.may_fail("42883", f"function {name} is not known")
    else:
        ledger.refuse("42883", f"function {name} does not exist")


def change_policy(
    statement: ast.CreatePolicy | ast.AlterPolicy | ast.CreateRule, ledger: Ledger
) -> None:
    """CREATE and ALTER POLICY, CREATE RULE: nobody reads the table meanwhile."""
    relation = ledger.relation(statement.table)
    if relation is None:
        return
    ledger.lock(relation.name, ACCESS_EXCLUSIVE)
    if isinstance(relation, Table) and relation.unknown is None:
        exists = any(policy.name == statement.name for policy in relation.policies)
        label = f"policy {statement.name} of {relation.name.display()}"
        if isinstance(statement, ast.CreatePolicy) and exists:
            ledger.refuse("42710", f"{label} exists already")
        if isinstance(statement, ast.AlterPolicy) and not exists:
            ledger.refuse("42704", f"{label} does not exist")
    if isinstance(statement, ast.CreateRule):
        _check_rule(statement, relation, ledger)
    else:
        _look_at_conditions(statement, relation, ledger)


def _check_rule(
    statement: ast.CreateRule, relation: Table | View | Index | Sequence, ledger: Ledger
) -> None:
    """The relations in the actions of a rule are looked at as if they were done."""
    rules = getattr(relation, "rules", ())
    if any(rule.name == statement.name for rule in rules) and not statement.or_replace:
        why = f"rule {statement.name} of {relation.name.display()} exists already"
        ledger.refuse("42710", why)
    if statement.event == "SELECT" and not isinstance(relation, View):
        ledger.refuse("42809", f"{relation.name.display()} cannot have a rule on SELECT")
    for action in statement.actions:
        if isinstance(action, ast.Insert | ast.Update | ast.Delete):
            written = ledger.relation(action.table)
            if written is not None:
                ledger.lock(written.name, ROW_EXCLUSIVE)
        reading.read_all(getattr(action, "reads", ()), ledger, planned=False)


def _look_at_conditions(
    statement: ast.CreatePolicy | ast.AlterPolicy,
    relation: Table | View | Index | Sequence,
    ledger: Ledger,
) -> None:
    """A policy's conditions may read other tables, which are looked at."""
    label = relation.name.display()
    if not isinstance(relation, Table):
        ledger.refuse("42809", f"{label} is not a table: it has no policies")
        return
    is_insert = isinstance(statement, ast.CreatePolicy) and statement.command == "INSERT"
    if is_insert and statement.using is not None:
        ledger.refuse("42601", "a policy for INSERT has WITH CHECK alone")
    command = statement.command if isinstance(statement, ast.CreatePolicy) else "ALL"
    if command in ("SELECT", "DELETE") and statement.check is not None:
        ledger.refuse("42601", f"a policy for {command} has USING alone")
    for condition in (statement.using, statement.check):
        if condition is None:
            continue
        if not has_subquery(condition):
            check_columns(condition, relation, ledger)
            check_condition(condition, relation, ledger)
        for parsed in parse(f"SELECT 1 WHERE {condition.sql}"):
            reads = getattr(parsed.statement, "reads", ())
            reading.read_all(reads, ledger, planned=False)


def create_function(statement: ast.CreateFunction, ledger: Ledger) -> None:
    """CREATE FUNCTION: an SQL body is read, and the tables in it looked at."""
    check_schema(statement.name.schema, ledger)
    types = tuple(str(type_) for type_ in statement.argument_types)
    for existing in ledger.catalog.functions_named(statement.name):
        if existing.arguments == types:
            _replace(existing, statement, ledger)
    for type_ in (*statement.argument_types, statement.returns):
        check_type(type_, ledger)
    _check_arguments(statement, ledger)
    if _is_unchecked(ledger):
        return
    if "syntax error" in (statement.unknown or ""):
        ledger.refuse("42601", f"the body of {statement.name}: {statement.unknown}")
    if statement.language == "sql":
        _look_into(statement, ledger)


def _replace(existing: Function, statement: ast.CreateFunction, ledger: Ledger) -> None:
    """OR REPLACE keeps what calls and views rely on (ProcedureCreate)."""
    name = statement.name
    if not statement.or_replace:
        ledger.refuse("42723", f"function {name} exists already")
    if (existing.kind == "p") is not statement.procedure:
        ledger.refuse("42809", f"{name} cannot turn from function into procedure or back")
    if _renames(existing, statement):
        ledger.refuse("42P13", f"the arguments of {name} cannot change their names")
    if _returns_otherwise(existing, statement):
        ledger.refuse("42P13", f"function {name} cannot change its return type")


def _look_into(statement: ast.CreateFunction, ledger: Ledger) -> None:
    """The statements of a body in SQL are analysed; it may call itself."""
    arguments = frozenset(a.name for a in statement.arguments if a.name) | {statement.name.name}
    for parsed in statement.nested:
        inside = parsed.statement
        check_mentions(getattr(inside, "mentions", ()), ledger, arguments)
        calls = getattr(inside, "calls", ())
        check_calls((call for call in calls if call.name != statement.name), ledger)
        if isinstance(inside, ast.Insert | ast.Update | ast.Delete):
            written = ledger.catalog.relation(inside.table)
            if written is not None:
                ledger.lock(written.name, ROW_EXCLUSIVE)
        reading.read_all(getattr(inside, "reads", ()), ledger, planned=False)


def _check_arguments(statement: ast.CreateFunction, ledger: Ledger) -> None:
    """What interpret_function_parameter_list() asks of arguments."""
    given = [a for a in statement.arguments if a.mode in ("in", "inout", "variadic")]
    names = [a.name for a in given if a.name]
    if len(set(names)) < len(names):
        ledger.refuse("42P13", f"function {statement.name} has two arguments of one name")
    first = next((n for n, a in enumerate(given) if a.default is not None), len(given))
    if any(a.default is None and a.mode != "variadic" for a in given[first:]):
        ledger.refuse("42P13", f"arguments of {statement.name} behind a default need one too")
    trigger = statement.returns is not None and statement.returns.name.name == "trigger"
    if trigger and statement.language == "sql":
        ledger.refuse("42P13", "functions in SQL are no trigger functions")


def _is_unchecked(ledger: Ledger) -> bool:
    setting = ledger.session.setting("check_function_bodies") or "on"
    return setting.lower() in ("off", "false", "no", "0")


def _renames(existing: Function, statement: ast.CreateFunction) -> bool:
    """Whether an argument that has a name gets another one, which named calls would not survive."""
    match [parsed.statement for parsed in parse(existing.definition or "")]:
        case [ast.CreateFunction() as old]:
            pairs = zip(old.arguments, statement.arguments, strict=False)
            return any(one.name and one.name != two.name for one, two in pairs)
    return False


def _returns_otherwise(existing: Function, statement: ast.CreateFunction) -> bool:
    if statement.returns is None or existing.returns is None or statement.returns_set:
        return False
    is_set = existing.returns.startswith(("SETOF", "TABLE"))
    return not is_set and existing.returns != str(statement.returns)


def reassign(statement: ast.ReassignOwned, ledger: Ledger) -> None:
    """REASSIGN OWNED: every relation of the roles is locked."""
    for table in ledger.catalog.tables.values():
        if any(is_owner(ledger, table.owner, role) for role in statement.roles):
            change_owner(ledger, table)


def drop_owned(statement: ast.DropOwned, ledger: Ledger) -> None:
    """DROP OWNED: what the roles own goes; their privileges go without a lock."""
    catalog = ledger.catalog
    for kind in (catalog.tables, catalog.views, catalog.sequences):
        for found in kind.values():
            if any(is_owner(ledger, found.owner, role) for role in statement.roles):
                ledger.lock(found.name, ACCESS_EXCLUSIVE)
                ledger.lock_indexes(found.name, ACCESS_EXCLUSIVE)
    removing.record(changed(ledger.catalog, statement), ledger)
