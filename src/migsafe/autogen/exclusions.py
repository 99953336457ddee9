"""Exclusion constraints, which Alembic neither compares nor brings back with a dropped table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic.operations import ops
from alembic.util.sqla_compat import _get_constraint_final_name
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from migsafe.autogen.canonical import Expression, Reading
from migsafe.autogen.clones import Sides
from migsafe.autogen.creation import constraint_body
from migsafe.autogen.expressions import Texts, read
from migsafe.autogen.found import Found, notice
from migsafe.autogen.operations import DropConstraintSqlOp, SqlOp, constraint_sql
from migsafe.autogen.placing import operations_on
from migsafe.catalog import ConstraintKind, Table
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def compare_exclusions(
    context: AutogenContext,
    state: Found,
    tables: list[tuple[sa.Table, Table]],
    upgrade_ops: ops.UpgradeOps,
) -> None:
    """Add the operations on EXCLUDE constraints of *tables*, pairs of the wanted and the found."""
    work = []
    for table, live in tables:
        wanted = {str(n): text for n, (_, text) in enumerate(_wanted(table, state))}
        there = bodies(state, live)
        if wanted or there:
            sides = Sides(
                table,
                live,
                {key: Expression("exclude", text) for key, text in wanted.items()},
                {name: Expression("exclude", text) for name, text in there.items()},
            )
            work.append(sides)
    for sides, texts in zip(work, read(context, work), strict=True):
        names = [name for name, _ in _wanted(sides.table, state)]
        steps = list(_steps(state, sides, texts, names))
        if steps:
            container = operations_on(upgrade_ops, sides.table)
            drops = [op for op in steps if isinstance(op, DropConstraintSqlOp)]
            container.ops[:] = [*drops, *container.ops, *(s for s in steps if s not in drops)]


def bodies(state: Found, table: Table) -> dict[str, str]:
    """Return the EXCLUDE constraints of *table* by name, as `ADD CONSTRAINT name` takes them."""
    return {
        constraint.name: constraint_body(
            constraint, state.catalog.indexes.get(Name(table.name.schema, constraint.index or ""))
        )
        for constraint in table.constraints_of(ConstraintKind.EXCLUDE)
    }


def _wanted(table: sa.Table, state: Found) -> Iterator[tuple[str | None, str]]:
    compiler = state.dialect.ddl_compiler(state.dialect, None)  # type: ignore[arg-type]
    found = [c for c in table.constraints if isinstance(c, ExcludeConstraint)]
    for constraint in sorted(found, key=lambda c: str(c.name)):
        name = _get_constraint_final_name(constraint, state.dialect)
        text = compiler.process(constraint)
        yield (None if name is None else str(name)), text[text.index("EXCLUDE ") :]


def _steps(state: Found, sides: Sides, texts: Texts, names: list[str | None]) -> Iterator[SqlOp]:
    table = state.written(sides.found.name)
    left = set(texts.live)
    unmatched: list[tuple[str | None, str, Reading]] = []
    for number, name in enumerate(names):
        reading = texts.wanted[str(number)]
        if reading.text is None:
            notice(
                f"{name or 'an exclusion constraint'} on {sides.table.fullname} is not compared: "
                f"PostgreSQL cannot read it ({reading.error})"
            )
            if name is None:
                return
            left.discard(name)
            continue
        same = [n for n in ([name] if name else sorted(left)) if n in left]
        match = next((n for n in same if texts.live[n].text == reading.text), None)
        if match is not None:
            left.discard(match)
        else:
            unmatched.append((name, sides.wanted[str(number)].text, reading))
    old = {name: sides.live[name].text for name in left}
    for name, text, reading in unmatched:
        chosen = name or reading.name or f"{sides.table.name}_excl"
        if chosen in old:
            yield DropConstraintSqlOp(table, chosen, old.pop(chosen))
        up, down = (constraint_sql(table, chosen, body) for body in (text, None))
        yield SqlOp(f"add exclusion constraint {chosen}", [up], [down])
    for name, text in sorted(old.items()):
        yield DropConstraintSqlOp(table, name, text)
