"""Capturing a history: every migration in order, each against the schema that it meets."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from migsafe.capture.environment import read_environment
from migsafe.capture.graph import ordered
from migsafe.capture.location import Location, migration_files
from migsafe.capture.model import Environment, History, Migration
from migsafe.capture.ordering import in_order
from migsafe.capture.schema import Schema
from migsafe.capture.script import Script, read_script
from migsafe.capture.sites import parsed
from migsafe.catalog import Catalog
from migsafe.errors import HistoryError

TIME_LIMIT = 10.0
"""Seconds that one direction of one migration may take."""


def capture(location: Location, *, major: int = 18, time_limit: float = TIME_LIMIT) -> History:
    """Capture the history at *location* as PostgreSQL *major* would meet it.

    *time_limit* is in seconds, for each direction of each migration. Raises HistoryError when the
    files are no history; what goes wrong inside a migration is one of its problems.
    """
    run, heads = ordered([read_script(path) for path in history_files(location)])
    environment = read_environment(location)
    schema = Schema(Catalog.empty(major))
    migrations = captured(run, location, environment, schema, time_limit=time_limit)
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
    message = "there are no migrations; `alembic revision` makes the first"
    return HistoryError(message, file=folder)


def captured(
    scripts: Sequence[Script],
    location: Location,
    environment: Environment,
    schema: Schema,
    *,
    time_limit: float = TIME_LIMIT,
) -> tuple[Migration, ...]:
    """Capture *scripts*, which follow one another; *schema* moves from before to behind them."""
    load_machinery()
    from migsafe.capture.guards import guard
    from migsafe.capture.imports import Imports
    from migsafe.capture.isolation import isolated
    from migsafe.capture.replay import Replay

    imports = Imports((location.root, *location.search, *location.versions))
    with (
        isolated(imports, location.root, _search(location)),
        in_order(),
        Replay(
            location, environment, imports, guard(), major=schema.major, time_limit=time_limit
        ) as replay,
    ):
        return tuple(replay.migration(script, schema) for script in scripts)


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
