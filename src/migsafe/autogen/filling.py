"""Filling a column of the rows that are there, some thousand at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.autogenerate.render import renderers

from migsafe.autogen.operations import SqlOp, execute_lines, text_sql
from migsafe.catalog import Table, TableKind
from migsafe.names import Name, quote_ident
from migsafe.sql.online import column_filled

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

ROWS = 5000
PAUSE = 0.01  # seconds
# Variables and columns are told apart by what is before them, whatever the columns are called.
_BY_KEY = """DO $$
<<batch>>
DECLARE
    low {table}.{key}%TYPE;
    high {table}.{key}%TYPE;
BEGIN
    SELECT t.{key} INTO low FROM {table} t ORDER BY t.{key} LIMIT 1;
    WHILE low IS NOT NULL LOOP
        SELECT t.{key} INTO high FROM {table} t
        WHERE t.{key} > batch.low ORDER BY t.{key} OFFSET {last} LIMIT 1;
        UPDATE {table} t SET {column} = {value}
        WHERE t.{key} >= batch.low AND (batch.high IS NULL OR t.{key} < batch.high)
            AND t.{column} IS NULL;
        COMMIT;
        PERFORM pg_sleep({pause});
        low := high;
        high := NULL;
    END LOOP;
END
$$"""


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


def filled(table: Name, live: Table | None, column: str, default: str) -> FillOp:
    """Return what gives *column* its *default*, and then every row of *table* a value.

    Each batch is a range of the primary key, committed by itself; one that is interrupted goes on
    where there is no value yet. *live* is the table as it is; without a key the batches are blocks.
    """
    key = live.primary_key if live is not None and live.kind is TableKind.TABLE else None
    first, by_block = column_filled(table, column, default)
    if key is None:
        return FillOp(f"fill {column}", (first, by_block), ())
    text = _BY_KEY.format(
        table=table,
        key=quote_ident(key.columns[0]),
        column=quote_ident(column),
        value="DEFAULT",
        last=ROWS - 1,
        pause=PAUSE,
    )
    return FillOp(f"fill {column}", (first, text), ())
