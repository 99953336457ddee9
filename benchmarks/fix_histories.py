"""What `migsafe fix` makes of the histories of open projects, and whether it does the same.

    python benchmarks/fix_histories.py [--keep FOLDER] [--unsafe-fixes] [--write] [NAME …]

fetches the projects from the package index, fixes a copy of each history as if none of it were
released, and captures it again. Where the history can be run, a PostgreSQL goes through both: after
each revision the schemas have to be equal, and each rewritten revision goes down and up again where
the original does. ``--write`` puts the table into docs/fix.md.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationStep
from alembic.script import ScriptDirectory
from real_histories import PROJECTS, Project, fetched

from migsafe.capture import History, Location, capture, find_history
from migsafe.catalog import Catalog
from migsafe.catalog.diff import diff
from migsafe.config import Settings
from migsafe.fix import fix
from migsafe.fix.files import write
from migsafe.introspect import introspect
from migsafe.rules import load_rules
from migsafe.server import Server, sqlalchemy_url, start
from migsafe.server.urls import database_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "fix.md"
HEAD = "history,revisions,fixed,left,files,new,unread,run,equal,back".split(",")
MARKS = ("<!-- histories -->", "<!-- end of histories -->")
UNREAD = ("error", "timeout", "reads")
# Zou's migrations run where all that Zou needs is installed, with an SQLAlchemy that it knows.
HISTORIES = tuple(
    replace(project, runs=True, installed=True) if project.package.startswith("zou=") else project
    for project in PROJECTS
)


@dataclass
class Counts:
    """What became of one history.

    *revisions* are all, *fixed* and *left* findings, *changed* and *new* files, *unread* those of
    them that cannot be captured although the original can. Of the revisions in changed files
    *reached* have run, *equal* end in the same schema, *back* went down and up again, as far as the
    original does, and *refused* are those whose original does not. *wrong* says what went wrong.
    """

    name: str
    revisions: int = 0
    fixed: int = 0
    left: int = 0
    changed: int = 0
    new: int = 0
    unread: int = 0
    reached: int | None = None
    equal: int = 0
    back: int = 0
    refused: int = 0
    ended: str = ""
    wrong: list[str] = field(default_factory=list)


def counts(project: Project, folder: Path, *, unsafe: bool) -> Counts:
    """Fix the copy of the history of *project* in *folder*, and capture it again."""
    location = find_history([folder / "new" / project.folder])
    before = capture(location)
    settings = Settings()
    outcome = fix(location, load_rules(), settings, unsafe=unsafe)
    for change in outcome.changes:
        compile(change.after, str(change.path), "exec")
    write(outcome.changes)
    found = Counts(project.name, len(before.migrations), len(outcome.fixed), len(outcome.left))
    found.changed = sum(change.before is not None for change in outcome.changes)
    found.new = len(outcome.changes) - found.changed
    after = capture(find_history([folder / "new" / project.folder]))
    news = _unread(after) - _unread(before)
    found.unread = len(news)
    found.wrong += [f"{revision} cannot be read any more" for revision in sorted(news)]
    return found


def _unread(history: History) -> set[str]:
    return {m.revision for m in history.migrations for p in m.problems if p.kind in UNREAD}


# -- on a server ---------------------------------------------------------------------------------


class Database:
    """A database that goes through one form of a history, without the project's env.py."""

    def __init__(self, location: Location, server: Server, url: str, history: History):
        self._server = server
        self._scripts = ScriptDirectory(
            str(location.script_location or location.versions[0].parent),
            version_locations=[str(path) for path in location.versions],
            recursive_version_locations=location.recursive,
        )
        self._url = url
        self._naming = dict(history.environment.naming) or None

    @contextmanager
    def copied(self) -> Iterator[None]:
        """Go through a copy of the database while the block runs."""
        url = self._url
        with self._server.database(template=database_of(url)) as self._url:
            yield
        self._url = url

    def parts(self, revision: str, known: frozenset[str]) -> list[str]:
        """The revisions that *revision* has become: those right before it that are not *known*."""
        found = [revision]
        while True:
            before = self._script(found[0]).down_revision
            if not isinstance(before, str) or before in known:
                return found
            found.insert(0, before)

    def _script(self, revision: str) -> Any:
        script = self._scripts.get_revision(revision)
        assert script is not None
        return script

    def run(self, revision: str, *, up: bool) -> None:
        """Run one direction of *revision*, by a run of its own as a database in use meets it."""
        make = MigrationStep.upgrade_from_script if up else MigrationStep.downgrade_from_script
        step = make(self._scripts.revision_map, self._script(revision))
        engine = sa.create_engine(sqlalchemy_url(self._url), poolclass=sa.pool.NullPool)
        environment = EnvironmentContext(Config(), self._scripts, fn=lambda *_: [step])
        with warnings.catch_warnings(), environment, engine.connect() as connection:
            warnings.simplefilter("ignore")
            environment.configure(
                connection=connection,
                target_metadata=sa.MetaData(naming_convention=self._naming),
            )
            with environment.begin_transaction():
                environment.run_migrations()

    def tried(self, revisions: Sequence[str], *, up: bool) -> str:
        """Run one direction of *revisions*, and return what ended it before its time."""
        try:
            for revision in revisions if up else revisions[::-1]:
                self.run(revision, up=up)
        except Exception as error:
            return str(error).partition("\n")[0] or type(error).__name__
        return ""

    @property
    def catalog(self) -> Catalog:
        """What the database holds."""
        with psycopg.connect(self._url) as connection:
            return introspect(connection)


