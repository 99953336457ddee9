"""A database on its way through a history: what is in it, and each revision's trip."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from migsafe.capture import Location
from migsafe.catalog import Catalog
from migsafe.catalog.diff import Difference, describe, diff
from migsafe.errors import HistoryError, MigsafeError
from migsafe.roundtrip.isolation import Surroundings, modules_forgotten
from migsafe.roundtrip.model import Result
from migsafe.roundtrip.redirect import Redirect
from migsafe.roundtrip.runner import Runner
from migsafe.server import Server


@contextmanager
def riding(location: Location, server: Server) -> Iterator[Ride]:
    """Yield a Ride through the history at *location*, in an empty database on *server*.

    Raises HistoryError when the files are no history.
    """
    with modules_forgotten(location), ExitStack() as room:
        yield Ride(location, server, room)


class Ride:
    """The database as it is on the way: which revisions are in it, and its catalog.

    While one of its methods runs, the process is the project's (its working directory, modules
    and environment) and all its connections lead to the ride's database; not in between.

    Attributes:
        order: all revisions in the order in which ``alembic upgrade heads`` runs them.
        done: those that are in the database.
        catalog: the schema of the database.
    """

    done: list[str]
    catalog: Catalog

    def __init__(self, location: Location, server: Server, room: ExitStack) -> None:
        self._server = server
        self._room = room  # of the database and our connection to it
        self._redirect = Redirect()
        self._surroundings = Surroundings(location)
        self._move()
        with self._aboard():
            self._runner = Runner(location)
            self._theirs = self._runner.url()
            self.order = self._runner.order()
            self._start()

    def visit(self, revision: str) -> Result:
        """Go on to *revision* (or start again, if that is behind) and try it.

        When a revision on the way cannot be upgraded, the result is that one's.
        """
        with self._aboard():
            if revision in self.done:
                self._move()
                self._start()
            for one in self.order[len(self.done) : self.order.index(revision)]:
                passed = self._take(one, down_too=False)
                if passed.failed:
                    return passed
            return self._take(revision, down_too=True)

    def take(self, revision: str, *, down_too: bool) -> Result:
        """Bring *revision* into the database, and with *down_too* prove that it can be undone.

        It is the next one: all before it are in the database.
        """
        with self._aboard():
            return self._take(revision, down_too=down_too)

    @contextmanager
    def _aboard(self) -> Iterator[None]:
        with self._surroundings.entered(), self._redirect.installed():
            yield

    def _take(self, revision: str, *, down_too: bool) -> Result:
        began = time.perf_counter()
        result = self._up(revision)
        if result.up == "ok":
            before, self.catalog = self.catalog, self._snapshot()
            if down_too:
                result = self._down_and_up(result, before)
            self.done.append(revision)
            if down_too and (result.failed or result.down != "ok"):
                self._move()
                self._start(*self.done)
        return replace(result, seconds=round(time.perf_counter() - began, 3))

    def _up(self, revision: str) -> Result:
        file = self._runner.path(revision)
        try:
            self._runner.upgrade(revision)
        except MigsafeError:
            raise
        except Exception as error:
            return Result(revision, file, up="error", error=message(error))
        return Result(revision, file, up="ok")

    def _down_and_up(self, result: Result, before: Catalog) -> Result:
        try:
            self._runner.downgrade(result.revision)
        except MigsafeError:
            raise
        except NotImplementedError:
            return replace(result, down="irreversible")
        except Exception as error:
            return replace(result, down="error", error=message(error))
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
            self._runner.upgrade(result.revision)
        except MigsafeError:
            raise
        except Exception as error:
            return replace(result, reup="error", error=message(error))
        if result.differences:
            # What was left behind explains why the second upgrade ends elsewhere.
            return replace(result, reup="ok")
        other = [d for d in diff(self.catalog, self._snapshot()) if not d.benign]
        told = tuple(f"after the second upgrade: {difference}" for difference in other)
        return replace(result, reup="ok", differences=told)

    def _move(self) -> None:
        """Leave the database for a new, empty one; a server may have room for only one."""
        import psycopg

        self._room.close()
        url = self._room.enter_context(self._server.database())
        self._redirect.to(url)
        self._connection = self._room.enter_context(psycopg.connect(url, autocommit=True))

    def _start(self, *revisions: str) -> None:
        """Begin in the empty database, with *revisions* brought into it first."""
        self._runner.connect_to(self._redirect.url_like(self._theirs))
        try:
            if revisions:
                self._runner.upgrade(*revisions)
        except MigsafeError:
            raise
        except Exception as error:
            raise HistoryError(
                "what was upgraded once cannot be upgraded again in a new database on the same "
                f"server: {message(error)}"
            ) from error
        self.done = list(revisions)
        self.catalog = self._snapshot()

    def _snapshot(self) -> Catalog:
        from migsafe.introspect import introspect

        return introspect(self._connection)


def _verdict(left: Sequence[Difference]) -> str:
    if not left:
        return "exact"
    return "benign" if all(difference.benign for difference in left) else "no"


def message(error: BaseException) -> str:
    """The driver's own words in one line, without SQLAlchemy's statement and parameters."""
    cause = getattr(error, "orig", None) or error
    lines = (str(cause).strip() or "no message").splitlines()
    return f"{type(cause).__name__}: {lines[0]}"
