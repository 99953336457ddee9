"""The guarded upgrade: one revision after the other, each tried again when a lock is busy."""

from __future__ import annotations

import difflib
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from migsafe.capture import Location
from migsafe.errors import HistoryError, MigsafeError, ServerError
from migsafe.guard.blockers import Blocker, watching
from migsafe.guard.connections import Guard
from migsafe.introspect import introspect
from migsafe.roundtrip.runner import Runner

LOCK_NOT_AVAILABLE = "55P03"
ADVISORY_KEY = 6_002_180_271_814_501_441  # one migsafe upgrade a database at a time
Say = Callable[[str], None]


@dataclass(frozen=True)
class Limits:
    """How patient an upgrade is; times in seconds.

    Attributes:
        lock_timeout: how long a statement may wait for a lock, with everybody behind it waiting.
        retries: how often a revision is tried again after that.
        delay: before the first retry; it doubles each time, with jitter, up to *max_delay*.
        runner_timeout: how long to wait for another `migsafe upgrade` on the same database.
    """

    lock_timeout: float = 3.0
    retries: int = 10
    delay: float = 1.0
    max_delay: float = 60.0
    runner_timeout: float = 600.0

    def pause(self, attempt: int) -> float:
        """Seconds to wait after the failed *attempt*, counted from 1."""
        grown: float = min(self.delay * 2.0 ** (attempt - 1), self.max_delay)
        return grown * random.uniform(0.5, 1.0)


@dataclass(frozen=True)
class Plan:
    """What an upgrade would do: *pending* revisions in order, from the heads *current*."""

    current: tuple[str, ...]
    pending: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How an upgrade ended: what was *done*, and where it stopped (*failed*) and why."""

    done: tuple[str, ...]
    failed: str | None = None
    error: str | None = None
    blockers: tuple[Blocker, ...] = ()
    invalid_indexes: tuple[str, ...] = ()


def plan(location: Location, target: str, guard: Guard) -> Plan:
    """Ask the database which revisions it lacks; changes nothing in it."""
    return _plan(Runner(location), target, guard)


def upgrade(
    location: Location,
    target: str,
    *,
    limits: Limits,
    say: Say = lambda text: None,
    guard: Guard | None = None,
) -> Outcome:
    """Upgrade the database of the project's env.py to *target*, revision by revision.

    Every revision runs in a run of its own, so its locks are given back before the next one
    begins and what is done stays done. A revision that runs into the lock timeout is rolled back
    and tried again. Another `migsafe upgrade` on the same database is waited for first, by asking
    again and again: a runner that waits inside ``pg_advisory_lock()`` holds a snapshot, and
    CREATE INDEX CONCURRENTLY in the other waits for it for ever.
    """
    guard = guard or Guard(limits.lock_timeout)
    runner = Runner(location)
    _plan(runner, target, guard)
    with guard.second_connection() as connection, _alone(connection, limits, say):
        done: list[str] = []
        for revision in _plan(runner, target, guard).pending:
            outcome = _one(runner, revision, guard, connection, limits, say)
            if outcome is not None:
                invalid = _invalid_indexes(connection)
                return replace(outcome, done=tuple(done), invalid_indexes=invalid)
            done.append(revision)
    return Outcome(tuple(done))


def _plan(runner: Runner, target: str, guard: Guard) -> Plan:
    _steps(runner, target, ())  # a target that cannot be is told without a database
    seen: list[tuple[str, ...]] = []

    def look(heads: Any) -> list[Any]:
        seen.append(tuple(heads))
        return []

    with guard.installed():
        _reported(lambda: runner.run(look, dont_mutate=True))
    steps = _steps(runner, target, seen[-1])
    return Plan(seen[-1], tuple(step.revision.revision for step in steps))


def _steps(runner: Runner, target: str, heads: tuple[str, ...]) -> list[Any]:
    """What leads from *heads* to *target*; raises HistoryError when nothing does."""
    from alembic.util import CommandError

    try:
        return list(runner.scripts._upgrade_revs(target, heads))  # type: ignore[arg-type]
    except CommandError as error:
        known = filter(None, runner.scripts.revision_map._revision_map)
        close = difflib.get_close_matches(target, map(str, known), 1, cutoff=0.5)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise HistoryError(f"{error}{hint}") from error


def _reported(run: Callable[[], None]) -> None:
    """Run; errors of the connection become one clear message."""
    from sqlalchemy.exc import DBAPIError

    try:
        run()
    except DBAPIError as error:
        raise ServerError(f"the database cannot be used: {first_line(error.orig)}") from error


def _one(
    runner: Runner, revision: str, guard: Guard, connection: Any, limits: Limits, say: Say
) -> Outcome | None:
    """Upgrade one revision, with retries; None when it went well."""
    for attempt in range(1, limits.retries + 2):
        say(f"{revision}: {runner.path(revision).name}")
        began = time.monotonic()
        with watching(connection, guard.pids) as watch:
            error = _try(runner, revision, guard)
        if error is None:
            say(f"{revision}: done in {time.monotonic() - began:.1f} s")
            return None
        if sqlstate(error) != LOCK_NOT_AVAILABLE:
            return Outcome((), revision, first_line(error))
        for blocker in watch.blockers:
            say(f"{revision}: blocked by {blocker}")
        if attempt <= limits.retries:
            pause = limits.pause(attempt)
            say(f"{revision}: a lock was not free within {limits.lock_timeout:g} s, rolled back")
            say(f"{revision}: try {attempt + 1} of {limits.retries + 1} in {pause:.1f} s")
            time.sleep(pause)
    message = f"a lock was not free within {limits.lock_timeout:g} s, {limits.retries + 1} times"
    return Outcome((), revision, message, watch.blockers)


def _try(runner: Runner, revision: str, guard: Guard) -> BaseException | None:
    guard.pids.clear()
    steps = runner.upgrades(revision)
    try:
        with guard.installed():
            runner.run(lambda heads: [] if revision in heads else steps)
    except MigsafeError:
        raise
    except Exception as error:
        return getattr(error, "orig", None) or error
    return None


@contextmanager
def _alone(connection: Any, limits: Limits, say: Say) -> Iterator[None]:
    """Hold the database's migsafe lock; never waits inside a statement."""
    until = time.monotonic() + limits.runner_timeout
    told = False
    while not connection.execute(f"SELECT pg_try_advisory_lock({ADVISORY_KEY})").fetchone()[0]:
        if not told:
            say("another migsafe upgrade is at work on this database; waiting for it")
            told = True
        if time.monotonic() > until:
            raise ServerError(
                f"another migsafe upgrade is still at work after {limits.runner_timeout:g} s"
            )
        time.sleep(0.2)
    try:
        yield
    finally:
        connection.execute(f"SELECT pg_advisory_unlock({ADVISORY_KEY})")


def _invalid_indexes(connection: Any) -> tuple[str, ...]:
    """Indexes that a failed concurrent build left behind, quoted."""
    indexes = introspect(connection).indexes.values()
    return tuple(sorted(str(index.name) for index in indexes if not index.valid))


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE of a driver's error, by any of the drivers' attributes."""
    for attribute in ("sqlstate", "pgcode"):
        if (found := getattr(error, attribute, None)) is not None:
            return str(found)
    return None


def first_line(error: BaseException | None) -> str:
    """The error's own words, without statement and parameters."""
    lines = (str(error).strip() or type(error).__name__).splitlines()
    return lines[0]
