"""Tables that a history uses but has not created: they are there, from before or from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from migsafe.capture.model import Step
from migsafe.catalog import Catalog, Column, Table
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.session import Session
from migsafe.sql import ast, parse

_REASON = "this history does not create "
_SYSTEM = ("pg_catalog", "information_schema")
_TABLES = (ast.ObjectKind.TABLE, ast.ObjectKind.COLUMN, ast.ObjectKind.TABLE_CONSTRAINT)


class Assumptions:
    """Which relations the history has known so far; adds those that it takes for given.

    An upgrade that has run anywhere found its tables. So a table that no revision has created, and
    none has dropped, is taken to exist with columns and rows that are not known.
    """

    def __init__(self) -> None:
        self._known: set[Name] = set()
        self._noted: tuple[object, ...] = ()

    @staticmethod
    def is_reason(unknown: str) -> bool:
        """Whether *unknown* says no more than that a table was made elsewhere."""
        return _REASON in unknown

    def note(self, catalog: Catalog) -> None:
        """Remember what exists, so that its absence later on is no reason to assume it."""
        kinds = (catalog.tables, catalog.views, catalog.indexes, catalog.sequences)
        if len(self._noted) != len(kinds) or any(
            a is not b for a, b in zip(kinds, self._noted, strict=True)
        ):
            self._noted = kinds
            for kind in kinds:
                self._known.update(kind)

    def complete(self, session: Session, step: Step) -> Session:
        """The session with the tables that *step* takes for given."""
        catalog = session.catalog
        for written in _mentioned(step.statement):
            name = catalog.qualify(written)
            if catalog.relation(written) is None and self._is_foreign(name):
                reason = f"{_REASON}{name.display()}"
                catalog = catalog.with_table(Table(name, unknown=reason)).with_gap(reason)
        for index in _dropped_indexes(step.statement):
            name = catalog.qualify(index)
            if catalog.relation(index) is None and self._is_foreign(name):
                catalog = catalog.with_gap(f"{_REASON}{name.display()}")
        catalog = _with_existing_column(catalog, step)
        return session if catalog is session.catalog else replace(session, catalog=catalog)

    def _is_foreign(self, name: Name) -> bool:
        system = name.schema in _SYSTEM or name.name.startswith("pg_")
        return not system and name not in self._known


def _mentioned(statement: ast.Statement) -> Iterator[Name]:
    """The tables that must exist for *statement* to run."""
    yield from _targets(statement)
    for constraint in _constraints(statement):
        if constraint.references is not None:
            own = isinstance(statement, ast.CreateTable) and statement.name == constraint.references
            if not own:
                yield constraint.references
    for written in getattr(statement, "writes", ()):
        yield from _mentioned(written)
    for parsed in getattr(statement, "nested", ()) if isinstance(statement, ast.Do) else ():
        yield from _mentioned(parsed.statement)


def _targets(statement: ast.Statement) -> Iterator[Name]:
    if getattr(statement, "if_exists", False):
        return
    if isinstance(statement, ast.AlterTable):
        if statement.kind is ast.ObjectKind.TABLE:
            yield statement.name
        for action in statement.actions:
            if isinstance(action, ast.AttachPartition | ast.DetachPartition):
                yield action.partition
    elif isinstance(statement, ast.CreateIndex | ast.CreateTrigger | ast.CreatePolicy):
        yield statement.table
    elif isinstance(statement, ast.Truncate | ast.Lock):
        yield from statement.names
    elif isinstance(statement, ast.Update | ast.Delete | ast.Insert | ast.Merge):
        yield statement.table
    elif isinstance(statement, ast.Rename) and statement.kind in _TABLES:
        yield statement.name
    elif isinstance(statement, ast.SetSchema) and statement.kind is ast.ObjectKind.TABLE:
        yield statement.target.name
    elif isinstance(statement, ast.Drop) and statement.kind is ast.ObjectKind.TABLE:
        yield from statement.names
    elif isinstance(statement, ast.CreateTable):
        if statement.partition_of is not None:
            yield statement.partition_of
    elif isinstance(statement, ast.Vacuum | ast.Analyze):
        yield from statement.tables
    elif isinstance(statement, ast.Cluster) and statement.table is not None:
        yield statement.table
    elif isinstance(statement, ast.Reindex) and statement.kind == "TABLE" and statement.name:
        yield statement.name


def _constraints(statement: ast.Statement) -> Iterator[ast.ConstraintDef]:
    if isinstance(statement, ast.CreateTable):
        yield from statement.all_constraints
    elif isinstance(statement, ast.AlterTable):
        for action in statement.actions:
            if isinstance(action, ast.AddConstraint):
                yield action.constraint
            elif isinstance(action, ast.AddColumn):
                yield from action.column.constraints


def _dropped_indexes(statement: ast.Statement) -> Iterator[Name]:
    if not isinstance(statement, ast.Drop) or statement.if_exists:
        return
    if statement.kind is ast.ObjectKind.INDEX:
        yield from statement.names


def _with_existing_column(catalog: Catalog, step: Step) -> Catalog:
    """*catalog* with what ``existing_type=`` says about a column that nobody has described."""
    op = step.op
    statement = step.statement
    if not isinstance(statement, ast.AlterTable) or getattr(op, "existing_type", None) is None:
        return catalog
    table = catalog.table(statement.name)
    if table is None or not table.unknown or table.column(op.column_name) is not None:
        return catalog
    type_ = _type_ref(op.existing_type)
    if type_ is None:
        return catalog
    column = Column(str(op.column_name), type_, not_null=op.existing_nullable is False)
    return catalog.with_table(table.with_column(column))


def _type_ref(type_: Any) -> TypeRef | None:
    """A SQLAlchemy type as PostgreSQL names it, None when it cannot be told."""
    from sqlalchemy.dialects.postgresql import dialect
    from sqlalchemy.types import to_instance

    try:
        text = to_instance(type_).compile(dialect=dialect())  # type: ignore[no-untyped-call]
    except Exception:  # a type of the user's may raise anything
        return None
    found = parse(f"ALTER TABLE t ADD COLUMN c {text}")
    for action in getattr(found[0].statement, "actions", ()) if found else ():
        if isinstance(action, ast.AddColumn):
            return action.column.type
    return None
