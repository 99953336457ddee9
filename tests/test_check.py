"""The checker: tables made elsewhere, ignore comments, selection, directions, the command."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from migsafe.capture import capture, find_history
from migsafe.check import Report, check
from migsafe.check.selection import changed_since
from migsafe.cli import main
from migsafe.cli.check import command
from migsafe.config import PathSettings, Settings
from migsafe.errors import ConfigError, MigsafeError
from migsafe.rule import Severity
from migsafe.rules import load_rules

HEAD = """from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = {revision!r}
down_revision = {parent!r}
"""
TABLES = """
def upgrade():
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("email", sa.String(200)),
        sa.Column("age", sa.Integer()),
    )
    op.create_table("orders", sa.Column("id", sa.BigInteger(), primary_key=True))


def downgrade():
    op.drop_table("orders")
    op.drop_table("users")
"""
INDEX = 'op.create_index("ix_users_email", "users", ["email"])'
ADD_COLUMN = 'op.add_column("users", sa.Column("city", sa.Text()))'


def write(folder: Path, revision: str, parent: str | None, body: str) -> Path:
    """Write one revision; a *body* without a ``def`` is that of upgrade()."""
    text = textwrap.dedent(body).strip()
    if "def upgrade" not in text:
        text = f"def upgrade():\n{textwrap.indent(text, '    ')}\n\n\ndef downgrade():\n    pass\n"
    path = folder / f"{revision}.py"
    path.write_text(HEAD.format(revision=revision, parent=parent) + "\n\n" + text + "\n")
    return path


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """A folder with a first revision that creates users and orders."""
    folder = tmp_path / "versions"
    folder.mkdir()
    write(folder, "first", None, TABLES)
    return folder


def judged(folder: Path, settings: Settings | None = None) -> Report:
    return check(capture(find_history([folder])), load_rules(), settings or Settings())


def codes(report: Report, at_least: Severity = Severity.WARNING) -> list[str]:
    return [finding.rule for finding in report.at_least(at_least).findings]


def line_of(path: Path, text: str) -> int:
    lines = path.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_an_index_that_no_revision_has_made_can_be_replaced(tmp_path: Path) -> None:
    """Nothing is known of its columns; what is dropped is judged all the same."""
    (tmp_path / "versions").mkdir()
    body = 'op.drop_index("ix_old", table_name="users")\n' + INDEX
    write(tmp_path / "versions", "first", None, body)
    assert codes(judged(tmp_path / "versions")) == ["MS102", "MS101"]


@pytest.mark.parametrize("word", ["MS8", "MS802", "unindexed-foreign-key", "Ms801"])
@pytest.mark.parametrize("key", ["ignore", "select", "severity"])
def test_rules_of_models_lint_may_be_named(versions: Path, key: str, word: str) -> None:
    """The settings are for both commands."""
    write(versions, "second", "first", INDEX)
    given = {word: "info"} if key == "severity" else (word,)
    settings = Settings(**{key: given})  # type: ignore[arg-type]
    assert codes(judged(versions, settings)) == ([] if key == "select" else ["MS101"])


def test_missing_imports_are_counted(versions: Path) -> None:
    """A revision that imports what is not here is told at the end."""
    write(versions, "second", "first", f"from gone_app import models\n{ADD_COLUMN}")
    assert judged(versions).coverage.stand_ins == 1


def test_new_tables_are_silent(versions: Path) -> None:
    """What happens to a table in the transaction that creates it is nobody's trouble."""
    assert codes(judged(versions)) == []


def test_a_finding_says_where_and_what(versions: Path) -> None:
    """A finding has the author's line, the effects, the remedy and a stable fingerprint."""
    path = write(versions, "second", "first", INDEX)
    (finding,) = judged(versions).at_least(Severity.WARNING).findings
    assert (finding.file, finding.line) == (path, line_of(path, INDEX))
    assert (finding.rule, finding.revision, finding.direction) == ("MS101", "second", "upgrade")
    assert finding.effects is not None
    assert "postgresql_concurrently=True" in (finding.remedy or "")
    path.write_text("# a line more\n" + path.read_text())
    (moved,) = judged(versions).at_least(Severity.WARNING).findings
    assert moved.line == finding.line + 1
    assert moved.fingerprint == finding.fingerprint


