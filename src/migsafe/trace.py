"""A history run by Alembic on a throwaway server, each of its statements measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from migsafe.capture import History, Location, Migration, Step
from migsafe.effects import Effects, predict
from migsafe.errors import HistoryError, MigsafeError
from migsafe.measure.aligning import Difference, align, differences, judged
from migsafe.measure.recorder import Recorder
from migsafe.roundtrip.isolation import Surroundings, modules_forgotten
from migsafe.roundtrip.redirect import Redirect
from migsafe.roundtrip.roles import Roles
from migsafe.roundtrip.runner import Runner, message
from migsafe.server import Server
from migsafe.session import Session

Progress = Callable[[int, int, str], None]


@dataclass
class Trace:
    """What was measured, and where that is not what was predicted.

    Attributes:
        measured: effects by the identity of the step (equal steps may differ in effects).
        failures: by revision and direction, the error in which it ended. A ``second upgrade`` is
            the one behind the downgrade.
        differences: filled while `effects_of` is asked.
        unmeasured: how many of the steps that were asked for have not been executed.
    """

    measured: dict[int, Effects] = field(default_factory=dict)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    unmeasured: int = 0

    def effects_of(self, step: Step, session: Session) -> Effects:
        """Effects of *step* for the rules: measured where it was executed, else predicted."""
        predicted = predict(step.statement, session)
        measured = self.measured.get(id(step))
        if measured is None:
            self.unmeasured += 1
            return predicted
        self.differences.extend(differences(step, session, measured, predicted))
        return judged(step, session, measured, predicted)


def trace(
    location: Location,
    history: History,
    server: Server,
    *,
    only: Callable[[Migration], bool] = lambda migration: True,
    progress: Progress = lambda done, total, revision: None,
) -> Trace:
    """Run each migration of *history*, which was captured at *location*, up, down and up again.

    Those that *only* refuses are upgraded and not measured. The project's env.py is used when there
    is one. The run ends at a revision whose upgrade fails;
    one whose downgrade fails is passed. Raises HistoryError when env.py does not work, ServerError
    when the server fails.
    """
    roles = Roles(server)
    try:
        with modules_forgotten(location), ExitStack() as room:
            run = _Run(location, server, room, roles)
            for position, migration in enumerate(history.migrations):
                progress(position, len(history.migrations), migration.revision)
                with roles.noticed():
                    go_on = run.take(migration) if only(migration) else run.upgrade(migration)
                if not go_on:
                    break
    finally:
        roles.drop()
    return run.trace


class _Run:
    """The database on its way through the history, and what was measured on it."""

    def __init__(self, location: Location, server: Server, room: ExitStack, roles: Roles):
        self.trace = Trace()
        self._roles = roles
        self._server = server
        self._room = room
        self._redirect = Redirect()
        self._recorder = Recorder()
        self._surroundings = Surroundings(location)
        self._url = self._move()
        with self._aboard():
            self._runner = Runner(location)
            self._theirs = self._runner.url()
        self._done: list[str] = []

    def upgrade(self, migration: Migration) -> bool:
        """Bring *migration* into the database; False when it cannot be upgraded."""
        with self._aboard():
            return self._upgrade(migration, measured=False)

    def take(self, migration: Migration) -> bool:
        """Run *migration* up, down and up; False when it cannot be upgraded."""
        with self._aboard():
            if not self._upgrade(migration, measured=True):
                return False
            with self._roles.noticed():
                restored = not migration.has_downgrade or self._go_back(migration)
            if not restored:
                self._start_again()
        return True

    def _upgrade(self, migration: Migration, *, measured: bool) -> bool:
        self._runner.connect_to(self._redirect.url_like(self._theirs))
        with self._recorded(migration, "upgrade", measured=measured):
            self._runner.upgrade(migration.revision)
            self._done.append(migration.revision)
        return self._done[-1:] == [migration.revision]

    def _go_back(self, migration: Migration) -> bool:
        """Downgrade and upgrade again; False when either fails, which may leave anything behind."""
        with self._recorded(migration, "downgrade"):
            self._runner.downgrade(migration.revision)
            self._done.pop()
        if self._done[-1:] != [migration.revision]:
            with self._recorded(migration, "second upgrade", measured=False):
                self._runner.upgrade(migration.revision)
                self._done.append(migration.revision)
                return True
            self._done.append(migration.revision)
        return False

    @contextmanager
    def _recorded(
        self, migration: Migration, direction: str, *, measured: bool = True
    ) -> Iterator[None]:
        """Measure what runs within the block as *direction* of *migration*; its errors are kept."""
        self._recorder.to(self._url if measured else None)
        try:
            yield
        except MigsafeError:
            raise
        except Exception as error:
            self.trace.failures[migration.revision, direction] = message(error)
        finally:
            self._recorder.to(None)
            steps: tuple[Step, ...] = getattr(migration, direction, ())
            pairs = align(steps, self._recorder.take())
            self.trace.measured.update((id(step), effects) for step, effects in pairs)

    def _start_again(self) -> None:
        """Go on in a new database, with what was upgraded so far."""
        self._url = self._move()
        self._runner.connect_to(self._redirect.url_like(self._theirs))
        try:
            self._runner.upgrade(*self._done)
        except MigsafeError:
            raise
        except Exception as error:
            raise HistoryError(
                "what was upgraded once cannot be upgraded again in a new database: "
                f"{message(error)}"
            ) from error

    def _move(self) -> str:
        self._room.close()
        self._roles.drop()
        url = self._room.enter_context(self._server.database())
        self._redirect.to(url)
        return url

    @contextmanager
    def _aboard(self) -> Iterator[None]:
        entered, redirected = self._surroundings.entered(), self._redirect.installed()
        with entered, redirected, self._recorder.installed():
            yield
