"""Round trips of migrations that do what no migration should, and what is known beforehand."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from test_roundtrip import (
    RUN,
    assert_refused,
    command,
    history,
    last,
    link,
    sql,
    verdicts,
)
from test_roundtrip import collected as collected

from migsafe.capture import find_history
from migsafe.errors import HistoryError, ServerError
from migsafe.roundtrip import Result, Trip, render, riding, roundtrip
from migsafe.roundtrip.lanes import lanes
from migsafe.roundtrip.page import as_html
from migsafe.server import Server

INDEX = (sql("CREATE INDEX later ON users (id)"), sql("DROP INDEX later"))
ALL_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)
SECOND_CONNECTION = """
op.execute("LOCK TABLE users")
with op.get_bind().engine.connect() as second:
    second.exec_driver_sql("SELECT * FROM users")
"""


def trip_of(project: Path, server: Server, **options: object) -> Trip:
    return roundtrip(find_history([project]), server, **options)  # type: ignore[arg-type]


FAILURES = {
    "own connection": (
        (sql("SELECT pg_terminate_backend(pg_backend_pid())"), ""),
        "AdminShutdown",
    ),
    "connection in downgrade": (
        ("", sql("SELECT pg_terminate_backend(pg_backend_pid())")),
        "AdminShutdown",
    ),
    "program": (("raise SystemExit(3)", ""), "ProgramEnded: it ends the program, with 3"),
    "program in downgrade": (("", "raise SystemExit"), "ProgramEnded"),
    "no Exception": (("", "raise GeneratorExit"), "ProgramEnded"),
    "commit": (
        (sql("CREATE TABLE a (id int)") + "\nop.get_bind().commit()", sql("DROP TABLE a")),
        "Unrecorded: the migration ends the transaction that Alembic has opened",
    ),
    "rollback": (("op.get_bind().rollback()", ""), "Unrecorded"),
    "closed": (("op.get_bind().close()", ""), "This Connection is closed"),
    "long statement": ((sql("SELECT pg_sleep(100)"), ""), "statement timeout"),
    "own lock": ((SECOND_CONNECTION, ""), "imeout"),
    "loop": (("", "while True: pass"), "TimeoutError: it takes longer than 0.3 seconds"),
}


@pytest.mark.parametrize(("revision", "told"), FAILURES.values(), ids=FAILURES)
def test_nothing_that_a_migration_does_ends_the_trip(
    tmp_path: Path, server: Server, revision: tuple[str, str], told: str
) -> None:
    """It is that revision's failure, and what comes behind it gets its own verdict."""
    project = history(tmp_path, revision, INDEX)
    trip = trip_of(project, server, keep_going=True, seconds=0.3)
    assert [(r.revision, r.failed) for r in trip.results] == [
        ("r1", False),
        ("r2", True),
        ("r3", False),
    ]
    assert told in (trip.results[1].error or "")
    assert (trip.summary.failed, trip.untried, trip.summary.clean) == (1, (), False)


def test_a_migration_may_end_all_other_sessions(tmp_path: Path, server: Server) -> None:
    """Ours is opened again."""
    trip = trip_of(history(tmp_path, (sql(ALL_OTHERS), ""), INDEX), server)
    assert not trip.summary.failed


@pytest.mark.parametrize("statement", ["COMMIT", "-- so\nROLLBACK", "end;"])
def test_it_is_told_when_alembics_transaction_is_ended(
    tmp_path: Path, server: Server, statement: str
) -> None:
    """What autocommit_block() does is meant, and so is a savepoint."""
    meant = """
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY iy ON users (id)")
    op.execute("SAVEPOINT s")
    op.execute("ROLLBACK TO s")
    """
    project = history(
        tmp_path,
        (sql(statement, "CREATE INDEX ix ON users (id)"), sql("DROP INDEX ix")),
        (meant, sql("DROP INDEX iy")),
    )
    trip = trip_of(project, server)
    assert not trip.summary.failed
    assert [len(result.notes) for result in trip.results] == [0, 1, 0]
    assert "the upgrade ends Alembic's transaction" in trip.results[1].notes[0]