# -- a history that does not start from nothing ------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (INDEX, ["MS101"]),
        ('op.drop_index("ix_users_email", table_name="users")', ["MS102"]),
        ('op.execute("DROP INDEX ix_users_email")', ["MS102"]),
        ('op.execute("REINDEX INDEX ix_users_email")', ["MS103"]),
        ('op.create_foreign_key("fk", "orders", "users", ["user_id"], ["id"])', ["MS104"]),
        ('op.create_check_constraint("ck", "users", "age > 0")', ["MS105"]),
        ('op.alter_column("users", "email", nullable=False)', ["MS106"]),
        (
            'op.alter_column("users", "age", type_=sa.BigInteger(), existing_type=sa.Integer())',
            ["MS201"],
        ),
        ('op.alter_column("users", "age", type_=sa.BigInteger())', ["MS201"]),
        ('op.drop_column("users", "age")', ["MS303"]),
        ('op.drop_table("users")', ["MS304"]),
        ('op.add_column("users", sa.Column("city", sa.Text(), nullable=False))', ["MS401"]),
        (
            "op.execute(\"ALTER TYPE mood ADD VALUE 'calm'\")\n"
            "op.execute(\"UPDATE users SET mood = 'calm' WHERE id = 1\")",
            ["MS402"],
        ),
        ('op.add_column("users", sa.Column("m", sa.Enum("a", name="mood")))', ["MS403"]),
        ('op.execute("UPDATE users SET age = 1")', ["MS601"]),
        (ADD_COLUMN, []),
        (
            'op.alter_column("users", "email", type_=sa.Text(), existing_type=sa.String(50))',
            [],
        ),
        ('op.add_column("users", sa.Column("m", postgresql.ENUM(name="mood")))', []),
        ('op.execute("UPDATE users SET age = 1 WHERE id = 3")', []),
        ('op.execute("GRANT SELECT ON users TO reader")', []),
        ("op.execute(\"COMMENT ON TABLE users IS 'people'\")", []),
    ],
)
def test_tables_made_elsewhere_are_there(tmp_path: Path, body: str, expected: list[str]) -> None:
    """A table that the history never creates is taken to exist, with rows."""
    write(tmp_path, "only", None, body)
    report = judged(tmp_path)
    assert codes(report) == expected
    assert report.coverage.unknown == 0


def test_a_proof_holds_for_tables_made_elsewhere(tmp_path: Path) -> None:
    """NOT VALID, VALIDATE, SET NOT NULL over three revisions is silent without the table's DDL."""
    write(
        tmp_path, "one", None,
        'op.create_check_constraint("ck", "users", "a IS NOT NULL", postgresql_not_valid=True)',
    )  # fmt: skip
    write(tmp_path, "two", "one", 'op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck")')
    write(tmp_path, "three", "two", 'op.alter_column("users", "a", nullable=False)')
    assert codes(judged(tmp_path)) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('op.create_table("t", sa.Column("id", sa.Integer()), schema="app")', []),
        ("op.execute(\"CREATE TYPE app.mood AS ENUM ('a')\")", []),
        ('op.execute("CREATE TABLE app.t ()")\nop.execute("CREATE SCHEMA app")', ["MS407"]),
    ],
)
def test_schemas_made_elsewhere_are_there(tmp_path: Path, body: str, expected: list[str]) -> None:
    """env.py or an administrator makes a schema that no revision creates."""
    write(tmp_path, "only", None, body)
    assert codes(judged(tmp_path)) == expected


def test_what_was_dropped_is_not_taken_for_given(versions: Path) -> None:
    """A table that the history has dropped is gone, and using it fails."""
    write(versions, "second", "first", 'op.drop_table("users")')
    write(versions, "third", "second", INDEX)
    assert "MS407" in codes(judged(versions))


def test_scratch_tables_are_silent(versions: Path) -> None:
    """DROP IF EXISTS before CREATE, and a table made and dropped, are harmless."""
    write(
        versions,
        "second",
        "first",
        """
        op.execute("DROP TABLE IF EXISTS scratch")
        op.execute("CREATE TABLE scratch AS SELECT id FROM users")
        op.create_index("ix_scratch", "scratch", ["id"])
        op.execute("UPDATE scratch SET id = id + 1")
        op.drop_table("scratch")
        """,
    )
    assert codes(judged(versions)) == []


# -- directions ---------------------------------------------------------------------------------


