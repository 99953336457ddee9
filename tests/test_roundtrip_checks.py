"""Checks of a whole history: each finds its own kind of mistake, and nothing in a right history."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest
from test_roundtrip import PLAIN_ENV, command, history, link, sql

from migsafe.capture import find_history
from migsafe.errors import HistoryError
from migsafe.roundtrip import Verdict, released_at, roundtrip
from migsafe.roundtrip.checks import CHECKS, NAMES, described
from migsafe.server import Server
from migsafe.server.urls import with_role

ORDERS = (
    sql("CREATE TABLE orders (id int)", "CREATE INDEX ix ON orders (id)"),
    sql("DROP TABLE orders"),
)
MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
users = sa.Table("users", metadata, sa.Column("id", sa.Integer), sa.Column("email", sa.Text))
orders = sa.Table("orders", metadata, sa.Column("id", sa.Integer))
sa.Index("ix", orders.c.id)
"""
BOTH_WAYS_ENV = (
    MODELS
    + """
from alembic import context
from sqlalchemy import create_engine, pool

if context.is_offline_mode():
    context.configure(url="postgresql://", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine("postgresql+psycopg:///x", poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()
"""
)


def verdicts(
    project: Path, server: Server, *names: str, **options: object
) -> Mapping[str, Verdict]:
    trip = roundtrip(find_history([project]), server, checks=names, **options)  # type: ignore[arg-type]
    return {verdict.name: verdict for verdict in trip.checks}


def the(project: Path, server: Server, name: str, **options: object) -> Verdict:
    return verdicts(project, server, name, **options)[name]


def test_a_right_history_passes_all(tmp_path: Path, server: Server) -> None:
    """Each check says so; that of the last release has none to ask."""
    project = history(tmp_path, ORDERS, env=BOTH_WAYS_ENV)
    found = verdicts(project, server, *NAMES)
    assert {name: verdict.result for name, verdict in found.items()} == {
        check.name: "not applicable" if check.name == "from-release" else "ok" for check in CHECKS
    }, found
    assert all(verdict.seconds >= 0 for verdict in found.values())
    with psycopg.connect(server.url()) as session:
        query = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'migsafe%'"
        assert session.execute(query).fetchall() == []


def test_what_env_py_makes_itself_is_left_behind_by_no_downgrade(
    tmp_path: Path, server: Server
) -> None:
    """Its schema and its version table are there before the first revision, and get no rows."""
    made = 'connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS meta"); connection.commit()'
    named = 'connection=connection, version_table="done", version_table_schema="meta"'
    env = PLAIN_ENV.replace("    context.configure(", f"    {made}\n    context.configure(")
    looks = 'assert op.get_bind().exec_driver_sql("SELECT count(*) FROM meta.done").scalar() == 1'
    project = history(
        tmp_path, ("", ""), (looks, looks), env=env.replace("connection=connection", named)
    )
    checks = ["downgrade", "re-upgrade", "data", "from-empty", "idempotent"]
    trip = roundtrip(find_history([project]), server, checks=checks)
    assert [result.restored for result in trip.results] == ["exact"] * 3
    assert trip.summary.clean, trip


