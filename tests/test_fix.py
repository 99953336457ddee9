"""`migsafe fix`: what is rewritten is safe, does the same, and looks as its author left it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import alembic.command
import click
import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from autogen.harness import catalog_of, differences, execute, sqlalchemy_url
from click.testing import CliRunner
from projects import write_project

from migsafe.capture import capture, find_history
from migsafe.catalog import Catalog
from migsafe.check import check
from migsafe.cli import cli
from migsafe.config import Settings
from migsafe.errors import MigsafeError
from migsafe.fix import FileChange, Outcome, fix
from migsafe.fix.emitted import SAFE, UNSAFE
from migsafe.fix.files import write
from migsafe.rule import Rule
from migsafe.rules import example_files, load_rules
from migsafe.server import Server
from migsafe.sql.online import may_run_again, one_by_one

RULES = load_rules()
OLDEST = Settings(target_version=14)
ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

target_metadata = None
options = context.config.attributes
engine = create_engine(
    options["url"], poolclass=pool.NullPool, isolation_level=options.get("isolation")
)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=target_metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
"""
# A statement with work under a lock that only a person can move elsewhere, and columns whose
# values PostgreSQL makes together with them.
WITHOUT_FORM = {("MS110", 0), ("MS202", 1), ("MS202", 2), ("MS202", 3), ("MS202", 4)}
# One text of several statements is one transaction: PostgreSQL refuses it in autocommit, too.
NEVER_RUNS = ("MS404-2",)
EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.code}-{number}")
    for rule in RULES
    if rule.code in SAFE | UNSAFE
    for number, example in enumerate(rule.bad)
    if (rule.code, number) not in WITHOUT_FORM
]


def written(folder: Path, rule: Rule, example: str) -> Path:
    """The example of a rule as an Alembic project in *folder*."""
    for name, text in example_files(rule, example).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "env.py").write_text(ENV)
    return folder


def fixed(folder: Path, settings: Settings = OLDEST, *, unsafe: bool = True) -> Outcome:
    """What fixing all revisions but the first one gives, written to *folder*."""
    outcome = fix(
        find_history([folder]),
        RULES,
        settings,
        only=lambda migration: bool(migration.down_revisions),
        unsafe=unsafe,
    )
    write(outcome.changes)
    return outcome


def found(folder: Path, settings: Settings = OLDEST) -> set[str]:
    """The codes of all findings in *folder*."""
    return {f.rule for f in check(capture(find_history([folder])), RULES, settings).findings}


def migrate(
    folder: Path, url: str, to: str, *, autocommit: bool = False, down: bool = False
) -> None:
    """Run Alembic on the project in *folder*."""
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["url"] = sqlalchemy_url(url)
    config.attributes["isolation"] = "AUTOCOMMIT" if autocommit else None
    way = alembic.command.downgrade if down or to == "base" else alembic.command.upgrade
    way(config, to)


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_example_becomes_silent(rule: Rule, example: str, tmp_path: Path) -> None:
    """A bad example is rewritten, its rule falls silent, and a second run finds nothing to do."""
    folder = written(tmp_path, rule, example)
    before = found(folder)
    assert rule.code in before
    unsafe = rule.code in UNSAFE
    outcome = fixed(folder, unsafe=unsafe)
    assert rule.code in {f.rule for f in outcome.fixed}
    assert not outcome.left
    after = found(folder)
    assert rule.code not in after
    # A downgrade that was not there before loses the values of the column.
    assert after <= before | {"MS601"} | ({"MS303"} if unsafe else set())
    assert fixed(folder, unsafe=unsafe).changes == ()


