"""Objects of the catalog as the statements that drop them and create them again, exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migsafe.autogen.index_sql import body, key_text
from migsafe.autogen.operations import SqlOp
from migsafe.catalog import (
    Column,
    Constraint,
    ConstraintKind,
    Function,
    Index,
    Policy,
    Rule,
    Trigger,
    View,
)
from migsafe.names import Name, quote_ident, quote_literal

ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_MATCHES = {"s": "", "f": " MATCH FULL", "p": " MATCH PARTIAL"}
_ENABLED = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}
_ACL = re.compile(r'(?P<role>(?:"(?:[^"]|"")+"|[^=])*)=(?P<rights>[^/]*)/')
# manual, table 5.1 "ACL Privilege Abbreviations"
_RIGHTS = {
    "r": "SELECT",
    "a": "INSERT",
    "w": "UPDATE",
    "d": "DELETE",
    "D": "TRUNCATE",
    "x": "REFERENCES",
    "t": "TRIGGER",
    "m": "MAINTAIN",
    "X": "EXECUTE",
    "U": "USAGE",
}


def names(columns: tuple[str, ...]) -> str:
    """Return *columns* as a list in SQL."""
    return ", ".join(quote_ident(column) for column in columns)


def commented(what: str, comment: str | None) -> Iterator[str]:
    """Yield the statement that gives back a comment."""
    if comment is not None:
        yield f"COMMENT ON {what} IS {quote_literal(comment)}"


def granted(what: str, acl: tuple[str, ...], owner: str | None, column: str = "") -> Iterator[str]:
    """Yield what gives *acl* to the object *what* ("TYPE app.mood") or to a *column* of it."""
    if not acl:
        return
    given = {}
    for entry in acl:
        if match := _ACL.match(entry):
            given[match["role"]] = match["rights"]
    if not column:
        yield f"REVOKE ALL ON {what} FROM PUBLIC"
    suffix = f" ({quote_ident(column)})" if column else ""
    for role, rights in given.items():
        if role.strip('"') == (owner or "") and not column:
            continue
        to = role if role else "PUBLIC"
        for letter, option in re.findall(r"(\w)(\*?)", rights):
            if letter in _RIGHTS:
                granting = " WITH GRANT OPTION" if option else ""
                yield f"GRANT {_RIGHTS[letter]}{suffix} ON {what} TO {to}{granting}"


def constraint_body(constraint: Constraint, index: Index | None) -> str:
    """Return what follows `ADD CONSTRAINT name`; *index* is that of an EXCLUDE constraint."""
    timing = " DEFERRABLE" if constraint.deferrable else ""
    timing += " INITIALLY DEFERRED" if constraint.deferred else ""
    if constraint.kind is ConstraintKind.CHECK:
        inherit = " NO INHERIT" if constraint.no_inherit else ""
        return f"CHECK ({constraint.expression}){inherit}" + _state(constraint)
    if constraint.kind is ConstraintKind.FOREIGN_KEY:
        return _foreign_key(constraint) + timing + _state(constraint)
    if constraint.kind is ConstraintKind.EXCLUDE and index is not None:
        return _exclude(constraint, index) + timing
    word = "PRIMARY KEY" if constraint.kind is ConstraintKind.PRIMARY_KEY else "UNIQUE"
    if index is not None and index.nulls_not_distinct:
        word += " NULLS NOT DISTINCT"
    include = f" INCLUDE ({names(index.include)})" if index is not None and index.include else ""
    return f"{word} ({names(constraint.columns)}){include}{timing}"


def validated(table: Name, old: Constraint) -> SqlOp:
    """Return the operation that validates a constraint of *table* which is NOT VALID so far."""
    name = quote_ident(old.name)
    return SqlOp(
        f"validate {old.name}",
        [f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"],
        [
            f"ALTER TABLE {table} DROP CONSTRAINT {name}, "
            f"ADD CONSTRAINT {name} {constraint_body(old, None)}"
        ],
        slow=True,
    )


def _state(constraint: Constraint) -> str:
    if not constraint.enforced:
        return " NOT ENFORCED"
    return "" if constraint.validated else " NOT VALID"


def _foreign_key(constraint: Constraint) -> str:
    text = (
        f"FOREIGN KEY ({names(constraint.columns)}) REFERENCES {constraint.references} "
        f"({names(constraint.referenced_columns)}){_MATCHES[constraint.match]}"
    )
    if constraint.on_update != "a":
        text += f" ON UPDATE {ACTIONS[constraint.on_update]}"
    if constraint.on_delete != "a":
        text += f" ON DELETE {ACTIONS[constraint.on_delete]}"
        if constraint.on_delete_columns:
            text += f" ({names(constraint.on_delete_columns)})"
    return text


def _exclude(constraint: Constraint, index: Index) -> str:
    keys = body(index)
    inner = [key_text(key) for key in index.keys]
    with_operators = ", ".join(
        f"{key} WITH {operator}" for key, operator in zip(inner, constraint.operators, strict=True)
    )
    text = "EXCLUDE " + keys.replace(f"({', '.join(inner)})", f"({with_operators})", 1)
    if index.predicate is not None:
        text = text[: text.rindex(" WHERE ")] + f" WHERE ({index.predicate})"
    return text


def create_index(index: Index) -> Iterator[str]:
    """Yield the statements that create *index*."""
    unique = "UNIQUE " if index.unique else ""
    name = quote_ident(index.name.name)
    text = body(index)
    if index.nulls_not_distinct:
        head, separator, rest = text.partition(" WITH (") if index.options else (text, "", "")
        if not index.options and index.predicate is not None:
            head, separator, rest = text.rpartition(" WHERE ")
        text = f"{head} NULLS NOT DISTINCT{separator}{rest}"
    yield f"CREATE {unique}INDEX {name} ON {index.table} {text}"
    yield from commented(f"INDEX {index.name}", index.comment)


def create_trigger(trigger: Trigger, table: Name) -> Iterator[str]:
    """Yield the statements that create *trigger* on *table*."""
    events = [
        f"UPDATE OF {names(trigger.columns)}" if event == "UPDATE" and trigger.columns else event
        for event in trigger.events
    ]
    name = quote_ident(trigger.name)
    text = f"CREATE {'CONSTRAINT ' * trigger.constraint}TRIGGER {name} {trigger.timing}"
    text += f" {' OR '.join(events)} ON {table}"
    if trigger.references is not None:
        text += f" FROM {trigger.references}"
    if trigger.deferrable:
        text += " DEFERRABLE INITIALLY " + ("DEFERRED" if trigger.deferred else "IMMEDIATE")
    old, new = trigger.referencing
    transition = [f"{kind} TABLE AS {t}" for kind, t in (("OLD", old), ("NEW", new)) if t]
    if transition:
        text += " REFERENCING " + " ".join(transition)
    text += f" FOR EACH {'ROW' if trigger.row else 'STATEMENT'}"
    if trigger.when is not None:
        text += f" WHEN ({trigger.when})"
    arguments = ", ".join(quote_literal(argument) for argument in trigger.arguments)
    yield f"{text} EXECUTE FUNCTION {trigger.function}({arguments})"
    if trigger.enabled in _ENABLED:
        yield f"ALTER TABLE {table} {_ENABLED[trigger.enabled]} TRIGGER {name}"
    yield from commented(f"TRIGGER {name} ON {table}", trigger.comment)


def create_policy(policy: Policy, table: Name) -> Iterator[str]:
    """Yield the statements that create *policy* on *table*."""
    name = quote_ident(policy.name)
    roles = ", ".join("PUBLIC" if role == "public" else quote_ident(role) for role in policy.roles)
    text = f"CREATE POLICY {name} ON {table}"
    text += "" if policy.permissive else " AS RESTRICTIVE"
    text += f" FOR {policy.command} TO {roles}"
    if policy.using is not None:
        text += f" USING ({policy.using})"
    if policy.check is not None:
        text += f" WITH CHECK ({policy.check})"
    yield text
    yield from commented(f"POLICY {name} ON {table}", policy.comment)


def create_rule(rule: Rule, table: Name) -> Iterator[str]:
    """Yield the statements that create the rewrite *rule* of *table*."""
    yield rule.definition.rstrip(";")
    name = quote_ident(rule.name)
    if rule.enabled != "O":
        state = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}[rule.enabled]
        yield f"ALTER TABLE {table} {state} RULE {name}"
    yield from commented(f"RULE {name} ON {table}", rule.comment)


def create_view(view: View, indexes: tuple[Index, ...]) -> Iterator[str]:
    """Yield the statements that create *view* with everything that hangs on it."""
    kind = "MATERIALIZED VIEW" if view.materialized else "VIEW"
    options = ", ".join(f"{name}={value}" for name, value in view.options)
    text = f"CREATE {kind} {view.name}" + (f" WITH ({options})" if options else "")
    text += f" AS {view.definition.strip().rstrip(';')}"
    if view.materialized and not view.populated:
        text += " WITH NO DATA"
    yield text
    yield from commented(f"{kind} {view.name}", view.comment)
    yield from granted(f"TABLE {view.name}", view.acl, view.owner)
    for column in view.details:
        yield from _view_column(view, column)
    for index in indexes:
        yield from create_index(index)
    for trigger in view.triggers:
        yield from create_trigger(trigger, view.name)
    for rule in view.rules:
        yield rule.definition.rstrip(";")


def _view_column(view: View, column: Column) -> Iterator[str]:
    name = quote_ident(column.name)
    if column.default is not None:
        yield f"ALTER VIEW {view.name} ALTER COLUMN {name} SET DEFAULT {column.default}"
    yield from commented(f"COLUMN {view.name}.{name}", column.comment)
    yield from granted(f"TABLE {view.name}", column.acl, view.owner, column.name)


def create_function(function: Function) -> Iterator[str]:
    """Yield the statements that create *function*."""
    kind = "PROCEDURE" if function.kind == "p" else "FUNCTION"
    what = f"{kind} {function.name}({', '.join(function.arguments)})"
    yield (function.definition or "").strip()
    yield from commented(what, function.comment)
    yield from granted(what, function.acl, function.owner)
