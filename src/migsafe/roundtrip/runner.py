"""Run single migrations of a project through Alembic, with the project's own env.py."""

from __future__ import annotations

import contextlib
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migsafe.capture import Location, read_scripts
from migsafe.errors import HistoryError, MigsafeError

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory


class Runner:
    """Runs one revision at a time; the database may change between two calls.

    The ScriptDirectory is read once (reading it again for each step makes a trip quadratic);
    migration modules and env.py are executed anew for each step, so that no state of a module
    leaks from one run into the next.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self.config = _config(location)
        sys.path[:0] = [str(path) for path in location.search if str(path) not in sys.path]
        # Alembic passes over folders that are empty, missing or named like a migration.
        read_scripts(location)
        self.scripts = _loaded(location)

    def order(self) -> tuple[str, ...]:
        """All revisions in the order in which ``alembic upgrade heads`` runs them."""
        run = self.scripts.iterate_revisions("heads", "base", implicit_base=True)
        return tuple(reversed([script.revision for script in run]))

    def path(self, revision: str) -> Path:
        """The file of *revision*."""
        return Path(self._script(revision).path)

    def url(self) -> str | None:
        """What the project's configuration gives as sqlalchemy.url."""
        with contextlib.suppress(Exception):  # an interpolation that lacks its variable
            return str(self.config.get_main_option("sqlalchemy.url") or "") or None
        return None

    def connect_to(self, url: str) -> None:
        """Have the project's configuration give *url* as sqlalchemy.url."""
        self.config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))

    def upgrade(self, *revisions: str) -> None:
        """Run the upgrade of *revisions*, in this order; the database has those before them."""
        self._run(
            self.upgrades(*revisions),
            is_ready=lambda heads: True,
            is_done=lambda heads: revisions[-1] in heads,
        )

    def downgrade(self, revision: str) -> None:
        """Run the downgrade of *revision*, which is the newest in the database."""
        from alembic.runtime.migration import MigrationStep

        chain = self.scripts.revision_map
        step = MigrationStep.downgrade_from_script(chain, self._fresh(revision))
        self._run(
            [step],
            is_ready=lambda heads: revision in heads,
            is_done=lambda heads: revision not in heads,
        )

    def upgrades(self, *revisions: str) -> list[Any]:
        """The steps that `run` takes to upgrade *revisions*, with freshly loaded modules."""
        from alembic.runtime.migration import MigrationStep

        chain = self.scripts.revision_map
        return [MigrationStep.upgrade_from_script(chain, self._fresh(r)) for r in revisions]

    def run(self, steps: Callable[[Any], list[Any]], **options: Any) -> None:
        """Let the project's env.py run what *steps* returns for the current heads.

        *options* go to Alembic's EnvironmentContext. Where there is no env.py, one like that of a
        new project is played. Raises HistoryError when env.py fails before it runs migrations or
        does not run them; errors of the database and of migrations come through.
        """
        from alembic.runtime.environment import EnvironmentContext
        from sqlalchemy.exc import DBAPIError

        called: list[Any] = []

        def take(heads: Any, context: Any) -> list[Any]:
            called.append(heads)
            return steps(heads)

        with _quiet(), EnvironmentContext(self.config, self.scripts, fn=take, **options) as env:
            try:
                self._play(env)
            except (MigsafeError, DBAPIError):
                raise
            except (Exception, SystemExit) as error:
                if called and isinstance(error, Exception):
                    raise
                raise self._failed(error) from error
        if not called:
            raise HistoryError(
                "env.py ran no migrations: it must call context.run_migrations()",
                file=self.location.env,
            )

    def _play(self, environment: Any) -> None:
        if self.location.env is not None:
            self.scripts.run_env()
        else:
            _run_without_env(environment, self.config.get_main_option("sqlalchemy.url"))

    def _failed(self, error: BaseException) -> HistoryError:
        """That env.py, or a migration by ending the program, does not get along here."""
        location = self.location
        file, line = _place(error, location)
        what = "it ends the program" if isinstance(error, SystemExit) else "it fails"
        told = getattr(error, "orig", None) or error
        message = f"{what}: {type(told).__name__}: {_first_line(told)}"
        if isinstance(told, ModuleNotFoundError) and told.name == "psycopg2":
            # What postgresql:// stands for up to SQLAlchemy 2.0.
            message += "; install psycopg2, or write the URL as postgresql+psycopg://"
        return HistoryError(message, file=file or location.env, line=line)

    def _script(self, revision: str) -> Any:
        return self.scripts.get_revision(revision)

    def _fresh(self, revision: str) -> Any:
        from alembic.util import load_python_file

        script = self._script(revision)
        path = Path(script.path)
        with _quiet():
            script.module = load_python_file(str(path.parent), path.name)
        return script

    def _run(
        self, steps: list[Any], *, is_ready: Callable[[Any], bool], is_done: Callable[[Any], bool]
    ) -> None:
        """Run *steps*; an env.py that runs migrations several times finds some done, as ever."""
        from sqlalchemy.exc import DBAPIError

        begun: list[Any] = []

        def take(heads: Any) -> list[Any]:
            if begun and is_done(heads):
                return []
            begun.append(heads)
            if not is_ready(heads):
                raise HistoryError(
                    "env.py did not commit the migration before: let it run migrations inside "
                    "`with context.begin_transaction():`",
                    file=self.location.env,
                )
            return steps

        try:
            self.run(take)
        except DBAPIError as error:
            if begun:
                raise
            raise self._failed(error) from error


