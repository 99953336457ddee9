"""Every connection that env.py opens gets a lock timeout, and is known by its process id."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from migsafe.errors import ServerError

_NAMES = {"database": "dbname", "dbname": "dbname", "ssl": "sslmode"}
_KEPT = ("host", "port", "user", "password", "sslmode", "sslcert", "sslkey", "sslrootcert")


class Guard:
    """Knows the migrating sessions, and where they are connected to.

    Attributes:
        pids: server process ids of the sessions opened so far.
    """

    def __init__(self, lock_timeout: float) -> None:
        self.milliseconds = max(1, round(lock_timeout * 1000))
        self.pids: set[int] = set()
        self._place: dict[str, Any] | None = None

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Within the block, all engines' connections are guarded.

        Raises ServerError when an engine is not for PostgreSQL.
        """
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        from sqlalchemy.pool import Pool

        listeners = (
            (Engine, "do_connect", self._about_to_connect),
            (Pool, "connect", self._connected),
        )
        for target, name, listener in listeners:
            event.listen(target, name, listener)
        try:
            yield
        finally:
            for target, name, listener in listeners:
                event.remove(target, name, listener)

    def second_connection(self) -> Any:
        """A psycopg connection in autocommit mode to the same database, for watching."""
        import psycopg

        if self._place is None:
            raise ServerError("env.py opened no connection; migsafe cannot tell the database")
        try:
            return psycopg.connect(
                **self._place, application_name="migsafe upgrade", autocommit=True
            )
        except psycopg.Error as error:
            raise ServerError(f"no second connection to watch locks with: {error}") from error

    def _about_to_connect(
        self, dialect: Any, record: Any, cargs: list[Any], cparams: dict[str, Any]
    ) -> None:
        if dialect.name != "postgresql":
            raise ServerError(f"env.py connects to {dialect.name}; migsafe upgrades PostgreSQL")
        named = {_NAMES.get(key, key): value for key, value in cparams.items()}
        kept = {key: named[key] for key in (*_KEPT, "dbname") if named.get(key) is not None}
        if cargs and isinstance(cargs[0], str):
            from psycopg.conninfo import conninfo_to_dict

            kept = {**conninfo_to_dict(cargs[0]), **kept}
        self._place = kept

    def _connected(self, connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET lock_timeout = {self.milliseconds}")
        cursor.execute("SELECT pg_backend_pid()")
        self.pids.add(int(cursor.fetchone()[0]))
        cursor.close()
        connection.commit()
