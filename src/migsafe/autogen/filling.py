"""Filling a column of the rows that are there, some thousand at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.autogenerate.render import renderers

from migsafe.autogen.operations import SqlOp, execute_lines, text_sql
from migsafe.catalog import Table
from migsafe.names import Name
from migsafe.sql.online import column_filled

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class FillOp(SqlOp):
    """Statements that fill a column; long ones are written a line at a time."""


@renderers.dispatch_for(FillOp)
def _render_fill(context: AutogenContext, op: FillOp) -> list[str]:
    return [line for sql in op.up for line in _executed(sql)]


def _executed(sql: str) -> list[str]:
    if "\n" not in sql:
        return execute_lines(sql)
    texts = text_sql(sql).splitlines(keepends=True)
    return ["op.execute(", *(f"    {text!r}" for text in texts), ")"]


def batch_key(live: Table | None) -> str | None:
    """The column by whose ranges the rows of *live*, the table as it is, are gone through."""
    key = live.primary_key if live is not None else None
    return key.columns[0] if key is not None else None


def filled(table: Name, live: Table | None, column: str, default: str) -> tuple[SqlOp, ...]:
    """Return what gives *column* its *default*, and then every row of *table* a value."""
    steps = column_filled(table, column, default, key=batch_key(live))
    return tuple(FillOp(f"fill {column}", [step], ()) for step in steps)
