"""Round trips of small histories on a real server."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from projects import write_project
from sqlalchemy.ext.asyncio import create_async_engine

from migsafe.capture import find_history
from migsafe.errors import HistoryError, MigsafeError, ServerError
from migsafe.roundtrip import Result, Trip, render, riding, roundtrip, selected
from migsafe.roundtrip.redirect import Redirect
from migsafe.server import Server, sqlalchemy_url
from migsafe.server.urls import database_of

# The engines of some env.py here keep a pool, which nobody closes.
pytestmark = pytest.mark.filterwarnings("ignore:.* was deleted while still open:ResourceWarning")

USERS = ('op.execute("CREATE TABLE users (id int, email text)")', 'op.execute("DROP TABLE users")')
PLAIN_ENV = """
from alembic import context
from sqlalchemy import engine_from_config, pool

section = context.config.get_section(context.config.config_ini_section)
engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
RUN = """
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Engines of an env.py, and migrations ended half-way, leave connections behind.

    These say so when they go, and must not say it in the midst of another test.
    """
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def history(folder: Path, *after: tuple[str, str], env: str | None = PLAIN_ENV) -> Path:
    """A project whose first revision makes the table users; *after* become r2, r3 and so on."""
    bodies = {f"r{number}": body for number, body in enumerate((USERS, *after), 1)}
    return write_project(folder, bodies, env=env)


def sql(*statements: str) -> str:
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


def trip_of(project: Path, server: Server) -> Trip:
    return roundtrip(find_history([project]), server)


def last(trip: Trip) -> Result:
    return trip.results[-1]


def verdicts(trip: Trip) -> list[tuple[str | None, ...]]:
    return [(r.revision, r.up, r.down, r.restored, r.reup) for r in trip.results]


@pytest.fixture
def other(server: Server) -> Iterator[str]:
    """The URL of a database that a project means, and that must stay empty."""
    with server.database() as url:
        yield url
        with psycopg.connect(url) as session:
            query = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            assert session.execute(query).fetchone() == (0,)


# -- what a trip finds ---------------------------------------------------------------------------


def test_a_right_history_is_restored_exactly(tmp_path: Path, server: Server) -> None:
    """Every revision goes up, down and up again."""
    project = history(
        tmp_path,
        (
            sql("ALTER TABLE users ADD COLUMN age int"),
            sql("ALTER TABLE users DROP COLUMN age"),
        ),
    )
    trip = trip_of(project, server)
    assert verdicts(trip) == [
        ("r1", "ok", "ok", "exact", "ok"),
        ("r2", "ok", "ok", "exact", "ok"),
    ]
    assert not trip.summary.failed
    assert trip.major == server.major
    assert all(result.seconds > 0 for result in trip.results)


def test_the_order_of_columns_is_nothing_to_mind(tmp_path: Path, server: Server) -> None:
    """A column that comes back at the end is told, and is no failure."""
    project = history(
        tmp_path,
        (
            sql("ALTER TABLE users DROP COLUMN id"),
            sql("ALTER TABLE users ADD COLUMN id int"),
        ),
    )
    trip = trip_of(project, server)
    assert last(trip).restored == "benign"
    assert last(trip).benign
    assert not last(trip).failed
    assert trip.summary.benign == 1


BROKEN = {
    "enum": (
        ("CREATE TYPE mood AS ENUM ('sad')", "ALTER TABLE users ADD COLUMN m mood"),
        ("ALTER TABLE users DROP COLUMN m",),
        "enum mood is left behind",
    ),
    "index": (
        ("CREATE INDEX ix ON users (email)",),
        (),
        "index ix is left behind",
    ),
    "default": (
        ("ALTER TABLE users ALTER email SET DEFAULT 'x'",),
        (),
        "users.email: default",
    ),
    "not null": (
        ("ALTER TABLE users ALTER email DROP NOT NULL",),
        (),
        "users.email: NOT NULL was not restored",
    ),
    "constraint": (
        ("ALTER TABLE users ADD CONSTRAINT ck CHECK (id > 0)",),
        (),
        "ck on users is left behind",
    ),
    "table": (
        ("ALTER TABLE users RENAME TO people",),
        ("CREATE TABLE users (id int, email text NOT NULL)",),
        "table people is left behind",
    ),
}


@pytest.mark.parametrize(("up", "down", "told"), BROKEN.values(), ids=BROKEN)
def test_what_a_downgrade_leaves_is_told_in_words(
    tmp_path: Path, server: Server, up: tuple[str, ...], down: tuple[str, ...], told: str
) -> None:
    """A downgrade that does not give back the schema is a failure, with each difference."""
    required = sql("ALTER TABLE users ALTER email SET NOT NULL")
    optional = sql("ALTER TABLE users ALTER email DROP NOT NULL")
    project = history(tmp_path, (required, optional), (sql(*up), sql(*down)))
    result = last(trip_of(project, server))
    assert (result.down, result.restored, result.failed) == ("ok", "no", True)
    assert any(told in difference for difference in result.differences), result.differences


def test_after_a_broken_downgrade_the_rest_is_tried_as_if_it_were_right(
    tmp_path: Path, server: Server
) -> None:
    """The state is rebuilt, so one failure does not make others, and later ones are found."""
    project = history(
        tmp_path,
        (sql("CREATE TYPE mood AS ENUM ('sad')"), ""),
        ("", 'raise RuntimeError("no way back")'),
        (sql("CREATE TABLE orders (id int, m mood)"), sql("DROP TABLE orders")),
        (sql("CREATE INDEX ix ON orders (id)"), ""),
    )
    trip = trip_of(project, server)
    assert verdicts(trip) == [
        ("r1", "ok", "ok", "exact", "ok"),
        ("r2", "ok", "ok", "no", "error"),
        ("r3", "ok", "error", None, None),
        ("r4", "ok", "ok", "exact", "ok"),
        ("r5", "ok", "ok", "no", "error"),
    ]
    assert trip.results[2].error == "RuntimeError: no way back"
    assert trip.summary.failed == 3
    assert trip.untried == ()