WRONG = {
    "from-empty": (
        sql("CREATE TYPE mood AS ENUM ('sad')", "ALTER TYPE mood ADD VALUE 'ok'"),
        sql("CREATE TABLE moods (m mood DEFAULT 'x')"),
        'r3.py:13: InvalidTextRepresentation: invalid input value for enum mood: "x"',
    ),
    "models": ("", sql("ALTER TABLE users ADD CHECK (id > 0)"), "the models want op.drop_"),
    "offline": (
        "if context.is_offline_mode():\n    return\n" + ORDERS[0],
        "",
        "after the SQL: table orders is missing",
    ),
    "unprivileged": (
        "",
        sql("CREATE ROLE migsafe_test_clerk"),
        "r3.py:13: InsufficientPrivilege: permission denied to create role",
    ),
    "other-schema": (
        "",
        sql("CREATE TABLE public.orders (id int)"),
        "table public.orders is made in public, whatever the search_path says",
    ),
    "busy": (
        ORDERS[0],
        sql("LOCK TABLE orders", "SELECT pg_sleep(0.1)", "LOCK TABLE users"),
        "r3.py",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_finds_its_own(tmp_path: Path, server: Server, name: str) -> None:
    """In words, with the place in the migration where there is one."""
    first, second, told = WRONG[name]
    first = "from alembic import context\n" + first
    project = history(tmp_path, (first, ""), (second, ""), env=BOTH_WAYS_ENV)
    verdict = the(project, server, name)
    assert verdict.result == "failed"
    assert any(told in problem for problem in verdict.problems), verdict.problems


def test_one_transaction_may_be_too_little(tmp_path: Path, server: Server) -> None:
    """Step by step a new enum value can be used; at once it cannot."""
    project = history(
        tmp_path,
        (sql("CREATE TYPE mood AS ENUM ('sad')"), sql("DROP TYPE mood")),
        (sql("ALTER TYPE mood ADD VALUE 'ok'"), "raise NotImplementedError"),
        (sql("CREATE TABLE moods (m mood DEFAULT 'ok')"), sql("DROP TABLE moods")),
    )
    # The type must be older than the transaction for PostgreSQL to refuse its new value.
    released = frozenset({"r1", "r2"})
    found = verdicts(project, server, "from-release", "from-empty", released=released)
    assert found["from-empty"].result == "ok"
    (told,) = found["from-release"].problems
    assert "the upgrade from the last release fails: r4.py:13: UnsafeNewEnumValueUsage" in told


def test_an_env_py_that_does_not_bear_a_second_run(tmp_path: Path, server: Server) -> None:
    """It does more than migrations, and only once."""
    makes = PLAIN_ENV.replace(
        "    context.configure",
        "    connection.exec_driver_sql('CREATE SCHEMA app')\n    context.configure",
    ).replace("configure(connection=connection", "configure(connection=connection, x=1")
    makes = makes.replace("    with context", "    connection.commit()\n    with context").replace(
        ", x=1", ""
    )
    project = history(tmp_path, env=makes)
    verdict = the(project, server, "idempotent")
    assert verdict.problems == (
        'a second run fails: env.py:8: DuplicateSchema: schema "app" already exists',
    )


def test_what_cannot_be_asked_is_not_applicable(tmp_path: Path, server: Server) -> None:
    """Without models, or without an upgrade that works; that is no finding."""
    plain = verdicts(history(tmp_path / "a"), server, "models", "from-release")
    assert [v.result for v in plain.values()] == ["not applicable"] * 2
    assert "target_metadata" in plain["models"].problems[0]
    broken = verdicts(history(tmp_path / "b", (sql("nonsense"), "")), server, *NAMES)
    assert broken["from-empty"].result == "failed"
    for name in ("idempotent", "offline", "unprivileged", "other-schema", "busy"):
        assert "cannot be upgraded at once: r2.py:13" in broken[name].problems[0]
        assert not broken[name].failed


def test_heads_and_orphans(tmp_path: Path, server: Server) -> None:
    """A history of its own has a label; whatever connects two parts, they are one."""
    project = history(tmp_path, ("", ""), ("", ""), ("", ""))
    link(project, "r4", "down_revision = None")
    found = verdicts(project, server, "single-head", "connected")
    assert "2 heads: r3, r4" in found["single-head"].problems[0]
    (told,) = found["connected"].problems
    assert told.startswith("r4.py: no other revision leads to r4; ")
    file = project / "migrations" / "versions" / "r4.py"
    labelled = file.read_text().replace("branch_labels = None", 'branch_labels = "two"')
    file.write_text(labelled)
    assert the(project, server, "connected").result == "ok"
    file.write_text(labelled.replace('branch_labels = "two"', "branch_labels = None"))
    link(project, "r3", 'down_revision = ("r2", "r4")')
    joined = verdicts(project, server, "single-head", "connected")
    assert {verdict.result for verdict in joined.values()} == {"ok"}


def test_the_last_release_is_a_tag_or_named(tmp_path: Path, server: Server) -> None:
    """Its revisions are those of its files, and all before them."""

    def git(*arguments: str) -> None:
        author = ("-c", "user.name=x", "-c", "user.email=x@example.com")
        subprocess.run(["git", *author, *arguments], cwd=tmp_path, check=True, capture_output=True)

    project = history(tmp_path, ("", ""), ORDERS)
    versions = project / "migrations" / "versions"
    (versions / "r3.py").rename(tmp_path / "parked")
    location = find_history([project])
    assert released_at(location) is None
    git("init", "-q")
    git("add", "migrations", "alembic.ini")
    git("commit", "-q", "-m", "x")
    assert released_at(location) is None
    git("tag", "v1")
    (versions / "r1.py").rename(versions / "renamed_r1.py")
    (tmp_path / "parked").rename(versions / "r3.py")
    assert released_at(location) == released_at(location, "v1") == {"r1", "r2"}
    with pytest.raises(HistoryError, match="does not know the release 'v2'"):
        released_at(location, "v2")
    ended = command(project, server, "--check", "from-release")
    assert "ok     from-release" in ended.stdout, ended.stdout + ended.stderr


def test_the_password_of_another_role() -> None:
    """Whoever a URL names, and wherever."""
    url = with_role("postgresql://a:b@host:1/d?user=c&sslmode=require", "x y", "p:w")
    assert url == "postgresql://x%20y:p%3Aw@host:1/d?sslmode=require"
    socket = with_role("postgresql://postgres@/d?host=%2Ftmp", "x", "y")
    assert socket == "postgresql://x:y@/d?host=%2Ftmp"


def test_every_check_is_documented() -> None:
    """With its name, in docs/roundtrip.md."""
    page = (Path(__file__).parent.parent / "docs" / "roundtrip.md").read_text()
    for name, proves in described():
        assert f"| `{name}` | {proves}" in page
