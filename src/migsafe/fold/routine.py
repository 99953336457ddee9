"""Functions, triggers, policies and rewrite rules."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Catalog, Function, Policy, Rule, Table, TableKind, Trigger, View
from migsafe.fold.partition import inherit_triggers
from migsafe.fold.query import analyse
from migsafe.fold.refusal import Refused
from migsafe.fold.resolve import existing_table, function_of, new_name, type_of
from migsafe.fold.scope import Use
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql.ast import (
    AlterFunction,
    AlterPolicy,
    CreateAggregate,
    CreateFunction,
    CreatePolicy,
    CreateRule,
    CreateTrigger,
    Target,
)
from migsafe.values import replace

_EVENTS = ("INSERT", "DELETE", "UPDATE", "TRUNCATE")


# -- functions ---------------------------------------------------------------------------------


def _type_text(catalog: Catalog, ref: TypeRef) -> str:
    """The type as ``format_type(oid, NULL)`` has it: the modifiers do not count."""
    return str(replace(type_of(catalog, ref), modifiers=()))


def find_functions(catalog: Catalog, target: Target) -> Iterator[Function]:
    """The functions that *target* may mean: all of the name when it gives no arguments."""
    found = catalog.functions_named(target.name)
    if target.arguments is None:
        yield from found
        return
    wanted = tuple(_type_text(catalog, ref) for ref in target.arguments)
    yield from (function for function in found if function.arguments == wanted)


def create_aggregate(catalog: Catalog, statement: CreateAggregate) -> Catalog:
    name = new_name(catalog, statement.name)
    arguments = tuple(_type_text(catalog, ref) for ref in statement.arguments)
    if (name, arguments) in catalog.functions and not statement.or_replace:
        raise Refused(f"{name} exists")
    aggregate = Function(name, arguments, kind="a", language="internal", volatility="i")
    return catalog.having("functions", (name, arguments), aggregate)


def create_function(catalog: Catalog, statement: CreateFunction) -> Catalog:
    name = new_name(catalog, statement.name)
    arguments = tuple(_type_text(catalog, ref) for ref in statement.argument_types)
    old = catalog.functions.get((name, arguments))
    if old is not None and not statement.or_replace:
        raise Refused(f"{name} exists")
    returns = _returns(catalog, statement)
    if old is not None and old.returns != returns:
        raise Refused(f"{name} returns {old.returns}")
    function = Function(
        name,
        arguments,
        kind="p" if statement.procedure else "f",
        returns=returns,
        language=statement.language,
        volatility={"immutable": "i", "stable": "s"}.get(statement.volatility, "v"),
        body=None if statement.standard_body else statement.body,
        uses=_uses(catalog, statement),
        owner=old.owner if old else None,
        acl=old.acl if old else (),
        comment=old.comment if old else None,
    )
    return catalog.having("functions", (name, arguments), function)


def _uses(catalog: Catalog, statement: CreateFunction) -> frozenset[Use]:
    """What a SQL-standard body depends on; a body that is a string is not looked into."""
    if not statement.standard_body:
        return frozenset()
    return frozenset(u for parsed in statement.nested for u in analyse(catalog, parsed.sql).uses)


def _returns(catalog: Catalog, statement: CreateFunction) -> str | None:
    """What ``pg_get_function_result()`` says."""
    if statement.procedure:
        return None
    columns = [a for a in statement.arguments if a.mode == "table"]
    if columns:
        parts = (f"{a.name} {_type_text(catalog, a.type)}" for a in columns)
        return f"TABLE({', '.join(parts)})"
    results = [a for a in statement.arguments if a.mode in ("out", "inout")]
    word = "SETOF " if statement.returns_set else ""
    if statement.returns is not None:
        return word + _type_text(catalog, statement.returns)
    if len(results) == 1:
        return word + _type_text(catalog, results[0].type)
    return word + ("record" if results else "void")


def alter_function(catalog: Catalog, statement: AlterFunction) -> Catalog:
    for function in list(find_functions(catalog, statement.target))[:1]:
        for option in statement.options:
            if option.name == "volatility" and option.value:
                function = replace(function, volatility=option.value[0])
        catalog = catalog.having("functions", (function.name, function.arguments), function)
    return catalog


# -- triggers ----------------------------------------------------------------------------------


def create_trigger(catalog: Catalog, statement: CreateTrigger) -> Catalog:
    owner = catalog.relation(statement.table)
    if not isinstance(owner, (Table, View)):
        raise Refused(f"{statement.table} does not exist")
    if not statement.or_replace and any(t.name == statement.name for t in owner.triggers):
        raise Refused(f"{owner.name} has a trigger {statement.name}")
    opposite = catalog.relation(statement.from_table) if statement.from_table else None
    trigger = Trigger(
        statement.name,
        function_of(catalog, statement.function),
        statement.timing,
        tuple(event for event in _EVENTS if event in statement.events),
        row=statement.for_each_row,
        columns=statement.columns,
        when=statement.when.sql if statement.when else None,
        arguments=statement.arguments,
        constraint=statement.constraint,
        deferrable=statement.deferrable,
        deferred=statement.initially_deferred,
        referencing=statement.transitions,
        references=opposite.name if opposite else None,
    )
    others = (t for t in owner.triggers if t.name != trigger.name)
    triggers = tuple(sorted((*others, trigger), key=lambda t: t.name))
    if isinstance(owner, View):
        return catalog.having("views", owner.name, replace(owner, triggers=triggers))
    catalog = catalog.with_table(replace(owner, triggers=triggers))
    if owner.kind is TableKind.PARTITIONED:
        for partition in catalog.partitions_of(owner.name):
            catalog = inherit_triggers(catalog, partition.name, (trigger,))
    return catalog


# -- policies and rules ------------------------------------------------------------------------


def create_policy(catalog: Catalog, statement: CreatePolicy) -> Catalog:
    table = existing_table(catalog, statement.table)
    if any(p.name == statement.name for p in table.policies):
        raise Refused(f"{table.name} has a policy {statement.name}")
    policy = Policy(
        statement.name,
        command=statement.command,
        permissive=statement.permissive,
        roles=tuple(sorted(statement.roles)),
        using=statement.using.sql if statement.using else None,
        check=statement.check.sql if statement.check else None,
    )
    return catalog.with_table(_with_policy(table, policy))


def _with_policy(table: Table, policy: Policy) -> Table:
    others = (p for p in table.policies if p.name != policy.name)
    ordered = tuple(sorted((*others, policy), key=lambda p: p.name))
    return replace(table, policies=ordered)


def alter_policy(catalog: Catalog, statement: AlterPolicy) -> Catalog:
    table = existing_table(catalog, statement.table)
    policy = next((p for p in table.policies if p.name == statement.name), None)
    if policy is None:
        raise Refused(f"{table.name} has no policy {statement.name}")
    if statement.roles is not None:
        policy = replace(policy, roles=tuple(sorted(statement.roles)))
    if statement.using is not None:
        policy = replace(policy, using=statement.using.sql)
    if statement.check is not None:
        policy = replace(policy, check=statement.check.sql)
    return catalog.with_table(_with_policy(table, policy))


def create_rule(catalog: Catalog, statement: CreateRule) -> Catalog:
    owner = catalog.relation(statement.table)
    if not isinstance(owner, (Table, View)):
        raise Refused(f"{statement.table} does not exist")
    if not statement.or_replace and any(r.name == statement.name for r in owner.rules):
        raise Refused(f"{owner.name} has a rule {statement.name}")
    others = (r for r in owner.rules if r.name != statement.name)
    definition = _rule_text(statement, owner.name)
    rules = (*others, Rule(statement.name, definition))
    ordered = tuple(sorted(rules, key=lambda r: r.name))
    where = "tables" if isinstance(owner, Table) else "views"
    return catalog.having(where, owner.name, replace(owner, rules=ordered))


def _rule_text(statement: CreateRule, table: Name) -> str:
    """The head of the rule; what it does is left to the server to print, unless it is nothing."""
    where = f" WHERE {statement.where.sql}" if statement.where else ""
    does = "" if statement.actions else f" DO {'INSTEAD' if statement.instead else 'ALSO'} NOTHING"
    return f"CREATE RULE {statement.name} AS ON {statement.event} TO {table}{where}{does}"
