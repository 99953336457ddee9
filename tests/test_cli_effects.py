"""`migsafe effects` and `migsafe trace` as commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from projects import write_project

from migsafe.cli import main

SETUP = """
CREATE TABLE users (id int PRIMARY KEY, name text, age int);
INSERT INTO users SELECT n, 'user ' || n, n FROM generate_series(1, 100) n;
"""
STATEMENTS = """-- what a migration would do
ALTER TABLE users ALTER COLUMN age TYPE bigint;
CREATE INDEX CONCURRENTLY ix_users_age ON users (age);

ALTER TABLE nowhere ADD COLUMN x int;
CREATE TABLE tags (id int);
ALTER TABLE tags ADD COLUMN name text;
LOCK TABLE users IN SHARE MODE;
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with setup.sql and file.sql, which is the working directory."""
    (tmp_path / "setup.sql").write_text(SETUP)
    (tmp_path / "file.sql").write_text(STATEMENTS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a command."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.mark.parametrize("measure", [False, True], ids=["predicted", "measured"])
def test_json_says_all_there_is(
    files: Path, capsys: pytest.CaptureFixture[str], measure: bool
) -> None:
    """The form of the JSON is a contract; predicted and measured it is the same."""
    options = ["--measure"] if measure else []
    code, out, _ = run(
        capsys, "effects", "--setup", "setup.sql", "-f", "json", *options, "file.sql"
    )
    assert code == 0
    found = json.loads(out)
    assert found["postgres"] == 18
    rewrite, index, missing, table, column, lock = found["statements"]
    assert (rewrite["sql"], rewrite["line"]) == (
        "ALTER TABLE users ALTER COLUMN age TYPE bigint",
        2,
    )
    effects = rewrite["effects"]
    assert effects["locks"]["users_pkey"] == ["ACCESS EXCLUSIVE"]
    assert "ACCESS EXCLUSIVE" in effects["locks"]["users"]
    assert effects["blocks"] == {"users": ["reads", "writes", "ddl"]}
    assert effects["scans"] == effects["rewrites"] == ["users"]
    assert effects["rebuilds"] == ["users_pkey"]
    assert effects["removes"] == []
    assert effects["fails"] is None
    assert (effects["transaction"], effects["unknown"]) == ("any", None)
    assert index["effects"]["transaction"] == "refused"
    assert index["effects"]["locks"] == {"users": ["SHARE UPDATE EXCLUSIVE"]}
    assert index["effects"]["fails"] is None
    assert missing["effects"]["fails"]["sqlstate"] == "42P01"
    assert table["effects"]["locks"] == column["effects"]["locks"] == {}
    assert column["effects"]["fails"] is None
    assert (lock["line"], lock["effects"]["transaction"]) == (8, "required")
    assert lock["effects"]["blocks"] == {"users": ["writes", "ddl"]}


def test_the_version_decides(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What an old version does not know fails on it."""
    (files / "file.sql").write_text("CREATE UNIQUE INDEX ON users (age) NULLS NOT DISTINCT")
    arguments = ("effects", "--setup", "setup.sql", "-f", "json", "file.sql", "--postgres")
    old = json.loads(run(capsys, *arguments, "14")[1])
    new = json.loads(run(capsys, *arguments, "15")[1])
    assert old["statements"][0]["effects"]["fails"]["sqlstate"] == "42601"
    assert (old["postgres"], new["postgres"]) == (14, 15)
    assert new["statements"][0]["effects"]["builds"] == ["users"]


