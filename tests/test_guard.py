"""A guarded upgrade of a database in use."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from projects import write_project

from migsafe.capture import find_history
from migsafe.guard import Guard, Limits, Outcome, plan, upgrade
from migsafe.guard.upgrade import ADVISORY_KEY
from migsafe.server import sqlalchemy_url

FAST = Limits(lock_timeout=0.3, retries=3, delay=0.05)
HISTORY = {
    "r1": ('op.execute("CREATE TABLE users (id int)")', 'op.execute("DROP TABLE users")'),
    "r2": (
        """
        op.execute("CREATE TABLE orders (id int)")
        op.execute("ALTER TABLE users ADD COLUMN name text")
        """,
        """
        op.execute("ALTER TABLE users DROP COLUMN name")
        op.execute("DROP TABLE orders")
        """,
    ),
}


@pytest.fixture
def project(tmp_path: Path, db: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("APP_DATABASE", sqlalchemy_url(db))
    return write_project(tmp_path, HISTORY)


@contextmanager
def locked(url: str, table: str) -> Iterator[psycopg.Connection]:
    """A session that reads *table* in an open transaction."""
    with psycopg.connect(url, application_name="report") as session:
        session.execute(f"SELECT * FROM {table}")
        yield session


def run(
    project: Path, limits: Limits = FAST, say: Callable[[str], None] = lambda t: None
) -> Outcome:
    return upgrade(find_history([project]), "heads", limits=limits, say=say)


def columns(url: str, table: str) -> list[str]:
    query = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
    with psycopg.connect(url) as session:
        return [row[0] for row in session.execute(query, [table])]


def current(url: str) -> list[str]:
    with psycopg.connect(url) as session:
        return [row[0] for row in session.execute("SELECT version_num FROM alembic_version")]


def test_a_plan_changes_nothing(project: Path, db: str) -> None:
    """The pending revisions are known without even the version table being made."""
    planned = plan(find_history([project]), "heads", Guard(1))
    assert planned.pending == ("r1", "r2")
    assert columns(db, "alembic_version") == []


def test_an_upgrade_runs_what_is_pending(project: Path, db: str) -> None:
    """All pending revisions are run, and a second call finds nothing to do."""
    assert run(project) == Outcome(("r1", "r2"))
    assert columns(db, "users") == ["id", "name"]
    assert run(project) == Outcome(())


def test_a_busy_lock_is_given_up_and_its_holder_named(project: Path, db: str) -> None:
    """After the retries the revision is rolled back as a whole, and the blocker is known."""
    first = upgrade(find_history([project]), "r1", limits=FAST)
    assert first.failed is None
    told: list[str] = []
    with locked(db, "users"):
        outcome = run(project, Limits(lock_timeout=0.3, retries=1, delay=0.05), told.append)
    assert outcome.failed == "r2"
    assert [blocker.application for blocker in outcome.blockers] == ["report"]
    assert any("blocked by pid" in line for line in told)
    assert columns(db, "orders") == []
    assert current(db) == ["r1"]


def test_it_is_tried_again_until_the_lock_is_free(project: Path, db: str) -> None:
    """The upgrade succeeds once the other session has let go."""
    upgrade(find_history([project]), "r1", limits=FAST)
    told: list[str] = []
    with locked(db, "users") as session:

        def say(line: str) -> None:
            told.append(line)
            if "rolled back" in line:
                session.rollback()

        outcome = run(project, say=say)
    assert outcome == Outcome(("r2",))
    assert sum("rolled back" in line for line in told) == 1


def test_an_upgrade_goes_on_where_it_stopped(project: Path, db: str) -> None:
    """What was done before a failure stays, and is not done again."""
    broken = project / "migrations" / "versions" / "r2.py"
    whole = broken.read_text()
    broken.write_text(whole.replace("ADD COLUMN name text", "ADD COLUMN name nonsense"))
    outcome = run(project)
    assert (outcome.done, outcome.failed) == (("r1",), "r2")
    assert 'type "nonsense" does not exist' in str(outcome.error)
    broken.write_text(whole)
    assert run(project) == Outcome(("r2",))


def test_two_runners_take_turns(project: Path, db: str) -> None:
    """A second upgrade waits for the first, then finds nothing to do."""
    told: list[str] = []
    waiting = threading.Event()

    def say(line: str) -> None:
        told.append(line)
        if "another migsafe upgrade" in line:
            waiting.set()

    with psycopg.connect(db, autocommit=True) as other:
        other.execute(f"SELECT pg_advisory_lock({ADVISORY_KEY})")
        results: list[Outcome] = []
        thread = threading.Thread(target=lambda: results.append(run(project, say=say)))
        thread.start()
        assert waiting.wait(30)
        assert columns(db, "users") == []
        other.execute(f"SELECT pg_advisory_unlock({ADVISORY_KEY})")
        thread.join(30)
    assert results == [Outcome(("r1", "r2"))]


def test_a_failed_concurrent_build_leaves_an_index_that_is_named(
    tmp_path: Path, db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The INVALID index of a failed unique build is reported, quoted."""
    monkeypatch.setenv("APP_DATABASE", sqlalchemy_url(db))
    with psycopg.connect(db) as session:
        session.execute("CREATE TABLE users (email text)")
        session.execute("INSERT INTO users VALUES ('a'), ('a')")
    project = write_project(
        tmp_path,
        {
            "r1": (
                """
                with op.get_context().autocommit_block():
                    op.execute('CREATE UNIQUE INDEX CONCURRENTLY "Uq" ON users (email)')
                """,
                "pass",
            )
        },
    )
    outcome = run(project)
    assert outcome.failed == "r1"
    assert outcome.invalid_indexes == ('public."Uq"',)


