"""A database on its way through a history: what is in it, and each revision's trip."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from migsafe.capture import Location
from migsafe.catalog import Catalog
from migsafe.catalog.diff import Difference, describe, diff
from migsafe.errors import HistoryError, MigsafeError
from migsafe.roundtrip.data import Copy, with_rows
from migsafe.roundtrip.isolation import Surroundings, modules_forgotten
from migsafe.roundtrip.model import Result
from migsafe.roundtrip.redirect import Redirect
from migsafe.roundtrip.roles import Roles
from migsafe.roundtrip.runner import Runner, message
from migsafe.server import Server
from migsafe.server.databases import connect
from migsafe.server.urls import database_of

if TYPE_CHECKING:
    import psycopg


@contextmanager
def riding(location: Location, server: Server, *, data: bool = False) -> Iterator[Ride]:
    """Yield a Ride through the history at *location*, in an empty database on *server*.

    With *data* each revision is also tried in a copy of the database whose tables are filled.
    Raises HistoryError when the files are no history.
    """
    roles = Roles(server)
    try:
        with modules_forgotten(location), ExitStack() as room:
            yield Ride(location, server, room, roles, data=data)
    finally:
        roles.drop()


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
    _connection: psycopg.Connection[Any]

    def __init__(
        self,
        location: Location,
        server: Server,
        room: ExitStack,
        roles: Roles,
        *,
        data: bool = False,
    ) -> None:
        self._server = server
        self._roles = roles
        self._data = data
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
        with ExitStack() as copies, self._roles.noticed():
            before, roles = self.catalog, self._roles.names()
            wanted = down_too and self._data and before.tables
            copy = self._copy(copies) if wanted else None
            result = self._trip(revision, down_too=down_too)
            is_back = not down_too or (result.down == "ok" and not result.failed)
            if copy is not None and is_back:
                filled = Copy(copy, before, self.catalog)
                is_back = roles == self._roles.names()
                if is_back:
                    result = self._with_rows(result, filled)
                else:  # of a server with one set of roles, the copy needs those from before
                    self._runner.downgrade(revision)
                    result = self._try_in(filled, result)
        if result.up == "ok":
            self.done.append(revision)
            if not is_back:
                self._move()
                self._start(*self.done)
        return replace(result, seconds=round(time.perf_counter() - began, 3))

    def _trip(self, revision: str, *, down_too: bool) -> Result:
        result = self._up(revision)
        if result.up == "ok":
            before, self.catalog = self.catalog, self._snapshot()
            if down_too:
                result = self._down_and_up(result, before)
        return result

    def _copy(self, copies: ExitStack) -> str:
        """Copy the database; returns the URL. While it is copied nobody may be in it."""
        self._connection.close()
        self._redirect.let_go()
        template = database_of(self._url)
        url = copies.enter_context(self._server.database(template=template))
        self._connection = self._connect()
        return url

    def _with_rows(self, result: Result, copy: Copy) -> Result:
        tried = self._try_in(copy, result)
        if not (tried.by_data and copy.changes_types):
            return tried
        # The rows may just be none that the new types can hold: once more with rows that are.
        self._runner.downgrade(result.revision)
        with ExitStack() as copies:
            again = replace(copy, url=self._copy(copies), fitting=True)
            self._runner.upgrade(result.revision)
            fitting = self._try_in(again, result)
        return replace(fitting, by_data=tried.by_data)

    def _try_in(self, copy: Copy, result: Result) -> Result:
        self._lead_to(copy.url)
        try:
            return with_rows(self._runner, copy, result)
        finally:
            self._lead_to(self._url)

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
        self._room.close()
        self._roles.drop()
        self._url = self._room.enter_context(self._server.database())
        self._redirect.to(self._url)
        self._connection = self._connect()

    def _connect(self) -> psycopg.Connection[Any]:
        from migsafe.introspect import Snapshotter

        connection = self._room.enter_context(connect(self._url))
        self._snapshots = Snapshotter(connection)
        return connection

    def _lead_to(self, url: str) -> None:
        self._redirect.to(url)
        self._runner.connect_to(self._redirect.url_like(self._theirs))

    def _start(self, *revisions: str) -> None:
        """Begin in the empty database, with *revisions* brought into it first."""
        self._lead_to(self._url)
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
        return self._snapshots.take()


def _verdict(left: Sequence[Difference]) -> str:
    if not left:
        return "exact"
    return "benign" if all(difference.benign for difference in left) else "no"
