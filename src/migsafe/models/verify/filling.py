"""References that rows cannot have when they are made: to rows of their own table, in circles."""

from __future__ import annotations

from typing import Any

from migsafe.catalog import Catalog, Constraint, Table
from migsafe.models.serving import foreign_keys
from migsafe.names import quote_ident


def tie(connection: Any, catalog: Catalog) -> None:
    """Give foreign keys that no row uses a row to refer to, where columns may be NULL.

    *connection* is a psycopg connection in autocommit mode. What the constraints refuse for all
    rows is tried with one row, and else left.
    """
    for name in sorted(catalog.tables):
        table = catalog.tables[name]
        for key in foreign_keys(table):
            if not _is_used(connection, table, key):
                one = f" AND own.ctid = (SELECT ctid FROM {table.name} ORDER BY ctid LIMIT 1)"
                _tie(connection, table, key, "") or _tie(connection, table, key, one)


def _is_used(connection: Any, table: Table, key: Constraint) -> bool:
    used = " AND ".join(f"{quote_ident(column)} IS NOT NULL" for column in key.columns)
    query = f"SELECT EXISTS (SELECT FROM {table.name} WHERE {used})"
    return bool(connection.execute(query).fetchone()[0])


def _tie(connection: Any, table: Table, key: Constraint, only: str) -> bool:
    """Set the columns that may be NULL; whether the constraints took it."""
    from psycopg import Error

    columns = {column.name: column for column in table.columns}
    pairs = list(zip(key.columns, key.referenced_columns, strict=False))
    free = [(n, t) for n, t in pairs if not columns[n].not_null and not columns[n].generated]
    if not free or key.references is None:
        return True
    sets = ", ".join(f"{quote_ident(n)} = their.{quote_ident(t)}" for n, t in free)
    same = [
        f"own.{quote_ident(n)} = their.{quote_ident(t)}" for n, t in pairs if (n, t) not in free
    ]
    other = ["own.ctid <> their.ctid"] if key.references == table.name else []
    where = " AND ".join([*same, *other]) or "true"
    statement = f"UPDATE {table.name} own SET {sets} FROM {key.references} their WHERE {where}"
    try:
        connection.execute(statement + only)
    except Error:
        return False
    return True
