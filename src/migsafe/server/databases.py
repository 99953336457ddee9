"""A server as the rest of migsafe sees it: a version, and databases that come and go."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migsafe.errors import ServerError
from migsafe.names import quote_ident, quote_literal
from migsafe.server.urls import libpq_url, masked, place_of, with_database
from migsafe.server.variables import variables_ignored

if TYPE_CHECKING:
    import psycopg

PREFIX = "migsafe_"
# Only a database that carries both the prefix and this comment is ever dropped.
MARK = "made by migsafe and dropped by it"
_PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL server on which databases may be made.

    *address* is the URL of a database that exists on it; *major* is 14 to 18. *alike* are the
    arguments with which `migsafe.server.start` starts another one, or None for a given server.
    """

    address: str
    major: int
    alike: Mapping[str, Any] | None = None

    def url(self, database: str = "postgres") -> str:
        """Return the libpq URL of *database*; `sqlalchemy_url` adds a driver to it."""
        return with_database(self.address, database)

    @contextmanager
    def database(self, *, template: str | None = None) -> Iterator[str]:
        """Yield the URL of a fresh database, which is dropped afterwards.

        *template* is the name of the database to copy; without it the new one is empty.
        """
        name = self.create_database(template=template)
        try:
            yield self.url(name)
        except BaseException:
            # What went wrong inside matters more than that the server is gone, too.
            with suppress(ServerError):
                self.drop_database(name)
            raise
        self.drop_database(name)

    def create_database(self, *, template: str | None = None) -> str:
        """Create an empty database, or a copy of *template*, and return its name.

        Raises ServerError when the server refuses: nobody may be connected to *template*.
        """
        name = PREFIX + secrets.token_hex(8)
        create = f"CREATE DATABASE {name} TEMPLATE {quote_ident(template or 'template0')}"
        if template is None:
            create += " ENCODING 'UTF8'"
        if self.major >= 15:
            # Half the time of the default wal_log where fsync costs nothing.
            create += " STRATEGY file_copy"
        mark = f"COMMENT ON DATABASE {name} IS {quote_literal(MARK)}"
        with self._connection() as connection:
            self._run(connection, "create a database", create, mark)
        return name

    def drop_database(self, name: str) -> None:
        """Drop the database *name* and end its sessions; nothing happens if it is gone.

        Raises ServerError when migsafe did not make it.
        """
        with self._connection() as connection:
            found = connection.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
                (name,),
            ).fetchone()
            if found is None:
                return
            if not name.startswith(PREFIX) or found[0] != MARK:
                raise ServerError(f"the database {quote_ident(name)} was not made by migsafe: kept")
            drop = f"DROP DATABASE IF EXISTS {quote_ident(name)} WITH (FORCE)"
            self._run(connection, "drop a database", drop)

    def _run(self, connection: psycopg.Connection[Any], purpose: str, *statements: str) -> None:
        import psycopg

        try:
            for statement in statements:
                connection.execute(statement.encode())
        except psycopg.Error as error:
            reason = masked(str(error).splitlines()[0], self.address)
            raise ServerError(f"cannot {purpose} on {place_of(self.address)}: {reason}") from error

    def _connection(self) -> psycopg.Connection[Any]:
        return connect(self.address)


def connect(url: str) -> psycopg.Connection[Any]:
    """Connect to *url* in autocommit mode; raises ServerError, without the password."""
    import psycopg

    try:
        with variables_ignored(url):
            return psycopg.connect(
                libpq_url(url), autocommit=True, connect_timeout=_PATIENCE_SECONDS
            )
    except psycopg.OperationalError as error:
        reason = masked(str(error).strip(), url)
        raise ServerError(f"cannot connect to {place_of(url)}: {reason}") from error
    except psycopg.Error as error:
        raise ServerError(f"the URL of {place_of(url)} is not one that libpq accepts") from error
