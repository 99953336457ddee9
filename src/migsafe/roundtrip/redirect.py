"""Lead every connection that a project opens to the throwaway database.

Projects find their database in a hundred ways. Whatever URL they come up with, the driver is given
ours: so the trip needs no setting of the project's, and no other database can be touched.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from migsafe.errors import ServerError
from migsafe.server import sqlalchemy_url
from migsafe.server.variables import variables_ignored

# What says where a connection goes and who opens it; the rest (timeouts, options) is kept.
_PLACE = frozenset(
    (
        *("dsn", "host", "hostaddr", "port", "user", "password", "dbname", "database", "service"),
        *(
            "passfile",
            "ssl",
            "sslmode",
            "sslcert",
            "sslkey",
            "sslpassword",
            "sslrootcert",
            "sslcrl",
        ),
        *("sslcrldir", "sslnegotiation", "direct_tls", "channel_binding"),
        *(
            "target_session_attrs",
            "load_balance_hosts",
            "requiressl",
            "requirepeer",
            "require_auth",
            "gssencmode",
        ),
        *("gssdelegation", "krbsrvname", "replication", "async_creator_fn", "creator_fn"),
    )
)
_DRIVERS = ("psycopg", "psycopg2", "asyncpg")
_DRIVER = re.compile(r"postgres(?:ql)?\+(\w+?)(?:_async)?://")
_MARK, _REPLACED = "migsafe.leads_to", "migsafe.replaced"
_FOREIGN = (
    "the project's connection was not opened by SQLAlchemy (creator=, pool=) or too early, so it "
    "may lead to another database; give create_engine() a URL and connect in env.py"
)


class Redirect:
    """Leads the connections of all SQLAlchemy engines to the database that `to` names.

    The server ends statements there that take longer than *seconds*; there is no limit if 0.
    """

    def __init__(self, seconds: float = 0) -> None:
        self._milliseconds = int(seconds * 1000)
        self._url: str | None = None
        self._theirs: str | None = None
        self._opened: WeakSet[Any] = WeakSet()

    @property
    def url(self) -> str | None:
        """Where connections lead now."""
        return self._url

    def to(self, url: str) -> None:
        """From now on lead to the database at *url* (libpq form)."""
        self._url = url
        if self._theirs is not None:
            os.environ["DATABASE_URL"] = self.url_like(self._theirs)

    def url_like(self, theirs: str | None) -> str:
        """Our database's URL for SQLAlchemy, with the driver that the URL *theirs* names."""
        found = _DRIVER.match(theirs or "")
        driver = found[1] if found and found[1] in _DRIVERS else _DRIVERS[0]
        return sqlalchemy_url(self._target(), driver)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Within the block no engine reaches another database.

        An engine for another kind of database, for a driver that cannot be led, or with a
        connection that it did not let SQLAlchemy open raises ServerError when it is used.
        """
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        from sqlalchemy.pool import Pool

        listeners = (
            (Engine, "do_connect", self._connect),
            (Pool, "checkout", self._checkout),
            (Engine, "before_cursor_execute", self._about_to_execute),
        )
        before = os.environ.get("DATABASE_URL")
        self._theirs = before or ""
        if self._url is not None:
            self.to(self._url)
        for target, name, listener in listeners:
            event.listen(target, name, listener)
        try:
            yield
        finally:
            for target, name, listener in listeners:
                event.remove(target, name, listener)
            self.let_go()
            self._theirs = None
            os.environ.pop("DATABASE_URL", None)
            if before is not None:
                os.environ["DATABASE_URL"] = before

    def _target(self) -> str:
        if self._url is None:
            raise ServerError("the project connects before there is a throwaway database")
        return self._url

    def _connect(self, dialect: Any, record: Any, cargs: list[Any], cparams: dict[str, Any]) -> Any:
        """Open the connection here, so that no hook of the project's can change its way."""
        url = self._target()
        arguments, parameters = _arguments(dialect, url)
        kept = {key: value for key, value in cparams.items() if key not in _PLACE}
        with variables_ignored(url):
            connection = dialect.connect(*arguments, **{**kept, **parameters})
        if self._milliseconds:
            cursor = connection.cursor()
            cursor.execute(f"SET statement_timeout = {self._milliseconds}")
            cursor.close()
            connection.commit()
        if record is not None:
            record.info[_MARK] = url
            self._opened.add(record)
        return connection

    def _checkout(self, connection: Any, record: Any, proxy: Any) -> None:
        """Have a connection that a pool kept from before replaced; refuse if that fails."""
        from sqlalchemy.exc import DisconnectionError

        if record.info.get(_MARK) == self._url:
            record.record_info.pop(_REPLACED, None)
        elif record.record_info.pop(_REPLACED, False):
            raise ServerError(_FOREIGN)
        else:
            record.record_info[_REPLACED] = True
            raise DisconnectionError("kept from before")

    def _about_to_execute(self, connection: Any, *details: Any) -> None:
        if connection.connection.info.get(_MARK) != self._url:
            raise ServerError(_FOREIGN)

    def let_go(self) -> None:
        """Close the connections that the project's pools still hold."""
        for record in list(self._opened):
            if record.dbapi_connection is not None and record.info.get(_MARK):
                record.invalidate()
        self._opened.clear()


def _arguments(dialect: Any, url: str) -> tuple[list[Any], dict[str, Any]]:
    from sqlalchemy import make_url

    if dialect.name != "postgresql":
        raise ServerError(
            f"the project connects to {dialect.name}; migsafe works on PostgreSQL only"
        )
    family = dialect.driver.removesuffix("_async")
    if family not in _DRIVERS:
        raise ServerError(
            f"the project uses the driver {dialect.driver}; migsafe can lead psycopg, psycopg2 "
            "and asyncpg to its throwaway database"
        )
    arguments, parameters = dialect.create_connect_args(make_url(sqlalchemy_url(url, family)))
    return list(arguments), dict(parameters)
