"""A database on its way through a history: what is in it, and each revision's trip."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migsafe.capture import Location
from migsafe.catalog import Catalog
from migsafe.catalog.diff import diff
from migsafe.errors import HistoryError, ServerError
from migsafe.roundtrip.attempt import PATIENCE_SECONDS
from migsafe.roundtrip.checks import DEFAULT
from migsafe.roundtrip.compared import ended, with_restored, with_second
from migsafe.roundtrip.data import with_rows
from migsafe.roundtrip.declared import with_way_back
from migsafe.roundtrip.model import Result
from migsafe.roundtrip.own import OwnRows
from migsafe.roundtrip.project import Project, boarding
from migsafe.roundtrip.rehearsal import Rehearsal
from migsafe.roundtrip.runner import message
from migsafe.server import Server
from migsafe.server.databases import connect
from migsafe.server.urls import database_of

if TYPE_CHECKING:
    import psycopg


@contextmanager
def riding(
    location: Location,
    server: Server,
    *,
    data: bool = False,
    seeds: Path | None = None,
    keep_going: bool = False,
    checks: Collection[str] = DEFAULT,
    seconds: float = PATIENCE_SECONDS,
) -> Iterator[Ride]:
    """Yield a Ride through the history at *location*, in an empty database on *server*.

    With *data* each revision is also tried in copies of the database whose tables are filled; with
    rows of the project's own when the folder *seeds* has some. With *keep_going* a revision that
    cannot be upgraded is passed over, and those behind it are tried all the same. Of *checks*
    ``downgrade`` and ``re-upgrade`` say what counts. A step may take
    *seconds*. Raises HistoryError when the files are no history.
    """
    with boarding(location, server, seconds=seconds) as project, ExitStack() as room:
        yield Ride(project, room, data=data, seeds=seeds, keep_going=keep_going, checks=checks)


class Ride:
    """The database as it is on the way: which revisions are in it, and its catalog.

    While one of its methods runs, the process is the project's and all its connections lead to the
    ride's database; not in between.

    Attributes:
        order: all revisions in the order in which ``alembic upgrade heads`` runs them.
        done: those that are in the database, or were passed over.
        failed: results of those that could not be upgraded.
        behind: for each revision behind such a one, which one.
        catalog: the schema of the database.
        url: of the database, for libpq; another one after each revision that went wrong.
    """

    catalog: Catalog
    url: str
    _connection: psycopg.Connection[Any]

    def __init__(
        self,
        project: Project,
        room: ExitStack,
        *,
        data: bool = False,
        seeds: Path | None = None,
        keep_going: bool = False,
        checks: Collection[str] = DEFAULT,
    ) -> None:
        self._project = project
        self._data = data
        self._keep_going = keep_going
        self._checks = checks
        self._room = room  # of the database and our connection to it
        self._spoilt = False  # whether the database holds what it should not
        self._next = 0
        self._visited: dict[str, Result] = {}
        self.done: list[str] = []
        self.failed: dict[str, Result] = {}
        self.behind: dict[str, str] = {}
        with project.aboard():
            self._move()
            self._runner = project.runner
            self.order = self._runner.order()
            self._own = OwnRows.of(seeds, self.order)

    def visit(self, revision: str) -> Result:
        """Go on to *revision* (or start again, if that is behind) and try it.

        When it is behind one that cannot be upgraded, the result is that one's. A revision that
        was tried once is not tried again.
        """
        if revision in self._visited:
            return self._visited[revision]
        place = self.order.index(revision)
        with self._project.aboard():
            if place < self._next:
                self.done, self._next = [], 0
                self._move()
            self._pass_all(place)
            if revision in self.behind and not self._keep_going:
                return self.failed[self.behind[revision]]
            return self._visited.setdefault(revision, self._take(revision, down_too=True))

    def go_to(self, place: int) -> None:
        """Go by the revisions before *place*, in one go if that can be done."""
        with self._project.aboard():
            self._pass_all(place)

    def take(self, revision: str, *, down_too: bool) -> Result:
        """Bring *revision* into the database, and with *down_too* prove that it can be undone.

        It is the next one: all before it are in the database, or cannot be.
        """
        with self._project.aboard():
            return self._take(revision, down_too=down_too)

    def _pass_all(self, place: int) -> None:
        """Go by the revisions up to *place* that are still to come, in one go if that can be."""
        passed = self.order[self._next : place]
        if len(passed) > 1 and not (self._spoilt or self.failed):
            with self._project.roles.noticed(lambda: self._connection):
                failed = self._upgraded(passed)
            if failed is None:
                self.done += passed
                self._next, self.catalog = place, self._snapshot()
                return
            self._move()
        for one in passed:
            self._pass(one)

    def _pass(self, revision: str) -> None:
        """Go by *revision*, with as little as can be done."""
        if revision in self.failed and self._keep_going:
            self.done.append(revision)
            self._spoilt = True
        elif revision not in self.failed and (self._keep_going or revision not in self.behind):
            self._take(revision, down_too=False)
        self._next = self.order.index(revision) + 1

    def _take(self, revision: str, *, down_too: bool) -> Result:
        began = time.perf_counter()
        if self._spoilt:
            self._move()
        noticed = self._project.roles.noticed(lambda: self._connection)
        with ExitStack() as copies, noticed as roles:
            before = self.catalog
            wanted = (self._data and before.tables) or revision in self._own
            copy = self._copy(copies) if down_too and wanted else None
            result = with_way_back(self._trip(revision, down_too=down_too))
            is_right = result.up == "ok" and not result.failed
            is_sound = is_right and result.down in (None, "ok")
            if copy is not None and is_right:
                same_roles = roles == self._project.roles.names(self._connection)
                if not same_roles and result.down == "ok":
                    # A server has one set of roles, and the copy needs those from before.
                    self._runner.downgrade(revision)
                    is_sound = False
                if same_roles or result.down == "ok":
                    rehearsal = Rehearsal(
                        self._project, copy, before, self.catalog, once=not same_roles
                    )
                    own = self._own.get(result)
                    result = with_rows(rehearsal, result, generated=self._data, own=own)
        self._spoilt = not is_sound
        self._next = self.order.index(revision) + 1
        if result.up == "ok" or self._keep_going:
            self.done.append(revision)
        if result.up != "ok":
            self._give_up(result)
        counted = result if "re-upgrade" in self._checks else result.without_second()
        return replace(counted, seconds=round(time.perf_counter() - began, 3))

    def _give_up(self, result: Result) -> None:
        self.failed[result.revision] = result
        for revision in self.order[self._next :]:
            for needed in self._runner.needs(revision):
                if needed == result.revision or needed in self.behind:
                    self.behind.setdefault(revision, self.behind.get(needed, result.revision))

    def _trip(self, revision: str, *, down_too: bool) -> Result:
        result = self._up(revision)
        if result.up == "ok":
            before, self.catalog = self.catalog, self._snapshot()
            if down_too and "downgrade" in self._checks:
                result = self._down_and_up(result, before)
        return result

    def _copy(self, copies: ExitStack) -> str:
        """Copy the database; returns the URL. While it is copied nobody may be in it."""
        self._connection.close()
        self._project.let_go()
        template = database_of(self.url)
        url = copies.enter_context(self._project.server.database(template=template))
        self._connection = self._room.enter_context(connect(self.url))
        self._snapshots.go_on_with(self._connection)
        return url

    def _up(self, revision: str) -> Result:
        flags: list[bool] = []
        path, needs = self._runner.path(revision), self._runner.needs(revision)
        result = Result(revision, path, up="ok", needs=needs)
        failed = self._project.failure(lambda: flags.append(self._runner.upgrade(revision)))
        if failed is None:
            return replace(result, notes=ended("upgrade", flags))
        passed = self.behind.get(revision)
        notes = (f"{passed}, which comes before it, was passed over",) if passed else ()
        return replace(result, up="error", error=message(failed), notes=notes)

    def _down_and_up(self, result: Result, before: Catalog) -> Result:
        flags: list[bool] = []
        runner, revision = self._runner, result.revision
        failed = self._project.failure(lambda: flags.append(runner.downgrade(revision)))
        if isinstance(failed, NotImplementedError):
            return replace(result, down="irreversible")
        if failed is not None:
            return replace(result, down="error", error=message(failed))
        left = diff(before, self._snapshot())
        notes = (*result.notes, *ended("downgrade", flags))
        result = replace(with_restored(result, left), notes=notes)
        return self._up_again(result)

    def _up_again(self, result: Result) -> Result:
        failed = self._project.failure(lambda: self._runner.upgrade(result.revision))
        if failed is not None:
            return replace(result, reup="error", error=message(failed))
        if result.differences:
            # What was left behind explains why the second upgrade ends elsewhere.
            return replace(result, reup="ok")
        return with_second(result, diff(self.catalog, self._snapshot()))

    def _move(self) -> None:
        """Leave the database for a new one, with what is done; a server may have room for one."""
        self._leave()
        if self.done and self._upgraded(self.done) is not None:
            # What worked step by step may fail in one transaction.
            self._leave()
            for revision in self.done:
                self._repeat(revision)
        self._spoilt = False
        self.catalog = self._snapshot()

    def _leave(self) -> None:
        """Leave the database for an empty one."""
        project = self._project
        self._room.close()
        project.roles.drop()
        self.url = self._room.enter_context(project.server.database())
        project.lead_to(self.url)
        goes_down = "downgrade" in self._checks
        if goes_down and (failed := project.failure(lambda: project.runner.prepare())):
            raise HistoryError(message(failed), file=project.location.env) from failed
        self._connection = self._connect()

    def _upgraded(self, revisions: Sequence[str]) -> Exception | None:
        """Upgrade *revisions* in one go; the error, if it fails."""
        run = self._project.runner.upgrade
        return self._project.failure(
            lambda: run(*revisions, passed=self.failed), steps=len(revisions)
        )

    def _repeat(self, revision: str) -> None:
        failed = self._upgraded([revision])
        if failed is not None:
            raise HistoryError(
                "what was upgraded once cannot be upgraded again in a new database on the same "
                f"server: {message(failed)}",
                file=self._runner.path(revision),
            ) from failed

    def _connect(self) -> psycopg.Connection[Any]:
        from migsafe.introspect import Snapshotter

        connection = self._room.enter_context(connect(self.url))
        self._snapshots = Snapshotter(connection, ignore=self._project.runner.own_tables)
        return connection

    def _snapshot(self) -> Catalog:
        try:
            return self._snapshots.take()
        except ServerError:  # a migration may end all sessions, and ours with them
            self._connection.close()
            self._connection = self._connect()
            return self._snapshots.take()
