"""The migration of a new model: written by autogenerate in a throwaway database, and tried."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migsafe.capture import Location, capture
from migsafe.check import Report, check
from migsafe.check.selection import rules_of
from migsafe.config import Settings
from migsafe.errors import ConfigError, HistoryError
from migsafe.roundtrip import Result, Ride
from migsafe.rule import Severity

if TYPE_CHECKING:
    from sqlalchemy import MetaData

    from migsafe.roundtrip.project import Project


def climb(ride: Ride, progress: Callable[[int, int, str], None]) -> None:
    """Bring the whole history into the ride's database; HistoryError when that fails."""
    for position, revision in enumerate(ride.order):
        progress(position, len(ride.order), revision)
        result = ride.take(revision, down_too=False)
        if result.up != "ok":
            raise HistoryError(f"it cannot be upgraded: {result.error}", file=result.file)
    progress(len(ride.order), len(ride.order), "")


def target_metadata(project: Project) -> MetaData:
    """The MetaData that env.py compares with; raises ConfigError without one."""
    found: list[Any] = []

    def look(heads: Any) -> list[Any]:
        found.append(_context().opts.get("target_metadata"))
        return []

    with project.aboard():
        project.runner.run(look)
    several = [entry if isinstance(entry, list | tuple) else [entry] for entry in found]
    given = [one for entries in several for one in entries if one is not None]
    if not given:
        raise ConfigError(
            "env.py sets no target_metadata, so autogenerate knows no models",
            file=project.location.env,
        )
    metadata: MetaData = max(given, key=lambda one: len(one.tables))
    return metadata


def _context() -> Any:
    """The MigrationContext that env.py has just configured."""
    from alembic import context

    return context.get_context()


class Writer:
    """Writes revisions into *folder*, as ``alembic revision`` would, and runs them."""

    def __init__(self, project: Project, ride: Ride, folder: Path) -> None:
        self._project = project
        self._ride = ride
        self._folder = folder
        self._heads = project.runner.scripts.get_heads()
        if len(self._heads) > 1:
            raise HistoryError(
                f"the history has {len(self._heads)} heads ({', '.join(self._heads)}); merge them "
                "first: alembic merge heads"
            )

    def catch_up(self) -> bool:
        """Bring the database to what the models are now, where the history lags behind.

        Returns whether it did. What is written later has only what is new after this.
        """
        script = self._write("catch up", "migsafecatchup")
        if script is None:
            return False
        result = self._take(script)
        if result.up != "ok":
            raise HistoryError(
                "the models and the migrations differ, and what autogenerate writes for that "
                f"fails: {result.error}; write that revision first"
            )
        Path(script.path).unlink()
        runner = self._project.runner
        with self._project.aboard():
            runner.run(lambda heads: runner.scripts._stamp_revs(self._heads or "base", heads))
        return True

    def write(self, table: str, revision: str | None) -> Any:
        """Write the revision that adds *table*, which is in the models by now."""
        known = {one.revision: one.path for one in self._project.runner.scripts.walk_revisions()}
        if revision in known:
            raise ConfigError("it has this revision id already", file=Path(known[revision]))
        script = self._write(f"add {table}", revision or self._next_number())
        if script is None:
            raise ConfigError(f"autogenerate sees no new table: env.py leaves {table} out")
        return script

    def trip(self, script: Any) -> Result:
        """Take it up, down and up again."""
        return self._take(script, down_too=True)

    def _take(self, script: Any, *, down_too: bool = False) -> Result:
        self._project.runner.scripts.revision_map.add_revision(script)
        self._ride.order = (*self._ride.order, script.revision)
        return self._ride.take(script.revision, down_too=down_too)

    def _next_number(self) -> str | None:
        """0014 after 0013, where revisions are numbered."""
        last = self._heads[0] if self._heads else ""
        return f"{int(last) + 1:0{len(last)}}" if re.fullmatch(r"\d{3,6}", last) else None

    def _write(self, message: str, revision: str | None) -> Any:
        from alembic.autogenerate.api import RevisionContext
        from alembic.util import CommandError

        with self._project.aboard():
            scripts = self._scripts()
            arguments = {
                "message": message,
                "autogenerate": True,
                "sql": False,
                "head": "head",
                "splice": False,
                "branch_label": None,
                "version_path": str(self._folder),
                "rev_id": revision,
                "depends_on": None,
            }
            try:
                revisions = RevisionContext(self._project.runner.config, scripts, arguments)
                self._project.runner.run(lambda heads: self._compare(revisions, heads))
                if revisions.generated_revisions[-1].upgrade_ops_list[0].is_empty():
                    return None
                return next(iter(revisions.generate_scripts()))
            except CommandError as error:
                raise HistoryError(f"Alembic cannot write the revision: {error}") from error

    def _compare(self, revisions: Any, heads: Any) -> list[Any]:
        context = _context()
        plugins = context.opts.get("autogenerate_plugins") or ()
        if not any("migsafe" in plugin for plugin in plugins):
            context.opts["autogenerate_plugins"] = ("alembic.autogenerate.*", "migsafe.*")
        revisions.run_autogenerate(heads, context)
        return []

    def _scripts(self) -> Any:
        """A ScriptDirectory that may write into our folder."""
        from alembic.script import ScriptDirectory

        location = self._project.location
        scripts = ScriptDirectory.from_config(self._project.runner.config)
        scripts.messaging_opts = {"quiet": True}
        # Our own hook looks for the revision in the project, where it is not yet.
        scripts.hooks = [hook for hook in scripts.hooks if hook.get("type") != "migsafe"]
        scripts.version_locations = [str(path) for path in (*location.versions, self._folder)]
        return scripts


def verdict(location: Location, path: Path, home: Path, settings: Settings) -> Report:
    """What the rules say about the migration *path*, which will be *home* in the project."""
    extended = replace(location, versions=(*location.versions, path.parent), selected=())
    history = capture(extended, major=settings.target_version)
    found = check(
        history,
        rules_of(settings),
        settings,
        only=lambda one: one.path.resolve() == path.resolve(),
    ).at_least(Severity(settings.min_severity))
    moved = (replace(f, file=home) if f.file == path else f for f in found.findings)
    return replace(found, findings=tuple(moved))
