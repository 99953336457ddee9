"""What all migrations of a history run on: Alembic's contexts and functions, and a connection."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from alembic.config import Config
from alembic.ddl.impl import DefaultImpl
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from migsafe.capture.dialect import capture_engine
from migsafe.capture.engines import engines_are
from migsafe.capture.listeners import Listeners
from migsafe.capture.location import Location
from migsafe.capture.model import Environment
from migsafe.capture.operations import Functions
from migsafe.capture.placeholders import Options
from migsafe.capture.recorder import Recorder
from migsafe.capture.schema import version_table

_T = TypeVar("_T")


class Stage:
    """The engine, Alembic's configuration and the pattern of its contexts, of a whole history.

    Each run of a migration gets contexts and a connection of its own, so that what one does to
    them is nothing to the next.
    """

    def __init__(self, location: Location, environment: Environment, *, major: int):
        self._engine, self._dialect = capture_engine(major)
        self._dialect.version_table = version_table(environment.version_table, major)
        self._naming: Any = dict(environment.naming) or None
        self._config = Config(str(location.ini) if location.ini else None)
        folder = location.script_location or location.versions[0].parent
        self._config.set_main_option("script_location", str(folder).replace("%", "%%"))
        self._scripts = ScriptDirectory(
            str(folder), version_locations=[str(path) for path in location.versions]
        )
        if not self._config.file_config.has_option("alembic", "sqlalchemy.url"):
            self._config.set_main_option("sqlalchemy.url", "postgresql://")
        self._functions = Functions(environment.imports)
        self._listeners = Listeners()
        self._entered = ExitStack()
        self._pattern: MigrationContext | None = None

    def __enter__(self) -> Stage:
        self._entered.enter_context(self._functions)
        self._entered.enter_context(engines_are(self._engine))
        self._entered.enter_context(self._listeners.kept())
        return self

    def __exit__(self, *error: object) -> None:
        self._entered.close()

    @property
    def is_listened_to(self) -> bool:
        """Whether code of the project listens to SQLAlchemy's events."""
        return bool(self._listeners)

    @contextmanager
    def set_for(self, recorder: Recorder) -> Iterator[None]:
        """Inside, *recorder* takes what a migration sends."""
        self._dialect.recorder = recorder
        try:
            with warnings.catch_warnings(), self._engine.connect() as connection:
                warnings.simplefilter("ignore")
                environment, context = self._contexts(connection)
                with environment:
                    context.begin_transaction()
                    self._functions.work_on(context, recorder)
                    yield
        finally:
            self._listeners.forget(recorder.source.filename)
            self._functions.forget()
            self._dialect.recorder = None

    def _contexts(self, connection: Any) -> tuple[EnvironmentContext, MigrationContext]:
        """Contexts for *connection* as `EnvironmentContext.configure` makes them, but sooner."""
        pattern = self._pattern
        if pattern is None or type(pattern.impl) is not DefaultImpl.get_by_dialect(self._dialect):
            pattern = self._pattern = self._configured(connection)
        environment = EnvironmentContext(self._config, self._scripts)
        options = {**pattern.opts, "target_metadata": MetaData(naming_convention=self._naming)}
        environment.context_opts = options
        impl = _copied(pattern.impl, connection=connection, memo={}, context_opts=options)
        context = _copied(
            pattern,
            environment_context=environment,
            connection=connection,
            opts=Options(options),
            impl=impl,
        )
        environment._migration_context = context
        return environment, context

    def _configured(self, connection: Any) -> MigrationContext:
        """What contexts are copied from; Alembic takes longer for one than many migrations."""
        environment = EnvironmentContext(self._config, self._scripts, fn=_nothing)
        environment.configure(connection=connection)
        pattern = environment.get_context()
        for holder in (pattern, pattern.impl):
            holder.connection = None
        return pattern


def _copied(value: _T, **changes: Any) -> _T:
    copied = object.__new__(type(value))
    vars(copied).update(vars(value), **changes)
    return copied


def _nothing(*args: object) -> Any:
    """What Alembic would run; the replay calls the migration itself."""
    return []
