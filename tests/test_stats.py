"""Sizes of tables: what a database says, and what follows for findings."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from migsafe.cli.check import command as check_command
from migsafe.cli.stats import command as stats_command
from migsafe.config import Settings, Size, parse_settings
from migsafe.effects import Effects
from migsafe.errors import ConfigError, ServerError
from migsafe.locks import LockMode
from migsafe.names import Name
from migsafe.rules import load_rules
from migsafe.stats import Stats, TableStats, as_json, estimate, load_stats
from migsafe.stats.query import read_stats

ORDERS, USERS = Name("public", "orders"), Name("public", "users")
GROWING = {rule.code for rule in load_rules() if rule.grows}

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {parent!r}

def upgrade():
{body}

def downgrade():
    raise NotImplementedError
"""
START = """
    op.create_table(
        "orders", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("note", sa.Text())
    )
"""


def project(folder: Path, body: str) -> Path:
    versions = folder / "versions"
    versions.mkdir()
    for name, parent, text in (("start", None, START), ("case", "start", body)):
        (versions / f"{name}.py").write_text(
            MIGRATION.format(revision=name, parent=parent, body=text)
        )
    return versions


def stats_file(folder: Path, **numbers: object) -> Path:
    path = folder / "stats.json"
    table = {"schema": "public", "name": "orders", "rows": 100, "bytes": 10**6, **numbers}
    document = {"version": 1, "postgres": 18, "seconds": 1000, "tables": [table]}
    path.write_text(json.dumps(document))
    return path


def checked(versions: Path, *options: str) -> list[dict[str, object]]:
    arguments = [str(versions), "-f", "json", "--no-cache", "--min-severity", "info", *options]
    result = CliRunner().invoke(check_command, arguments, standalone_mode=False)
    assert result.exception is None, result.exception
    found = json.loads(result.stdout)["findings"]
    return [f for f in found if f["revision"] == "case" and f["rule"] in {"MS303"} | GROWING]


@pytest.fixture
def filled(db: str) -> str:
    """A database with tables of each kind, analyzed, and one that nobody has analyzed."""
    with psycopg.connect(db, autocommit=True) as connection:
        connection.execute(
            "CREATE SCHEMA app; CREATE TABLE app.users (id int PRIMARY KEY, name text);"
            "INSERT INTO app.users SELECT n, 'secret' FROM generate_series(1, 5000) n;"
            "CREATE TABLE events (id int, at int) PARTITION BY RANGE (at);"
            "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);"
            "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20);"
            "INSERT INTO events SELECT n, n % 20 FROM generate_series(1, 1000) n;"
            "CREATE MATERIALIZED VIEW names AS SELECT name FROM app.users;"
            "CREATE TEMPORARY TABLE passing (id int);"
        )
        connection.execute("ANALYZE")
        connection.execute("CREATE TABLE fresh (id int); INSERT INTO fresh VALUES (1)")
    return db


def test_a_database_tells_its_sizes(filled: str) -> None:
    """Rows and bytes of each table, those of a partitioned one summed; no temporary ones."""
    found = read_stats(filled)
    assert sorted(name.display() for name in found.tables) == [
        "app.users", "events", "events_1", "events_2", "fresh", "names"
    ]  # fmt: skip
    users = found.tables[Name("app", "users")]
    assert users.rows == 5000
    assert users.bytes >= 5000 * 30
    assert [index.name for index in users.indexes] == ["users_pkey"]
    assert users.index_bytes == users.indexes[0].bytes > 0
    whole, *parts = (found.of(Name(None, name)) for name in ("events", "events_1", "events_2"))
    assert whole is not None
    assert whole.rows == 1000
    assert whole.bytes == sum(part.bytes for part in parts if part)
    assert [part.parent for part in parts if part] == [Name("public", "events")] * 2
    fresh = found.of(Name(None, "fresh"))
    assert fresh is not None
    assert fresh.rows is None
    assert found.seconds is not None
    assert found.seconds >= 0


def test_the_file_holds_no_data_and_is_read_back(filled: str, tmp_path: Path) -> None:
    """The command writes names and numbers; reading them gives the same."""
    path = tmp_path / "stats.json"
    result = CliRunner().invoke(stats_command, [filled, "-o", str(path)], standalone_mode=False)
    assert result.exception is None
    text = path.read_text()
    assert "secret" not in text
    assert as_json(load_stats(path)) == text