def test_a_downgrade_is_told_as_info(versions: Path) -> None:
    """What blocks or loses in a downgrade is not shown unless asked for."""
    write(
        versions,
        "second",
        "first",
        f"""
        def upgrade():
            {ADD_COLUMN}


        def downgrade():
            op.drop_column("users", "city")
        """,
    )
    report = judged(versions)
    assert codes(report) == []
    downgrades = [f for f in report.findings if f.rule == "MS303"]
    assert [(f.direction, f.severity) for f in downgrades] == [("downgrade", Severity.INFO)]


def test_a_downgrade_that_fails_is_a_warning(versions: Path) -> None:
    """A downgrade that cannot work is told."""
    write(
        versions,
        "second",
        "first",
        f"""
        def upgrade():
            {ADD_COLUMN}


        def downgrade():
            op.drop_column("users", "town")
        """,
    )
    (finding,) = judged(versions).at_least(Severity.WARNING).findings
    assert (finding.rule, finding.severity) == ("MS407", Severity.WARNING)


# -- ignore comments ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        f"{INDEX}  # migsafe: ignore[MS101] small table",
        f"# migsafe: ignore[MS101] small table\n{INDEX}",
        f"# migsafe: ignore[blocking-index-build] small table\n{INDEX}",
        f"# migsafe: ignore[MS101, blocking-index-build] until 2999-01-31: small table\n{INDEX}",
        'op.create_index(\n    "ix",  # migsafe: ignore[MS101] tiny\n    "users",\n    ["age"],\n)',
        'op.execute("CREATE INDEX ix ON users (age) -- migsafe: ignore[MS101] small table")',
        'op.execute("/* migsafe: ignore[MS101] small table */ CREATE INDEX ix ON users (age)")',
        f"def upgrade():  # migsafe: ignore[MS101] small table\n    {INDEX}\n",
        f"# migsafe: ignore[MS101] small table\ndef upgrade():\n    {INDEX}\n",
        f"for _ in (1,):  # migsafe: ignore[MS101] small table\n    {INDEX}",
    ],
)
def test_a_finding_can_be_accepted(versions: Path, body: str) -> None:
    """A comment with a reason accepts a finding at its statement, function or SQL."""
    write(versions, "second", "first", body)
    report = judged(versions)
    assert codes(report) == []
    assert [finding.rule for finding in report.ignored] == ["MS101"]


def test_a_whole_file_can_be_accepted(versions: Path) -> None:
    """A comment before the first code of a file is about all of it."""
    path = write(versions, "second", "first", f'{INDEX}\nop.create_index("i", "orders", ["id"])')
    path.write_text("# migsafe: ignore[MS101] nobody uses it yet\n" + path.read_text())
    assert codes(judged(versions)) == []


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# migsafe: ignore[MS101]", ["MS101", "MS904"]),
        ("# migsafe: ignore", ["MS101", "MS904"]),
        ("# migsafe: ignore[MS303] other rule", ["MS101", "MS903"]),
        ("# migsafe: ignore[MS101] until 2020-01-31: small table", ["MS101", "MS903"]),
        ("# migsafe: ignore[MS101 until 2099-01-31] small table", ["MS101", "MS903"]),
        ("# migsafe: ignore[MS1O1] small table", ["MS101", "MS903"]),
        ("# migsafe: ignore[MS101, MS303] small table", ["MS903"]),
    ],
)
def test_an_ignore_that_ignores_nothing_is_told(
    versions: Path, comment: str, expected: list[str]
) -> None:
    """A comment without a reason, for another rule or out of date is a finding itself."""
    write(versions, "second", "first", f"{INDEX}  {comment}")
    assert sorted(codes(judged(versions))) == expected


def test_an_ignore_is_no_other_line_s(versions: Path) -> None:
    """A comment accepts what is at its own statement only."""
    body = f'{INDEX}  # migsafe: ignore[MS101] small\nop.create_index("i", "orders", ["id"])'
    path = write(versions, "second", "first", body)
    (finding,) = judged(versions).at_least(Severity.WARNING).findings
    assert finding.line == line_of(path, '"orders"')


# -- settings -----------------------------------------------------------------------------------