@pytest.mark.parametrize("major", [14, 18])
def test_examples_end_in_the_same_schema(
    major: int, server_of: Callable[[int], Server], tmp_path: Path
) -> None:
    """PostgreSQL makes the same schema of a rewritten example as of the example itself."""
    server = server_of(major)
    for rule, example in (param.values for param in EXAMPLES):
        assert isinstance(rule, Rule)
        name = f"{rule.code}-{rule.bad.index(example)}"
        if name in NEVER_RUNS:
            continue
        folders = [written(tmp_path / side / name, rule, str(example)) for side in "ab"]
        fixed(folders[1], replace(OLDEST, target_version=major))
        ends: list[Catalog] = []
        for folder in folders:
            with server.database() as url:
                migrate(folder, url, "start")
                execute(url, ["DELETE FROM users"] if rule.code == "MS401" else [])
                fails_alone = folder is folders[0] and rule.code in ("MS402", "MS404")
                migrate(folder, url, "head", autocommit=fails_alone)
                ends.append(catalog_of(url))
        assert differences(*ends) == [], name


REVISION = '''"""add things

Revision ID: two
Revises: one
Create Date: 2024-05-01 10:00:00.123456

"""
from alembic import op
import sqlalchemy as sa

revision: str = "two"
down_revision: str | None = "one"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # ### commands auto generated by Alembic - please adjust! ###
    op.add_column("users", sa.Column("age", sa.Integer()))  # in years
    # look up by age
    op.create_index(
        op.f("ix_users_age"),  # the name
        "users",
        ["age"],
        unique=False,  # ages repeat
    )
    op.create_foreign_key(None, "orders", "users", ["user_id"], ["id"])
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_constraint("orders_user_id_fkey", "orders", type_="foreignkey")
    op.drop_index("ix_users_age")
    op.drop_column("users", "age")
'''
EXPECTED = """
def upgrade() -> None:
    # ### commands auto generated by Alembic - please adjust! ###
    op.add_column("users", sa.Column("age", sa.Integer()), if_not_exists=True)  # in years
    # look up by age
    # Each of these steps is committed by itself. If one fails, run the migration again.
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_users_age")
        op.create_index(
            op.f("ix_users_age"),  # the name
            "users",
            ["age"],
            unique=False,  # ages repeat
            postgresql_concurrently=True,
        )
        op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_user_id_fkey")
        op.execute(
            "ALTER TABLE orders ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) "
            "REFERENCES users (id) NOT VALID"
        )
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT orders_user_id_fkey")
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_constraint("orders_user_id_fkey", "orders", type_="foreignkey", if_exists=True)
    # Each of these steps is committed by itself. If one fails, run the migration again.
    with op.get_context().autocommit_block():
        op.drop_index("ix_users_age", postgresql_concurrently=True, if_exists=True)
    op.drop_column("users", "age")
"""
TABLES = """
op.execute("CREATE TABLE users (id bigint PRIMARY KEY, name text)")
op.execute("CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint)")
op.execute("CREATE INDEX ix_name ON users (name)")
"""
NO_TABLES = 'op.execute("DROP TABLE orders, users")'


def project(folder: Path, *revisions: tuple[str, str]) -> Path:
    """A project with two tables, and after them *revisions*: upgrade and downgrade."""
    names = ("one", "two", "three")
    bodies = dict(zip(names, [(TABLES, NO_TABLES), *revisions], strict=False))
    return write_project(folder, bodies, env=ENV)


def versions(folder: Path) -> dict[str, str]:
    """The texts of the migrations by the name of the file."""
    return {p.name: p.read_text() for p in sorted((folder / "migrations/versions").glob("*.py"))}


def test_comments_and_layout_stay(tmp_path: Path) -> None:
    """What is not rewritten is byte for byte as it was, and comments stay where they belong."""
    folder = project(tmp_path)
    path = folder / "migrations/versions/two.py"
    path.write_text(REVISION)
    outcome = fixed(folder, unsafe=False)
    head, marker, _ = REVISION.partition("\ndef upgrade")
    assert marker
    assert path.read_text() == head + EXPECTED
    assert [f.rule for f in outcome.fixed] == ["MS101", "MS104", "MS102"]


SEVERAL = (
    """
    bind = op.get_bind()
    op.add_column("users", sa.Column("age", sa.Integer()))
    bind.execute(sa.text("UPDATE users SET age = 1"))
    op.create_check_constraint("ck_age", "users", "age > 0")
    """,
    """
    op.drop_constraint("ck_age", "users")
    op.drop_column("users", "age")
    """,
)


