"""The later part of a long history, captured and judged in a second process beside the first.

What the one has to tell the other are a `Kept`'s bytes, as they are in the cache: the state between
the parts one way, migrations and verdicts the other.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from migsafe.capture.deadline import paused
from migsafe.capture.schema import Schema
from migsafe.capture.script import Header, Script
from migsafe.catalog import Catalog
from migsafe.check.state import Forgotten, Kept, from_bytes, to_bytes
from migsafe.sql import parse

FEWEST = 2000
"""Migrations for which a second process is worth starting.

With fewer it saves less than half a second, for a fifth more processor time.
"""
FIRST = 50
"""Per cent of the migrations that the first process takes; the second waits for it in between."""


def is_worth_it(migrations: int) -> bool:
    """Whether a second process can be forked here, and would be done sooner than this one alone."""
    if migrations < FEWEST or sys.platform != "linux":
        return False  # elsewhere what other libraries hold may not survive a fork
    # The two together take more than one alone: it pays where a processor is idle.
    several = len(os.sched_getaffinity(0)) > 1
    return several and threading.active_count() == 1 and running() <= (os.cpu_count() or 1) - 1


def running(loads: Path = Path("/proc/loadavg")) -> float:
    """How many threads of this machine run or wait for a processor, this one among them.

    Now, by the fourth field of proc_loadavg(5); where that says nothing, in the last minute.
    """
    try:
        found = int(loads.read_text(encoding="ascii").split()[3].partition("/")[0])
    except (OSError, ValueError, IndexError):
        found = 0
    return found or os.getloadavg()[0]


def middle_of(headers: Sequence[Header], done: int) -> int:
    """How many of *headers* are done before those that the second process takes."""
    return done + (len(headers) - done) * FIRST // 100


def is_divisible(headers: Sequence[Header], done: int) -> bool:
    """Whether the parts for two processes import nothing of the project's in common.

    What the first import of a module does, and what is said of it, belongs to one migration.
    """
    middle = middle_of(headers, done)
    if not all(isinstance(header, Script) for header in headers[done:]):
        return False
    return _packages(headers[done:middle]).isdisjoint(_packages(headers[middle:]))


def _packages(headers: Sequence[Header]) -> set[str]:
    """The packages that migrations import, but for Python's, Alembic and SQLAlchemy."""
    sources = (header.source for header in headers if isinstance(header, Script))
    names = {name for source in sources for name in source.packages}
    return names - sys.stdlib_module_names - {"alembic", "sqlalchemy"}


class Other:
    """The second process, as the first sees it."""

    def __init__(self, process: int, to_it: int, from_it: int):
        self._process = process
        self._to_it = to_it
        self._from_it = from_it
        self._is_told = False

    def tell(self, kept: Kept) -> None:
        """Send *kept*, once; the other process may take it later."""
        self._is_told = True
        # It reads when it has captured its part, and a pipe holds less than this.
        threading.Thread(target=_write, args=(self._to_it, to_bytes(kept)), daemon=True).start()

    def answer(self) -> Kept:
        """What it has found; raises Forgotten when it could not."""
        found = from_bytes(_read(self._from_it))
        if found is None:
            raise Forgotten
        return found

    def end(self) -> None:
        """End it, whether it is done or not."""
        import signal

        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._from_it)
        if not self._is_told:
            os.close(self._to_it)


class First:
    """The first process, as the second sees it: *told* is what it sends, waited for once."""

    def __init__(self, from_it: int):
        self._from_it = from_it

    @cached_property
    def told(self) -> Kept:
        found = from_bytes(_read(self._from_it))
        if found is None:
            raise Forgotten
        return found


@contextmanager
def beside(work: Callable[[First], Kept]) -> Iterator[Other]:
    """Do *work* in a second process while this one does what is inside."""
    parse("SELECT 1")  # the parser is loaded once, not in both
    (to_read, to_it), (from_it, to_write) = os.pipe(), os.pipe()
    process = os.fork()
    if process == 0:
        os.close(to_it)
        os.close(from_it)
        _work(work, First(to_read), to_write)
    os.close(to_read)
    os.close(to_write)
    other = Other(process, to_it, from_it)
    try:
        yield other
    finally:
        other.end()


def _work(work: Callable[[First], Kept], first: First, answer: int) -> None:
    """Do *work*, send what it finds or nothing, and end this process without a trace."""
    try:
        _write(answer, to_bytes(work(first)))
    finally:
        os._exit(0)


class Awaited(Schema):
    """The schema between the parts; who asks for it waits until the first part is captured."""

    def __init__(self, major: int, first: First, done: int):
        super().__init__(Catalog.empty(major))
        self._first = first
        self._done = done

    @property
    def catalog(self) -> Catalog:
        """The catalog, in no time that would count against a migration."""
        with paused():
            return self._first.told.marks[self._done].schema.catalog


def _write(pipe: int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), open(pipe, "wb") as file:
        file.write(data)


def _read(pipe: int) -> bytes:
    with open(pipe, "rb", closefd=False) as file:
        return file.read()
