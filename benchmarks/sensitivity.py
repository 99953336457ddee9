"""Which kinds of change to a schema are seen: by migsafe's diff, pg_dump and Alembic's comparison.

`python benchmarks/sensitivity.py [MAJOR]` makes every change of `tests/mutations.py` to a copy of
one database, and writes `docs/sensitivity.md`. pg_dump must be as new as the server.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from migsafe.catalog.diff import diff
from migsafe.introspect import introspect
from migsafe.server import Server, sqlalchemy_url, start

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "sensitivity.md"
sys.path.insert(0, str(ROOT / "tests"))
from mutations import BASE, MUTATIONS, known  # noqa: E402

HEAD = """\
# What a schema comparison sees

{count} kinds of change, each made to a copy of one database on PostgreSQL {major}: is the copy told
from the original?

- **migsafe**: the difference of two catalogs, as `migsafe roundtrip` and autogenerate use it.
- **pg_dump**: `pg_dump --schema-only` of {dumper}, compared as text.
- **Alembic**: `compare_metadata` of Alembic {alembic} with the reflected original, with
  `compare_type`, `compare_server_default` and `include_schemas`; *error* where it gives up.

{totals}

`python benchmarks/sensitivity.py {major}` makes this page.

| Change | migsafe | pg_dump | Alembic |
|---|---|---|---|
"""
# Since a security release of 2025, dumps are fenced with a random word.
FENCE = re.compile(r"^\\(un)?restrict .*$", re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """Who sees one change; None for a pg_dump that is not there and a comparison that fails."""

    statement: str
    migsafe: bool
    dump: bool | None
    alembic: bool | None


def main() -> None:
    """Measure, and write the page."""
    major = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    dumper = find_pg_dump(major)
    with start(provider="binaries", major=major) as server:
        rows = list(look(server, dumper))
    PAGE.write_text(page(rows, major, dumper))
    print(f"{PAGE.relative_to(ROOT)}: {totals(rows)}")


def find_pg_dump(major: int) -> str | None:
    """A pg_dump that reads servers of *major*: on the path, or where Debian has them."""
    candidates = [shutil.which("pg_dump") or ""]
    candidates += [f"/usr/lib/postgresql/{newer}/bin/pg_dump" for newer in range(major, 19)]
    for candidate in filter(os.path.exists, candidates):
        answer = subprocess.run(
            [candidate, "--version"], capture_output=True, text=True, check=True
        )
        version = re.search(r"(\d+)\.", answer.stdout)
        if version is not None and int(version[1]) >= major:
            return candidate
    print("no pg_dump that is new enough: its column stays empty", file=sys.stderr)
    return None


def look(server: Server, dumper: str | None) -> Iterator[Seen]:
    """Make each change to a copy of its own."""
    original = server.create_database()
    url = server.url(original)
    execute(url, BASE)
    with psycopg.connect(url) as connection:
        catalog = introspect(connection)
    text = dump(url, dumper)
    metadata = reflect(url)
    noise = alembic_diff(url, metadata)
    for statement in known(MUTATIONS, server.major):
        with server.database(template=original) as copy:
            execute(copy, statement)
            with psycopg.connect(copy) as connection:
                seen = bool(diff(catalog, introspect(connection)))
            changed = None if text is None else dump(copy, dumper) != text
            found = alembic_diff(copy, metadata)
            yield Seen(statement, seen, changed, None if found is None else found != noise)
    server.drop_database(original)


def execute(url: str, sql: str) -> None:
    """Run *sql* and commit."""
    with psycopg.connect(url) as connection:
        connection.execute(sql.encode())


def dump(url: str, dumper: str | None) -> str | None:
    """The schema as pg_dump writes it."""
    if dumper is None:
        return None
    answer = subprocess.run(
        [dumper, "--schema-only", f"--dbname={url}"], capture_output=True, text=True, check=True
    )
    return FENCE.sub("", answer.stdout)


def reflect(url: str) -> sa.MetaData:
    """All tables of all schemas, as SQLAlchemy reads them."""
    metadata = sa.MetaData()
    with connection_to(url) as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about types that SQLAlchemy does not know
        for schema in (None, "app"):
            metadata.reflect(connection, schema=schema)
    return metadata


def alembic_diff(url: str, metadata: sa.MetaData) -> str | None:
    """What Alembic finds to do, in its own words; None when it ends in an error."""
    options = {"compare_type": True, "compare_server_default": True, "include_schemas": True}
    with connection_to(url) as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = MigrationContext.configure(connection, opts=options)
        try:
            found = compare_metadata(context, metadata)
        except sa.exc.DBAPIError:
            return None
    return re.sub(r"0x[0-9a-f]+", "0x", repr(found))


def connection_to(url: str) -> sa.Connection:
    """A connection that is closed for good when it is given back."""
    return sa.create_engine(sqlalchemy_url(url), poolclass=sa.NullPool).connect()


def page(rows: list[Seen], major: int, dumper: str | None) -> str:
    """The page with all changes."""
    import alembic

    version = re.search(r"/(\d+)/", dumper or "")
    text = HEAD.format(
        count=len(rows),
        major=major,
        alembic=alembic.__version__,
        dumper=f"PostgreSQL {version[1] if version else major}" if dumper else "no server: missing",
        totals=totals(rows),
    )
    lines = [
        f"| `{row.statement.replace('|', chr(92) + '|')}` "
        f"| {mark(row.migsafe)} | {mark(row.dump)} | {mark(row.alembic) or '**error**'} |"
        for row in rows
    ]
    return text + "\n".join(lines) + "\n"


def mark(seen: bool | None) -> str:
    """A cell of the table."""
    return {True: "yes", False: "**no**", None: ""}[seen]


def totals(rows: list[Seen]) -> str:
    """How many changes each of them sees."""
    dumps = [row.dump for row in rows if row.dump is not None]
    parts = [f"migsafe sees {sum(row.migsafe for row in rows)}"]
    parts += [f"pg_dump {sum(dumps)}"] if dumps else ["there was no pg_dump"]
    parts += [f"Alembic {sum(row.alembic is True for row in rows)}"]
    return f"Of {len(rows)} changes, {', '.join(parts)}."


if __name__ == "__main__":
    main()
