"""The first major version of PostgreSQL that accepts a statement, where that is not 14."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.sql import ast
from migsafe.sql.parts import ColumnDef, ConstraintDef, ConstraintKind, Statement

OLDEST = 14
Requirement = tuple[int, str]


def since(statement: Statement) -> Requirement:
    """The first major version that knows all of *statement*, and which syntax asks for it.

    ``(14, "")`` where every supported version does. Source: release notes of 15 to 18.
    """
    asking = type(statement) in _ASKING
    if isinstance(statement, ast.AlterTable):
        asking = any(type(action) in _ASKING for action in statement.actions)
    if not asking:
        return (OLDEST, "")
    return max(_requirements(statement), key=lambda found: found[0], default=(OLDEST, ""))


def _requirements(statement: Statement) -> Iterator[Requirement]:
    yield from _of_kind(statement)
    for column in _columns(statement):
        yield from _of_column(column)
    for constraint in _constraints(statement):
        yield from _of_constraint(constraint)
    if isinstance(statement, ast.AlterTable):
        for action in statement.actions:
            yield from _of_action(action)
    if isinstance(statement, ast.CreateSchema):
        for element in statement.elements:
            yield from _requirements(element)


_ASKING = frozenset(
    (
        *(ast.AddColumn, ast.AddConstraint, ast.AlterConstraint, ast.AlterDomain),
        *(ast.AlterPublication, ast.Analyze, ast.CreateIndex, ast.CreatePublication),
        *(ast.CreateSchema, ast.CreateStatistics, ast.CreateTable, ast.CreateView, ast.Merge),
        *(ast.SetAccessMethod, ast.SetExpression, ast.Vacuum),
    )
)
"""The statements, and actions of ALTER TABLE, of which something asks for a newer version."""


def _of_kind(statement: Statement) -> Iterator[Requirement]:
    if isinstance(statement, ast.Merge):
        yield (17 if statement.returning else 15), "MERGE" + " … RETURNING" * statement.returning
    if isinstance(statement, ast.CreateIndex) and statement.nulls_not_distinct:
        yield 15, "NULLS NOT DISTINCT"
    if isinstance(statement, ast.CreateView) and _named(statement.options, "security_invoker"):
        yield 15, "security_invoker"
    if isinstance(statement, (ast.CreatePublication, ast.AlterPublication)):
        if statement.schemas:
            yield 15, "TABLES IN SCHEMA"
        if any(table.where or table.columns for table in statement.tables):
            yield 15, "a publication's column list or WHERE"
    if isinstance(statement, (ast.Vacuum, ast.Analyze)):
        yield from _of_maintenance(statement.options)
        if statement.only:
            yield 18, "ONLY in VACUUM and ANALYZE"
    if isinstance(statement, ast.AlterDomain) and _is_not_null(statement.constraint):
        yield 17, "ALTER DOMAIN … ADD NOT NULL"
    if isinstance(statement, ast.CreateTable) and any(map(_is_not_null, statement.constraints)):
        yield 18, "NOT NULL as a table constraint"
    if isinstance(statement, ast.CreateStatistics) and statement.name is None:
        yield 16, "CREATE STATISTICS without a name"


def _is_not_null(constraint: ConstraintDef | None) -> bool:
    return constraint is not None and constraint.kind is ConstraintKind.NOT_NULL


def _of_maintenance(options: tuple[ast.Option, ...]) -> Iterator[Requirement]:
    if _named(options, "buffer_usage_limit"):
        yield 16, "BUFFER_USAGE_LIMIT"
    if _named(options, "skip_database_stats") or _named(options, "only_database_stats"):
        yield 16, "SKIP_DATABASE_STATS"


def _named(options: tuple[ast.Option, ...], name: str) -> bool:
    return any(option.name == name for option in options)


def _columns(statement: Statement) -> Iterator[ColumnDef]:
    if isinstance(statement, ast.CreateTable):
        yield from statement.columns
    elif isinstance(statement, ast.AlterTable):
        added = (a for a in statement.actions if isinstance(a, ast.AddColumn))
        yield from (action.column for action in added)


def _constraints(statement: Statement) -> Iterator[ConstraintDef]:
    if isinstance(statement, ast.CreateTable):
        yield from statement.constraints
        for column in statement.columns:
            yield from column.constraints
    elif isinstance(statement, ast.AlterTable):
        for action in statement.actions:
            if isinstance(action, ast.AddConstraint):
                yield action.constraint
            elif isinstance(action, ast.AddColumn):
                yield from action.column.constraints


def _of_column(column: ColumnDef) -> Iterator[Requirement]:
    if column.virtual:
        yield 18, "a VIRTUAL generated column"
    if column.storage:
        yield 16, "STORAGE in a column's definition"


def _of_constraint(constraint: ConstraintDef) -> Iterator[Requirement]:
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


def _of_action(action: ast.Action) -> Iterator[Requirement]:
    if isinstance(action, ast.SetExpression):
        yield 17, "SET EXPRESSION"
    if isinstance(action, ast.SetAccessMethod):
        default = action.method is None
        yield (17 if default else 15), "SET ACCESS METHOD" + " DEFAULT" * default
    if isinstance(action, ast.AddConstraint) and _is_not_null(action.constraint):
        yield 18, "ADD CONSTRAINT … NOT NULL"
    if isinstance(action, ast.AlterConstraint) and (action.enforced, action.inherit) != (
        None,
        None,
    ):
        yield 18, "ALTER CONSTRAINT … ENFORCED or INHERIT"
