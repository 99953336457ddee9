"""The roles that a history makes: they belong to the server, and outlive the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from migsafe.errors import ServerError
from migsafe.names import quote_ident
from migsafe.server import Server
from migsafe.server.databases import connect
from migsafe.server.urls import is_throwaway


class Roles:
    """Which roles have come up on a throwaway server; those of a given one are not touched."""

    def __init__(self, server: Server) -> None:
        self._address = server.address
        self._ours = is_throwaway(server.address)
        self._made: set[str] = set()

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Take roles that come up within the block for made by the history."""
        before = self.names()
        try:
            yield
        finally:
            # Of a server that is gone its next use tells, or the error that ends the block.
            with suppress(ServerError):
                self._made |= self.names() - before

    def names(self) -> frozenset[str]:
        """All roles there are now; none on a given server."""
        if not self._ours:
            return frozenset()
        with connect(self._address) as connection:
            found = connection.execute("SELECT rolname FROM pg_roles").fetchall()
        return frozenset(name for (name,) in found)

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