def test_transactions_that_are_written_are_kept(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With BEGIN in the file, CREATE INDEX CONCURRENTLY inside of it fails."""
    (files / "file.sql").write_text(
        "BEGIN; CREATE INDEX CONCURRENTLY ON users (age); COMMIT; LOCK TABLE users"
    )
    for options in ([], ["--measure"]):
        _, out, _ = run(
            capsys, "effects", "--setup", "setup.sql", "-f", "json", *options, "file.sql"
        )
        _, index, _, lock = json.loads(out)["statements"]
        assert index["effects"]["fails"]["sqlstate"] == "25001"
        assert lock["effects"]["fails"]["sqlstate"] == "25P01"


def test_text_is_for_people(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a fact, with the names people write."""
    code, out, _ = run(capsys, "effects", "--setup", "setup.sql", "file.sql")
    assert code == 0
    assert out.startswith("PostgreSQL 18, predicted\n")
    assert "line 2: ALTER TABLE users ALTER COLUMN age TYPE bigint\n" in out
    assert "  blocks     reads, writes, ddl on users\n" in out
    assert "line 6: CREATE TABLE tags (id int)\n  nothing    that another session feels\n" in out


def test_without_a_set_up_tables_are_unknown(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table that the file does not create may be anything."""
    (files / "file.sql").write_text("ALTER TABLE users ADD COLUMN x int; garbage here")
    known, garbage = json.loads(run(capsys, "effects", "-f", "json", "file.sql")[1])["statements"]
    assert "users" in known["effects"]["unknown"]
    assert garbage["effects"]["fails"]["sqlstate"] == "42601"


def test_input_that_cannot_be_used(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and one message without a traceback."""
    assert run(capsys, "effects", "nowhere.sql")[0] == 2
    (files / "file.sql").write_bytes(b"SELECT '\xff'")
    code, _, err = run(capsys, "effects", "file.sql")
    assert code == 2
    assert "UTF-8" in err
    assert "Traceback" not in err


BOTH = pytest.mark.parametrize("options", [[], ["--measure"]], ids=["predicted", "measured"])


@BOTH
def test_what_is_no_sql(
    files: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    """It fails for certain and the exit code says so; the others are reported all the same."""
    (files / "file.sql").write_text("LOCK TABLE users;\ngarbage here;\nLOCK TABLE users\0;")
    text = ("effects", "--setup", "setup.sql", *options, "file.sql")
    arguments = (*text, "-f", "json")
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert "NUL" in err
    assert "Traceback" not in err
    (files / "file.sql").write_text("LOCK TABLE users;\ngarbage here;")
    code, out, err = run(capsys, *arguments)
    lock, garbage = json.loads(out)["statements"]
    assert code == 2
    assert "line 2" in err
    assert lock["effects"]["locks"] == {"users": ["ACCESS EXCLUSIVE"]}
    assert garbage["effects"]["fails"]["sqlstate"] == "42601"
    assert "  fails      42601 syntax error" in run(capsys, *text)[1]


@BOTH
def test_a_set_up_that_fails(
    files: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    """What the server refuses is refused, with its place, as it makes nothing to report on."""
    (files / "bad.sql").write_text("CREATE TABLE users (id int);\nALTER TABLE users ADD id int;")
    code, out, err = run(capsys, "effects", *options, "--setup", "bad.sql", "file.sql")
    assert code == 2
    assert out == ""
    assert "bad.sql:2: a statement of the set-up fails: 42701" in err


@BOTH
@pytest.mark.parametrize("setup", ["SELECT 1;\ngarbage here;", "SELECT 1\0; DROP TABLE users"])
def test_a_set_up_that_is_no_sql(
    files: Path, capsys: pytest.CaptureFixture[str], options: list[str], setup: str
) -> None:
    """It makes nothing that could be reported on."""
    (files / "bad.sql").write_text(setup)
    code, _, err = run(capsys, "effects", *options, "--setup", "bad.sql", "file.sql")
    assert code == 2
    assert "set-up" in err
    assert "Traceback" not in err


@BOTH
def test_a_byte_order_mark_is_skipped(
    files: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    """Editors on Windows write one."""
    (files / "file.sql").write_bytes(b"\xef\xbb\xbfLOCK TABLE users")
    code, out, _ = run(capsys, "effects", "--setup", "setup.sql", *options, "file.sql")
    assert code == 0
    assert "users ACCESS EXCLUSIVE" in out


def test_standard_input_is_read_once() -> None:
    """It cannot be the set-up and the statements as well."""
    command = [sys.executable, "-m", "migsafe", "effects", "--setup", "-", "-"]
    ended = subprocess.run(command, input="SELECT 1", capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "standard input" in ended.stderr


@BOTH
def test_the_time_zone_is_utc(
    files: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    """Until the file sets another one, in which the rows are written anew."""
    (files / "setup.sql").write_text("CREATE TABLE users (at timestamp); INSERT INTO users SELECT")
    arguments = ("effects", "--setup", "setup.sql", "-f", "json", *options, "file.sql")
    change = "ALTER TABLE users ALTER at TYPE timestamptz"
    for before, rewritten in (("SELECT 1", []), ("SET timezone = 'Asia/Tokyo'", ["users"])):
        (files / "file.sql").write_text(f"{before}; {change}")
        found = json.loads(run(capsys, *arguments)[1])["statements"]
        assert found[1]["effects"]["rewrites"] == rewritten


# -- trace ---------------------------------------------------------------------------------------

HISTORY = {
    "one": (
        """
        op.create_table("users", sa.Column("id", sa.Integer, primary_key=True),
                        sa.Column("name", sa.Text), sa.Column("age", sa.Integer))
        op.bulk_insert(sa.table("users", sa.column("id"), sa.column("age")),
                       [{"id": 1, "age": 20}, {"id": 2, "age": 30}])
        """,
        'op.drop_table("users")',
    ),
    "two": (
        'op.create_index("ix_users_name", "users", ["name"])',
        'op.drop_index("ix_users_name", "users")',
    ),
    "three": (
        """
        with op.get_context().autocommit_block():
            op.create_index("ix_users_age", "users", ["age"], postgresql_concurrently=True)
        bind = op.get_bind()
        for (n,) in bind.execute(sa.text("SELECT id FROM users WHERE age > :age"), {"age": 25}):
            bind.execute(sa.text("UPDATE users SET name = 'old' WHERE id = :id"), {"id": n})
        """,
        """
        raise NotImplementedError("no way back")
        """,
    ),
    "four": ('op.execute("ALTER TABLE users ADD x int")', "pass"),
}


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_trace_measures_what_alembic_runs(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    driver: str,
) -> None:
    """Findings are those of check, at the author's lines; nothing was measured otherwise."""
    write_project(tmp_path, HISTORY, env=ASYNC if driver == "asyncpg" else SYNC)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APP_DATABASE", f"postgresql+{driver}://nobody@nowhere/production")
    code, out, err = run(capsys, "trace", "-f", "json", ".")
    assert code == 1, out + err
    found = [(f["rule"], Path(f["file"]).name) for f in json.loads(out)["findings"]]
    assert ("MS101", "two.py") in found
    assert not [rule for rule, file in found if file == "three.py" and rule == "MS101"]
    assert "otherwise than predicted" not in err
    assert "The downgrade of three ended in NotImplementedError: no way back" in err


def test_trace_says_what_cannot_be_upgraded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A revision that fails ends the run, and what follows is predicted."""
    broken = {
        "one": ('op.execute("CREATE TABLE users (id int)")', 'op.execute("DROP TABLE users")'),
        "two": ('op.execute("SET LOCAL jit = off; SELECT 1 / 0; SELECT 2")', ""),
        "three": ('op.execute("ALTER TABLE users ADD x int")', ""),
    }
    write_project(tmp_path, broken, env=None)
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, "trace", ".")
    assert code == 2
    assert "two.py: the upgrade could not be run, nor what follows: DivisionByZero" in err
    assert err.count("migsafe:") == 1


def test_trace_says_which_downgrade_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be undone is not clean, and the rest is run all the same."""
    users = ('op.execute("CREATE TABLE users (id int)")', "import nonexistent_mod")
    orders = ('op.execute("CREATE TABLE orders (id int)")', 'op.execute("DROP TABLE orders")')
    write_project(tmp_path, {"one": users, "two": orders}, env=None)
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capsys, "trace", ".")
    assert code == 2
    assert "The downgrade of one ended in ModuleNotFoundError" in out


def test_trace_of_a_history_with_roles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a downgrade that does not go back the state is built anew, with its roles."""
    roles = {
        "one": ('op.execute("CREATE ROLE app")', 'op.execute("DROP ROLE app")'),
        "two": ('op.execute("CREATE TABLE users (id int)")', "raise NotImplementedError"),
        "three": ('op.execute("GRANT SELECT ON users TO app")', ""),
    }
    write_project(tmp_path, roles, env=None)
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, "trace", ".")
    assert code == 0, out + err
    assert "predicted" not in out


def test_trace_of_an_env_py_that_runs_migrations_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second time there is nothing left to do, as with Alembic."""
    orders = ('op.execute("CREATE TABLE orders (id int)")', 'op.execute("DROP TABLE orders")')
    twice = SYNC + "".join(SYNC.partition("engine =")[1:])
    write_project(tmp_path, {"one": orders}, env=twice)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APP_DATABASE", "postgresql+psycopg://nobody@nowhere/production")
    code, out, err = run(capsys, "trace", ".")
    assert code == 0, out + err
    assert "predicted" not in out


SYNC = """
import os

from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(os.environ["APP_DATABASE"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
ASYNC = """
import asyncio
import os

from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine


def migrate(connection):
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def run():
    engine = create_async_engine(os.environ["APP_DATABASE"], poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(run())
"""
