"""A downgrade for a migration that has none, where its upgrade says how to take it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import libcst as cst

from migsafe.catalog import Catalog
from migsafe.fix import calls
from migsafe.fix.emitted import Emitted
from migsafe.fix.recipes import chosen_name
from migsafe.fix.units import Unit, assembled
from migsafe.names import Name, quote_ident
from migsafe.rule import code
from migsafe.sql.ast import (
    AddColumn,
    AddConstraint,
    AlterTable,
    Analyze,
    CommentOn,
    CreateEnum,
    CreateIndex,
    CreateTable,
    DropConstraint,
    DropDefault,
    DropNotNull,
    Select,
    Set,
    SetDefault,
    SetNotNull,
    ValidateConstraint,
)
from migsafe.sql.online import constraint_dropped, index_dropped, not_null_set

_TRACELESS = (Analyze, Select, Set)


def derived(tree: cst.Module, emitted: Sequence[Emitted], *, major: int) -> cst.Module | None:
    """*tree* with a downgrade that takes back what its upgrade emits.

    None when a statement cannot be taken back without knowing more, or when there is a downgrade
    that does something. What was dropped and which rows were changed nobody can tell.
    """
    units: list[Unit] = []
    end = emitted[-1].context.after if emitted else None
    for one in reversed(emitted):
        undone = _undone(one, major, end)
        if undone is None:
            return None
        units += undone
    body = assembled(list(_repeatable(units)))
    return _with_downgrade(tree, body) if body else None


def _repeatable(units: Sequence[Unit]) -> Iterator[Unit]:
    """*units* of which those before a block can be run again."""
    last = max((n for n, unit in enumerate(units) if unit.apart), default=0)
    for number, unit in enumerate(units):
        call = None if unit.apart or number > last else calls.sole_call(unit.node)
        if call is None:
            yield unit
        else:
            again = calls.repeatable(call, batch=False)
            yield replace(unit, node=calls.with_call(unit.node, again))


def _undone(one: Emitted, major: int, end: Catalog | None) -> list[Unit] | None:
    statement = one.step.statement
    fails = one.effects.fails is not None and one.effects.fails.certain
    unchanged = one.context.catalog == one.context.after and not fails
    if isinstance(statement, _TRACELESS) or unchanged:
        return []
    if isinstance(statement, CommentOn):
        return None
    if isinstance(statement, CreateTable):
        return _plain(
            code.call("op.drop_table", *_of(statement.name)[:1], **_schema(statement.name))
        )
    if isinstance(statement, CreateEnum):
        return [Unit(calls.executing(f"DROP TYPE {statement.name}"), 0)]
    if isinstance(statement, CreateIndex) and statement.name:
        return _index(statement, one)
    if isinstance(statement, AlterTable):
        found: list[Unit] = []
        for action in reversed(statement.actions):
            undone = _action(action, statement.name, one, major, end)
            if undone is None:
                return None
            found += undone
        return found
    return None


def _index(statement: CreateIndex, one: Emitted) -> list[Unit]:
    dropped = calls.executing(index_dropped(Name(statement.table.schema, statement.name or "")))
    if statement.table in one.context.catalog.tables or not _is_new(statement.table, one):
        return [Unit(dropped, 0, apart=True)]
    return []  # it goes with its table


def _is_new(table: Name, one: Emitted) -> bool:
    """Whether the migration creates *table* itself."""
    start = one.context.start
    return start is not None and start.table(table) is None


def _is_passing(action: DropConstraint, table: Name, one: Emitted) -> bool:
    """Whether the constraint was added by the migration itself."""
    found = one.context.start.table(table) if one.context.start else None
    return found is not None and found.constraint(action.name) is None


def _action(
    action: Any, table: Name, one: Emitted, major: int, end: Catalog | None
) -> list[Unit] | None:
    if _is_new(table, one):
        return []  # it goes with the table
    if isinstance(action, AddColumn):
        return _plain(
            code.call("op.drop_column", *_of(table, action.column.name), **_schema(table))
        )
    if isinstance(action, AddConstraint):
        name = action.constraint.name or chosen_name(action.constraint, one)
        if name is None:
            return None
        last = end.table(table) if end else None
        if last is not None and last.constraint(name) is None:
            return []  # it only was a step on the way
        return [Unit(calls.executing(constraint_dropped(table, name)), 0)]
    if isinstance(action, ValidateConstraint):
        return []
    if isinstance(action, DropConstraint):
        return [] if _is_passing(action, table, one) else None
    column = f"ALTER TABLE {table} ALTER COLUMN {quote_ident(getattr(action, 'column', ''))}"
    if isinstance(action, SetNotNull):
        return [Unit(calls.executing(f"{column} DROP NOT NULL"), 0)]
    if isinstance(action, DropNotNull):
        texts = not_null_set(table, action.column, major=major).statements
        return [Unit(calls.executing(text), 0, apart=True) for text in texts]
    if isinstance(action, SetDefault | DropDefault):
        return _default(action.column, column, table, one)
    return None


def _default(name: str, column: str, table: Name, one: Emitted) -> list[Unit] | None:
    """The default as it was."""
    found = one.context.catalog.table(table)
    before = found.column(name) if found else None
    if before is None:
        return None
    end = f"SET DEFAULT {before.default}" if before.default else "DROP DEFAULT"
    return [Unit(calls.executing(f"{column} {end}"), 0)]


def _plain(text: str) -> list[Unit]:
    return [Unit(cst.parse_statement(text), 0)]


def _of(table: Name, *names: str) -> tuple[str, ...]:
    return tuple(map(code.text, (table.name, *names)))


def _schema(table: Name) -> dict[str, str | None]:
    return {"schema": code.schema(table)}


def _with_downgrade(tree: cst.Module, body: Sequence[Any]) -> cst.Module | None:
    block = cst.IndentedBlock(body=list(body))
    for position, node in enumerate(tree.body):
        if isinstance(node, cst.FunctionDef) and node.name.value == "downgrade":
            if not _does_nothing(node):
                return None
            whole = block.with_changes(body=[*_documentation(node), *body])
            changed = node.with_changes(body=whole)
            return tree.with_changes(
                body=[*tree.body[:position], changed, *tree.body[position + 1 :]]
            )
    function = cst.FunctionDef(
        cst.Name("downgrade"),
        cst.Parameters(),
        block,
        leading_lines=[cst.EmptyLine(indent=False), cst.EmptyLine(indent=False)],
    )
    return tree.with_changes(body=[*tree.body, function])


def _documentation(node: cst.FunctionDef) -> list[Any]:
    """The docstring of *node*."""
    first = node.body.body[0] if node.body.body else None
    if isinstance(first, cst.SimpleStatementLine) and isinstance(first.body[0], cst.Expr):
        return [first] if isinstance(first.body[0].value, cst.SimpleString) else []
    return []


def _does_nothing(node: cst.FunctionDef) -> bool:
    """Whether *node* has no more than a docstring and ``pass``."""
    for statement in node.body.body:
        parts = statement.body if isinstance(statement, cst.SimpleStatementLine) else [statement]
        for part in parts:
            constant = isinstance(part, cst.Expr) and isinstance(
                part.value, cst.SimpleString | cst.Ellipsis
            )
            if not (isinstance(part, cst.Pass) or constant):
                return False
    return True
