"""`add_column` with a column that brings an index, constraints or a default that costs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import libcst as cst

from migsafe.fix import calls
from migsafe.fix.editing import with_keywords
from migsafe.fix.emitted import Emitted
from migsafe.fix.recipes import Recipe, recipe
from migsafe.fix.units import Unit, step_apart
from migsafe.sql.ast import AddColumn, AddConstraint, AlterTable, ConstraintKind, CreateIndex

if TYPE_CHECKING:
    from migsafe.fix.rewriting import Rewriter

_OF_VALUES = frozenset(("MS202", "MS401"))


def added_column(
    rewriter: Rewriter, node: cst.SimpleStatementLine, call: cst.Call, unit: Unit
) -> list[Unit] | str:
    """The column alone, and then what it was to bring; a reason when that is not possible."""
    # SQLAlchemy keeps the constraints of a table in a set, so they come in any order.
    apart = sorted((one for one in unit.emitted if one.codes), key=lambda one: one.step.sql)
    added = [one for one in apart if any(isinstance(a, AddColumn) for a in _actions(one))]
    if any(one.codes - _OF_VALUES for one in added):
        return rewriter.generated(node, unit)  # a CHECK or a key that is written in the column
    unwanted = {_keyword(one) for one in apart if one not in added}
    if None in unwanted:
        return "there is no online form of this column"
    forms = [recipe(one, major=rewriter.major, named=rewriter.named) for one in added]
    for one, form in zip(added, forms, strict=True):
        if isinstance(form, str):
            return form
        unwanted |= _of_column(one)
    if "index" in unwanted and any(map(_is_unique_index, apart)):
        unwanted.add("unique")
    change = calls.Column(unwanted - {None, "ForeignKey"}, foreign_keys="ForeignKey" in unwanted)
    plain = calls.with_column(call, change)
    if plain is None:
        return "the column is not written in the call"
    plain = with_keywords(plain, {"if_not_exists": "True"})
    kept = tuple(one for one in unit.emitted if not one.codes)
    main: Any = calls.with_call(node, plain)
    made = [replace(unit, node=main, lasting=False, emitted=(*kept, *added))]
    for one, form in zip(added, forms, strict=True):
        assert isinstance(form, Recipe)
        for text in form.form.after:
            made.append(step_apart(text, unit.line, (one,)))
        made += rewriter.later(form, one, unit)
    for one in (one for one in apart if one not in added):
        units = rewriter.as_sql(one, unit)
        if isinstance(units, str):
            return units
        made += units
    return made


def _is_unique_index(one: Emitted) -> bool:
    statement = one.step.statement
    return isinstance(statement, CreateIndex) and statement.unique


def _of_column(one: Emitted) -> set[str]:
    """The arguments of ``Column`` that come after the column itself."""
    (column,) = (a.column for a in _actions(one) if isinstance(a, AddColumn))
    words = {"server_default"} if "MS202" in one.codes else set()
    return words | {"nullable"} if column.not_null else words


def _actions(one: Emitted) -> tuple[Any, ...]:
    statement = one.step.statement
    return statement.actions if isinstance(statement, AlterTable) else ()


def _keyword(one: Emitted) -> str | None:
    """What of ``Column`` the statement comes from."""
    if isinstance(one.step.statement, CreateIndex):
        return "index"
    for action in _actions(one):
        if isinstance(action, AddConstraint):
            kind = action.constraint.kind
            words = {ConstraintKind.FOREIGN_KEY: "ForeignKey", ConstraintKind.UNIQUE: "unique"}
            return words.get(kind)
    return None