@dataclass
class Trip:
    """The schemas behind a revision and behind its downgrade; None where that leads nowhere.

    A downgrade leads nowhere when it fails, or when the upgrade cannot be run again after it.
    """

    up: Catalog
    down: Catalog | None = None


def trips(
    database: Database, order: Sequence[str], tried: frozenset[str]
) -> tuple[dict[str, Trip], str]:
    """Take the original history up, the revisions *tried* also down and up again.

    The text says what ended it before its time.
    """
    found: dict[str, Trip] = {}
    for revision in order:
        error = database.tried([revision], up=True)
        if error:
            return found, f"{revision}: {error}"
        found[revision] = trip = Trip(database.catalog)
        if revision not in tried:
            continue
        with database.copied():
            error = database.tried([revision], up=False)
            down = None if error else database.catalog
            if not error and not database.tried([revision], up=True):
                trip.down = None if _other(trip.up, database.catalog) else down
    return found, ""


def compared(found: Counts, database: Database, want: dict[str, Trip], changed: set[str]) -> None:
    """Take the fixed history the same way, and count in *found* where it leads elsewhere."""
    known = frozenset(want)
    found.reached = 0
    for revision, trip in want.items():
        parts = database.parts(revision, known)
        wrong = database.tried(parts, up=True) or _other(trip.up, database.catalog)
        if not wrong and revision in changed:
            found.reached += 1
            found.equal += 1
            found.refused += trip.down is None
            if trip.down is not None:
                wrong = _there_and_back(database, parts, trip.up, trip.down)
                found.back += not wrong
        if wrong:
            found.wrong.append(f"{revision}: {wrong}")
            return


def _there_and_back(database: Database, parts: Sequence[str], up: Catalog, down: Catalog) -> str:
    with database.copied():
        wrong = database.tried(parts, up=False) or _other(down, database.catalog)
        return wrong or database.tried(parts, up=True) or _other(up, database.catalog)


def _other(wanted: Catalog, found: Catalog) -> str:
    return "; ".join(str(d) for d in diff(wanted, found) if not d.benign)


def driven(project: Project, folder: Path, found: Counts) -> None:
    """Take both forms of the history of *project* through a server."""
    old, new = (find_history([folder / side / project.folder]) for side in ("old", "new"))
    sys.path[:0] = map(str, old.search)
    history = capture(old)
    order = [migration.revision for migration in history.migrations]
    changed = {
        m.revision
        for m in history.migrations
        if (new.root / m.path.relative_to(old.root)).read_bytes() != m.path.read_bytes()
    }
    with start(provider="embedded") as server, server.database() as a, server.database() as b:
        for url in (a, b):
            _first_tables(project, url)
        want, found.ended = trips(Database(old, server, a, history), order, frozenset(changed))
        compared(found, Database(new, server, b, history), want, changed)


