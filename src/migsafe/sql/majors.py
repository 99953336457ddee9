"""The first major version of PostgreSQL that accepts a statement, where that is not 14."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any

from migsafe.sql import ast
from migsafe.sql.parts import ColumnDef, ConstraintDef, ConstraintKind, Statement

OLDEST = 14
Requirement = tuple[int, str]


def since(statement: Statement) -> Requirement:
    """The first major version that knows all of *statement*, and which syntax asks for it.

    ``(14, "")`` where every supported version does. Source: release notes of 15 to 18.
    """
    find = _OF_STATEMENT.get(type(statement))
    if find is None:
        return (OLDEST, "")
    return max(find(statement), key=itemgetter(0), default=(OLDEST, ""))


def _of_alteration(statement: ast.AlterTable) -> Iterator[Requirement]:
    columns: list[ColumnDef] = []
    constraints: list[ConstraintDef] = []
    for action in statement.actions:
        if isinstance(action, ast.AddColumn):
            columns.append(action.column)
            constraints += action.column.constraints
        elif isinstance(action, ast.AddConstraint):
            constraints.append(action.constraint)
    yield from _of_definitions(columns, constraints)
    for action in statement.actions:
        if (find := _OF_ACTION.get(type(action))) is not None:
            yield from find(action)


def _of_definitions(
    columns: Iterable[ColumnDef], constraints: Iterable[ConstraintDef]
) -> Iterator[Requirement]:
    for column in columns:
        if column.virtual:
            yield 18, "a VIRTUAL generated column"
        if column.storage:
            yield 16, "STORAGE in a column's definition"
    for constraint in constraints:
        if not constraint.enforced:
            yield 18, "NOT ENFORCED"
        if constraint.without_overlaps:
            yield 18, "WITHOUT OVERLAPS"
        if constraint.period:
            yield 18, "PERIOD in a foreign key"
        if constraint.nulls_not_distinct:
            yield 15, "NULLS NOT DISTINCT"
        if constraint.on_delete_columns:
            yield 15, "a column list after ON DELETE"


def _of_table(statement: ast.CreateTable) -> Iterator[Requirement]:
    if any(map(_is_not_null, statement.constraints)):
        yield 18, "NOT NULL as a table constraint"
    inline = [each for column in statement.columns for each in column.constraints]
    yield from _of_definitions(statement.columns, (*statement.constraints, *inline))


def _is_not_null(constraint: ConstraintDef | None) -> bool:
    return constraint is not None and constraint.kind is ConstraintKind.NOT_NULL


def _of_schema(statement: ast.CreateSchema) -> Iterator[Requirement]:
    return map(since, statement.elements)


def _of_merge(statement: ast.Merge) -> Iterator[Requirement]:
    yield (17 if statement.returning else 15), "MERGE" + " … RETURNING" * statement.returning


def _of_index(statement: ast.CreateIndex) -> Iterator[Requirement]:
    if statement.nulls_not_distinct:
        yield 15, "NULLS NOT DISTINCT"


def _of_view(statement: ast.CreateView) -> Iterator[Requirement]:
    if _named(statement.options, "security_invoker"):
        yield 15, "security_invoker"


def _of_publication(
    statement: ast.CreatePublication | ast.AlterPublication,
) -> Iterator[Requirement]:
    if statement.schemas:
        yield 15, "TABLES IN SCHEMA"
    if any(table.where or table.columns for table in statement.tables):
        yield 15, "a publication's column list or WHERE"


def _of_maintenance(statement: ast.Vacuum | ast.Analyze) -> Iterator[Requirement]:
    options = statement.options
    if _named(options, "buffer_usage_limit"):
        yield 16, "BUFFER_USAGE_LIMIT"
    if _named(options, "skip_database_stats") or _named(options, "only_database_stats"):
        yield 16, "SKIP_DATABASE_STATS"
    if statement.only:
        yield 18, "ONLY in VACUUM and ANALYZE"


def _named(options: tuple[ast.Option, ...], name: str) -> bool:
    return any(option.name == name for option in options)


def _of_domain(statement: ast.AlterDomain) -> Iterator[Requirement]:
    if _is_not_null(statement.constraint):
        yield 17, "ALTER DOMAIN … ADD NOT NULL"


def _of_statistics(statement: ast.CreateStatistics) -> Iterator[Requirement]:
    if statement.name is None:
        yield 16, "CREATE STATISTICS without a name"


def _of_expression(action: ast.SetExpression) -> Iterator[Requirement]:
    yield 17, "SET EXPRESSION"


def _of_method(action: ast.SetAccessMethod) -> Iterator[Requirement]:
    default = action.method is None
    yield (17 if default else 15), "SET ACCESS METHOD" + " DEFAULT" * default


def _of_constraint(action: ast.AddConstraint) -> Iterator[Requirement]:
    if _is_not_null(action.constraint):
        yield 18, "ADD CONSTRAINT … NOT NULL"


def _of_change(action: ast.AlterConstraint) -> Iterator[Requirement]:
    if action.enforced is not None or action.inherit is not None:
        yield 18, "ALTER CONSTRAINT … ENFORCED or INHERIT"


_OF_STATEMENT: dict[type[Statement], Callable[[Any], Iterator[Requirement]]] = {
    ast.AlterDomain: _of_domain,
    ast.AlterPublication: _of_publication,
    ast.AlterTable: _of_alteration,
    ast.Analyze: _of_maintenance,
    ast.CreateIndex: _of_index,
    ast.CreatePublication: _of_publication,
    ast.CreateSchema: _of_schema,
    ast.CreateStatistics: _of_statistics,
    ast.CreateTable: _of_table,
    ast.CreateView: _of_view,
    ast.Merge: _of_merge,
    ast.Vacuum: _of_maintenance,
}
_OF_ACTION: dict[type[ast.Action], Callable[[Any], Iterator[Requirement]]] = {
    ast.AddConstraint: _of_constraint,
    ast.AlterConstraint: _of_change,
    ast.SetAccessMethod: _of_method,
    ast.SetExpression: _of_expression,
}