def test_irreversible_on_purpose_is_accepted_and_counted(tmp_path: Path, server: Server) -> None:
    """NotImplementedError says that there is no way back; the history goes on."""
    project = history(
        tmp_path,
        (sql("ALTER TABLE users DROP COLUMN email"), "raise NotImplementedError"),
        (sql("CREATE INDEX ix ON users (id)"), sql("DROP INDEX ix")),
    )
    trip = trip_of(project, server)
    assert [result.down for result in trip.results] == ["ok", "irreversible", "ok"]
    assert not trip.summary.failed
    assert trip.summary.irreversible == 1


def test_behind_a_failing_upgrade_nothing_can_be_tried(tmp_path: Path, server: Server) -> None:
    """The revisions behind it are listed as untried."""
    project = history(tmp_path, (sql("ALTER TABLE nowhere ADD x int"), ""), ("", ""), ("", ""))
    trip = trip_of(project, server)
    assert verdicts(trip)[1:] == [("r2", "error", None, None, None)]
    assert last(trip).error == 'UndefinedTable: relation "nowhere" does not exist'
    assert trip.untried == ("r3", "r4")
    assert (trip.summary.failed, trip.summary.untried) == (1, 2)


ROLES = {
    "r2": (
        sql("CREATE ROLE app", "GRANT SELECT ON users TO app"),
        sql("DROP OWNED BY app", "DROP ROLE app"),
    ),
    "r3": (sql("CREATE TABLE orders (id int)", "ALTER TABLE orders OWNER TO app"), ""),
    "r4": (sql('CREATE ROLE "Clerk" IN ROLE app'), ""),
    "r5": (sql("CREATE TABLE items (id int)"), sql("DROP TABLE items")),
    "r6": (sql('DROP ROLE "Clerk"'), sql('CREATE ROLE "Clerk" IN ROLE app')),
}


@pytest.mark.parametrize("data", [False, True])
def test_roles_outlive_databases(tmp_path: Path, server: Server, data: bool) -> None:
    """What is built anew makes its roles anew; those left at the end are removed."""
    project = history(tmp_path, *ROLES.values())
    for _ in range(2):
        trip = roundtrip(find_history([project]), server, data=data)
        assert [(r.revision, r.failed, r.reup) for r in trip.results] == [
            ("r1", False, "ok"),
            ("r2", False, "ok"),
            ("r3", True, "error"),
            ("r4", True, "error"),
            ("r5", False, "ok"),
            ("r6", False, "ok"),
        ]
    with psycopg.connect(server.url()) as session:
        query = "SELECT count(*) FROM pg_roles WHERE rolname IN ('app', 'Clerk')"
        assert session.execute(query).fetchone() == (0,)


def test_a_second_upgrade_that_fails_or_ends_elsewhere_is_found(
    tmp_path: Path, server: Server
) -> None:
    """What the downgrade leaves outside the schema may change the second upgrade."""
    fails = """
    if op.get_bind().exec_driver_sql("SELECT count(*) FROM users").scalar():
        raise RuntimeError("done already")
    op.execute("INSERT INTO users VALUES (1, '')")
    """
    differs = """
    if op.get_bind().exec_driver_sql("SELECT count(*) FROM users").scalar() == 1:
        op.execute("INSERT INTO users VALUES (2, '')")
        op.execute("CREATE INDEX ix ON users (id)")
    """
    project = history(tmp_path, (fails, ""), (differs, sql("DROP INDEX ix")))
    trip = trip_of(project, server)
    assert verdicts(trip)[1:] == [
        ("r2", "ok", "ok", "exact", "error"),
        ("r3", "ok", "ok", "exact", "ok"),
    ]
    assert trip.results[1].error == "RuntimeError: done already"
    assert trip.results[2].differences == ("after the second upgrade: index ix is missing",)
    assert trip.summary.failed == 2


def test_only_the_chosen_revisions_are_tried(tmp_path: Path, server: Server) -> None:
    """The others are just upgraded; an unknown one is an error."""
    project = history(tmp_path, ("", 'raise RuntimeError("not asked")'), ("", ""))
    location = find_history([project])
    told: list[tuple[int, int, str]] = []
    trip = roundtrip(location, server, only=["r3"], progress=lambda *state: told.append(state))
    assert [result.revision for result in trip.results] == ["r3"]
    assert told == [(0, 3, "r1"), (1, 3, "r2"), (2, 3, "r3"), (3, 3, "")]
    with pytest.raises(HistoryError, match="no revision 'r9'"):
        roundtrip(location, server, only=["r9"])


def test_revisions_are_chosen_by_place_name_and_file(tmp_path: Path) -> None:
    """All that is said must be true of a revision; ids may be shortened."""
    project = history(tmp_path, ("", ""), ("", ""), ("", ""))
    location = find_history([project])
    file = location.versions[0] / "r3.py"
    assert selected(location) is None
    assert selected(location, first="r2", last="r3") == ("r2", "r3")
    assert selected(location, first="r3") == ("r3", "r4")
    assert selected(location, only=["r4", "r1"], last="r3") == ("r1",)
    assert selected(location, files={file}) == ("r3",)
    assert selected(location, files=()) == ()
    assert selected(find_history([file])) == ("r3",)
    assert selected(find_history([file]), files=()) == ()
    with pytest.raises(HistoryError, match="the beginning of several revisions: r1, r2"):
        selected(location, first="r")
    with pytest.raises(HistoryError, match="no revision 'x'"):
        selected(location, last="x")


