"""The trip itself: one pass through the history, each revision up, down and up again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from migsafe.capture import Location
from migsafe.catalog import Catalog
from migsafe.catalog.diff import Difference, describe, diff
from migsafe.errors import HistoryError, MigsafeError
from migsafe.roundtrip.model import Result, Trip
from migsafe.roundtrip.runner import Runner
from migsafe.server import Server

Progress = Callable[[int, int, str], None]


def roundtrip(
    location: Location,
    server: Server,
    *,
    only: Sequence[str] = (),
    progress: Progress = lambda done, total, revision: None,
) -> Trip:
    """Take every revision of the history at *location* up, down and up again on *server*.

    Only the revisions in *only* are tried when there are any; the others are just upgraded.
    *progress* is told how many of how many revisions are done, and which one is next.
    Raises HistoryError when the files are no history, ServerError when the server fails.
    """
    runner = Runner(location)
    order = runner.order()
    for revision in only:
        if revision not in order:
            raise HistoryError(f"there is no revision {revision!r} in this history")
    with ExitStack() as stack:
        ride = _Ride(runner, server, stack)
        results: list[Result] = []
        for position, revision in enumerate(order):
            progress(position, len(order), revision)
            tried = not only or revision in only
            result = ride.take(revision, down_too=tried)
            if tried or result.failed:
                results.append(result)
            if result.up == "error":
                return Trip(tuple(results), server.major, order[position + 1 :])
        progress(len(order), len(order), "")
    return Trip(tuple(results), server.major)


@dataclass
class _Ride:
    """The database as it is on the way: which revisions are in it, and its catalog."""

    runner: Runner
    server: Server
    stack: ExitStack
    url: str = field(init=False)
    catalog: Catalog = field(init=False)
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.url = self.stack.enter_context(self.server.database())
        self.catalog = self._snapshot()

    def take(self, revision: str, *, down_too: bool) -> Result:
        """Bring *revision* into the database, and with *down_too* prove that it can be undone."""
        began = time.perf_counter()
        result = self._up(revision)
        if result.up == "ok":
            before, self.catalog = self.catalog, self._snapshot()
            if down_too:
                result = self._down_and_up(result, before)
            self.done.append(revision)
            if down_too and (result.failed or result.down != "ok"):
                self._rebuild()
        return replace(result, seconds=round(time.perf_counter() - began, 3))

    def _up(self, revision: str) -> Result:
        file = self.runner.path(revision)
        try:
            self.runner.upgrade(self.url, revision)
        except MigsafeError:
            raise
        except Exception as error:
            return Result(revision, file, up="error", error=_message(error))
        return Result(revision, file, up="ok")

    def _down_and_up(self, result: Result, before: Catalog) -> Result:
        try:
            self.runner.downgrade(self.url, result.revision)
        except MigsafeError:
            raise
        except NotImplementedError:
            return replace(result, down="irreversible")
        except Exception as error:
            return replace(result, down="error", error=_message(error))
        left = diff(before, self._snapshot())
        result = replace(
            result,
            down="ok",
            restored=_verdict(left),
            differences=tuple(describe(d, restored=True) for d in left if not d.benign),
            benign=tuple(describe(d, restored=True) for d in left if d.benign),
        )
        return self._up_again(result)

    def _up_again(self, result: Result) -> Result:
        try:
            self.runner.upgrade(self.url, result.revision)
        except MigsafeError:
            raise
        except Exception as error:
            return replace(result, reup="error", error=_message(error))
        if result.differences:
            # What was left behind explains why the second upgrade ends elsewhere.
            return replace(result, reup="ok")
        other = [d for d in diff(self.catalog, self._snapshot()) if not d.benign]
        told = tuple(f"after the second upgrade: {difference}" for difference in other)
        return replace(result, reup="ok", differences=told)

    def _rebuild(self) -> None:
        """Go on in a new database that holds just what the upgrades made."""
        self.url = self.stack.enter_context(self.server.database())
        self.runner.upgrade(self.url, *self.done)
        self.catalog = self._snapshot()

    def _snapshot(self) -> Catalog:
        import psycopg

        from migsafe.introspect import introspect

        with psycopg.connect(self.url, autocommit=True) as connection:
            return introspect(connection)


def _verdict(left: Sequence[Difference]) -> str:
    if not left:
        return "exact"
    return "benign" if all(difference.benign for difference in left) else "no"


def _message(error: BaseException) -> str:
    """The driver's own words in one line, without SQLAlchemy's statement and parameters."""
    cause = getattr(error, "orig", None) or error
    lines = (str(cause).strip() or "no message").splitlines()
    return f"{type(cause).__name__}: {lines[0]}"