def test_what_cannot_run_again_gets_a_revision_of_its_own(db: str, tmp_path: Path) -> None:
    """The last part keeps the id; up and down lead where they led before."""
    folder = project(tmp_path / "new", SEVERAL, ("pass", "pass"))
    old = project(tmp_path / "old", SEVERAL, ("pass", "pass"))
    outcome = fixed(folder, unsafe=False)
    assert [change.path.name for change in outcome.changes] == [
        "two_1_two_step_1_of_2.py",
        "two.py",
    ]
    script = ScriptDirectory(str(folder / "migrations"))
    chain = [(r.revision, r.down_revision) for r in script.walk_revisions()]
    assert chain == [("three", "two"), ("two", "two_1"), ("two_1", "one"), ("one", None)]
    texts = versions(folder)
    assert "UPDATE users" in texts["two_1_two_step_1_of_2.py"]
    assert "UPDATE users" not in texts["two.py"]
    assert "ck_age" not in texts["two_1_two_step_1_of_2.py"]
    ends = []
    for side in (old, folder):
        migrate(side / "migrations", db, "head")
        top = catalog_of(db)
        migrate(side / "migrations", db, "base")
        ends.append((top, catalog_of(db)))
    assert differences(ends[0][0], ends[1][0]) == []
    assert differences(ends[0][1], ends[1][1]) == []


def test_a_failed_migration_can_be_run_again(db: str, tmp_path: Path) -> None:
    """A rewritten revision that fails half way succeeds when the reason is gone."""
    steps = (
        """
        op.add_column("users", sa.Column("login", sa.Text(), unique=True))
        op.create_index("ix_login", "users", ["login"])
        op.create_unique_constraint("uq_name", "users", ["name"])
        """,
        """
        op.drop_constraint("uq_name", "users")
        op.drop_index("ix_login")
        op.drop_column("users", "login")
        """,
    )
    folder = project(tmp_path, steps)
    assert not fixed(folder, unsafe=False).left
    migrate(folder / "migrations", db, "one")
    execute(db, ["INSERT INTO users VALUES (1, 'a'), (2, 'a')"])
    with pytest.raises(Exception, match="uq_name"):
        migrate(folder / "migrations", db, "head")
    execute(db, ["UPDATE users SET name = id"])
    migrate(folder / "migrations", db, "head")
    table = catalog_of(db).tables
    names = {c.name for t in table.values() for c in t.constraints}
    assert {"uq_name", "users_login_key"} <= names


def test_a_column_gets_its_random_values_in_batches(db: str, tmp_path: Path) -> None:
    """Every row has a value of its own at the end, and the column is NOT NULL."""
    steps = (
        """
        op.add_column(
            "users",
            sa.Column(
                "token", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()")
            ),
        )
        """,
        'op.drop_column("users", "token")',
    )
    folder = project(tmp_path, steps)
    assert not fixed(folder).left
    migrate(folder / "migrations", db, "one")
    execute(db, ["INSERT INTO users SELECT n, 'u' FROM generate_series(1, 5000) n"])
    migrate(folder / "migrations", db, "head")
    execute(db, ["CREATE UNIQUE INDEX ON users (token)"])
    column = next(t for t in catalog_of(db).tables.values() if t.name.name == "users").column(
        "token"
    )
    assert column is not None
    assert column.not_null
    assert column.default == "gen_random_uuid()"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ('for c in ("name",):\n    op.create_index("ix_c", "users", [c])', "a loop"),
        ('if True:\n    op.create_index("ix_c", "users", ["name"])', "a condition"),
        ('op.create_index(f"ix_{1}", "users", ["name"])', "put together"),
        ('op.execute("CREATE INDEX ix_{} ON users (name)".format(1))', "put together"),
        ('sql = "CREATE INDEX ix ON users (name)"\nop.execute(sql)', "not written as a text"),
        ("def own():\n    op.create_index('ix_c', 'users', ['name'])\nown()", "a function"),
        (
            'op.get_bind().execute(sa.text("CREATE INDEX ix ON users (name)"))\nraise ValueError',
            "not all of the file can be read",
        ),
        (
            'op.execute("ALTER TABLE users ADD EXCLUDE USING btree (name WITH =)")',
            None,
        ),
    ],
)
def test_what_it_cannot_see_is_named_and_left(
    code: str, reason: str | None, tmp_path: Path
) -> None:
    """Loops, conditions, helpers and texts made at run time stay, with the reason."""
    folder = project(tmp_path, (code, "pass"))
    before = versions(folder)
    outcome = fixed(folder, unsafe=False)
    assert not outcome.changes
    assert versions(folder) == before
    assert [reason in left.reason for left in outcome.left] == ([True] if reason else [])