def test_a_failed_upgrade_leaves_nothing_for_the_next(tmp_path: Path, server: Server) -> None:
    """Not even what it did before it failed, outside of a transaction."""
    autocommit = (
        "from alembic import context\nfrom sqlalchemy import NullPool, create_engine\n"
        "engine = create_engine(\n"
        '    "postgresql+psycopg:///x", isolation_level="AUTOCOMMIT", poolclass=NullPool\n'
        ")\n" + RUN
    )
    project = history(
        tmp_path,
        (sql("CREATE TABLE a (id int)", "nonsense"), ""),
        (sql("CREATE TABLE a (id int)"), sql("DROP TABLE a")),
        env=autocommit,
    )
    trip = trip_of(project, server, keep_going=True)
    assert verdicts(trip)[1:] == [
        ("r2", "error", None, None, None),
        ("r3", "ok", "ok", "exact", "ok"),
    ]


def test_branches_that_do_not_need_it_are_tried_behind_a_failed_upgrade(
    tmp_path: Path, server: Server
) -> None:
    """Without --keep-going only what comes behind it is not; with it, that is told."""
    project = history(
        tmp_path,
        (sql("CREATE TABLE a (id int)", "nonsense"), ""),
        (sql("ALTER TABLE a ADD x int"), ""),
        (sql("CREATE TABLE b (id int)"), sql("DROP TABLE b")),
        (sql("CREATE TABLE c (id int)"), sql("DROP TABLE c")),
    )
    link(project, "r4", 'down_revision = "r1"')
    link(project, "r5", 'down_revision = ("r3", "r4")')
    trip = trip_of(project, server)
    assert {r.revision: r.up for r in trip.results} == {"r1": "ok", "r2": "error", "r4": "ok"}
    assert trip.untried == ("r3", "r5")
    went_on = trip_of(project, server, keep_going=True)
    found = {r.revision: (r.up, r.notes) for r in went_on.results}
    assert found["r3"] == ("error", ("r2, which comes before it, was passed over",))
    assert [found[r][0] for r in ("r4", "r5")] == ["ok", "ok"]
    assert went_on.untried == ()
    with riding(find_history([project]), server) as ride:
        assert ride.visit("r5").revision == "r2"
        assert ride.visit("r4").restored == "exact"
        assert ride.visit("r3").revision == "r2"
    with riding(find_history([project]), server, keep_going=True) as ride:
        assert ride.visit("r5").restored == "exact"
        assert ride.visit("r4").restored == "exact"


KNOWN = {
    "empty": (sql("DROP INDEX later"), "missing-downgrade", "index later was not restored"),
    "raises": (sql("DROP INDEX later"), "MS502", "RuntimeError: no way back"),
    "differs": (sql("ALTER TABLE users ADD x int"), "unequal-downgrade", "left behind"),
}


@pytest.mark.parametrize(("up", "rule", "told"), KNOWN.values(), ids=KNOWN)
def test_a_way_back_that_is_known_to_be_none_is_accepted_and_listed(
    tmp_path: Path, server: Server, up: str, rule: str, told: str
) -> None:
    """By a comment with a reason that has not expired; by NotImplementedError it needs none."""
    down = 'raise RuntimeError("no way back")' if "way back" in told else "pass"
    past = datetime.date.today() - datetime.timedelta(days=1)
    comments = {
        "": False,
        f"# migsafe: ignore[{rule}]": False,
        f"# migsafe: ignore[{rule}] until {past}: not yet": False,
        "# migsafe: ignore[MS101] we have a backup": False,
        f"# migsafe: ignore[MS101, {rule}] we have a backup": True,
    }
    for number, (comment, accepted) in enumerate(comments.items()):
        project = history(tmp_path / str(number), INDEX, (up, f"{down}  {comment}"), INDEX[::-1])
        result = trip_of(project, server, only=["r3"]).results[-1]
        assert (result.down == "irreversible", not result.failed) == (accepted, accepted)
        if accepted:
            assert (result.restored, result.reup, result.error) == (None, None, None)
            assert "as the migration says: we have a backup" in result.notes
            assert any(told in note for note in result.notes)


def test_what_cannot_be_undone_is_tried_with_rows_too(tmp_path: Path, server: Server) -> None:
    """On the way up."""
    project = history(
        tmp_path, (sql("ALTER TABLE users ADD age int NOT NULL"), "raise NotImplementedError")
    )
    result = last(trip_of(project, server, data=True))
    assert (result.down, result.failed) == ("irreversible", True)
    assert "the upgrade fails once tables hold rows: NotNull" in (result.data_error or "")


