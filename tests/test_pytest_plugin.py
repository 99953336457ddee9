"""``pytest --migsafe`` as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import write_project

from migsafe.server import Server, sqlalchemy_url

pytest_plugins = ["pytester"]

HISTORY = {
    "r1": ('op.execute("CREATE TABLE users (id int)")', 'op.execute("DROP TABLE users")'),
    "r2": ('op.execute("CREATE INDEX ix ON users (id)")', ""),
    "r3": ("", "raise NotImplementedError"),
}
ALL = {"passed": 10, "failed": 2, "skipped": 2}
OWN = "def test_own():\n    pass\n"


@pytest.fixture
def project(
    pytester: pytest.Pytester, server: Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A project with three revisions, the second of them wrong, and one test of its own."""
    monkeypatch.setenv("MIGSAFE_SERVER_URL", server.url())
    monkeypatch.setenv("APP_DATABASE", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    folder = write_project(pytester.path, HISTORY)
    versions = folder / "migrations" / "versions"
    (versions / "r2.py").rename(versions / "2026_11_r2_index.py")
    (versions / "r3.py").rename(versions / "last.py")
    pytester.makepyfile(test_own=OWN)
    return folder


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)


def test_one_test_for_each_revision_and_check(project: Path, pytester: pytest.Pytester) -> None:
    """The ids are the names of the files, and a wrong revision fails with the difference."""
    result = run(pytester, "--migsafe", "-v", "--junitxml", "report.xml")
    result.stdout.fnmatch_lines(
        [
            "test_own.py::test_own PASSED*",
            "migsafe::test_history[[]single-head] PASSED*",
            "migsafe::test_history[[]connected] PASSED*",
            "migsafe::test_history[[]from-empty] PASSED*",
            "migsafe::test_history[[]models] SKIPPED*target_metadata*",
            "migsafe::test_roundtrip[[]r1-upgrade] PASSED*",
            "migsafe::test_roundtrip[[]r1-downgrade] PASSED*",
            "migsafe::test_roundtrip[[]r1-re-upgrade] PASSED*",
            "migsafe::test_roundtrip[[]2026_11_r2_index-upgrade] PASSED*",
            "migsafe::test_roundtrip[[]2026_11_r2_index-downgrade] FAILED*",
            "migsafe::test_roundtrip[[]2026_11_r2_index-re-upgrade] FAILED*",
            "migsafe::test_roundtrip[[]r3-last-upgrade] PASSED*",
            "migsafe::test_roundtrip[[]r3-last-downgrade] PASSED*",
            "migsafe::test_roundtrip[[]r3-last-re-upgrade] SKIPPED*irreversible on*",
            "2026_11_r2_index.py",
            "index ix is left behind",
            "DuplicateTable: relation \"ix\" already exists",
        ]
    )  # fmt: skip
    result.assert_outcomes(**ALL)
    result.stdout.no_fnmatch_line("*pytest_tests.py*")
    report = (project / "report.xml").read_text()
    assert 'classname="migsafe" name="test_roundtrip[2026_11_r2_index-downgrade]"' in report
    assert "index ix is left behind" in report