def test_a_database_that_is_not_there_is_an_error_without_the_password() -> None:
    """The message names the place, not the password."""
    with pytest.raises(ServerError) as caught:
        read_stats("postgresql://me:hidden@127.0.0.1:1/shop")
    assert "hidden" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "numbers", "severity", "says"),
    [
        ('    op.create_index("ix", "orders", ["note"])', {"bytes": 10**6}, "info", "takes about"),
        ('    op.create_index("ix", "orders", ["note"])', {"bytes": 10**8}, "error", "1.7 s"),
        ('    op.execute("UPDATE orders SET note = 1")', {"bytes": 10**10}, "error", "17 min"),
        ('    op.execute("UPDATE orders SET note = 1")', {"bytes": 10**8}, "warning", "10 s"),
        ('    op.execute("UPDATE orders SET note = 1")', {"bytes": 10**4}, "info", "no time"),
        (
            '    op.execute("ALTER TABLE orders ALTER note TYPE int USING note::int")',
            {"bytes": 10**4}, "error", "no time",
        ),
        (
            '    op.drop_column("orders", "note")',
            {"idx_scans": 250_000, "inserted": 12_000}, "error",
            "orders has 250 reads and 12 written rows a second",
        ),
    ],
)  # fmt: skip
def test_severity_follows_size(
    tmp_path: Path, body: str, numbers: dict[str, object], severity: str, says: str
) -> None:
    """Small tables make notes of findings, large ones errors; the message tells the time."""
    versions = project(tmp_path, body)
    [plain] = checked(versions)
    [sized] = checked(versions, "--stats", str(stats_file(tmp_path, **numbers)))
    assert sized["severity"] == severity
    assert says in str(sized["message"])
    assert sized["fingerprint"] == plain["fingerprint"]
    assert (sized["estimate"] is None) == (sized["rule"] == "MS303")
    assert plain["estimate"] is None


def test_tables_that_are_not_in_the_file_are_judged_as_without_it(tmp_path: Path) -> None:
    """What is not known is not small."""
    versions = project(tmp_path, '    op.create_index("ix", "orders", ["note"])')
    assert checked(versions) == checked(
        versions, "--stats", str(stats_file(tmp_path, name="others"))
    )


def test_thresholds_and_severities_of_the_project(tmp_path: Path) -> None:
    """Thresholds may be rows; a severity that the project names is kept."""
    versions = project(tmp_path, '    op.create_index("ix", "orders", ["note"])')
    stats_file(tmp_path, rows=50)
    settings = tmp_path / "pyproject.toml"
    (tmp_path / ".git").mkdir()
    for section, severity in (
        ("small = 51", "info"),
        ("small = 50", "error"),
        ('small = "1TB"\nseverity = {MS101 = "warning"}', "warning"),
    ):
        settings.write_text(f'[tool.migsafe]\nstats = "stats.json"\n{section}\n')
        [finding] = checked(versions)
        assert finding["severity"] == severity


@pytest.mark.parametrize("text", ["nothing", "[]", '{"version": 1}', '{"version": 2}'])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    """A file that holds no statistics is an error with its name."""
    path = tmp_path / "stats.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"stats\.json"):
        load_stats(path)


@pytest.mark.parametrize("value", ["1 gigabyte", -1, True, "GB", 1.5])
def test_other_thresholds_are_refused(value: object) -> None:
    """Sizes have a unit, rows are a number."""
    with pytest.raises(ConfigError, match="expected a size"):
        parse_settings({"large": value}, Path("pyproject.toml"))


def test_thresholds_are_read() -> None:
    """Bytes with a unit, or rows."""
    found = parse_settings({"small": 1000, "large": "1.5 GB"}, Path("pyproject.toml"))
    assert (found.small, found.large) == (Size(rows=1000), Size(bytes=1_500_000_000))
    assert Settings().small == Size(bytes=10_000_000)


def test_partitions_do_not_count_twice() -> None:
    """Effects name a partitioned table and its partitions; the work is that of all rows once."""
    part = Name("public", "orders_1")
    tables = [
        TableStats(ORDERS, 10, 400_000_000),
        TableStats(part, 10, 400_000_000, parent=ORDERS),
        TableStats(USERS, 10, 200_000_000),
    ]
    stats = Stats({table.name: table for table in tables})
    locks = {name: frozenset({LockMode.SHARE}) for name in stats.tables}
    found = estimate(Effects(locks=locks, scans=frozenset(stats.tables)), stats)
    assert found is not None
    assert found.seconds == pytest.approx(3)
    assert (found.least, found.most) == (pytest.approx(0.6), pytest.approx(15))