def test_a_missing_extension_is_no_failure_of_a_migration(tmp_path: Path, server: Server) -> None:
    """One message that says where it can be had."""
    project = history(tmp_path, (sql("CREATE EXTENSION postgis"), ""))
    ended = command(project, server)
    assert_refused(ended, "the extension postgis is not installed on this PostgreSQL")
    assert "testcontainers" in ended.stderr
    assert "--server-url" in ended.stderr


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("CREATE COLLATION y (locale = 'xx_XX.utf8')", "the locale xx_XX.utf8"),
        # These would need a server without ICU and libxml.
        ("DO $$BEGIN RAISE 'ICU is not supported in this build'; END$$", "ICU"),
        (
            "DO $$BEGIN RAISE 'unsupported XML feature' USING DETAIL ="
            " 'This functionality requires the server to be built with libxml support.'; END$$",
            "libxml",
        ),
    ],
    ids=["locale", "ICU", "XML"],
)
def test_nor_is_what_a_server_is_built_without(
    tmp_path: Path, server: Server, statement: str, told: str
) -> None:
    """The same message, whatever it lacks."""
    with pytest.raises(ServerError, match=f"^{told} is not installed on this PostgreSQL"):
        trip_of(history(tmp_path, (sql(statement), "")), server)


def test_what_works_step_by_step_is_rebuilt_step_by_step(tmp_path: Path, server: Server) -> None:
    """In one transaction the second of these fails, as rows of the first wait for their check."""
    waiting = sql(
        "CREATE TABLE boss (id int PRIMARY KEY, chief int REFERENCES boss DEFERRABLE INITIALLY"
        " DEFERRED)",
        "INSERT INTO boss VALUES (1, 1)",
    )
    project = history(
        tmp_path,
        (waiting, sql("DROP TABLE boss")),
        (sql("ALTER TABLE boss ADD a int"), sql("ALTER TABLE boss DROP a")),
        (sql("CREATE TYPE mood AS ENUM ()"), ""),
        INDEX,
        INDEX,
    )
    failed = [("r4", True), ("r5", False), ("r6", True)]
    trip = trip_of(project, server)
    assert [(r.revision, r.failed) for r in trip.results[3:]] == failed
    assert "enum mood is left behind" in trip.results[3].differences
    only = trip_of(project, server, only=["r5"])
    assert [(r.revision, r.failed) for r in only.results] == [("r5", False)]


# -- rows of a project's own ---------------------------------------------------------------------

SEED = """
INSERT INTO users VALUES (1, 'Ann@Example.com'), (2, NULL);

-- migsafe: after upgrade
SELECT count(*) = 2 FROM users;
SELECT email = 'ann@example.com'
  FROM users WHERE id = 1;
-- migsafe: after downgrade
SELECT email IS NOT NULL FROM users WHERE id = 1;
"""
PY_SEED = """
from sqlalchemy import text

def before(connection):
    connection.execute(text("INSERT INTO users VALUES (1, 'Ann@Example.com')"))

def after_upgrade(connection):
    found = connection.execute(text("SELECT email FROM users")).scalars().all()
    assert found == ["ann@example.com"], found

def after_downgrade(connection):
    assert connection.execute(text("SELECT count(*) FROM users")).scalar() == 1
"""
LOWER = sql("UPDATE users SET email = lower(email)")


def seeded(project: Path, server: Server, name: str, text: str) -> Result:
    """The last revision's result, with the file *name* of *text* among the project's rows."""
    folder = project / "tests" / "migrations" / "seeds"
    folder.mkdir(parents=True)
    (folder / name).write_text(text)
    return last(trip_of(project, server, seeds=folder))


@pytest.mark.parametrize(("name", "text"), [("r2.sql", SEED), ("r2.py", PY_SEED)])
def test_rows_of_a_projects_own_are_put_in_and_asked_afterwards(
    tmp_path: Path, server: Server, name: str, text: str
) -> None:
    """What is so is no finding; what was changed for good is a loss."""
    result = seeded(history(tmp_path, (LOWER, "")), server, name, text)
    assert result.data_error is None
    (lost,) = result.data_loss
    assert lost.startswith("users.email: ")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("r2.sql", SEED, "after the upgrade, r2.sql:6: not so: SELECT email = 'ann@example.com'"),
        ("r2.py", PY_SEED, "after the upgrade, r2.py:9: ['Ann@Example.com']"),
        ("r2.sql", "INSERT INTO nowhere VALUES (1)", "putting them in fails: UndefinedTable"),
    ],
)
def test_what_is_not_so_is_a_finding_with_its_place(
    tmp_path: Path, server: Server, name: str, text: str, told: str
) -> None:
    """An upgrade that does nothing does not do what its rows ask for."""
    result = seeded(history(tmp_path, ("", "")), server, name, text)
    assert result.failed
    assert told in (result.data_error or "")


