"""Lead every connection that a project's env.py opens to the throwaway database.

Projects find their database in a hundred ways. Whatever URL they come up with, the driver is given
ours: so the trip needs no setting of the project's, and no other database can be touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from migsafe.errors import ServerError
from migsafe.server import sqlalchemy_url

# What says where a connection goes and who opens it; the rest (timeouts, options) is kept.
_PLACE = frozenset(
    (
        "dsn",
        "host",
        "hostaddr",
        "port",
        "user",
        "password",
        "dbname",
        "database",
        "service",
        "passfile",
        "ssl",
        "sslmode",
        "sslcert",
        "sslkey",
        "sslrootcert",
        "sslcrl",
        "sslpassword",
        "channel_binding",
        "target_session_attrs",
        "requiressl",
        "gssencmode",
        "krbsrvname",
        "direct_tls",
    )
)


@contextmanager
def redirected(url: str) -> Iterator[None]:
    """Within the block, every SQLAlchemy engine connects to the database at *url* (libpq form).

    Raises ServerError when an engine for another kind of database, or for a driver that cannot be
    redirected, is used.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def connect(dialect: Any, record: Any, cargs: list[Any], cparams: dict[str, Any]) -> None:
        if dialect.name != "postgresql":
            raise ServerError(
                f"the project connects to {dialect.name}; migsafe works on PostgreSQL only"
            )
        arguments, parameters = _arguments(dialect, url)
        kept = {key: value for key, value in cparams.items() if key not in _PLACE}
        cargs[:] = arguments
        cparams.clear()
        cparams.update({**kept, **parameters})

    event.listen(Engine, "do_connect", connect)
    before = os.environ.get("DATABASE_URL")
    os.environ["DATABASE_URL"] = sqlalchemy_url(url)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", connect)
        if before is None:
            del os.environ["DATABASE_URL"]
        else:
            os.environ["DATABASE_URL"] = before


def _arguments(dialect: Any, url: str) -> tuple[list[Any], dict[str, Any]]:
    from sqlalchemy import make_url

    driver = dialect.driver
    if driver not in ("psycopg", "psycopg_async", "psycopg2", "asyncpg"):
        raise ServerError(
            f"the project uses the driver {driver}; migsafe can lead psycopg, psycopg2 and "
            "asyncpg to its throwaway database"
        )
    family = driver.removesuffix("_async")
    arguments, parameters = dialect.create_connect_args(make_url(sqlalchemy_url(url, family)))
    return list(arguments), dict(parameters)
