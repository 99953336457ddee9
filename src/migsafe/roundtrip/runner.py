"""Run single migrations of a project through Alembic, with the project's own env.py."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TextIO

from migsafe.capture import Location, read_scripts
from migsafe.capture.location import migration_files
from migsafe.errors import HistoryError, MigsafeError
from migsafe.roundtrip.loading import config_of, first_line, place, quiet, scripts_of
from migsafe.roundtrip.watch import Unrecorded, Watch


class Runner:
    """Runs one revision at a time; the database may change between two calls.

    The ScriptDirectory is read once (reading it again for each step makes a trip quadratic);
    migration modules and env.py are executed anew for each step, so that no state of a module
    leaks from one run into the next. A history that *may_be_empty* may have no migration yet.

    Attributes:
        own_tables: names of tables in which Alembic keeps what is done; all are known after a run.
    """

    def __init__(self, location: Location, *, may_be_empty: bool = False) -> None:
        self.location = location
        self.own_tables = {"alembic_version"}
        self.config = config_of(location)
        sys.path[:0] = [str(path) for path in location.search if str(path) not in sys.path]
        if not (may_be_empty and _is_empty(location)):
            # Alembic passes over folders that are empty, missing or named like a migration.
            read_scripts(location)
        self.scripts = scripts_of(location)

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

    def needs(self, revision: str) -> tuple[str, ...]:
        """The revisions that come directly before *revision*, and those that it depends on."""
        return tuple(self._script(revision)._all_down_revisions)

    def prepare(self) -> None:
        """Let env.py make what it makes beside migrations, such as schemas, in an empty database.

        What fails behind the migrations, of which it runs none, may need them.
        """
        from sqlalchemy.exc import DBAPIError

        called: list[Any] = []

        def take(heads: Any) -> list[Any]:
            called.append(heads)
            return []

        try:
            self.run(take)
        except MigsafeError:
            raise
        except Exception as error:
            if not called and isinstance(error, DBAPIError):
                raise self._failed(error) from error

    def upgrade(self, *revisions: str, passed: Collection[str] = ()) -> bool:
        """Run the upgrade of *revisions*, in this order; the database has those before them.

        Those in *passed* are only written into Alembic's version table. Returns whether a
        migration has ended the transaction that Alembic had opened.
        """
        steps = self.upgrades(*revisions)
        for step, revision in zip(steps, revisions, strict=True):
            if revision in passed:
                step.migration_fn = _pass_over
        return self._run(
            steps,
            is_ready=lambda heads: True,
            is_done=lambda heads: revisions[-1] in heads,
        )

    def downgrade(self, revision: str) -> bool:
        """Run the downgrade of *revision*, which is the newest in the database.

        Returns whether it has ended the transaction that Alembic had opened.
        """
        from alembic.runtime.migration import MigrationStep

        chain = self.scripts.revision_map
        step = MigrationStep.downgrade_from_script(chain, self._fresh(revision))
        return self._run(
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
            self.own_tables.add(context.version_table)
            return steps(heads)

        with quiet(), EnvironmentContext(self.config, self.scripts, fn=take, **options) as env:
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
        file, line = place(error, location)
        what = "it ends the program" if isinstance(error, SystemExit) else "it fails"
        told = getattr(error, "orig", None) or error
        message = f"{what}: {type(told).__name__}: {first_line(told)}"
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
        with quiet():
            script.module = load_python_file(str(path.parent), path.name)
        return script

    def _run(
        self, steps: list[Any], *, is_ready: Callable[[Any], bool], is_done: Callable[[Any], bool]
    ) -> bool:
        """Run *steps*; an env.py that runs migrations several times finds some done, as ever."""
        from sqlalchemy.exc import DBAPIError

        begun: list[Any] = []
        watch = Watch()
        for step in steps:
            step.migration_fn = watch.over(step.migration_fn)

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
        if watch.ended and not is_done(self.heads()):
            raise Unrecorded(
                "the migration ends the transaction that Alembic has opened, so its version is "
                "not written into Alembic's table"
            )
        return watch.ended

    def write_sql(self, target: TextIO, *revisions: str) -> None:
        """Write to *target* what ``alembic upgrade --sql`` prints for *revisions*, from none on."""
        self.config.output_buffer = target
        try:
            self.run(lambda heads: self.upgrades(*revisions), as_sql=True)
        finally:
            self.config.output_buffer = None

    def heads(self) -> tuple[str, ...]:
        """What Alembic's version table says."""
        seen: list[tuple[str, ...]] = []

        def look(heads: Any) -> list[Any]:
            seen.append(tuple(heads))
            return []

        self.run(look, dont_mutate=True)
        return seen[-1]


def _pass_over(**options: Any) -> None:
    """In place of a migration that is known to fail."""


def _run_without_env(environment: Any, url: str | None) -> None:
    """What the env.py of a new project does."""
    from sqlalchemy import create_engine, pool

    if url is None:
        raise HistoryError("there is no env.py and no sqlalchemy.url: which database is it?")
    if environment.is_offline_mode():
        environment.configure(url=url, literal_binds=True, transaction_per_migration=True)
        with environment.begin_transaction():
            environment.run_migrations()
        return
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        environment.configure(connection=connection, transaction_per_migration=True)
        with environment.begin_transaction():
            environment.run_migrations()


def message(error: BaseException) -> str:
    """The driver's own words in one line, without SQLAlchemy's statement and parameters."""
    cause = getattr(error, "orig", None) or error
    lines = (str(cause).strip() or "no message").splitlines()
    return f"{type(cause).__name__}: {lines[0]}"


def _is_empty(location: Location) -> bool:
    files = migration_files(location.versions, recursive=location.recursive)
    return all(folder.is_dir() for folder in location.versions) and not any(files)