def test_a_convention_that_cannot_be_read_is_respected(tmp_path: Path) -> None:
    """Nobody can tell what a CHECK will be called, so it is left; an index has its own name."""
    steps = (
        """
        op.create_check_constraint("age", "users", "id > 0")
        op.create_index("ix_users_name", "users", ["name"])
        """,
        'op.drop_index("ix_users_name")\nop.drop_constraint("age", "users")',
    )
    folder = project(tmp_path, steps)
    env = folder / "migrations/env.py"
    env.write_text("from elsewhere import Base\ntarget_metadata = Base.metadata\n")
    outcome = fixed(folder, unsafe=False)
    assert [(left.finding.rule, "convention" in left.reason) for left in outcome.left] == [
        ("MS105", True)
    ]
    assert {f.rule for f in outcome.fixed} == {"MS101", "MS102"}


def test_an_accepted_finding_is_left_alone(tmp_path: Path) -> None:
    """What was accepted with a reason is nobody's business any more."""
    code = 'op.create_index("ix", "users", ["name"])  # migsafe: ignore[MS101] the table is small'
    folder = project(tmp_path, (code, 'op.execute("SELECT 1")'))
    assert fixed(folder) == Outcome()


FAILING_DOWNGRADE = (
    'op.create_index("ix_users_name", "users", ["name"])',
    'op.drop_constraint("ck_name", "users")\nop.drop_index("ix_users_name", "users")',
)


def test_a_downgrade_that_fails_is_not_silenced(tmp_path: Path) -> None:
    """IF EXISTS before a block would make it pass, and leave behind what it is to drop."""
    folder = project(tmp_path, FAILING_DOWNGRADE)
    before = versions(folder)["two.py"]
    outcome = fixed(folder)
    after = versions(folder)["two.py"]
    assert [f.rule for f in outcome.fixed] == ["MS101"]
    assert after.partition("def downgrade")[2] == before.partition("def downgrade")[2]
    [left] = outcome.left
    assert left.finding.rule == "MS102"
    assert re.fullmatch(
        r"line \d+ fails \(MS407\), and would no more: correct it first", left.reason
    )


def test_statements_are_taken_apart() -> None:
    """Actions and inline constraints become statements, in an order that works."""
    assert one_by_one(
        "ALTER TABLE t ADD a int UNIQUE NOT NULL REFERENCES u DEFERRABLE, DROP b"
    ) == (
        "ALTER TABLE t ADD COLUMN a int NOT NULL",
        "ALTER TABLE t ADD UNIQUE (a)",
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u DEFERRABLE",
        "ALTER TABLE t DROP b",
    )
    assert one_by_one("ALTER TABLE t DROP b") == ("ALTER TABLE t DROP b",)
    assert may_run_again("create unique index i on t (a)") == (
        "create unique index IF NOT EXISTS i on t (a)"
    )
    assert may_run_again("ALTER TABLE t DROP COLUMN IF EXISTS a") == (
        "ALTER TABLE t DROP COLUMN IF EXISTS a"
    )


