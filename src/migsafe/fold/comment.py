"""COMMENT ON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migsafe.catalog import Catalog, Column, Composite, Domain, Index, Sequence, Table, View
from migsafe.fold.refusal import Refused
from migsafe.fold.routine import find_functions
from migsafe.sql.ast import CommentOn, ObjectKind
from migsafe.values import replace

_FUNCTIONS = (ObjectKind.FUNCTION, ObjectKind.PROCEDURE, ObjectKind.ROUTINE, ObjectKind.AGGREGATE)


def comment_on(catalog: Catalog, statement: CommentOn) -> Catalog:
    statement = replace(statement, text=statement.text or None)
    handler = _HANDLERS.get(statement.kind)
    return catalog if handler is None else handler(catalog, statement)


def _on_relation(catalog: Catalog, statement: CommentOn) -> Catalog:
    relation = catalog.relation(statement.target.name)
    if relation is None:
        raise Refused(f"{statement.target.name} does not exist")
    collections = {Table: "tables", View: "views", Index: "indexes", Sequence: "sequences"}
    new = replace(relation, comment=statement.text)
    return catalog.having(collections[type(relation)], relation.name, new)


def _on_column(catalog: Catalog, statement: CommentOn) -> Catalog:
    owner = statement.target.table
    name = statement.target.name.name
    relation = catalog.relation(owner) if owner else None
    if isinstance(relation, Table):
        column = relation.column(name)
        if column is None:
            raise Refused(f"{relation.name} has no column {name}")
        changed = relation.with_column(replace(column, comment=statement.text))
        return catalog.with_table(changed)
    if isinstance(relation, View):
        return catalog.having("views", relation.name, _with_detail(relation, name, statement))
    composite = catalog.type(owner) if owner else None
    if not isinstance(composite, Composite):
        raise Refused(f"{owner} has no columns")
    comments = {**dict(composite.attribute_comments), name: statement.text}
    order = [attribute for attribute, _, _ in composite.attributes]
    kept = tuple((a, text) for a in order if (text := comments.get(a)))
    return catalog.having("types", composite.name, replace(composite, attribute_comments=kept))


def _with_detail(view: View, name: str, statement: CommentOn) -> View:
    refs = dict(view.columns)
    if name not in refs:
        raise Refused(f"{view.name} has no column {name}")
    details = {c.name: c for c in view.details}
    column = replace(details.get(name, Column(name, refs[name])), comment=statement.text)
    details[name] = column
    order = list(refs)
    kept = (c for c in details.values() if c != Column(c.name, c.type))
    return replace(view, details=tuple(sorted(kept, key=lambda c: order.index(c.name))))


def _on_constraint(catalog: Catalog, statement: CommentOn) -> Catalog:
    target = statement.target
    table = catalog.table(target.table) if target.table else None
    constraint = table.constraint(target.name.name) if table else None
    if table is None or constraint is None:
        raise Refused(f"{target.table} has no constraint {target.name}")
    changed = table.with_constraint(replace(constraint, comment=statement.text))
    return catalog.with_table(changed)


def _on_part(collection: str) -> Callable[[Catalog, CommentOn], Catalog]:
    def commented(catalog: Catalog, statement: CommentOn) -> Catalog:
        target = statement.target
        owner = catalog.relation(target.table) if target.table else None
        if not isinstance(owner, (Table, View)):
            raise Refused(f"{target.table} does not exist")
        parts = tuple(
            replace(part, comment=statement.text) if part.name == target.name.name else part
            for part in getattr(owner, collection, ())
        )
        where = "tables" if isinstance(owner, Table) else "views"
        changed: dict[str, Any] = {collection: parts}
        return catalog.having(where, owner.name, replace(owner, **changed))

    return commented


def _on_type(catalog: Catalog, statement: CommentOn) -> Catalog:
    found = catalog.type(statement.target.name)
    if found is None:
        raise Refused(f"{statement.target.name} does not exist")
    return catalog.having("types", found.name, replace(found, comment=statement.text))


def _on_domain_constraint(catalog: Catalog, statement: CommentOn) -> Catalog:
    target = statement.target
    domain = catalog.type(target.table) if target.table else None
    if not isinstance(domain, Domain):
        raise Refused(f"{target.table} is no domain")
    checks = tuple(
        replace(c, comment=statement.text) if c.name == target.name.name else c
        for c in domain.constraints
    )
    return catalog.having("types", domain.name, replace(domain, constraints=checks))


def _on_function(catalog: Catalog, statement: CommentOn) -> Catalog:
    for function in find_functions(catalog, statement.target):
        new = replace(function, comment=statement.text)
        return catalog.having("functions", (function.name, function.arguments), new)
    raise Refused(f"{statement.target.name} does not exist")


def _on_plain(collection: str) -> Callable[[Catalog, CommentOn], Catalog]:
    def commented(catalog: Catalog, statement: CommentOn) -> Catalog:
        found = getattr(catalog, collection).get(statement.target.name.name)
        if found is None:
            raise Refused(f"{statement.target.name} does not exist")
        return catalog.having(collection, found.name, replace(found, comment=statement.text))

    return commented


def _on_named(collection: str) -> Callable[[Catalog, CommentOn], Catalog]:
    def commented(catalog: Catalog, statement: CommentOn) -> Catalog:
        name = catalog.qualify(statement.target.name)
        found = getattr(catalog, collection).get(name)
        if found is None:
            raise Refused(f"{name} does not exist")
        return catalog.having(collection, name, replace(found, comment=statement.text))

    return commented


_HANDLERS: dict[ObjectKind, Callable[[Catalog, CommentOn], Catalog]] = {
    **dict.fromkeys(
        (
            ObjectKind.TABLE,
            ObjectKind.VIEW,
            ObjectKind.MATERIALIZED_VIEW,
            ObjectKind.FOREIGN_TABLE,
            ObjectKind.INDEX,
            ObjectKind.SEQUENCE,
        ),
        _on_relation,
    ),
    **dict.fromkeys(_FUNCTIONS, _on_function),
    ObjectKind.COLUMN: _on_column,
    ObjectKind.TABLE_CONSTRAINT: _on_constraint,
    ObjectKind.DOMAIN_CONSTRAINT: _on_domain_constraint,
    ObjectKind.TRIGGER: _on_part("triggers"),
    ObjectKind.POLICY: _on_part("policies"),
    ObjectKind.RULE: _on_part("rules"),
    ObjectKind.TYPE: _on_type,
    ObjectKind.DOMAIN: _on_type,
    ObjectKind.SCHEMA: _on_plain("schemas"),
    ObjectKind.EXTENSION: _on_plain("extensions"),
    ObjectKind.PUBLICATION: _on_plain("publications"),
    ObjectKind.STATISTICS: _on_named("statistics"),
    ObjectKind.COLLATION: _on_named("collations"),
}