def command(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "migsafe", "upgrade", *arguments],
        cwd=project, capture_output=True, text=True, env=os.environ,
    )  # fmt: skip


def test_the_command_refuses_findings(project: Path, db: str) -> None:
    """A revision with a finding of severity error is not run unless it is allowed."""
    dangerous = project / "migrations" / "versions" / "r3.py"
    text = (project / "migrations" / "versions" / "r2.py").read_text()
    dangerous.write_text(
        text.replace('"r2"', '"r3"').replace("'r1'", "'r2'")
        .replace("CREATE TABLE orders (id int)", "CREATE INDEX ix ON users (id)")
        .replace("ADD COLUMN name text", "ADD COLUMN age int")
    )  # fmt: skip
    refused = command(project)
    assert refused.returncode == 1, refused.stderr
    assert "building ix blocks writes to users" in refused.stdout
    assert columns(db, "users") == []
    allowed = command(project, "--allow", "MS101")
    assert allowed.returncode == 0, allowed.stdout + allowed.stderr
    assert "Upgraded: 3 revisions." in allowed.stdout
    assert command(project).stdout == "Nothing is pending.\n"


WRONG_WORDS = {
    "revision": (["r9"], "'r9'; did you mean r2?"),
    "relative": (["+3"], "Relative revision +3"),
    "rule": (["--allow", "MS999"], "--allow MS999: there is no such rule"),
    "name of a rule": (["--allow", "blocking-index-bild"], "did you mean blocking-index-build?"),
}


@pytest.mark.parametrize(("arguments", "told"), WRONG_WORDS.values(), ids=WRONG_WORDS)
def test_words_are_looked_at_before_the_database(
    project: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    """Exit code 2 and the nearest word, though no database can be reached."""
    monkeypatch.setenv("APP_DATABASE", "postgresql+psycopg://u@127.0.0.1:1/none")
    ended = command(project, *arguments)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert ended.stderr.count("migsafe:") == 1


def test_a_url_for_a_driver_that_is_missing_gets_a_hint(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to SQLAlchemy 2.0 ``postgresql://`` means psycopg2, which need not be there."""
    env = project / "migrations" / "env.py"
    env.write_text("import sys\nsys.modules['psycopg2'] = None\n" + env.read_text())
    monkeypatch.setenv("APP_DATABASE", "postgresql+psycopg2://u@127.0.0.1:1/none")
    ended = command(project)
    assert ended.returncode == 2
    assert "write the URL as postgresql+psycopg://" in ended.stderr


def test_an_env_py_may_run_migrations_twice(project: Path, db: str) -> None:
    """The second time there is nothing left to do, as with Alembic."""
    env = project / "migrations" / "env.py"
    env.write_text(env.read_text() + "run()\n")
    assert run(project) == Outcome(("r1", "r2"))
    assert current(db) == ["r2"]


def test_an_unreachable_database_is_one_clear_message(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, no traceback, and no password."""
    monkeypatch.setenv("APP_DATABASE", "postgresql+psycopg://u:secret@127.0.0.1:1/none")
    ended = command(project)
    assert ended.returncode == 2
    assert "cannot be used" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "secret" not in ended.stdout + ended.stderr