def test_roles_of_one_database_are_in_the_way_of_no_other(
    project: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fixtures live on while the history is tried from the start, in whichever order."""
    monkeypatch.delenv("MIGSAFE_SERVER_URL")
    link = "revision = 'r4'\ndown_revision = 'r3'\nfrom alembic import op\n"
    role = "def {}():\n    op.execute('{} ROLE reader')\n"
    (project / "migrations" / "versions" / "r4.py").write_text(
        link + role.format("upgrade", "CREATE") + role.format("downgrade", "DROP")
    )
    pytester.makepyfile(
        test_own="""
        def test_filled(migsafe_filled, migsafe_ride):
            assert migsafe_ride.visit("r4").restored == "exact"
        """
    )
    run(pytester, "--migsafe", "-k", "filled or from-empty or r4").assert_outcomes(
        passed=5, deselected=12
    )


def test_tests_are_chosen_as_others_are(project: Path, pytester: pytest.Pytester) -> None:
    """By -k, by -m, and beside a file that is named; only what is chosen is run."""
    run(pytester, "--migsafe", "-k", "r3").assert_outcomes(passed=2, skipped=1, deselected=11)
    named = run(pytester, "--migsafe", "--strict-markers", "-m", "migsafe", "test_own.py")
    named.assert_outcomes(passed=9, failed=2, skipped=2, deselected=1)


def test_workers_share_the_revisions(project: Path, pytester: pytest.Pytester) -> None:
    """Under pytest-xdist every revision is tried once and the verdicts are the same."""
    result = run(pytester, "--migsafe", "-n", "2")
    result.assert_outcomes(**ALL)
    result.stdout.fnmatch_lines(["FAILED migsafe::test_roundtrip[[]2026_11_r2_index-*"])


def test_a_project_may_have_the_tests_among_its_own(
    project: Path, pytester: pytest.Pytester
) -> None:
    """``from migsafe.pytest_tests import *`` needs no option and makes the same tests."""
    pytester.makepyfile(test_migrations="from migsafe.pytest_tests import *\n")
    result = run(pytester, "-v")
    result.stdout.fnmatch_lines(["*::test_roundtrip[[]2026_11_r2_index-downgrade] FAILED*"])
    result.assert_outcomes(**ALL)


def test_the_fixtures_serve_the_projects_own_tests(
    project: Path, pytester: pytest.Pytester
) -> None:
    """A server, an empty database and the history; the project's engines stay its own."""
    pytester.makepyfile(
        test_own="""
        import psycopg
        from pathlib import Path

        def test_database(migsafe_database, migsafe_server):
            with psycopg.connect(migsafe_database) as connection:
                found = connection.execute("SELECT count(*) FROM pg_stat_user_tables").fetchone()
            assert found == (0,)
            assert migsafe_server.major >= 14

        def test_ride(migsafe_ride, migsafe_database, migsafe_history):
            import sqlalchemy
            folder = Path.cwd()
            assert migsafe_ride.visit("r1").restored == "exact"
            assert Path.cwd() == folder == migsafe_history.root
            url = sqlalchemy.make_url(migsafe_database).set(drivername="postgresql+psycopg")
            with sqlalchemy.create_engine(url).connect() as connection:
                name = connection.exec_driver_sql("SELECT current_database()").scalar()
            assert name == url.database
        """
    )
    run(pytester).assert_outcomes(passed=2)


def test_without_the_option_nothing_changes(project: Path, pytester: pytest.Pytester) -> None:
    """No test is added, and nothing of weight is imported."""
    pytester.makepyfile(
        test_own="""
        import sys

        def test_own():
            heavy = {"alembic", "sqlalchemy", "psycopg", "google.protobuf", "migsafe.capture"}
            assert not heavy & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_revision_that_cannot_be_upgraded_stops_those_behind_it(
    project: Path, pytester: pytest.Pytester
) -> None:
    """Only what is wrong fails; the others are skipped, and name it."""
    file = project / "migrations" / "versions" / "2026_11_r2_index.py"
    file.write_text(file.read_text().replace("CREATE INDEX", "CREATE NONSENSE"))
    result = run(pytester, "--migsafe")
    result.assert_outcomes(passed=6, failed=3, skipped=5)
    result.stdout.fnmatch_lines(["2026_11_r2_index.py before it cannot be upgraded"])


def test_several_heads_fail(project: Path, pytester: pytest.Pytester) -> None:
    """The test names them; each branch is tried all the same."""
    file = project / "migrations" / "versions" / "last.py"
    file.write_text(file.read_text().replace("'r2'", "'r1'"))
    result = run(pytester, "--migsafe")
    result.assert_outcomes(passed=9, failed=3, skipped=2)
    result.stdout.fnmatch_lines(["*the history has 2 heads: r2, r3*"])


def test_without_a_history_it_is_a_usage_error(pytester: pytest.Pytester) -> None:
    """One message, no traceback; pytest's exit code for wrong usage."""
    pytester.makepyfile(test_own=OWN)
    result = run(pytester, "--migsafe")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = result.stdout.str() + result.stderr.str()
    assert "--migsafe: no alembic.ini" in told
    assert "Traceback" not in told


def test_a_history_that_is_broken_is_one_message(project: Path, pytester: pytest.Pytester) -> None:
    """The file and what is wrong in it, and no traceback."""
    (project / "migrations" / "versions" / "2026_11_r2_index.py").unlink()
    result = run(pytester, "--migsafe")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*last.py:*down_revision is 'r2', but no file has that revision*"])
    result.stdout.no_fnmatch_line("*pytest_tests.py:*")


def test_the_history_may_be_named_in_the_configuration(
    project: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``migsafe_path`` is a path from the folder of pytest's configuration."""
    (project / "alembic.ini").unlink()
    pytester.makeini("[pytest]\nmigsafe_path = migrations\n")
    monkeypatch.chdir(pytester.mkdir("elsewhere"))
    result = run(pytester, "--migsafe", "-k", "r1", "..")
    result.assert_outcomes(passed=3, deselected=11)


def test_data_is_tried_when_the_configuration_says_so(
    project: Path, pytester: pytest.Pytester
) -> None:
    """``migsafe_data = true``: an upgrade that needs empty tables fails."""
    pytester.makeini("[pytest]\nmigsafe_data = true\n")
    file = project / "migrations" / "versions" / "last.py"
    text = file.read_text().replace("raise NotImplementedError", "op.drop_column('users', 'x')")
    column = "op.add_column('users', sa.Column('x', sa.Integer, nullable=False))"
    file.write_text(text.replace("def upgrade():\n    pass", f"def upgrade():\n    {column}"))
    result = run(pytester, "--migsafe", "-k", "r3")
    result.assert_outcomes(passed=3, failed=1, deselected=13)
    result.stdout.fnmatch_lines(["last.py", "the upgrade fails once tables hold rows: *"])


def test_checks_are_chosen_in_either_configuration(
    project: Path, pytester: pytest.Pytester
) -> None:
    """pytest's comes before [tool.migsafe.roundtrip]; a name that is none is wrong usage."""
    settings = "[tool.migsafe.roundtrip]\nchecks = ['single-head', 'downgrade']\n"
    (project / "pyproject.toml").write_text(settings)
    run(pytester, "--migsafe").assert_outcomes(passed=7, failed=1)
    pytester.makeini("[pytest]\nmigsafe_checks = idempotent unprivileged\n")
    result = run(pytester, "--migsafe", "-v")
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["migsafe::test_history[[]unprivileged] PASSED*"])
    pytester.makeini("[pytest]\nmigsafe_checks = nonsense\n")
    wrong = run(pytester, "--migsafe")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    wrong.stderr.fnmatch_lines(["*migsafe_checks: 'nonsense' is none of downgrade, *"])


def test_rows_of_a_projects_own_are_a_test(project: Path, pytester: pytest.Pytester) -> None:
    """Of the revisions that have some."""
    seeds = project / "tests" / "migrations" / "seeds"
    seeds.mkdir(parents=True)
    (seeds / "r3.sql").write_text("-- migsafe: after upgrade\nSELECT count(*) > 0 FROM users;\n")
    result = run(pytester, "--migsafe", "-k", "data")
    result.assert_outcomes(failed=1, deselected=14)
    result.stdout.fnmatch_lines(["after the upgrade, r3.sql:2: not so: SELECT count(*) > 0 FROM *"])


def test_an_async_project(
    pytester: pytest.Pytester, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An env.py with an async engine runs inside pytest, too."""
    from test_roundtrip import ASYNC_ENV

    monkeypatch.setenv("MIGSAFE_SERVER_URL", server.url())
    env = ASYNC_ENV.format(url=sqlalchemy_url("postgresql://nobody@127.0.0.1:1/none", "asyncpg"))
    write_project(pytester.path, HISTORY, env=env)
    run(pytester, "--migsafe").assert_outcomes(passed=9, failed=2, skipped=2)


def test_the_plugin_is_light() -> None:
    """Every pytest run of every project that has migsafe loads it."""
    code = "import sys, migsafe.pytest_plugin; print([m for m in sys.modules if 'migsafe' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['migsafe', 'migsafe.pytest_plugin']"