def _config(location: Location) -> Any:
    from alembic.config import Config

    config = Config(
        str(location.ini) if location.ini else None,
        toml_file=str(location.toml) if location.toml else None,
    )
    if location.script_location is not None:
        config.set_main_option("script_location", str(location.script_location).replace("%", "%%"))
    return config


def _loaded(location: Location) -> ScriptDirectory:
    """The ScriptDirectory, with every migration loaded; raises HistoryError, with the file."""
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    try:
        with _quiet(), warnings.catch_warnings():
            warnings.filterwarnings("error", message="Revision .* is present more than once")
            scripts = ScriptDirectory(
                str(location.script_location or location.versions[0].parent),
                version_locations=[str(path) for path in location.versions],
                recursive_version_locations=location.recursive,
            )
            list(scripts.walk_revisions())
    except MigsafeError:
        raise
    except (CommandError, UserWarning) as error:
        raise _no_history(location) or HistoryError(str(error)) from error
    except (Exception, SystemExit) as error:
        file, line = _place(error, location)
        message = f"a migration does not load: {type(error).__name__}: {_first_line(error)}"
        told = HistoryError(message, file=file, line=line)
        raise (_no_history(location) if file is None else None) or told from error
    return scripts


def _no_history(location: Location) -> HistoryError | None:
    """What is wrong with the chain, with the file, if reading the files tells it."""
    from migsafe.capture.graph import ordered

    try:
        ordered(read_scripts(location))
    except HistoryError as told:
        return told
    return None


def _run_without_env(environment: Any, url: str | None) -> None:
    """What the env.py of a new project does."""
    from sqlalchemy import create_engine, pool

    if url is None:
        raise HistoryError("there is no env.py and no sqlalchemy.url: which database is it?")
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        environment.configure(connection=connection, transaction_per_migration=True)
        with environment.begin_transaction():
            environment.run_migrations()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the project's log lines, warnings and prints out of our output."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def message(error: BaseException) -> str:
    """The driver's own words in one line, without SQLAlchemy's statement and parameters."""
    cause = getattr(error, "orig", None) or error
    lines = (str(cause).strip() or "no message").splitlines()
    return f"{type(cause).__name__}: {lines[0]}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _place(error: BaseException, location: Location) -> tuple[Path | None, int | None]:
    """File and line where *error* came from, in a migration or env.py if it passed through one."""
    if isinstance(error, SyntaxError) and error.filename:
        return Path(error.filename), error.lineno
    folders = (*location.versions, *filter(None, [location.script_location]))
    place: tuple[Path | None, int | None] = (None, None)
    trace = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if any(path.is_relative_to(folder) for folder in folders):
            place = (path, trace.tb_lineno)
        trace = trace.tb_next
    return place