def test_rules_are_selected_by_code_name_and_group(versions: Path) -> None:
    """select and ignore take codes, names and the beginnings of codes."""
    write(versions, "second", "first", f'{INDEX}\nop.drop_column("users", "age")')
    assert codes(judged(versions)) == ["MS101", "MS303"]
    assert codes(judged(versions, Settings(select=("MS1",)))) == ["MS101"]
    assert codes(judged(versions, Settings(ignore=("blocking-index-build",)))) == ["MS303"]
    with pytest.raises(ConfigError, match="did you mean blocking-index-build"):
        judged(versions, Settings(ignore=("blocking-index-buid",)))


def test_severities_and_files_are_settings(versions: Path) -> None:
    """A project can change the severity of a rule, and leave files out."""
    write(versions, "second", "first", INDEX)
    milder = judged(versions, Settings(severity={"MS101": "info"}))
    assert [f.severity for f in milder.findings if f.rule == "MS101"] == [Severity.INFO]
    group = judged(versions, Settings(severity={"MS1": "info", "MS10": "warning"}))
    assert [f.severity for f in group.findings if f.rule == "MS101"] == [Severity.WARNING]
    paths = {"second*": PathSettings(severity={"MS101": "info"}), "fir*": PathSettings(("MS2",))}
    milder = judged(versions, Settings(severity={"MS1": "warning"}, paths=paths))
    assert [f.severity for f in milder.findings if f.rule == "MS101"] == [Severity.INFO]
    for there in (PathSettings(ignore=("MS1",)), PathSettings(select=("column-drop",))):
        assert codes(judged(versions, Settings(paths={"*/second*.py": there}))) == []
    with pytest.raises(ConfigError, match="did you mean column-drop"):
        judged(versions, Settings(paths={"*": PathSettings(ignore=("column-dorp",))}))
    report = judged(versions, Settings(exclude=("second*",)))
    assert codes(report) == []
    assert report.coverage.revisions == 1


def test_the_version_changes_the_verdict(versions: Path) -> None:
    """What a PostgreSQL does not know fails there."""
    sql = "ALTER TABLE users ADD CONSTRAINT nn NOT NULL age NOT VALID"
    write(versions, "second", "first", f'op.execute("{sql}")')
    assert codes(judged(versions, Settings(target_version=14))) == ["MS407"]
    assert codes(judged(versions, Settings(target_version=18))) == []


# -- git ----------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_since_judges_only_what_a_branch_adds(versions: Path) -> None:
    """--since takes committed and untracked files that the commit did not have."""
    old = write(versions, "second", "first", INDEX)
    git(versions, "init", "-b", "main")
    git(versions, "add", "-A")
    git(versions, "commit", "-m", "old")
    git(versions, "checkout", "-b", "feature")
    new = write(versions, "third", "second", 'op.drop_column("users", "age")')
    assert changed_since("main", versions) == {new.resolve()}
    git(versions, "add", "-A")
    git(versions, "commit", "-m", "new")
    assert changed_since("main", versions) == {new.resolve()}
    done = CliRunner().invoke(command, [str(versions), "--since", "main"])
    assert "third.py" in done.output
    assert old.name not in done.output
    with pytest.raises(MigsafeError, match="git: "):
        changed_since("no-such-branch", versions)


def test_since_tells_of_edits_of_released_migrations(versions: Path) -> None:
    """--since compares migrations that are there already, but for comments and the downgrade."""
    old = write(versions, "second", "first", 'op.execute("ALTER TABLE users ADD COLUMN a int")')
    git(versions, "init", "-b", "main")
    git(versions, "add", "-A")
    git(versions, "commit", "-m", "old")
    text = old.read_text()
    old.write_text(f"# A comment.\n{text}\n\ndef downgrade():\n    pass\n")
    run = CliRunner().invoke(command, [str(versions), "--since", "main", "--no-cache"])
    assert "MS706" not in run.output
    old.write_text(text.replace("a int", "b int"))
    for cache in ((), ("--no-cache",)):
        done = CliRunner().invoke(command, [str(versions), "--since", "main", *cache])
        assert "MS706" in done.output


def test_staged_judges_what_will_be_committed(versions: Path) -> None:
    """--staged takes the files in git's index and no others."""
    git(versions, "init", "-b", "main")
    write(versions, "second", "first", INDEX)
    git(versions, "add", "-A")
    git(versions, "commit", "-m", "old")
    write(versions, "third", "second", 'op.drop_column("users", "age")')
    assert CliRunner().invoke(command, [str(versions), "--staged"]).output.startswith("No findings")
    git(versions, "add", "-A")
    done = CliRunner().invoke(command, [str(versions), "--staged"])
    assert "MS303" in done.output
    assert "MS101" not in done.output