def test_only_what_is_new_in_git(tmp_path: Path, server: Server) -> None:
    """--since tries the new revisions, and nothing when there are none."""

    def git(*arguments: str) -> None:
        author = ("-c", "user.name=x", "-c", "user.email=x@example.com")
        subprocess.run(["git", *author, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    project = history(tmp_path, ("", 'raise RuntimeError("old")'))
    git("add", ".")
    git("commit", "-q", "-m", "x")
    none = command(project, server, "--since", "HEAD")
    assert (none.returncode, none.stdout) == (0, "There are no revisions to try.\n")
    new = (project / "migrations" / "versions" / "r2.py").read_text()
    new = new.replace('"r2"', '"r3"').replace("'r1'", "'r2'").replace("old", "new")
    (project / "migrations" / "versions" / "r3.py").write_text(new)
    found = command(project, server, "--since", "HEAD")
    assert found.returncode == 1, found.stderr
    assert "RuntimeError: new" in found.stdout
    assert "RuntimeError: old" not in found.stdout


def test_a_ride_visits_revisions_in_any_order(tmp_path: Path, server: Server) -> None:
    """Forwards it goes on, backwards it starts again; behind a failing one there is no way."""
    project = history(
        tmp_path,
        (sql("CREATE INDEX ix ON users (id)"), sql("DROP INDEX ix")),
        (sql("CREATE INDEX iy ON users (id)"), sql("DROP INDEX iy")),
        (sql("nonsense"), ""),
        ("", ""),
    )
    with riding(find_history([project]), server) as ride:
        for revision in ("r3", "r1", "r2", "r2"):
            result = ride.visit(revision)
            assert (result.revision, result.restored) == (revision, "exact")
        for revision in ("r5", "r4"):
            result = ride.visit(revision)
            assert (result.revision, result.up) == ("r4", "error")


# -- chains --------------------------------------------------------------------------------------


def link(project: Path, revision: str, header: str) -> None:
    """Replace the down_revision line of *revision*."""
    file = project / "migrations" / "versions" / f"{revision}.py"
    lines = file.read_text().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.startswith("down_revision"))
    lines[at] = header + "\n"
    file.write_text("".join(lines))


def test_branches_merges_dependencies_and_several_heads(tmp_path: Path, server: Server) -> None:
    """Each revision is tried once, after all that it needs."""
    project = history(
        tmp_path,
        (sql("CREATE TABLE a (id int)"), sql("DROP TABLE a")),
        (sql("CREATE TABLE b (id int)"), sql("DROP TABLE b")),
        ("", ""),
        (sql("ALTER TABLE c ADD x int"), sql("ALTER TABLE c DROP x")),
        (sql("CREATE TABLE c (id int)"), sql("DROP TABLE c")),
        (sql("ALTER TABLE a ADD x int"), sql("ALTER TABLE a DROP x")),
    )
    link(project, "r3", 'down_revision = "r1"')
    link(project, "r4", 'down_revision = ("r2", "r3")')
    link(project, "r5", 'down_revision = "r4"')
    link(project, "r6", "down_revision = None")
    link(project, "r7", 'down_revision = "r6"')
    for revision, needed in (("r5", "r6"), ("r7", "r4")):
        file = project / "migrations" / "versions" / f"{revision}.py"
        file.write_text(file.read_text().replace("depends_on = None", f'depends_on = "{needed}"'))
    trip = trip_of(project, server)
    tried = [result.revision for result in trip.results]
    assert sorted(tried) == ["r1", "r2", "r3", "r4", "r5", "r6", "r7"]
    assert tried.index("r6") < tried.index("r5")
    assert tried.index("r4") < tried.index("r7")
    assert {result.restored for result in trip.results} == {"exact"}


WRONG_CHAINS = {
    "circle": ("r1", 'down_revision = "r2"', "circle"),
    "missing parent": ("r2", 'down_revision = "r0"', "no file has that revision"),
    "same id twice": ("r2", 'down_revision = "r1"; revision = "r1"', "is taken by"),
    "syntax": ("r2", "down_revision =", "invalid syntax"),
    "import": ("r2", 'down_revision = "r1"; import not_there', "No module named 'not_there'"),
    "exit": ("r2", 'down_revision = "r1"; raise SystemExit("set KEY")', "set KEY"),
}


@pytest.mark.parametrize(("revision", "header", "told"), WRONG_CHAINS.values(), ids=WRONG_CHAINS)
def test_files_that_are_no_history_are_one_message(
    tmp_path: Path, server: Server, revision: str, header: str, told: str
) -> None:
    """Exit code 2, the file, and no traceback."""
    project = history(tmp_path, ("", ""))
    link(project, revision, header)
    ended = command(project, server)
    assert_refused(ended, told)
    assert "versions/r" in ended.stderr


# -- projects as they are ------------------------------------------------------------------------


def command(
    project: Path, server: Server, *arguments: str, subcommand: str = "roundtrip", **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "migsafe", subcommand, *arguments],
        cwd=project, capture_output=True, text=True,
        env={**os.environ, "MIGSAFE_SERVER_URL": server.url(), "PYTHONUTF8": "1", **more},
    )  # fmt: skip


