"""A database's URL → its Catalog, in a session that cannot write."""

from __future__ import annotations

from migsafe.catalog import Catalog
from migsafe.errors import ServerError
from migsafe.introspect import introspect
from migsafe.server.urls import libpq_url, masked, place_of

_PATIENCE_SECONDS = 10


def live_catalog(url: str) -> Catalog:
    """Read the Catalog of the database at *url*; ServerError when it cannot be reached or read.

    *url* may have SQLAlchemy's ``+driver``. Alembic's version table is left out.
    """
    import psycopg

    address = libpq_url(url)
    try:
        connection = psycopg.connect(
            address, connect_timeout=_PATIENCE_SECONDS, application_name="migsafe models"
        )
    except psycopg.Error as error:
        lines = str(error).strip().splitlines() or ["no reason given"]
        why = masked(lines[0], address)
        raise ServerError(f"no connection to {place_of(address)}: {why}") from error
    with connection:
        connection.read_only = True
        return introspect(connection)