# -- a baseline, and rules of one's own ---------------------------------------------------------


def test_a_baseline_leaves_the_new_findings(
    versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was there when the baseline was written does not count, even when lines move."""
    monkeypatch.chdir(versions.parent)
    Path("pyproject.toml").write_text('[tool.migsafe]\nbaseline = "known.json"\n')
    unexplained = 'op.execute("SELECT 1")  # migsafe: ignore[MS101]'
    old = write(versions, "second", "first", f"{INDEX}\n{unexplained}")
    assert run("check", "versions") == 2
    assert run("check", "versions", "--write-baseline", "known.json") == 0
    assert run("baseline", "versions", "-o", "same.json") == 0
    assert Path("same.json").read_text() == Path("known.json").read_text()
    old.write_text("# moved\n" + old.read_text())
    assert run("check", "versions") == 0
    write(versions, "third", "second", 'op.drop_column("users", "age")')
    assert run("check", "versions") == 1
    Path("known.json").write_text("{}")
    assert run("check", "versions") == 2


OWN_RULE = """
from migsafe.rule import Rule

class UnlovedTable(Rule):
    \"\"\"A table has a name that nobody loves.\"\"\"

    code = "OURS001"
    bad = ('op.create_table("foo")',)
    good = ("pass",)
    safe_way = "Another name."

    def check(self, step, effects, context):
        if "foo" in step.sql:
            yield "this table is called foo"
"""


def test_a_project_has_rules_of_its_own(
    versions: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A package named in the settings is searched beside pyproject.toml; one file is one rule."""
    monkeypatch.chdir(versions.parent)
    package = versions.parent / "house_rules"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "unloved_table.py").write_text(OWN_RULE)
    Path("pyproject.toml").write_text('[tool.migsafe]\nrules = ["house_rules"]\n')
    write(versions, "second", "first", 'op.create_table("foo")')
    assert run("check", "versions") == 1
    assert "OURS001 unloved-table" in capsys.readouterr().out
    assert run("explain", "OURS001") == 0
    Path("pyproject.toml").write_text('[tool.migsafe]\nrules = ["no_such_rules"]\n')
    assert run("check", "versions") == 2
    assert "no_such_rules" in capsys.readouterr().err


# -- the command --------------------------------------------------------------------------------


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_exit_codes(versions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 is clean, 1 means findings, 2 that it could not run, with one line that says why."""
    assert run("check", str(versions)) == 0
    assert "No findings" in capsys.readouterr().out
    write(versions, "second", "first", INDEX)
    assert run("check", str(versions)) == 1
    assert "MS101" in capsys.readouterr().out
    assert run("check", str(versions), "--ignore", "MS101") == 0
    assert run("check", str(versions), "--select", "MS999") == 2
    assert run("check", str(versions / "missing")) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_single_files_can_be_named(versions: Path) -> None:
    """The other files of the history are read for the schema, but not judged."""
    write(versions, "second", "first", INDEX)
    third = write(versions, "third", "second", 'op.drop_column("users", "age")')
    done = CliRunner().invoke(command, [str(third)])
    assert "MS303" in done.output
    assert "MS101" not in done.output


def test_info_is_shown_when_asked_for(versions: Path) -> None:
    """--min-severity info shows what is left out by default."""
    write(versions, "second", "first", ADD_COLUMN)
    assert "MS501" not in CliRunner().invoke(command, [str(versions)]).output
    shown = CliRunner().invoke(command, [str(versions), "--min-severity", "info"]).output
    assert "MS501" in shown


def test_rules_and_explain(capsys: pytest.CaptureFixture[str]) -> None:
    """Every rule is listed, and explained by code and by name."""
    assert run("rules") == 0
    listed = capsys.readouterr().out
    for rule in load_rules():
        assert f"{rule.code}  {rule.rule_name()} " in listed
        assert run("explain", rule.code.lower()) == 0
        by_code = capsys.readouterr().out
        assert run("explain", rule.rule_name()) == 0
        assert capsys.readouterr().out == by_code
        assert rule.documentation() in by_code
    run("explain", "MS106")
    assert "holds ACCESS EXCLUSIVE on users while reading all of it" in capsys.readouterr().out
    assert run("explain", "column-dorp") == 2
    assert "did you mean column-drop?" in capsys.readouterr().err
