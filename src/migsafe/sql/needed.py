"""The objects that must exist for a statement to run."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.names import Name
from migsafe.sql import ast

_TABLES = (ast.ObjectKind.TABLE, ast.ObjectKind.COLUMN, ast.ObjectKind.TABLE_CONSTRAINT)
_OTHERS = (
    ast.ObjectKind.INDEX,
    ast.ObjectKind.SEQUENCE,
    ast.ObjectKind.VIEW,
    ast.ObjectKind.MATERIALIZED_VIEW,
    ast.ObjectKind.FUNCTION,
    ast.ObjectKind.PROCEDURE,
    ast.ObjectKind.TYPE,
    ast.ObjectKind.DOMAIN,
    ast.ObjectKind.SCHEMA,
)
_ON_TABLES = (
    ast.CreateIndex,
    ast.CreateTrigger,
    ast.CreatePolicy,
    ast.AlterPolicy,
    ast.Update,
    ast.Delete,
    ast.Insert,
    ast.Merge,
)


def tables(statement: ast.Statement) -> Iterator[Name]:
    """The tables that *statement* changes, reads or refers to."""
    yield from _changed(statement)
    yield from getattr(statement, "reads", ())
    yield from (clause.source for clause in getattr(statement, "like", ()))
    for constraint in _constraints(statement):
        target = constraint.references
        own = isinstance(statement, ast.CreateTable) and statement.name == target
        if target is not None and not own:
            yield target
    for written in getattr(statement, "writes", ()):
        yield from tables(written)
    if isinstance(statement, ast.Do):
        for parsed in statement.nested:
            yield from tables(parsed.statement)


def _changed(statement: ast.Statement) -> Iterator[Name]:
    if isinstance(statement, ast.AlterTable):
        if statement.kind is ast.ObjectKind.TABLE:
            yield statement.name
        for action in statement.actions:
            if isinstance(action, ast.AttachPartition | ast.DetachPartition):
                yield action.partition
    elif isinstance(statement, _ON_TABLES):
        yield statement.table
    elif isinstance(statement, ast.Truncate | ast.Lock):
        yield from statement.names
    elif isinstance(statement, ast.Vacuum | ast.Analyze):
        yield from statement.tables
    elif isinstance(statement, ast.CreateTable) and statement.partition_of is not None:
        yield statement.partition_of
    elif isinstance(statement, ast.Cluster) and statement.table is not None:
        yield statement.table
    elif isinstance(statement, ast.Reindex) and statement.kind == "TABLE" and statement.name:
        yield statement.name
    else:
        yield from (name for name, kind in _by_kind(statement) if kind in _TABLES)


def others(statement: ast.Statement) -> Iterator[Name]:
    """The objects of other kinds, such as indexes and views, that *statement* is about."""
    if isinstance(statement, ast.RefreshMatView | ast.AlterSequence | ast.AlterDomain):
        yield statement.name
    elif isinstance(statement, ast.AlterTable):
        if statement.kind is not ast.ObjectKind.TABLE:
            yield statement.name
    elif isinstance(statement, ast.Reindex):
        if statement.kind == "INDEX" and statement.name is not None:
            yield statement.name
    elif isinstance(statement, ast.SetSchema):
        yield Name(None, statement.schema)
    else:
        yield from (name for name, kind in _by_kind(statement) if kind in _OTHERS)


def _by_kind(statement: ast.Statement) -> Iterator[tuple[Name, ast.ObjectKind]]:
    """What DROP, RENAME, SET SCHEMA, COMMENT and GRANT are about."""
    if isinstance(statement, ast.Drop):
        for target in statement.targets:
            name = target.table if target.table is not None else target.name
            yield name, ast.ObjectKind.TABLE if target.table is not None else statement.kind
    elif isinstance(statement, ast.Rename):
        yield statement.name, statement.kind
    elif isinstance(statement, ast.SetSchema | ast.CommentOn):
        name = statement.target.table or statement.target.name
        yield name, ast.ObjectKind.TABLE if statement.target.table else statement.kind
    elif isinstance(statement, ast.Grant):
        for target in statement.targets:
            yield target.name, statement.kind


def _constraints(statement: ast.Statement) -> Iterator[ast.ConstraintDef]:
    if isinstance(statement, ast.CreateTable):
        yield from statement.all_constraints
    elif isinstance(statement, ast.AlterTable):
        for action in statement.actions:
            if isinstance(action, ast.AddConstraint):
                yield action.constraint
            elif isinstance(action, ast.AddColumn):
                yield from action.column.constraints
