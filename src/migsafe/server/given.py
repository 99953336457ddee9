"""A server given by its URL: one to make databases on, or one that lends an empty database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from migsafe.errors import ServerError
from migsafe.server.binaries import OLDEST_MAJOR
from migsafe.server.databases import Server, connect
from migsafe.server.urls import database_of, libpq_url, place_of, with_database

if TYPE_CHECKING:
    from typing import Any

    import psycopg

# Any two numbers that other applications are unlikely to use for an advisory lock.
_LOCK = (1836345203, 1634100581)
_PATIENCE_SECONDS = 10

# What a role without CREATEDB can have made; oids below 16384 are those of initdb
# (src/include/access/transam.h, FirstNormalObjectId). Temporary schemas belong to sessions.
_CONTENTS = """
SELECT pg_describe_object(classid, oid, 0)
FROM (SELECT 'pg_namespace'::regclass AS classid, oid FROM pg_namespace
      WHERE nspname !~ '^pg_(toast_)?temp_' AND nspname <> 'public'
      UNION ALL SELECT 'pg_class'::regclass, oid FROM pg_class
      WHERE relnamespace::regnamespace::text !~ '^pg_(toast_)?temp_'
      UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type
      WHERE typnamespace::regnamespace::text !~ '^pg_(toast_)?temp_'
      UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc
      UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator
      UNION ALL SELECT 'pg_collation'::regclass, oid FROM pg_collation
      UNION ALL SELECT 'pg_conversion'::regclass, oid FROM pg_conversion
      UNION ALL SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config
      UNION ALL SELECT 'pg_ts_dict'::regclass, oid FROM pg_ts_dict
      UNION ALL SELECT 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext
      UNION ALL SELECT 'pg_cast'::regclass, oid FROM pg_cast
      UNION ALL SELECT 'pg_extension'::regclass, oid FROM pg_extension
      UNION ALL SELECT 'pg_publication'::regclass, oid FROM pg_publication
      UNION ALL SELECT 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
      UNION ALL SELECT 'pg_default_acl'::regclass, oid FROM pg_default_acl
      UNION ALL SELECT 'pg_largeobject'::regclass, oid FROM pg_largeobject_metadata) made
WHERE oid >= 16384
ORDER BY 1
"""

# The next thing to drop; its dependents go with it, so only one is asked for at a time. A part of
# another (deptype i: the sequence of an identity column) cannot be dropped by itself.
_NEXT = """
SELECT format('DROP %s IF EXISTS %s CASCADE',
              CASE type WHEN 'statistics object' THEN 'statistics' ELSE type END, identity)
FROM (SELECT 1 AS turn, 'pg_extension'::regclass AS classid, oid FROM pg_extension
      UNION ALL SELECT 2, 'pg_publication'::regclass, oid FROM pg_publication
      UNION ALL SELECT 3, 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
      UNION ALL SELECT 4, 'pg_namespace'::regclass, oid FROM pg_namespace
      WHERE nspname !~ '^pg_(toast_)?temp_' AND nspname <> 'public'
      UNION ALL SELECT 5, classid, objid FROM pg_depend part
      WHERE refclassid = 'pg_namespace'::regclass AND refobjid = to_regnamespace('public')
        AND NOT EXISTS (SELECT FROM pg_depend whole
                        WHERE (whole.classid, whole.objid) = (part.classid, part.objid)
                          AND whole.objsubid = 0 AND whole.deptype = 'i')) made,
     LATERAL pg_identify_object(classid, oid, 0)
WHERE oid >= 16384 AND type <> 'default acl'
ORDER BY turn, oid
LIMIT 1
"""


def given_server(url: str) -> Server:
    """Return the server at *url*; a `LentDatabase` when its role may not create databases.

    Raises ServerError when it cannot be reached, is older than PostgreSQL 14 or a standby, or
    when there is neither the right to create databases nor an empty one to use.
    """
    place = place_of(url)
    with connect(url) as connection:
        major = connection.info.server_version // 10000
        row = connection.execute(
            "SELECT rolcreatedb OR rolsuper, pg_is_in_recovery(), current_database()"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        may_create, standby, name = row or (False, False, "")
        if major < OLDEST_MAJOR:
            raise ServerError(
                f"{place} runs PostgreSQL {major}; {OLDEST_MAJOR} is the oldest that migsafe "
                "works with"
            )
        if standby:
            raise ServerError(f"{place} is a standby, on which nothing can be made")
        address = libpq_url(url)
        if not database_of(url):
            address = with_database(address, name)
        if may_create:
            return Server(address, major)
        _refuse_contents(connection, place)
    return LentDatabase(address, major)


class LentDatabase(Server):
    """A server with one database to use, that of its address, by one at a time."""

    @contextmanager
    def database(self, *, template: str | None = None) -> Iterator[str]:
        """Yield the URL of the lent database, which is empty now and emptied afterwards.

        Raises ServerError when something is in it, or somebody else uses it, or for a *template*.
        """
        if template is not None:
            raise self._refusal()
        with connect(self.address) as connection:
            self._take(connection)
            try:
                yield self.address
            finally:
                self._empty(connection)

    def create_database(self, *, template: str | None = None) -> str:
        """Raise ServerError: there is one database, and `database` lends it."""
        raise self._refusal()

    def drop_database(self, name: str) -> None:
        """Raise ServerError: the lent database belongs to others."""
        raise self._refusal()

    def _refusal(self) -> ServerError:
        return ServerError(
            f"the role of {place_of(self.address)} may not create databases; grant it CREATEDB, "
            "or leave MIGSAFE_SERVER_URL out to use a throwaway server"
        )

    def _take(self, connection: psycopg.Connection[Any]) -> None:
        row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", _LOCK).fetchone()
        if row != (True,):
            raise ServerError(f"{place_of(self.address)} is in use by another run of migsafe")
        _refuse_contents(connection, place_of(self.address))

    def _empty(self, connection: psycopg.Connection[Any]) -> None:
        import psycopg

        try:
            # Somebody may still be in the database, with a transaction open.
            connection.execute(f"SET lock_timeout = '{_PATIENCE_SECONDS}s'".encode())
            connection.execute("SELECT lo_unlink(oid) FROM pg_largeobject_metadata")
            while row := connection.execute(_NEXT).fetchone():
                connection.execute(row[0].encode())
            contents = _contents(connection)
        except psycopg.Error as error:
            raise ServerError(
                f"cannot empty {place_of(self.address)} again: {str(error).splitlines()[0]}"
            ) from error
        if contents:
            raise ServerError(f"{place_of(self.address)} still holds {contents[0]}")


def _refuse_contents(connection: psycopg.Connection[Any], place: str) -> None:
    if contents := _contents(connection):
        raise ServerError(
            f"the role of {place} may not create databases, and the database is not empty "
            f"({contents[0]}); grant the role CREATEDB, or give an empty database"
        )


def _contents(connection: psycopg.Connection[Any]) -> list[str]:
    return [row[0] for row in connection.execute(_CONTENTS)]