def assert_refused(ended: subprocess.CompletedProcess[str], told: str) -> None:
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert told in ended.stderr
    assert ended.stderr.count("migsafe:") == 1
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_without_an_env_py_migrations_run_as_in_a_new_project(
    tmp_path: Path, server: Server
) -> None:
    """A folder with migrations is enough, each in its own transaction."""
    project = history(tmp_path, (sql("ALTER TABLE users ADD x int"), ""), env=None)
    (project / "alembic.ini").unlink()
    trip = trip_of(project / "migrations" / "versions", server)
    assert [result.restored for result in trip.results] == ["exact", "no"]


ASYNC_ENV = """
import asyncio

from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine


def run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = create_async_engine({url!r}, poolclass=pool.NullPool,
                                 connect_args={{"server_settings": {{"jit": "off"}}}})
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
"""
ENGINE_ENV = """
from alembic import context
from sqlalchemy import create_engine

engine = create_engine({url!r}{options})
"""


def leading_to(url: str, driver: str, options: str = "", env: str = ENGINE_ENV + RUN) -> str:
    """An env.py that connects to *url*, whatever migsafe says."""
    return env.format(url=sqlalchemy_url(url, driver), options=options)


ENVIRONMENTS = {
    "psycopg": ("psycopg", ""),
    "psycopg2": ("psycopg2", ""),
    "psycopg2 with ssl": ("psycopg2", ', connect_args={"sslmode": "prefer", "connect_timeout": 9}'),
    "pool": ("psycopg", ", pool_pre_ping=True, pool_size=1, max_overflow=0"),
}


