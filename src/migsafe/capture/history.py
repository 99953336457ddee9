"""Capturing a history: every migration in order, each against the schema that it meets."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from migsafe.capture.altered import Libraries
from migsafe.capture.chance import chances
from migsafe.capture.environment import read_environment
from migsafe.capture.graph import ordered
from migsafe.capture.location import Location, migration_files
from migsafe.capture.model import Environment, History, Migration, Problem, Step
from migsafe.capture.schema import Schema
from migsafe.capture.script import Script, read_script
from migsafe.capture.sites import parsed
from migsafe.capture.written import NotWritten, Written
from migsafe.catalog import Catalog
from migsafe.errors import HistoryError

if TYPE_CHECKING:
    from migsafe.capture.replay import Replay

TIME_LIMIT = 10.0
"""Seconds that one direction of one migration may take."""


class Lasting(Exception):
    """Code was run, which may have changed what migrations behind it find in this process."""


def capture(
    location: Location,
    *,
    major: int = 18,
    time_limit: float = TIME_LIMIT,
    runs_all: bool = False,
) -> History:
    """Capture the history at *location* as PostgreSQL *major* would meet it.

    *time_limit* is in seconds, for each direction of each migration; *runs_all* has every one of
    them run, also those whose code says for certain what they send. Raises HistoryError when the
    files are no history; what goes wrong inside a migration is one of its problems.
    """
    run, heads = ordered([read_script(path) for path in history_files(location)])
    environment = read_environment(location)
    schema = Schema(Catalog.empty(major))
    migrations = captured(
        run, location, environment, schema, time_limit=time_limit, runs_all=runs_all
    )
    return History(migrations, heads, environment)


def read_scripts(location: Location) -> tuple[Script, ...]:
    """The migration files of *location*, read to their end but not run."""
    scripts = tuple(read_script(path) for path in history_files(location))
    for script in scripts:
        parsed(script.path, script.source.text)
    return scripts


def history_files(location: Location) -> tuple[Path, ...]:
    """The migration files of *location*; raises HistoryError when there are none."""
    for folder in location.versions:
        if not folder.is_dir():
            raise HistoryError("the folder with the migrations is not there", file=folder)
    files = tuple(migration_files(location.versions, recursive=location.recursive))
    if not files:
        raise _nothing_in(location.versions[0])
    return files


def _nothing_in(folder: Path) -> HistoryError:
    below = sorted({path.parent.name for path in folder.glob("*/*.py")})
    if below:
        names = " or ".join(below)
        return HistoryError(f"there are no migrations; name {names} in it", file=folder)
    if any(folder.glob("*.pyc")):
        return HistoryError("there are no migrations, only .pyc files; they need .py", file=folder)
    message = "there are no migrations; `alembic revision` makes the first"
    return HistoryError(message, file=folder)


def captured(
    scripts: Sequence[Script],
    location: Location,
    environment: Environment,
    schema: Schema,
    *,
    time_limit: float = TIME_LIMIT,
    runs_all: bool = False,
    is_part: bool = False,
) -> tuple[Migration, ...]:
    """Capture *scripts*, which follow one another; *schema* moves from before to behind them.

    What their code says for certain is not run, unless *runs_all*. Raises Lasting where they are
    but a part of what is captured, and the rest would have to come behind them in this process.
    """
    with ExitStack() as stack:
        directions = _Directions(location, environment, schema.major, time_limit, runs_all, stack)
        found = tuple([_migration(script, schema, directions) for script in scripts])
        if is_part and directions.are_lasting:
            raise Lasting
        return found


def _migration(script: Script, schema: Schema, directions: _Directions) -> Migration:
    """Capture both directions; *schema* moves on to the state after the upgrade."""
    up, up_problems = directions.direction(script, "upgrade", schema)
    for step in up:
        schema.add(step.statement)
    down, down_problems = directions.direction(script, "downgrade", schema)
    return Migration(
        revision=script.revision,
        down_revisions=script.down_revisions,
        path=script.path,
        upgrade=up,
        downgrade=down,
        depends_on=script.depends_on,
        branch_labels=script.branch_labels,
        doc=script.doc,
        has_downgrade="downgrade" in script.functions,
        problems=_unique((*up_problems, *down_problems, *chances(script.source))),
        has_remarks="migsafe:" in script.source.text,
    )


def _unique(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """*problems* without those that only repeat another for the second direction."""
    seen: dict[tuple[object, ...], Problem] = {}
    for problem in problems:
        seen.setdefault((problem.kind, problem.message, problem.line), problem)
    return tuple(seen.values())


class _Directions:
    """Captures one direction of one migration: reads it, or runs it where that says more.

    What running takes is made for the first that needs it, and undone by *stack*.
    """

    def __init__(
        self,
        location: Location,
        environment: Environment,
        major: int,
        time_limit: float,
        runs_all: bool,
        stack: ExitStack,
    ):
        self._location = location
        self._environment = environment
        self._major = major
        self._time_limit = time_limit
        self._stack = stack
        self._written = None if runs_all else Written(environment)

    def direction(
        self, script: Script, direction: str, schema: Schema
    ) -> tuple[tuple[Step, ...], tuple[Problem, ...]]:
        """What *direction* of *script* sends on *schema*, which stays as it is."""
        if direction not in script.functions:
            return (), ()
        if self._written is not None and not self._is_listened_to:
            try:
                return self._written.direction(script, direction, schema)
            except NotWritten:
                pass
        found = self._replay.direction(script, direction, schema)
        if self._written is not None and self._libraries.are_altered():
            self._written = None  # what is written does something else from now on
        return found

    @property
    def are_lasting(self) -> bool:
        """Whether code was run, which may have changed what is found behind it."""
        return "_replay" in vars(self)

    @property
    def _is_listened_to(self) -> bool:
        """Whether code that was run listens to SQLAlchemy's events, and may add to what is sent."""
        return "_replay" in vars(self) and self._replay.is_listened_to

    @cached_property
    def _replay(self) -> Replay:
        load_machinery()
        from migsafe.capture.guards import guard
        from migsafe.capture.imports import Imports
        from migsafe.capture.isolation import isolated
        from migsafe.capture.ordering import in_order
        from migsafe.capture.replay import Replay

        location, limit = self._location, self._time_limit
        imports = Imports((location.root, *location.search, *location.versions))
        self._stack.enter_context(isolated(imports, location.root, _search(location)))
        self._stack.enter_context(in_order())
        replay = Replay(
            location, self._environment, imports, guard(), major=self._major, time_limit=limit
        )
        self._stack.enter_context(replay)
        self._libraries = Libraries()
        return replay


def load_machinery() -> None:
    """Import what runs migrations, SQLAlchemy and Alembic with it.

    But not Pygments: Mako, which Alembic imports, would colour error pages with it, and
    its lexers are a third of what Alembic takes to import.
    """
    hides = not {"pygments", "mako.exceptions"} & sys.modules.keys()
    if hides:
        sys.modules["pygments"] = None  # type: ignore[assignment]  # it cannot be imported
    try:
        importlib.import_module("migsafe.capture.guards")
        importlib.import_module("migsafe.capture.replay")
    finally:
        if hides:
            del sys.modules["pygments"]


def _search(location: Location) -> tuple[Path, ...]:
    return tuple(dict.fromkeys((*location.search, location.root)))