def _first_tables(project: Project, url: str) -> None:
    if project.first is None:
        return
    module, _, path = project.first.partition(":")
    metadata: Any = importlib.import_module(module)
    for name in path.split("."):
        metadata = getattr(metadata, name)
    metadata.create_all(sa.create_engine(sqlalchemy_url(url), poolclass=sa.pool.NullPool))


# -- the table -----------------------------------------------------------------------------------


def part(number: int, site: str, unsafe: str) -> None:
    """Print the counts of one project as JSON; it has a process of its own, as modules meet."""
    project = HISTORIES[number]
    if project.runs:
        sys.path.append(site)
    said = sys.stdout
    with open(os.devnull, "w") as sys.stdout, tempfile.TemporaryDirectory() as name:
        for side in ("old", "new"):
            target = Path(name).resolve() / side / project.folder
            shutil.copytree(Path(site) / project.folder, target)
        found = counts(project, Path(name).resolve(), unsafe=unsafe == "unsafe")
        if project.runs:
            driven(project, Path(name).resolve(), found)
    json.dump(asdict(found), said)


def _put(lines: Sequence[str]) -> None:
    """Put a table into the page; rows of other histories stay."""
    before, _, rest = PAGE.read_text().partition(MARKS[0])
    there, _, after = rest.partition(MARKS[1])
    rows = {line.split(" | ")[0]: line for line in [*there.strip().splitlines()[2:], *lines[2:]]}
    text = "\n".join([*lines[:2], *rows.values()])
    PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}")


def _environment(project: Project, site: Path) -> dict[str, str]:
    if not project.package.startswith("zou="):
        return dict(os.environ)
    return os.environ | {"PYTHONPATH": str(site), "SECRET_KEY": secrets.token_hex()}


def table(found: Sequence[Counts]) -> Iterator[str]:
    """The lines of the table of *found*."""
    yield "| " + " | ".join(HEAD) + " |"
    yield "|---" * len(HEAD) + "|"
    for one in found:
        ran = (one.reached, one.equal, f"{one.back} of {one.equal - one.refused}")
        cells = ran if one.reached is not None else ("", "", "")
        numbers = (one.revisions, one.fixed, one.left, one.changed, one.new, one.unread, *cells)
        yield f"| {one.name} | {' | '.join(map(str, numbers))} |"


def main() -> None:
    """Print the table, or write it into the page; what went wrong comes after it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="projects; all if none are named")
    parser.add_argument("--keep", metavar="FOLDER", help="fetch into this folder, or find it there")
    parser.add_argument("--unsafe-fixes", action="store_true", help="with these fixes, too")
    parser.add_argument("--write", action="store_true", help="put the table into docs/fix.md")
    options = parser.parse_args()
    wanted = [
        project
        for project in HISTORIES
        if not options.names or project.package.partition("==")[0] in options.names
    ]
    mode = "unsafe" if options.unsafe_fixes else "safe"
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for project in wanted:
            site = fetched(project, Path(options.keep or folder).absolute())
            number = str(HISTORIES.index(project))
            done = subprocess.run(
                [sys.executable, __file__, "--part", number, str(site), mode],
                capture_output=True, text=True, check=False, env=_environment(project, site),
            )  # fmt: skip
            if done.returncode:
                raise SystemExit(done.stderr)
            found.append(Counts(**json.loads(done.stdout)))
            print(json.dumps(asdict(found[-1])), file=sys.stderr, flush=True)
    text = "\n".join(table(found))
    if options.write:
        _put(text.splitlines())
    else:
        print(text)
    for one in found:
        for wrong in [*one.wrong, *([f"the original ends at {one.ended}"] if one.ended else [])]:
            print(f"{one.name}: {wrong}", file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--part"]:
        part(int(sys.argv[2]), *sys.argv[3:])
    else:
        main()
