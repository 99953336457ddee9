"""Capturing a history: every migration in order, each against the schema that it meets."""

from __future__ import annotations

from pathlib import Path

from migsafe.capture.environment import read_environment
from migsafe.capture.graph import ordered
from migsafe.capture.location import Location
from migsafe.capture.model import Environment, History, Migration
from migsafe.capture.schema import Schema
from migsafe.capture.script import Script, migration_files, read_script
from migsafe.catalog import Catalog
from migsafe.errors import HistoryError

TIME_LIMIT = 10.0
"""Seconds that one direction of one migration may take."""


def capture(location: Location, *, major: int = 18, time_limit: float = TIME_LIMIT) -> History:
    """Capture the history at *location* as PostgreSQL *major* would meet it.

    *time_limit* is in seconds, for each direction of each migration. Raises HistoryError when the
    files are no history; what goes wrong inside a migration is one of its problems.
    """
    scripts = read_scripts(location)
    run, heads = ordered(scripts)
    environment = read_environment(location)
    migrations = _captured(run, location, environment, major, time_limit)
    return History(migrations, heads, environment)


def read_scripts(location: Location) -> tuple[Script, ...]:
    """The migration files of *location*, read but not run."""
    for folder in location.versions:
        if not folder.is_dir():
            raise HistoryError("the folder with the migrations is not there", file=folder)
    files = migration_files(location.versions, recursive=location.recursive)
    scripts = tuple(read_script(path) for path in files)
    if not scripts:
        raise _nothing_in(location.versions[0])
    return scripts


def _nothing_in(folder: Path) -> HistoryError:
    below = sorted({path.parent.name for path in folder.glob("*/*.py")})
    if below:
        names = " or ".join(below)
        return HistoryError(f"there are no migrations; name {names} in it", file=folder)
    message = "there are no migrations; `alembic revision` makes the first"
    return HistoryError(message, file=folder)


def _captured(
    scripts: tuple[Script, ...],
    location: Location,
    environment: Environment,
    major: int,
    time_limit: float,
) -> tuple[Migration, ...]:
    from migsafe.capture.guards import guard
    from migsafe.capture.imports import Imports
    from migsafe.capture.isolation import isolated
    from migsafe.capture.replay import Replay

    imports = Imports((location.root, *location.search, *location.versions))
    schema = Schema(Catalog.empty(major))
    with isolated(imports, location.root, _search(location)):
        replay = Replay(location, environment, imports, guard(), major=major, time_limit=time_limit)
        return tuple(replay.migration(script, schema) for script in scripts)


def _search(location: Location) -> tuple[Path, ...]:
    return tuple(dict.fromkeys((*location.search, location.root)))