@pytest.mark.parametrize(
    ("name", "text", "told", "line"),
    [
        ("r2.sql", b"SELECT 1;\n\nINSERT INTO users VALUES (1, 'x'", "SyntaxError", 3),
        ("r2.sql", b"SELECT 1;\n-- migsafe: after upgrade\n\nSELEC 1", "SyntaxError", 4),
        ("r2.sql", b"SELECT '\xff'", "it is not UTF-8", None),
        ("r2.py", b"x = 1\ndef before(connection)\n    pass\n", "SyntaxError", 2),
        ("r2.py", b"x = 1\nimport nowhere_at_all\n", "No module named 'nowhere_at_all'", 2),
        ("r2.py", b"def after_upgrade(connection): ...\n", "no function before", None),
    ],
)
def test_a_file_of_rows_that_cannot_be_read_is_one_message(
    tmp_path: Path, server: Server, name: str, text: bytes, told: str, line: int | None
) -> None:
    """It says where; no migration is to blame."""
    project = history(tmp_path, ("", ""))
    folder = project / "tests" / "migrations" / "seeds"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(text)
    with pytest.raises(HistoryError) as raised:
        trip_of(project, server, seeds=folder)
    assert told in str(raised.value)
    assert raised.value.file == folder / name
    if line is not None:
        assert raised.value.line == line


def test_rows_for_a_revision_that_is_not_there_are_refused(tmp_path: Path, server: Server) -> None:
    """They would never be used, and nobody would know."""
    project = history(tmp_path)
    # The folder is looked for beside the settings, which could also be those of a folder above.
    (project / "pyproject.toml").write_text("[tool.migsafe]\n")
    folder = project / "tests" / "migrations" / "seeds"
    folder.mkdir(parents=True)
    (folder / "r9.sql").write_text("SELECT 1")
    ended = command(project, server)
    assert_refused(ended, "there is no revision 'r9'")
    assert "seeds/r9.sql" in ended.stderr


# -- the command ---------------------------------------------------------------------------------


def test_options_and_settings_of_the_command(tmp_path: Path, server: Server) -> None:
    """The command line comes before the settings; a page holds all that is known."""
    project = history(
        tmp_path, (sql("ALTER TABLE nowhere ADD x int"), ""), ("", 'raise RuntimeError("<no>")')
    )
    settings = "[tool.migsafe.roundtrip]\nkeep-going = true\nchecks = ['single-head']\n"
    (project / "pyproject.toml").write_text(settings)
    set_so = json.loads(command(project, server, "--format", "json").stdout)
    assert [r["up"] for r in set_so["revisions"]] == ["ok", "error", "ok"]
    assert [r["down"] for r in set_so["revisions"]] == [None, None, None]
    (check,) = set_so["checks"]
    assert (check["name"], check["result"], check["problems"]) == ("single-head", "ok", [])
    ended = command(project, server, "--check", "downgrade", "--format", "html")
    assert ended.returncode == 1
    assert "RuntimeError: &lt;no&gt;" in ended.stdout
    assert 'href="#revision-r3"' in ended.stdout
    assert "http" not in ended.stdout
    assert "is none of: all, downgrade" in command(project, server, "--check", "x").stderr
    (project / "pyproject.toml").write_text("[tool.migsafe.roundtrip]\nchecks = ['x']\n")
    assert_refused(command(project, server), "expected one of downgrade")


def test_the_page_draws_branches_in_lanes() -> None:
    """A lane is free again when its branch is merged."""
    needs = {"b": ["a"], "c": ["a"], "d": ["b", "c"], "e": ["d"], "x": [], "f": ["e"]}
    assert lanes("abcdexf", needs) == {"a": 0, "b": 0, "c": 1, "d": 0, "e": 0, "x": 1, "f": 0}
    results = tuple(Result(r, Path(f"{r}.py"), "ok", needs=tuple(needs.get(r, ()))) for r in "abcd")
    page = as_html(Trip(results, 18, ("z",)))
    assert page.count("<path") == 4
    assert page.count("<circle") == 5
    assert "z  not tried" in page
    assert "Not tried, as they come after it: z." in "\n".join(
        render.as_text(Trip(results, 18, ("z",)))
    )
