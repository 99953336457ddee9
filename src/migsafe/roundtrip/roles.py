"""The roles that a history makes: they belong to the server, and outlive the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from migsafe.errors import ServerError
from migsafe.names import quote_ident
from migsafe.server import Server
from migsafe.server.databases import connect
from migsafe.server.urls import is_throwaway

if TYPE_CHECKING:
    import psycopg


Asked = Callable[[], "psycopg.Connection[Any] | None"]


class Roles:
    """Which roles have come up on a throwaway server; those of a given one are not touched."""

    def __init__(self, server: Server) -> None:
        self._address = server.address
        self._ours = is_throwaway(server.address)
        self._made: set[str] = set()

    @contextmanager
    def noticed(self, by: Asked = lambda: None) -> Iterator[frozenset[str]]:
        """Take roles that come up within the block for made by the history; yields those before.

        *by* gives a connection to ask by, as `names` takes one.
        """
        before = self.names(by())
        try:
            yield before
        finally:
            # Of a server that is gone its next use tells, or the error that ends the block.
            with suppress(ServerError):
                self._made |= self.names(by()) - before

    def names(self, by: psycopg.Connection[Any] | None = None) -> frozenset[str]:
        """All roles there are now; none on a given server.

        The connection *by*, if it works, is asked: another one takes longer than the question.
        """
        import psycopg

        if not self._ours:
            return frozenset()
        with suppress(psycopg.Error):
            if by is not None:
                return _names(by)
        with connect(self._address) as connection:
            return _names(connection)

    def drop(self) -> None:
        """Drop what the history made, once its databases are gone.

        What cannot be dropped is in use by somebody else, and stays.
        """
        import psycopg

        if not self._made:
            return
        roles = ", ".join(map(quote_ident, sorted(self._made)))
        with suppress(ServerError, psycopg.Error), connect(self._address) as connection:
            connection.execute(f"DROP ROLE IF EXISTS {roles}".encode())


def _names(connection: psycopg.Connection[Any]) -> frozenset[str]:
    return frozenset(name for (name,) in connection.execute("SELECT rolname FROM pg_roles"))