def test_all_files_are_written_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the second file cannot be replaced, the first is as it was, and nothing is left over."""
    paths = [tmp_path / "a.py", tmp_path / "b.py"]
    for path in paths:
        path.write_bytes(b"old")
    changes = [FileChange(path, b"old", b"new") for path in paths]
    changes.insert(0, FileChange(tmp_path / "c.py", None, b"new"))
    real = os.replace

    def failing(source: Path, target: Path) -> None:
        if Path(target).name == "b.py":
            raise OSError(13, "Permission denied", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(MigsafeError, match="nothing was written"):
        write(changes)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a.py": b"old", "b.py": b"old"}
    monkeypatch.undo()
    paths[0].write_bytes(b"other")
    with pytest.raises(MigsafeError, match="changed meanwhile"):
        write(changes)
    assert paths[1].read_bytes() == b"old"


def git(folder: Path, *arguments: str) -> None:
    names = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and output of `migsafe`, run in *folder*."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        result = CliRunner().invoke(cli, ["fix", *arguments], standalone_mode=False)
    finally:
        os.chdir(before)
    if isinstance(result.exception, MigsafeError | click.UsageError):
        return 2, str(result.exception)
    assert result.exception is None, result.exception
    return int(result.return_value or 0), result.output


INDEX = ('op.create_index("ix", "users", ["name"])', 'op.drop_index("ix")')


def test_the_command(tmp_path: Path) -> None:
    """What the base branch has is refused; --diff writes nothing; the rest is written once."""
    folder = project(tmp_path, INDEX)
    new = folder / "migrations/versions/two.py"
    assert "no git" not in run(folder)[1]
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "migrations/versions/one.py")
    git(folder, "commit", "-q", "-m", "one")
    before = new.read_text()
    code, output = run(folder, "--diff")
    assert code == 1
    assert "--- a/migrations/versions/two.py" in output
    assert "+        op.create_index(" in output
    assert new.read_text() == before
    assert run(folder, "migrations/versions/one.py") == (
        2,
        f"{folder}/migrations/versions/one.py: it is released, as the base branch has it; "
        "--released rewrites it all the same",
    )
    code, output = run(folder, "--format", "json")
    assert code == 0
    document = json.loads(output)
    assert [f["rule"] for f in document["fixed"]] == ["MS101", "MS102"]
    assert document["files"] == [{"path": "migrations/versions/two.py", "new": False}]
    assert "autocommit_block" in new.read_text()
    assert run(folder) == (0, "Nothing to fix.\n")


def test_without_git_somebody_has_to_say_what_is_released(tmp_path: Path) -> None:
    """A folder that is in no repository is refused, unless all may be rewritten."""
    folder = project(tmp_path, INDEX)
    code, output = run(folder)
    assert code == 2
    assert "--released" in output
    assert run(folder, "--released")[0] == 0


def test_check_fixes_too(tmp_path: Path) -> None:
    """`migsafe check --fix` rewrites what it can and judges what is there then."""
    folder = project(tmp_path, INDEX)
    git(folder, "init", "-q", "-b", "main")
    before = Path.cwd()
    os.chdir(folder)
    try:
        result = CliRunner().invoke(cli, ["check", "--fix", "--no-cache"], standalone_mode=False)
    finally:
        os.chdir(before)
    assert result.exception is None, result.exception
    assert "fixed: migrations/versions/two.py" in result.output
    assert "MS101" not in result.output.partition("written.")[2]


def test_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without libcst the command says what to install."""
    import sys

    folder = project(tmp_path, INDEX)
    for name in [n for n in sys.modules if n.startswith(("migsafe.fix", "libcst"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "libcst", None)
    code, output = run(folder, "--released")
    assert code == 2
    assert "alembic-migsafe[fix]" in output


SLOW = """
CREATE FUNCTION slow(n bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS
    $$ BEGIN PERFORM pg_sleep(0.005); RETURN n; END $$
"""
UNDER_LOAD = {
    "index": ('op.create_index("ix", "users", [sa.text("slow(id)")])', 'op.drop_index("ix")'),
    "check": (
        'op.create_check_constraint("ck", "users", "slow(id) > 0")',
        'op.drop_constraint("ck", "users")',
    ),
}


def timeouts(folder: Path, url: str) -> int:
    """How often a second session gives up on a lock while the third revision runs."""
    migrate(folder / "migrations", url, "two")
    execute(url, ["INSERT INTO users SELECT n, 'u' FROM generate_series(1, 100) n"])
    done = threading.Event()
    gave_up = []

    def work() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET lock_timeout = '150ms'")
            while not done.is_set():
                try:
                    connection.execute("UPDATE users SET name = 'x' WHERE id = 1")
                    connection.execute("SELECT name FROM users WHERE id = 2")
                except psycopg.errors.LockNotAvailable:
                    gave_up.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        migrate(folder / "migrations", url, "head")
    finally:
        done.set()
        thread.join()
    return len(gave_up)


@pytest.mark.parametrize("case", UNDER_LOAD)
def test_nobody_waits_for_a_rewritten_migration(case: str, server: Server, tmp_path: Path) -> None:
    """Another session reads and writes on with a lock_timeout; the migration as it was stops it."""
    function = (f"op.execute({SLOW!r})", 'op.execute("DROP FUNCTION slow")')
    old, new = (project(tmp_path / side, function, UNDER_LOAD[case]) for side in ("old", "new"))
    assert fixed(new, unsafe=False).fixed
    with server.database() as url:
        assert timeouts(old, url) > 0
    with server.database() as url:
        assert timeouts(new, url) == 0


def test_a_missing_downgrade_is_written(db: str, tmp_path: Path) -> None:
    """With --unsafe-fixes an empty downgrade takes back what the upgrade does; else it stays."""
    up = """
    op.create_table("tags", sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("users.id")))
    op.add_column("users", sa.Column("age", sa.Integer(), server_default="0"))
    op.create_index("ix_age", "users", ["age"])
    op.create_foreign_key("fk", "orders", "users", ["user_id"], ["id"])
    op.alter_column("users", "name", nullable=False, server_default="x")
    """
    folder = project(tmp_path / "new", (up, "pass"))
    assert "MS501" not in {f.rule for f in fixed(folder, unsafe=False).fixed}
    assert "MS501" in {f.rule for f in fixed(folder).fixed}
    assert fixed(folder).changes == ()
    migrate(folder / "migrations", db, "one")
    before = catalog_of(db)
    migrate(folder / "migrations", db, "head")
    assert differences(before, catalog_of(db))
    migrate(folder / "migrations", db, "one", down=True)
    assert differences(before, catalog_of(db)) == []


def test_a_downgrade_that_nobody_can_know_is_not_written(tmp_path: Path) -> None:
    """What was dropped or changed cannot be brought back by a guess."""
    for up in ('op.drop_column("users", "name")', 'op.execute("UPDATE users SET name = 1")'):
        folder = project(tmp_path / str(len(up)), (up, "pass"))
        assert fixed(folder).changes == ()


def test_locks_that_cannot_be_avoided_get_a_timeout(tmp_path: Path) -> None:
    """With --lock-timeout each transaction that stops others says how long it waits, once."""
    steps = (
        """
        op.add_column("users", sa.Column("age", sa.Integer()))
        op.create_index("ix_age", "users", ["age"])
        op.add_column("orders", sa.Column("age", sa.Integer()))
        op.add_column("orders", sa.Column("size", sa.Integer()))
        """,
        'op.drop_index("ix_age")\nop.drop_column("users", "age")',
    )
    folder = project(tmp_path, steps)
    assert run(folder, "--released", "--lock-timeout", "5 days")[0] == 2
    assert run(folder, "--released", "--lock-timeout", "5s")[0] == 0
    lines = [line.strip() for line in versions(folder)["two.py"].splitlines()]
    where = [n for n, line in enumerate(lines) if "lock_timeout" in line]
    assert [lines[n + 1].partition(",")[0] for n in where] == [
        'op.add_column("users"',
        'op.add_column("orders"',
        'op.drop_column("users"',
    ]
    assert run(folder, "--released", "--lock-timeout", "5s") == (0, "Nothing to fix.\n")
