"""Connection URLs: one spelling that libpq reads, turned into SQLAlchemy's where one is needed."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlencode

from migsafe.errors import ServerError

PREFIX = "migsafe-server-"
"""What the directories of our servers, and the passwords of those in containers, begin with."""
_URL = re.compile(
    r"(?P<scheme>postgres(?:ql)?)(?:\+\w+)?://(?P<netloc>[^/?#]*)(?:/(?P<path>[^?#]*))?"
    r"(?:\?(?P<query>[^#]*))?\Z"
)


def libpq_url(url: str) -> str:
    """Return *url* as libpq reads it: ``postgresql://``, without SQLAlchemy's ``+driver``.

    Raises ServerError when it is no PostgreSQL URL; its text is not repeated, as it may hold a
    password.
    """
    netloc, path, query = _parts(url)
    return _joined("postgresql", netloc, path, query)


def with_database(url: str, database: str) -> str:
    """Return *url* with *database* in place of the database it names."""
    netloc, _, query = _parts(url)
    pairs = [(key, value) for key, value in query if key != "dbname"]
    return _joined("postgresql", netloc, quote(database, safe=""), pairs)


def with_role(url: str, role: str, password: str) -> str:
    """Return *url* for the role *role* in place of the one that it names."""
    netloc, path, query = _parts(url)
    host = netloc.rpartition("@")[2]
    pairs = [(key, value) for key, value in query if key not in ("user", "password")]
    netloc = f"{quote(role, safe='')}:{quote(password, safe='')}@{host}"
    return _joined("postgresql", netloc, path, pairs)


def database_of(url: str) -> str | None:
    """Return the name of the database in *url*, unquoted, or None if it names none."""
    _, path, query = _parts(url)
    return dict(query).get("dbname") or unquote(path) or None


def sqlalchemy_url(url: str, driver: str = "psycopg") -> str:
    """Return *url* for `sqlalchemy.create_engine`, with *driver* psycopg, psycopg2 or asyncpg."""
    netloc, path, query = _parts(url)
    if driver == "asyncpg":
        # asyncpg spells libpq's sslmode "ssl" and refuses arguments it does not know.
        query = [("ssl" if key == "sslmode" else key, value) for key, value in query]
    return _joined(f"postgresql+{driver}", netloc, path, query)


def socket_url(directory: str, port: int, database: str) -> str:
    """Return the URL of *database* on a server that listens on a socket in *directory*."""
    query = [("host", directory), ("port", str(port))]
    return _joined("postgresql", "postgres@", quote(database, safe=""), query)


def is_throwaway(url: str) -> bool:
    """Return whether *url* leads to a server that migsafe has started."""
    netloc, _, query = _parts(url)
    folders = dict(query).get("host", "").split("/")
    password = netloc.rpartition("@")[0].partition(":")[2]
    return any(part.startswith(PREFIX) for part in (*folders, password))


def place_of(url: str) -> str:
    """Return what may be printed of *url*: host, port and database, but no user and no password."""
    netloc, path, query = _parts(url)
    options = dict(query)
    host = netloc.rpartition("@")[2] or options.get("host") or "the default host"
    name = database_of(url) or unquote(path)
    return f"{host}/{name}" if name else host


def masked(text: str, url: str) -> str:
    """Return *text* with the password of *url* blotted out."""
    netloc, _, query = _parts(url)
    written = netloc.rpartition("@")[0].partition(":")[2]
    for password in {written, unquote(written), dict(query).get("password", "")} - {""}:
        text = text.replace(password, "***")
    return text


def _parts(url: str) -> tuple[str, str, list[tuple[str, str]]]:
    match = _URL.match(url)
    if match is None:
        raise ServerError(
            "the server's URL is not a PostgreSQL URL; "
            "expected postgresql://user:password@host:port/database"
        )
    # Not parse_qsl: to libpq a plus sign is a plus sign.
    options = [pair.partition("=") for pair in (match["query"] or "").split("&") if pair]
    pairs = [(unquote(key), unquote(value)) for key, _, value in options]
    return match["netloc"], match["path"] or "", pairs


def _joined(scheme: str, netloc: str, path: str, query: list[tuple[str, str]]) -> str:
    options = "?" + urlencode(query, quote_via=quote, safe="") if query else ""
    return f"{scheme}://{netloc}/{path}{options}"
