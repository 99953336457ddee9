"""Read the catalog of a database: the only place that asks PostgreSQL's system tables for it."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from migsafe.catalog import Catalog
from migsafe.introspect.assemble import catalog_of, decoded
from migsafe.introspect.query import head, statement
from migsafe.introspect.reading import reading
from migsafe.introspect.rows import with_rows
from migsafe.introspect.select import parts
from migsafe.introspect.snapshots import Snapshotter

__all__ = ["Snapshotter", "introspect"]


def introspect(
    connection: Any,
    *,
    schemas: Collection[str] | None = None,
    ignore: Collection[str] = ("alembic_version",),
    rows: bool = False,
) -> Catalog:
    """Read the Catalog of the database that *connection* is connected to, in one statement.

    *connection* is a psycopg connection or an SQLAlchemy Connection with any driver. Only *schemas*
    are read, all but the system's if None; ``pg_temp`` stands for the temporary objects of the
    session, which are left out otherwise. Tables whose name is in *ignore* are left out in every
    schema. With *rows*, one more statement finds out which tables hold rows.

    Texts of expressions do not depend on the session: names are qualified unless they are in
    pg_catalog, and constants are written for the time zone UTC and ISO dates. The transaction, if
    any, and the settings of the session are left as they were. Raises ServerError when the server
    is older than PostgreSQL 14 or refuses.
    """
    with reading(connection) as reader:
        text = statement(parts(reader.major), head(schemas, ignore))
        found = reader.run(text)
        with _uncollected():
            catalog = catalog_of(decoded(found))
        if rows:
            catalog = with_rows(catalog, reader)
    return replace(catalog, major=reader.major, search_path=reader.search_path)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Put garbage collection off: all that is made meanwhile stays, or goes without it.

    With a thousand tables, looking through every new object again and again takes three times as
    long as making them.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
