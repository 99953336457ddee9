"""A check that an upgrade gets its locks while others read the tables."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from migsafe.catalog import Catalog, TableKind
from migsafe.roundtrip.checks.subject import Check, NotApplicable, Subject
from migsafe.server.databases import connect
from migsafe.server.given import LentDatabase

LOCK_TIMEOUT_SECONDS = 2
_HOLDS_SECONDS = 0.02
_SETUP = (
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = "
    f"''{LOCK_TIMEOUT_SECONDS}s''', current_database()); END $$",
)


def _problems(subject: Subject) -> Iterator[str]:
    """Readers take tables in one order and in the other: who locks two of them meets both."""
    project = subject.project
    if isinstance(project.server, LentDatabase):
        raise NotApplicable("the settings of a lent database are not changed")
    if isinstance(subject.whole, str):
        raise NotApplicable(f"the history cannot be upgraded at once: {subject.whole}")
    with project.aboard(), project.database(setup=_SETUP) as url:
        runner = project.runner
        for revision in subject.order:
            tables = list(_tables(subject.catalog(url)))
            with _readers(url, tables) as victims:
                told = subject.told(lambda: runner.upgrade(revision))  # noqa: B023
            file = runner.path(revision).name
            if told:
                yield f"while others read: {told if told.startswith(file) else f'{file}: {told}'}"
                if subject.told(lambda: runner.upgrade(revision)):  # noqa: B023
                    return
            if victims:
                yield f"{file}: others who read meanwhile are ended by a deadlock"


def _tables(catalog: Catalog) -> Iterator[str]:
    for table in catalog.tables.values():
        if table.kind in (TableKind.TABLE, TableKind.PARTITIONED):
            yield str(table.name)


@contextmanager
def _readers(url: str, tables: Sequence[str]) -> Iterator[list[str]]:
    """While two sessions read *tables* over and over again; yields what has ended them."""
    over = threading.Event()
    victims: list[str] = []
    begun = threading.Barrier(3)
    threads = [
        threading.Thread(target=_read, args=(url, order, over, begun, victims), daemon=True)
        for order in (tables, tables[::-1])
    ]
    for thread in threads if tables else ():
        thread.start()
    try:
        if tables:
            begun.wait(timeout=30)
        yield victims
    finally:
        over.set()
        for thread in threads if tables else ():
            thread.join()


def _read(
    url: str,
    tables: Sequence[str],
    over: threading.Event,
    begun: threading.Barrier,
    victims: list[str],
) -> None:
    import psycopg

    with connect(url) as connection:
        connection.execute("SET lock_timeout = 0")
        first = True
        while not over.is_set():
            # A table that is renamed or dropped meanwhile is the subject of `migsafe check`.
            with suppress(psycopg.errors.UndefinedTable):
                try:
                    with connection.transaction():
                        for table in tables:
                            connection.execute(f"SELECT FROM {table} LIMIT 1".encode())
                        if first:
                            begun.wait(timeout=30)
                        first = False
                        connection.execute("SELECT pg_sleep(%s)", [_HOLDS_SECONDS])
                except psycopg.errors.DeadlockDetected as error:
                    victims.append(str(error))


BUSY = Check("busy", "an upgrade gets its locks while others read, and disturbs nobody", _problems)
