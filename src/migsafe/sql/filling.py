"""Filling columns of the rows that are there, some thousand at a time, each batch committed.

Both forms are one `DO` block, to be run outside of a transaction. What was interrupted goes on with
the rows that have no value yet.
"""

from __future__ import annotations

from collections.abc import Sequence

from migsafe.names import Name, quote_ident, quote_literal

ROWS = 5000
_BLOCKS = 500
_PAUSE = 0.01  # seconds
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
        UPDATE {table} t SET {values}
        WHERE t.{key} >= batch.low AND (batch.high IS NULL OR t.{key} < batch.high)
            AND {missing};
        COMMIT;
        PERFORM pg_sleep({pause});
        low := high;
        high := NULL;
    END LOOP;
END
$$"""
_BY_BLOCK = """DO $$
DECLARE
    block bigint := 0;
    blocks bigint := pg_relation_size({literal}) / current_setting('block_size')::bigint;
BEGIN
    WHILE block <= blocks LOOP
        UPDATE {table} t SET {values}
        WHERE {missing}
            AND t.ctid >= format('(%s,0)', block)::tid
            AND t.ctid < format('(%s,0)', block + {size})::tid;
        COMMIT;
        PERFORM pg_sleep({pause});
        block := block + {size};
    END LOOP;
    UPDATE {table} t SET {values} WHERE {missing};
END
$$"""


def filled(table: Name, values: Sequence[tuple[str, str]], missing: str, *, key: str | None) -> str:
    """Return what gives columns of *table* their *values*, (column, expression), where *missing*.

    *missing* is a condition on the row `t`. A batch is a range of *key*, a column with a unique
    index over it; without one it is a range of blocks (a TID range scan, PostgreSQL 14), which
    needs none, and rows that have moved meanwhile come last.
    """
    return (_BY_KEY if key is not None else _BY_BLOCK).format(
        table=table,
        key=quote_ident(key or ""),
        values=", ".join(f"{quote_ident(column)} = {value}" for column, value in values),
        missing=missing,
        last=ROWS - 1,
        pause=_PAUSE,
        literal=quote_literal(str(table)),
        size=_BLOCKS,
    )
