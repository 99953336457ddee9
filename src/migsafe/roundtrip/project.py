"""A project whose code runs in this process, led to one throwaway database after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from migsafe.capture import Location
from migsafe.roundtrip.attempt import PATIENCE_SECONDS, failure
from migsafe.roundtrip.isolation import Surroundings, modules_forgotten
from migsafe.roundtrip.redirect import Redirect
from migsafe.roundtrip.roles import Roles
from migsafe.roundtrip.runner import Runner
from migsafe.server import Server
from migsafe.server.databases import connect
from migsafe.server.urls import database_of


@contextmanager
def boarding(
    location: Location,
    server: Server,
    *,
    seconds: float = PATIENCE_SECONDS,
    may_be_empty: bool = False,
) -> Iterator[Project]:
    """Yield the Project at *location*; what it leaves in the process or on *server* is removed.

    A step of a migration may take *seconds*, for ever if 0. A history that *may_be_empty* may have
    no migration yet.
    """
    project = Project(location, server, seconds, may_be_empty=may_be_empty)
    try:
        with modules_forgotten(location):
            yield project
    finally:
        project.roles.drop()


class Project:
    """While `aboard`, the process is the project's (its working directory, modules, environment)
    and all its connections lead to the database that `lead_to` names.
    """

    def __init__(
        self, location: Location, server: Server, seconds: float, *, may_be_empty: bool = False
    ) -> None:
        self.location = location
        self.server = server
        self.roles = Roles(server)
        self._seconds = seconds
        self._may_be_empty = may_be_empty
        self._redirect = Redirect(seconds)
        self._surroundings = Surroundings(location)
        self._loaded: Runner | None = None
        self._theirs: str | None = None
        self._is_aboard = False

    @property
    def runner(self) -> Runner:
        """Runs the migrations; to be asked for only once the project is led somewhere."""
        if self._loaded is None:
            self._loaded = Runner(self.location, may_be_empty=self._may_be_empty)
            self._theirs = self._loaded.url()
        return self._loaded

    @contextmanager
    def aboard(self) -> Iterator[None]:
        """For the time of the block; nothing changes inside another such block."""
        if self._is_aboard:
            yield
            return
        with self._surroundings.entered(), self._redirect.installed():
            self._is_aboard = True
            try:
                yield
            finally:
                self._is_aboard = False

    def lead_to(self, url: str) -> None:
        """From now on lead the project's connections to *url*."""
        self._redirect.to(url)
        self.runner.connect_to(self._redirect.url_like(self._theirs))

    def let_go(self) -> None:
        """Close the connections that the project's pools still hold."""
        self._redirect.let_go()

    def failure(self, run: Callable[[], object], *, steps: int = 1) -> Exception | None:
        """The error in which *run*, so many *steps* of migrations, ends; see `attempt.failure`."""
        return failure(run, self._seconds * steps)

    @contextmanager
    def database(self, *, like: str | None = None, setup: tuple[str, ...] = ()) -> Iterator[str]:
        """Lead the project to a fresh database, a copy of that at the URL *like*; yields its URL.

        The statements of *setup* are run in it first.
        """
        before = self._redirect.url
        template = database_of(like) if like is not None else None
        with self.server.database(template=template) as url:
            if setup:
                with connect(url) as connection:
                    for statement in setup:
                        connection.execute(statement.encode())
            self.lead_to(url)
            try:
                yield url
            finally:
                self.let_go()
                if before is not None:
                    self.lead_to(before)
