"""Writes the names of PostgreSQL's functions, and of its extensions', as the servers list them.

The servers of all supported major versions are asked: `make servers` fetches them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import psycopg

from migsafe.server import start

FILE = Path(__file__).parents[1] / "src/migsafe/effects/functions.txt"
MAJORS = (14, 15, 16, 17, 18)
KINDS = {"aggregates": "prokind = 'a'", "windows": "prokind = 'w'", "sets": "proretset"}
OWN = "SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace"
BROUGHT = """
    SELECT proname FROM pg_depend JOIN pg_proc p ON p.oid = objid
        JOIN pg_extension e ON e.oid = refobjid
    WHERE deptype = 'e' AND classid = 'pg_proc'::regclass AND extname = %s
"""


def main() -> None:
    own: dict[int, set[str]] = {}
    kinds: dict[str, set[str]] = {kind: set() for kind in KINDS}
    brought: dict[str, set[str]] = {}
    for major in MAJORS:
        with start(provider="binaries", major=major) as server, server.database() as url:
            session = psycopg.connect(url, autocommit=True)
            own[major] = names(session, OWN)
            for kind, condition in KINDS.items():
                others = names(session, f"{OWN} AND NOT ({condition})")
                kinds[kind] |= names(session, f"{OWN} AND {condition}") - others
            for extension, functions in extensions(session):
                brought.setdefault(extension, set()).update(functions)
            session.close()
    FILE.write_text("".join(lines(own, kinds, brought)))


def names(session: psycopg.Connection, query: str, *values: str) -> set[str]:
    return {row[0] for row in session.execute(query, values)}


def extensions(session: psycopg.Connection) -> Iterator[tuple[str, set[str]]]:
    """The extensions that come with PostgreSQL, as far as this build can make them."""
    for name in sorted(names(session, "SELECT name FROM pg_available_extensions")):
        try:
            session.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}" CASCADE')
        except psycopg.Error:
            continue
        yield name, names(session, BROUGHT, name)


def lines(
    own: dict[int, set[str]], kinds: dict[str, set[str]], brought: dict[str, set[str]]
) -> Iterator[str]:
    always = set.intersection(*own.values())
    sections = {"always": always}
    sections |= {str(major): functions - always for major, functions in own.items()}
    sections |= kinds
    sections |= {f"@{extension}": functions for extension, functions in sorted(brought.items())}
    for title, functions in sections.items():
        yield title + "\n"
        text = " ".join(sorted(functions))
        for line in textwrap.wrap(text, 96, break_long_words=False, break_on_hyphens=False):
            yield f"    {line}\n"


if __name__ == "__main__":
    main()
