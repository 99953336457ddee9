"""Views, materialised views and CREATE TABLE AS: columns and uses of a query."""

from __future__ import annotations

from migsafe.catalog import Catalog, Column, Rows, Table, View
from migsafe.fold.naming import relation_exists
from migsafe.fold.options import options_of
from migsafe.fold.query import Answer, analyse
from migsafe.fold.refusal import Refused
from migsafe.fold.resolve import new_name
from migsafe.fold.sequence import PERSISTENCE
from migsafe.pgtypes import TypeRef
from migsafe.sql.ast import CreateTableAs, CreateView, ObjectKind, Option, RefreshMatView
from migsafe.values import replace

UNKNOWN_TYPE = TypeRef.builtin("unknown")
"""The type of a view's column that cannot be told without a server; no real column has it."""


def _columns(answer: Answer, names: tuple[str, ...]) -> tuple[tuple[str, TypeRef], ...]:
    """The columns of a query's *answer*, the first of them under the *names* given."""
    found = [(column.name, column.type or UNKNOWN_TYPE) for column in answer.columns]
    for place, name in enumerate(names):
        found[place : place + 1] = [(name, found[place][1] if place < len(found) else UNKNOWN_TYPE)]
    return tuple(found)


def _details(answer: Answer, columns: tuple[tuple[str, TypeRef], ...]) -> tuple[Column, ...]:
    """The columns that have a collation of their own."""
    pairs = zip(columns, answer.columns, strict=False)
    return tuple(
        Column(name, ref, collation=found.collation)
        for (name, ref), found in pairs
        if found.collation is not None
    )


def create_view(catalog: Catalog, statement: CreateView) -> Catalog:
    name = new_name(catalog, statement.name, statement.persistence)
    old = catalog.views.get(name)
    if relation_exists(catalog, name) and not (statement.or_replace and old is not None):
        raise Refused(f"{name} exists")
    answer = analyse(catalog, statement.query.sql)
    columns = _columns(answer, statement.columns)
    if len({column for column, _ in columns}) < len(columns):
        raise Refused(f"{name} has a column twice")
    if old is not None and not _continues(old, columns):
        raise Refused(f"{name} cannot lose or change columns")
    options = statement.options
    if statement.check_option is not None:
        options = (*options, Option("check_option", statement.check_option.lower()))
    view = View(
        name,
        statement.query.sql,
        columns=columns,
        uses=answer.uses,
        options=options_of(options),
        details=_details(answer, columns),
    )
    if old is not None:
        view = replace(
            view,
            triggers=old.triggers,
            rules=old.rules,
            owner=old.owner,
            acl=old.acl,
            comment=old.comment,
            details=old.details or view.details,
        )
    return catalog.having("views", name, view)


def _continues(old: View, columns: tuple[tuple[str, TypeRef], ...]) -> bool:
    """CREATE OR REPLACE may only add columns at the end."""
    if len(columns) < len(old.columns):
        return any(ref == UNKNOWN_TYPE for _, ref in columns)
    pairs = zip(old.columns, columns, strict=False)
    return all(
        was[0] == now[0] and (was[1] == now[1] or UNKNOWN_TYPE in (was[1], now[1]))
        for was, now in pairs
    )


def create_table_as(catalog: Catalog, statement: CreateTableAs) -> Catalog:
    name = new_name(catalog, statement.name, statement.persistence)
    if relation_exists(catalog, name):
        if statement.if_not_exists:
            return catalog
        raise Refused(f"{name} exists")
    answer = analyse(catalog, statement.query.sql)
    columns = _columns(answer, statement.columns)
    if statement.kind is ObjectKind.MATERIALIZED_VIEW:
        view = View(
            name,
            statement.query.sql,
            columns=columns,
            uses=answer.uses,
            materialized=True,
            populated=statement.with_data,
            options=options_of(statement.options),
            access_method=statement.method or "heap",
            tablespace=statement.tablespace,
            details=_details(answer, columns),
        )
        return catalog.having("views", name, view)
    unsure = not answer.complete or any(ref == UNKNOWN_TYPE for _, ref in columns)
    collations = [column.collation for column in answer.columns]
    collations += [None] * (len(columns) - len(collations))
    table = Table(
        name,
        tuple(
            Column(c, ref, collation=collation)
            for (c, ref), collation in zip(columns, collations, strict=False)
        ),
        persistence=PERSISTENCE[statement.persistence],
        options=options_of(statement.options),
        access_method=statement.method or "heap",
        tablespace=statement.tablespace,
        unknown="the types of its query are not known" if unsure else None,
        rows=Rows.UNKNOWN if statement.with_data else Rows.NONE,
    )
    return catalog.with_table(table)


def refresh(catalog: Catalog, statement: RefreshMatView) -> Catalog:
    view = catalog.view(statement.name)
    if view is None or not view.materialized:
        raise Refused(f"{statement.name} is no materialized view")
    return catalog.having("views", view.name, replace(view, populated=statement.with_data))