@pytest.mark.parametrize(("driver", "options"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_a_fixed_url_is_not_followed(
    tmp_path: Path, server: Server, other: str, driver: str, options: str
) -> None:
    """Whatever database env.py names, the trip runs on the throwaway one."""
    env = leading_to(other, driver, options)
    trip = trip_of(history(tmp_path, env=env), server)
    assert verdicts(trip) == [("r1", "ok", "ok", "exact", "ok")]


def test_an_async_env_py_is_led_too(tmp_path: Path, server: Server, other: str) -> None:
    """asyncpg, with settings that only it knows."""
    env = leading_to(other, "asyncpg", env=ASYNC_ENV)
    trip = trip_of(history(tmp_path, (sql("CREATE INDEX ix ON users (id)"), ""), env=env), server)
    assert [result.restored for result in trip.results] == ["exact", "no"]


VARIABLES = {
    "PGHOST": "9.9.9.9",
    "PGHOSTADDR": "9.9.9.9",
    "PGPORT": "1",
    "PGUSER": "stranger",
    "PGDATABASE": "nowhere",
    "PGSERVICE": "nowhere",
    "PGOPTIONS": "-c no_such_setting=1",
    "PGCLIENTENCODING": "SQL_ASCII",
    "PGCONNECT_TIMEOUT": "x",
    "PGTARGETSESSIONATTRS": "standby",
    "PGCHANNELBINDING": "require",
    "PGREQUIREAUTH": "scram-sha-256",
    "PGSSLMODE": "nonsense",
    "PGTZ": "Nowhere/Nowhere",
}


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_variables_of_libpq_do_not_lead_astray(
    db: str, driver: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the project's connections either; env.py may still read them."""
    monkeypatch.setenv(variable, VARIABLES[variable])
    query = sa.text("SELECT current_database(), current_setting('TimeZone')")
    nowhere = f"postgresql+{driver}://nobody@nowhere/production"
    redirect = Redirect()
    redirect.to(db)
    with redirect.installed():
        if driver == "asyncpg":
            engine = create_async_engine(nowhere, poolclass=sa.NullPool)

            async def ask() -> object:
                async with engine.connect() as connection:
                    return tuple((await connection.execute(query)).one())

            found = asyncio.run(ask())
        else:
            plain = sa.create_engine(nowhere, poolclass=sa.NullPool)
            with plain.connect() as connection:
                found = tuple(connection.execute(query).one())
        assert os.environ[variable] == VARIABLES[variable]
    assert found == (database_of(db), "UTC")


def test_a_trip_with_variables_of_libpq(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An env.py that makes its URL of them works as it does elsewhere, with rows, too."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    url = "f\"postgresql+psycopg://{os.environ['PGUSER']}@{os.environ['PGHOST']}/x\""
    env = f"import os\nfrom sqlalchemy import create_engine\nengine = create_engine({url})\n" + RUN
    env = "from alembic import context\n" + env
    trip = roundtrip(find_history([history(tmp_path, env=env)]), server, data=True)
    assert verdicts(trip) == [("r1", "ok", "ok", "exact", "ok")]


def test_a_hook_that_changes_the_way_is_not_followed(
    tmp_path: Path, server: Server, other: str
) -> None:
    """A project's own do_connect, as for passwords that expire, comes too late."""
    hook = """
from sqlalchemy import event

@event.listens_for(engine, "do_connect")
def token(dialect, record, arguments, parameters):
    import psycopg
    return psycopg.connect(OTHER)
"""
    env = leading_to(other, "psycopg", env=ENGINE_ENV + hook.replace("OTHER", repr(other)) + RUN)
    assert not trip_of(history(tmp_path, env=env), server).summary.failed


def test_a_connection_from_before_is_not_used(tmp_path: Path, server: Server, other: str) -> None:
    """An application that connects when it is imported cannot lead us to its database."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(sqlalchemy_url(other), pool_size=1)
    module = type(sys)("migsafe_test_app")
    module.engine = engine  # type: ignore[attr-defined]
    sys.modules["migsafe_test_app"] = module
    try:
        with engine.connect():
            pass
        env = "from alembic import context\nfrom migsafe_test_app import engine\n" + RUN
        project = history(tmp_path / "a", env=env)
        assert not trip_of(project, server).summary.failed
        with engine.connect() as connection:  # and afterwards it is the application's again
            name = connection.exec_driver_sql("SELECT current_database()").scalar()
        assert other.endswith(f"/{name}") or f"/{name}?" in other
        module.connection = engine.connect()  # type: ignore[attr-defined]
        env = (
            "from alembic import context\nfrom migsafe_test_app import connection\n"
            "context.configure(connection=connection)\ncontext.run_migrations()\n"
        )
        with pytest.raises(ServerError, match="may lead to another database"):
            trip_of(history(tmp_path / "b", env=env), server)
        module.connection.close()
    finally:
        del sys.modules["migsafe_test_app"]
        engine.dispose()


def test_a_connection_that_the_project_opens_itself_is_refused(
    tmp_path: Path, server: Server, other: str
) -> None:
    """creator= goes past SQLAlchemy, so nothing is executed on what it returns."""
    env = leading_to(
        other, "psycopg", f", creator=lambda: __import__('psycopg').connect({other!r})"
    )
    ended = command(history(tmp_path, env=env), server)
    assert_refused(ended, "may lead to another database")


def test_another_kind_of_database_is_refused(tmp_path: Path, server: Server) -> None:
    """SQLite in env.py: exit code 2."""
    env = ENGINE_ENV.format(url="sqlite:///app.db", options="") + RUN
    ended = command(history(tmp_path, env=env), server)
    assert_refused(ended, "connects to sqlite")
    assert not (tmp_path / "app.db").exists()


BROKEN_ENVIRONMENTS = {
    "import": ("import not_there", "No module named 'not_there'"),
    "variable": ('import os\nos.environ["APP_SECRET"]', "KeyError: 'APP_SECRET'"),
    "exit": ('import sys\nsys.exit("APP_SECRET is not set")', "APP_SECRET is not set"),
    "nothing": ("pass", "must call context.run_migrations()"),
    "syntax": ("def", "invalid syntax"),
    "database": (
        PLAIN_ENV.replace("context.configure(", "connection.exec_driver_sql('SELECT x')("),
        'column "x" does not exist',
    ),
    "no commit": (
        PLAIN_ENV.replace("    with context.begin_transaction():\n    ", ""),
        "env.py did not commit",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("env", "told"), BROKEN_ENVIRONMENTS.values(), ids=BROKEN_ENVIRONMENTS)
def test_an_env_py_that_does_not_work_is_one_message(
    tmp_path: Path, server: Server, env: str, told: str
) -> None:
    """It is no failure of a migration: exit code 2 and where to look."""
    ended = command(history(tmp_path, env=env), server)
    assert_refused(ended, told)
    assert "migrations/env.py" in ended.stderr


def test_transactions_of_the_projects_own(tmp_path: Path, server: Server) -> None:
    """Migrations may end Alembic's transaction, or run outside of one."""
    project = history(
        tmp_path,
        (
            "op.execute('COMMIT')\n" + sql("CREATE INDEX CONCURRENTLY ix ON users (id)"),
            "with op.get_context().autocommit_block():\n"
            "    op.execute('DROP INDEX CONCURRENTLY ix')",
        ),
        (
            "op.execute('COMMIT')\n" + sql("CREATE INDEX iy ON users (id)", "SELECT nothing"),
            "",
        ),
        env="from alembic import context\nfrom sqlalchemy import create_engine\n"
        'engine = create_engine("postgresql+psycopg:///x", isolation_level="AUTOCOMMIT")\n' + RUN,
    )
    trip = trip_of(project, server)
    assert [(result.up, result.restored) for result in trip.results] == [
        ("ok", "exact"),
        ("ok", "exact"),
        ("error", None),
    ]


def test_names_of_every_kind(tmp_path: Path, server: Server) -> None:
    """Quotes, spaces, percent signs and non-ASCII letters, in files and in names."""
    folder = tmp_path / "100% größe 'x'"
    name = '"Größe %s: 100% ""x"""'
    odd = sql(f"CREATE TABLE {name} (id int)".replace(":", "\\:"))
    project = history(folder, (odd, ""), env=None)
    (project / "migrations" / "versions" / "r2.py").rename(
        project / "migrations" / "versions" / "r2 größe 50%.py"
    )
    ended = command(project / "migrations", server, "versions")
    assert ended.returncode == 1, ended.stderr
    assert f"table {name} is left behind" in ended.stdout
    # Alembic itself cannot read an alembic.ini in a folder with a percent sign.
    ini = command(history(tmp_path / "größe 'y'", (odd, "")), server)
    assert ini.returncode == 1, ini.stderr


def test_what_migrations_print_does_not_spoil_the_output(tmp_path: Path, server: Server) -> None:
    """Standard output is ours alone; the JSON is the documented one."""
    noisy = 'print("hello")\nimport warnings, logging\nwarnings.warn("careful")'
    project = history(
        tmp_path,
        (noisy + "\n" + sql("CREATE INDEX ix ON users (id)"), noisy),
        env='print("env")\nimport logging\nlogging.basicConfig(level=0)\n' + PLAIN_ENV,
    )
    ended = command(project, server, "--format", "json")
    assert ended.returncode == 1, ended.stderr
    found = json.loads(ended.stdout)
    keys = {"version", "postgres", "revisions", "untried", "checks", "summary"}
    assert found.keys() == keys
    assert found["version"] == 1
    second = found["revisions"][1]
    assert second.pop("seconds") > 0
    assert second == {
        "revision": "r2",
        "file": "migrations/versions/r2.py",
        "up": "ok",
        "down": "ok",
        "restored": "no",
        "reup": "error",
        "differences": ["index ix is left behind"],
        "data_loss": [],
        "data_loss_accepted": [],
        "data_error": None,
        "depends_on_data": [],
        "error": 'DuplicateTable: relation "ix" already exists',
        "notes": [],
    }
    assert found["summary"]["failed"] == 1


def test_two_projects_in_one_process_do_not_meet(tmp_path: Path, server: Server) -> None:
    """Modules of one name are each project's own, and the process is left as it was."""
    before = (list(sys.path), dict(os.environ), Path.cwd(), set(sys.modules))
    logger = logging.getLogger("migsafe.tests.roundtrip")
    env = (
        "import os, logging.config\nos.environ['APP_MODE'] = 'x'\nos.chdir('/')\n"
        "logging.config.dictConfig({'version': 1, 'disable_existing_loggers': True})\n"
        + PLAIN_ENV
    )  # fmt: skip
    for name in ("one", "two"):
        up = "from app_tables import TABLE\n" + 'op.execute(f"CREATE TABLE {TABLE} (id int)")'
        project = history(tmp_path / name, (up, ""), env=env)
        (project / "app_tables.py").write_text(f"TABLE = {name!r}\n")
        assert last(trip_of(project, server)).differences == (f"table {name} is left behind",)
    assert (list(sys.path), dict(os.environ), Path.cwd()) == before[:3]
    assert "app_tables" not in sys.modules
    assert not logger.disabled


def test_each_run_of_a_migration_has_fresh_state(tmp_path: Path, server: Server) -> None:
    """What a module remembers from its first upgrade does not change its second."""
    project = history(tmp_path, ("assert not seen\nseen.append(1)", ""))
    file = project / "migrations" / "versions" / "r2.py"
    file.write_text(file.read_text() + "\nseen = []\n")
    assert not trip_of(project, server).summary.failed


def test_a_downgrade_of_another_shape_is_a_finding_on_every_server(
    tmp_path: Path, any_major: Server
) -> None:
    """All supported majors give the same answer."""
    project = history(tmp_path, (sql("CREATE TABLE o (id serial PRIMARY KEY)"), ""))
    trip = trip_of(project, any_major)
    assert "table o is left behind" in last(trip).differences


def test_ctrl_c_leaves_nothing(tmp_path: Path, server: Server) -> None:
    """An interrupted trip drops its database and says so."""
    query = "SELECT array_agg(datname ORDER BY datname) FROM pg_database"
    with psycopg.connect(server.url(), autocommit=True) as session:
        before = session.execute(query).fetchone()
        project = history(tmp_path, (sql("SELECT pg_sleep(60)"), ""))
        process = subprocess.Popen(
            [sys.executable, "-m", "migsafe", "roundtrip", "--server-url", server.url()],
            cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        while session.execute(sleeping).fetchone() == (0,):
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
        assert session.execute(query).fetchone() == before
    assert process.returncode == 2
    assert told.strip() == "migsafe: interrupted"


def test_a_failure_of_the_server_is_no_failure_of_a_migration(
    tmp_path: Path, server: Server
) -> None:
    """An unreachable server is exit code 2, without the password."""
    url = "postgresql://u:secret@127.0.0.1:1/none"
    ended = command(history(tmp_path), server, "--server-url", url)
    assert_refused(ended, "cannot connect")
    assert "secret" not in ended.stderr


def test_the_text_says_what_is_wrong(tmp_path: Path, server: Server) -> None:
    """One line for each revision, differences below it, counts at the end."""
    project = history(
        tmp_path,
        (sql("CREATE INDEX ix ON users (id)"), ""),
        (sql("DROP INDEX ix"), "raise NotImplementedError"),
        (sql("nonsense"), ""),
        ("", ""),
    )
    trip = trip_of(project, server)
    assert list(render.as_text(trip)) == [
        "ok     r1  r1.py  restored",
        "FAILED r2  r2.py  the second upgrade fails",
        "         index ix is left behind",
        '         DuplicateTable: relation "ix" already exists',
        "ok     r3  r3.py  irreversible on purpose",
        "FAILED r4  r4.py  the upgrade fails",
        '         SyntaxError: syntax error at or near "nonsense"',
        "Not tried, as they come after it: r5.",
        f"4 revisions on PostgreSQL {server.major}; 2 wrong; 1 irreversible on purpose.",
    ]
    page = [re.sub(r"\d+\.\d \|$", "… |", line) for line in render.as_markdown(trip)]
    assert page[1:5] == [
        "|---|---|---|---:|",
        "| `r1` | r1.py | restored | … |",
        "| `r2` | r2.py | **the second upgrade fails** | … |",
        "| `r3` | r3.py | irreversible on purpose | … |",
    ]
    assert "- index ix is left behind" in page
    assert page[-1].startswith("4 revisions on PostgreSQL")


# -- with rows in the tables ---------------------------------------------------------------------


def filled(project: Path, server: Server) -> Result:
    """The last revision's result when tables hold rows."""
    return last(roundtrip(find_history([project]), server, data=True))


LOSSES = {
    "column": (
        sql("ALTER TABLE users DROP COLUMN email"),
        sql("ALTER TABLE users ADD COLUMN email text"),
        r"users.email: \d+ values, and 0 afterwards",
    ),
    "table": (
        sql("DROP TABLE users"),
        sql("CREATE TABLE users (id int, email text)"),
        "users: 20 rows, and 0 afterwards",
    ),
    "cut off": (
        sql("ALTER TABLE users ALTER email TYPE varchar(1) USING left(email, 1)"),
        sql("ALTER TABLE users ALTER email TYPE text"),
        r"users.email: \d+ values, and not the same ones afterwards",
    ),
    "swapped": (
        "",
        sql("UPDATE users u SET email = (SELECT max(email) FROM users) WHERE id = 1"),
        r"users.email: \d+ values, and",
    ),
    "rows of a kind": (
        sql("DELETE FROM users WHERE email LIKE 'spam%'"),
        "",
        r"users: 20 rows, and 1?\d afterwards",
    ),
}


@pytest.mark.parametrize(("up", "down", "told"), LOSSES.values(), ids=LOSSES)
def test_data_that_does_not_come_back_is_found(
    tmp_path: Path, server: Server, up: str, down: str, told: str
) -> None:
    """The schema is restored; only rows tell."""
    project = history(tmp_path, (up, down))
    assert not trip_of(project, server).summary.failed
    result = filled(project, server)
    assert (result.restored, result.reup, result.failed) in {
        ("exact", "ok", True),
        ("benign", "ok", True),
    }
    assert len(result.data_loss) == 1
    assert re.fullmatch(told + ".*", result.data_loss[0]), result.data_loss


def test_a_loss_that_the_migration_declares_is_accepted(tmp_path: Path, server: Server) -> None:
    """An ignore comment with a reason says that it is known; it is still listed."""
    down = sql("ALTER TABLE users ADD COLUMN email text")
    comment = "# migsafe: ignore[lossy-downgrade]"
    for number, (reason, failed) in enumerate([("", True), (" nobody reads it", False)]):
        project = history(
            tmp_path / str(number),
            (sql("ALTER TABLE users DROP COLUMN email"), f"{down}  {comment}{reason}"),
        )
        result = filled(project, server)
        assert result.failed is failed
        assert len(result.accepted or result.data_loss) == 1


def test_a_step_that_fails_with_any_rows_is_a_finding_of_its_own(
    tmp_path: Path, server: Server
) -> None:
    """The history itself is right: in an empty database all goes well."""
    add, drop = "ALTER TABLE users ADD COLUMN age int NOT NULL", "ALTER TABLE users DROP COLUMN age"
    up = filled(history(tmp_path / "up", (sql(add), sql(drop))), server)
    assert (up.up, up.down, up.restored, up.failed) == ("ok", "ok", "exact", True)
    assert up.data_error is not None
    assert up.data_error.startswith("the upgrade fails once tables hold rows: NotNullViolation")
    (told,) = json.loads(render.as_json(Trip((up,), server.major), tmp_path))["revisions"]
    assert told["error"] == told["data_error"] == up.data_error
    down = filled(history(tmp_path / "down", (sql(add), sql(drop)), (sql(drop), sql(add))), server)
    assert down.data_error is not None
    assert down.data_error.startswith("the downgrade fails once tables hold rows: NotNull")


@pytest.mark.parametrize(
    ("up", "error"),
    [
        (sql("SELECT email::int FROM users"), "InvalidText"),
        (
            'import json; [json.loads(e) for e in op.get_bind().exec_driver_sql("TABLE users")]',
            "TypeError: the JSON object must be",
        ),
    ],
)
def test_a_step_that_fails_with_some_rows_is_no_finding(
    tmp_path: Path, server: Server, up: str, error: str
) -> None:
    """It is told; only the project knows its rows."""
    result = filled(history(tmp_path, (up, "")), server)
    assert not result.failed
    assert result.by_data
    for told in result.by_data:
        assert told.startswith(f"the upgrade may fail, by what the tables hold: {error}")


@pytest.mark.parametrize("name", ["row.mail", "row._mapping['mail']"])
def test_a_column_that_no_row_has_is_an_error_of_the_step(
    tmp_path: Path, server: Server, name: str
) -> None:
    """It comes up with the first row, whatever that holds."""
    up = f"[{name} for row in op.get_bind().execute(sa.text('TABLE users'))]"
    result = filled(history(tmp_path, (up, "")), server)
    assert result.failed
    assert "the upgrade fails once tables hold rows" in (result.data_error or "")


def test_rows_from_before_a_constraint_that_is_not_valid(tmp_path: Path, server: Server) -> None:
    """VALIDATE CONSTRAINT finds them; the constraint itself is added with them there."""
    added = (
        "ALTER TABLE users ADD CONSTRAINT few CHECK (id < 1005) NOT VALID",
        "ALTER TABLE users ADD CONSTRAINT leader FOREIGN KEY (boss) REFERENCES users NOT VALID",
    )
    project = history(
        tmp_path,
        (
            sql("ALTER TABLE users ADD boss int, ADD PRIMARY KEY (id)"),
            sql(
                "ALTER TABLE users DROP CONSTRAINT users_pkey, DROP boss, ALTER id DROP NOT NULL",
            ),
        ),
        (sql(*added), sql("ALTER TABLE users DROP CONSTRAINT few, DROP CONSTRAINT leader")),
        *(
            (
                sql(f"ALTER TABLE users VALIDATE CONSTRAINT {name}"),
                sql(f"ALTER TABLE users DROP CONSTRAINT {name}", text),
            )
            for name, text in zip(("few", "leader"), added, strict=True)
        ),
    )
    results = roundtrip(find_history([project]), server, data=True).results
    assert not [one for one in results if one.failed]
    told = ["\n".join(one.by_data) for one in results[-3:]]
    assert told[0] == ""
    assert "the upgrade may fail, by what the tables hold: CheckViolation" in told[1]
    assert "the upgrade may fail, by what the tables hold: ForeignKeyViolation" in told[2]


def test_right_migrations_do_not_fail_because_of_the_rows(tmp_path: Path, server: Server) -> None:
    """What they ask of the rows is what the rows are made for, and no row stays behind."""
    clean = """
    for table in ("users", "orders"):
        assert op.get_bind().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0
    """
    project = history(
        tmp_path,
        (
            sql(
                "CREATE TABLE orders (id serial PRIMARY KEY, qty int, code text, user_id int)",
                "ALTER TABLE users ADD updated_at timestamptz",
                "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
                " 'BEGIN new.updated_at = clock_timestamp(); RETURN new; END'",
                "CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch()",
            ),
            sql(
                "DROP TRIGGER touch ON users",
                "DROP FUNCTION touch",
                "ALTER TABLE users DROP updated_at",
                "DROP TABLE orders",
            ),
        ),
        (
            sql(
                "ALTER TABLE users ADD PRIMARY KEY (id)",
                "ALTER TABLE orders ADD CONSTRAINT few CHECK (qty < 1005),"
                " ADD CONSTRAINT form CHECK (code ~ '^[A-Z]{2}[0-9]+$'),"
                " ADD CONSTRAINT once UNIQUE (qty),"
                " ADD CONSTRAINT owner FOREIGN KEY (user_id) REFERENCES users",
                "ALTER TABLE users ALTER email TYPE int USING email::int",
                "UPDATE users SET email = email",
            ),
            sql(
                "ALTER TABLE users ALTER email TYPE text",
                "ALTER TABLE orders DROP CONSTRAINT owner, DROP CONSTRAINT once,"
                " DROP CONSTRAINT form, DROP CONSTRAINT few",
                "ALTER TABLE users DROP CONSTRAINT users_pkey, ALTER id DROP NOT NULL",
            ),
        ),
        (clean, clean),
        (
            sql(
                "ALTER TABLE users ADD data jsonb, ADD list jsonb DEFAULT '[]'",
                f"CREATE TABLE wide ({', '.join(f'c{n} int' for n in range(850))})",
            ),
            sql("ALTER TABLE users DROP data, DROP list", "DROP TABLE wide"),
        ),
        (
            sql(
                """UPDATE users SET data = data || '{"version": 2}', list = list || '"new"'""",
                "ALTER TABLE wide ADD last text",
            ),
            sql(
                "UPDATE users SET data = data - 'version', list = list - 'new'",
                "ALTER TABLE wide DROP last",
            ),
        ),
    )
    location = find_history([project])
    tried = ["r1", "r2", "r3", "r6"]
    trip = roundtrip(location, server, data=True, only=tried)  # r4 looks for rows
    assert [result.revision for result in trip.results] == tried
    for result in trip.results:
        assert not result.failed, result
    assert [bool(result.by_data) for result in trip.results[:3]] == [False, False, True]
    told = "\n".join(trip.results[2].by_data)
    for error in ("InvalidText", "NotNull", "UniqueV", "ForeignKeyV", "CheckV"):
        assert error in told  # nothing keeps such rows out before


def test_the_shop_has_just_the_findings_that_it_should(server: Server) -> None:
    """One broken downgrade, one that cannot give data back, one upgrade that needs empty tables."""
    shop = Path(__file__).parent.parent / "examples" / "shop"
    trip = roundtrip(find_history([shop]), server, data=True)
    assert {r.revision: bool(r.data_error) for r in trip.results if r.failed} == {
        "0003": False,
        "0009": False,
        "0011": True,
    }
    told = {r.revision: " ".join(r.by_data) for r in trip.results if r.by_data}
    assert told.keys() == {"0004", "0007", "0008", "0010", "0013"}
    assert "the downgrade may fail, by what the tables hold: StringData" in told["0004"]
    assert 'UniqueViolation: could not create unique index "ix_orders_number"' in told["0007"]
    assert "the downgrade may fail, by what the tables hold: NumericValueOut" in told["0008"]
    assert "fk_orders_user_id_shipping_address_id_addresses" in told["0010"]
    assert "ck_order_lines_quantity_positive" in told["0010"]
    assert "ck_addresses_country_present" in told["0013"]  # validates what was NOT VALID


@pytest.mark.parametrize("name", ["check", "roundtrip", "trace"])
@pytest.mark.parametrize("damage", ["gone", "empty", "bytes", "folder"])
def test_all_commands_agree_on_what_is_no_history(
    tmp_path: Path, server: Server, name: str, damage: str
) -> None:
    """Alembic would pass over it in silence; nothing that was not read is called right."""
    project = history(tmp_path, ("pass", "pass"))
    versions = project / "migrations" / "versions"
    if damage in ("gone", "empty"):
        for file in versions.iterdir():
            file.unlink()
    if damage == "gone":
        versions.rmdir()
    if damage == "bytes":
        with (versions / "r2.py").open("ab") as file:
            file.write(b"# \xff\n")
    if damage == "folder":
        (versions / "b2_dir.py").mkdir()
    told = {"gone": "not there", "empty": "no migrations", "bytes": "0xff", "folder": "b2_dir.py"}
    assert_refused(command(project, server, subcommand=name), told[damage])


def test_no_history_at_all(tmp_path: Path, server: Server) -> None:
    """A folder without migrations is exit code 2."""
    with pytest.raises(MigsafeError):
        find_history([tmp_path / "nowhere"])
    assert_refused(command(tmp_path, server), "alembic.ini")
