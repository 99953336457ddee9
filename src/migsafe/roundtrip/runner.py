"""Run single migrations of a project through Alembic, with the project's own env.py."""

from __future__ import annotations

import contextlib
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from migsafe.capture import Location
from migsafe.errors import HistoryError, MigsafeError
from migsafe.roundtrip.redirect import redirected
from migsafe.server import sqlalchemy_url


class Runner:
    """Runs one revision at a time; the database may change between two calls.

    The ScriptDirectory is read once (reading it again for each step makes a trip quadratic);
    migration modules and env.py are executed anew for each step, so that no state of a module
    leaks from one run into the next.
    """

    def __init__(self, location: Location) -> None:
        from alembic.script import ScriptDirectory
        from alembic.util import CommandError

        self.location = location
        self.config = _config(location)
        sys.path[:0] = [str(path) for path in location.search if str(path) not in sys.path]
        try:
            with _quiet():
                self.scripts = ScriptDirectory(
                    str(location.script_location or location.versions[0].parent),
                    version_locations=[str(path) for path in location.versions],
                    recursive_version_locations=location.recursive,
                )
                list(self.scripts.walk_revisions())
        except MigsafeError:
            raise
        except CommandError as error:
            raise HistoryError(str(error)) from error
        except Exception as error:
            raise HistoryError(
                f"a migration does not load: {type(error).__name__}: {_first_line(error)}",
                file=_place(error, location),
            ) from error

    def order(self) -> tuple[str, ...]:
        """All revisions in the order in which ``alembic upgrade heads`` runs them."""
        run = self.scripts.iterate_revisions("heads", "base", implicit_base=True)
        return tuple(reversed([script.revision for script in run]))

    def path(self, revision: str) -> Path:
        """The file of *revision*."""
        return Path(self._script(revision).path)

    def upgrade(self, url: str, *revisions: str) -> None:
        """Run the upgrade of *revisions*, in this order, on the throwaway database at *url*."""
        self._run_on(url, self.upgrades(*revisions))

    def downgrade(self, url: str, revision: str) -> None:
        """Run the downgrade of *revision* on the throwaway database at *url*."""
        from alembic.runtime.migration import MigrationStep

        chain = self.scripts.revision_map
        self._run_on(url, [MigrationStep.downgrade_from_script(chain, self._fresh(revision))])

    def upgrades(self, *revisions: str) -> list[Any]:
        """The steps that `run` takes to upgrade *revisions*, with freshly loaded modules."""
        from alembic.runtime.migration import MigrationStep

        chain = self.scripts.revision_map
        return [MigrationStep.upgrade_from_script(chain, self._fresh(r)) for r in revisions]

    def run(self, steps: Callable[[Any], list[Any]], **options: Any) -> None:
        """Let the project's env.py run what *steps* returns for the current heads.

        *options* go to Alembic's EnvironmentContext. Where there is no env.py, one like that of a
        new project is played. Raises HistoryError when env.py does not run migrations.
        """
        from alembic.runtime.environment import EnvironmentContext

        called: list[Any] = []

        def take(heads: Any, context: Any) -> list[Any]:
            called.append(heads)
            return steps(heads)

        with _quiet(), EnvironmentContext(self.config, self.scripts, fn=take, **options) as env:
            if self.location.env is not None:
                self.scripts.run_env()
            else:
                _run_without_env(env, self.config.get_main_option("sqlalchemy.url"))
        if not called:
            raise HistoryError(
                "env.py ran no migrations: it must call context.run_migrations()",
                file=self.location.env,
            )

    def _script(self, revision: str) -> Any:
        return self.scripts.get_revision(revision)

    def _fresh(self, revision: str) -> Any:
        from alembic.util import load_python_file

        script = self._script(revision)
        path = Path(script.path)
        with _quiet():
            script.module = load_python_file(str(path.parent), path.name)
        return script

    def _run_on(self, url: str, steps: list[Any]) -> None:
        self.config.set_main_option("sqlalchemy.url", sqlalchemy_url(url).replace("%", "%%"))
        with redirected(url):
            self.run(lambda heads: steps)


def _config(location: Location) -> Any:
    from alembic.config import Config

    config = Config(
        str(location.ini) if location.ini else None,
        toml_file=str(location.toml) if location.toml else None,
    )
    if location.script_location is not None:
        config.set_main_option("script_location", str(location.script_location).replace("%", "%%"))
    return config


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


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _place(error: BaseException, location: Location) -> Path | None:
    """The innermost migration file that *error* passed through."""
    found = None
    trace = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.parent in location.versions:
            found = path
        trace = trace.tb_next
    return found
