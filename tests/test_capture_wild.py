"""What migrations of real projects do when their libraries, database and settings are not there."""

from __future__ import annotations

import importlib
import os
import py_compile
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from test_capture import Project, kinds, sql

from migsafe.capture import capture, find_history
from migsafe.check import check
from migsafe.config import Settings
from migsafe.errors import HistoryError
from migsafe.rules import load_rules
from migsafe.sql import Unrecognised


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


# -- placeholders -------------------------------------------------------------------------------


def test_statements_of_missing_models_are_unknown_steps(project: Project) -> None:
    """They do not end the migration: what comes after them is known as ever."""
    migration = project.only(
        """
        op.bulk_insert(Kind.__table__, [{"name": "a"}])
        session = sa.orm.Session(bind=op.get_bind())
        session.add(Kind(name="b"))
        for kind in session.query(Kind).filter(Kind.name == "a").all():
            pass
        sa.Enum(settings.UP, settings.DOWN, name="way").create(op.get_bind())
        op.get_bind().execute(sa.update(Kind).values(name="b"))
        session.scalars(sa.select(Own).where(Own.id == 1))
        op.create_table("u", sa.Column("name", sa.Text), sa.UniqueConstraint(Kind.name))
        op.create_table("t", sa.Column("a", sa.String(settings.SIZE), server_default=settings.A))
        op.execute("SELECT 1")
        """,
        top="""
        import sqlalchemy.orm
        from no_such_app import settings
        from no_such_app.models import Base, Kind
        class Own(Base):
            id = sa.Column(sa.Integer, primary_key=True)
        """,
    )
    unknown = [s.statement.why for s in migration.upgrade if type(s.statement) is Unrecognised]
    names = ["Kind.__table__.insert.inline", "Kind", "Kind", "Kind.values", "Own.where"]
    assert [why.split()[1] for why in unknown] == names
    assert "CREATE TYPE way AS ENUM ('UP', 'DOWN')" in sql(migration.upgrade)
    assert sql(migration.upgrade)[-2:] == [
        "CREATE TABLE t ( a VARCHAR DEFAULT 'A' )",
        "SELECT 1",
    ]
    assert set(kinds(migration)) == {"import"}


def test_whoever_is_given_the_connection_may_send_anything(project: Project) -> None:
    """A function that is not there, and would have had the connection, is an unknown step."""
    migration = project.only(
        """
        helpers.fill(op.get_bind(), "users")
        helpers.fill(session=sa.orm.Session(op.get_bind()))
        helpers.db.Session(bind=op.get_bind()).execute(sa.text("SELECT 1"))
        helpers.rows(op.get_bind().connection.cursor())
        helpers.grant(op)
        helpers.log("done")
        """,
        top="import sqlalchemy.orm\nfrom no_such_app import helpers",
    )
    assert [s.sql for s in migration.upgrade] == [
        "/* not known: helpers.fill */",
        "/* not known: helpers.fill */",
        "SELECT 1",
        "/* not known: helpers.rows */",
        "/* not known: helpers.grant */",
    ]


def test_placeholders_stand_for_more_than_names(project: Project) -> None:
    """For several bases at once, values of dictionaries, time zones, and all that * imports."""
    migration = project.only(
        """
        settings.cache["a"] = 1
        del settings.cache["a"]
        datetime.datetime(2020, 1, 1, tzinfo=zone("utc")).isoformat()
        datetime.datetime(2020, 1, 1, tzinfo=zone("utc")).astimezone(zone("utc")).tzname()
        assert not list(TextField().objects.all())
        for model in Base.__subclasses__():
            op.execute("SELECT 1")
        op.execute("SELECT 2")
        """,
        top="""
        import datetime
        from no_such_fields import *
        from no_such_app import Base, Mixin, settings, zone
        class Both(Base, Mixin):
            name = TextField(default="a")
        class Deeper(Mixin, Both):
            def __init__(self):
                Field.__init__(self, max_length=3)
        Deeper().name
        """,
    )
    assert set(kinds(migration)) == {"import"}, migration.problems
    assert sql(migration.upgrade) == ["SELECT 2"]


def test_modules_that_exit_are_named(project: Project) -> None:
    """Also where the import is that of a module out of its package."""
    project.write("app/__init__.py", "")
    project.write("app/settings.py", "raise SystemExit('no configuration')")
    for name in ("one", "two"):
        project.add("op.execute('SELECT 1')", top="from app import settings", name=name)
    for migration in project.capture().migrations:
        assert sql(migration.upgrade) == ["SELECT 1"]
        assert [p.message for p in migration.problems] == [
            "the module app.settings failed (SystemExit: no configuration); "
            "a placeholder stands in for it"
        ]


def test_an_error_beside_an_import_is_not_of_the_import(project: Project) -> None:
    """A call in the line of an import that fails is no reason for a placeholder."""
    project.write("app.py", "def f():\n    raise ValueError('bad')")
    migration = project.only("import app; app.f()")
    assert [p.message for p in migration.problems] == ["stops with ValueError: bad"]


def test_what_the_application_would_have_imported_is_there(project: Project) -> None:
    """A module inside a package of the project, which production has imported elsewhere."""
    project.write("app/__init__.py", "")
    project.write("app/types.py", "import sqlalchemy as sa\nName = sa.String(7)")
    project.write("app/broken.py", "1 / 0")
    migration = project.only(
        """
        op.add_column("t", sa.Column("a", app.types.Name))
        op.add_column("t", sa.Column("b", app.broken.Money()))
        """,
        top="import app",
    )
    assert sql(migration.upgrade) == [
        "ALTER TABLE t ADD COLUMN a VARCHAR(7)",
        "ALTER TABLE t ADD COLUMN b money",
    ]


def test_a_variable_that_is_not_set_is_not_the_end(project: Project) -> None:
    """The environment of production is not that of a check; that it is read is said."""
    migration = project.only(
        'if os.environ["NO_SUCH_STAGE"] == "live": op.execute("SELECT 1")\nop.execute("SELECT 2")',
        top="import os",
    )
    assert sql(migration.upgrade) == ["SELECT 2"]
    assert kinds(migration) == ["nondeterministic"]
    assert "NO_SUCH_STAGE" not in os.environ


# -- older SQLAlchemy, other engines and cursors ------------------------------------------------


def test_calls_of_sqlalchemy_1(project: Project) -> None:
    """Histories were begun when it was the newest."""
    project.add('op.create_table("users", sa.Column("id", sa.Integer), sa.Column("a", sa.Text))')
    migration = project.only(
        """
        bind = op.get_bind()
        sa.orm.Session(bind=bind).execute("UPDATE users SET a = 'x'")
        bind.execute(sa.text("UPDATE users SET a = :a"), a=1)
        users = sa.Table("users", sa.MetaData(bind=bind), autoload=True)
        bind.execute(sa.select([users.c.id], users.c.a == "x"))
        bind.execute(users.update(users.c.id == 1).values(a=sa.case([(users.c.id == 1, "y")])))
        bind.execute(users.delete(users.c.id == 2))
        """,
        top="import sqlalchemy.orm",
    )
    assert sql(migration.upgrade) == [
        "UPDATE users SET a = 'x'",
        "UPDATE users SET a = :a",
        "SELECT users.id FROM users WHERE users.a = :a_1",
        "UPDATE users SET a=CASE WHEN (users.id = :id_1) THEN :param_1 END WHERE users.id = :id_2",
        "DELETE FROM users WHERE users.id = :id_1",
    ]
    assert migration.upgrade[1].parameters == {"a": 1}
    assert not migration.problems


def test_engines_of_migrations_are_none_of_a_server(project: Project) -> None:
    """What they send is recorded, in a transaction of its own, and the catalog answers."""
    project.add('op.create_table("users", sa.Column("id", sa.Integer))')
    migration = project.only(
        """
        settings = op.get_context().config.get_section("alembic")
        engine = sa.engine_from_config(settings, prefix="sqlalchemy.")
        with engine.connect() as connection:
            names = connection.execute(sa.text("SELECT * FROM users LIMIT 1")).keys()
        if "name" not in names:
            op.add_column("users", sa.Column("name", sa.Text))
        sa.create_engine("postgresql://nobody@192.0.2.1/none").connect().exec_driver_sql("SELECT 1")
        """
    )
    assert sql(migration.upgrade) == [
        "SELECT * FROM users LIMIT 1",
        "ALTER TABLE users ADD COLUMN name TEXT",
        "SELECT 1",
    ]
    assert len({step.transaction for step in migration.upgrade}) == 3
    assert not migration.problems


DRIVERS = {
    "psycopg": "psycopg.connect({url!r}, autocommit=True).execute('CREATE TABLE leaked ()')",
    "psycopg2": "c = psycopg2.connect({url!r})\nc.cursor().execute('CREATE TABLE leaked ()')\n"
    "c.commit()",
}


@pytest.mark.parametrize("driver", DRIVERS)
def test_drivers_do_not_connect(project: Project, db: str, driver: str) -> None:
    """Their sockets are those of libpq, of which Python says nothing."""
    project.add(DRIVERS[driver].format(url=db), top=f"import {driver}")
    command = [sys.executable, "-m", "migsafe", "check", "--no-cache", "migrations"]
    ran = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=False)
    assert "uses the network" in ran.stdout
    importlib.import_module(driver)
    (migration,) = project.capture().migrations  # in a process that has it
    assert kinds(migration) == ["nondeterministic", "error"]
    with psycopg.connect(db) as connection:  # which is none of a migration's
        assert connection.execute("SELECT to_regclass('leaked')").fetchone() == (None,)


def test_what_drivers_compose_is_sent(project: Project) -> None:
    """Raw cursors: COPY, psycopg's own way to write SQL, the helpers of psycopg2."""
    migration = project.only(
        """
        cursor = op.get_bind().connection.cursor()
        execute_values(cursor, "INSERT INTO t (a, b) VALUES %s", [(1, "it's"), (2, None)])
        cursor.execute(SQL("SELECT {} FROM {}").format(Literal("x"), Identifier("a", "My")))
        cursor.copy_from(io.StringIO(""), "t", columns=("a",))
        with cursor.copy("COPY t (a) FROM STDIN") as copy:
            copy.write_row((1,))
        cursor.execute(b"SELECT 2")
        """,
        top="""
        import io
        from psycopg.sql import SQL, Identifier, Literal
        from psycopg2.extras import execute_values
        """,
    )
    assert sql(migration.upgrade) == [
        "INSERT INTO t (a, b) VALUES (1,'it''s'),(2,NULL)",
        "SELECT 'x' FROM a.\"My\"",
        "COPY t (a) FROM STDIN",
        "COPY t (a) FROM STDIN",
        "SELECT 2",
    ]
    assert not migration.problems


def test_listeners_are_there_once(project: Project) -> None:
    """Those of the project in each migration, those of a migration in that one, none afterwards.

    What listens to all engines is the application's own.
    """
    listener = "@sa.event.listens_for(sa.Table, 'after_create')\ndef {}(table, bind, **given):\n"
    send = "    bind.exec_driver_sql('{}')\n"
    project.write(
        "app.py",
        "import sqlalchemy as sa\n"
        + listener.format("granted")
        + send.format("SELECT 1")
        + "@sa.event.listens_for(sa.Engine, 'before_cursor_execute')\ndef seen(*given): 1 / 0",
    )
    create = 'op.create_table("{}", sa.Column("id", sa.Integer))'
    project.add(create.format("a"), top=f"import app\n{listener.format('own')}{send}")
    project.add(create.format("b"), top="import app")
    for _ in range(2):
        first, second = project.capture().migrations
        assert [s.split(" (")[0] for s in sql(first.upgrade)] == [
            "CREATE TABLE a",
            "SELECT 1",
            "{}",
        ]
        assert [s.split(" (")[0] for s in sql(second.upgrade)] == ["CREATE TABLE b", "SELECT 1"]
        assert not second.problems
    heard = sa.event.contains(sa.Engine, "before_cursor_execute", print)
    assert not heard


def test_a_begin_as_text_is_a_transaction_in_autocommit_too(project: Project) -> None:
    """What needs a transaction does not fail in it, and what needs none works after it."""
    migration = project.only(
        """
        with op.get_context().autocommit_block():
            op.execute("BEGIN")
            op.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
            op.execute("COMMIT")
            op.execute("CREATE INDEX CONCURRENTLY ix ON users (id)")
        op.execute("SELECT 1")
        """
    )
    assert [s.transaction for s in migration.upgrade] == [0, 0, 0, None, 1]
    findings = check(project.capture(), load_rules(), Settings()).findings
    assert [f.rule for f in findings if f.rule in ("MS407", "MS605")] == []


def test_operations_that_batches_do_not_have(project: Project) -> None:
    """They are unknown steps, as those of ``op`` are."""
    migration = project.only(
        """
        with op.batch_alter_table("t") as batch:
            batch.create_special_index("ix", ["a"])
            batch.drop_column("b")
        """
    )
    assert sql(migration.upgrade) == [
        "/* op.create_special_index(…) */",
        "ALTER TABLE t DROP COLUMN b",
    ]


# -- answers ------------------------------------------------------------------------------------


def test_answers_are_those_that_migrations_wait_for(project: Project) -> None:
    """As many rows as were put in; something for each of two queries; a valid index."""
    migration = project.only(
        """
        bind = op.get_bind()
        new = bind.execute(sa.text("INSERT INTO a (b) VALUES (1), (2) RETURNING id")).fetchall()
        newest = "SELECT id FROM c ORDER BY id DESC LIMIT 1"
        first = bind.execute(sa.text(newest)).scalar_one()
        second = bind.execute(sa.text(newest)).scalar_one()
        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix')"
        if bind.execute(sa.text(valid)).scalar_one_or_none() is not True:
            raise RuntimeError("ix is not valid")
        op.execute(f"SELECT {new[1][0]}, {first}, {second}")
        """
    )
    assert sql(migration.upgrade)[-1] == "SELECT 1, 1, 1"
    assert not migration.problems


# -- files --------------------------------------------------------------------------------------


def _text(name: str, down: str | None, comment: str = "") -> str:
    return (
        f"from alembic import op\nrevision = {name!r}\ndown_revision = {down!r}\n"
        f"def upgrade():\n    op.execute('SELECT 1')  {comment}\ndef downgrade():\n    pass\n"
    )


def test_files_of_all_kinds(project: Project) -> None:
    """Other encodings, line ends and names, links to files and folders."""
    kept = project.root / "kept"
    project.versions.rename(kept)
    project.versions.symlink_to(kept)
    elsewhere = project.write("elsewhere.txt", "")
    elsewhere.write_text(_text("third", 'it\'s "second"'))
    (kept / "linked.py").symlink_to(elsewhere)
    (kept / "a b é.py").write_bytes(
        ("# -*- coding: latin-1 -*-\n" + _text("first", None, "# é")).encode("latin-1")
    )
    (kept / "(x) [y].py").write_bytes(
        _text('it\'s "second"', "first").replace("\n", "\r\n").encode("utf-8-sig")
    )
    history = project.capture()
    assert [m.revision for m in history.migrations] == ["first", 'it\'s "second"', "third"]
    assert [sql(m.upgrade) for m in history.migrations] == [["SELECT 1"]] * 3
    assert [m.upgrade[0].line for m in history.migrations] == [6, 5, 5]


def test_headers_put_together(project: Project) -> None:
    """Of lists that are known; what is added on a condition is not asked for."""
    project.add("pass", name="one")
    project.add("pass", name="two").write_text(
        "needs = ['one'] + []\nif len(needs) > 3:\n    needs.append('gone')\n"
        "revision = 'two'\ndown_revision = None\ndepends_on = tuple(needs)\n"
    )
    assert [m.revision for m in project.capture().migrations] == ["one", "two"]
    assert project.capture().migrations[1].depends_on == ("one",)


def test_folders_of_several_packages_find_their_modules(project: Project) -> None:
    """Each history is imported from where its own package lies."""
    for name, down in (("first", None), ("second", "first")):
        folder = project.root / name / "src" / name
        (folder / "migrations").mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        (folder / "names.py").write_text(f"NAME = {name!r}")
        text = _text(name, down).replace("'SELECT 1'", "f'SELECT {NAME!r}'")
        (folder / "migrations" / f"{name}.py").write_text(f"from {name}.names import NAME\n{text}")
    folders = [project.root / name / "src" / name / "migrations" for name in ("first", "second")]
    history = capture(find_history(folders))
    assert [sql(m.upgrade) for m in history.migrations] == [["SELECT 'first'"], ["SELECT 'second'"]]


def test_packages_without_a_file_are_forgotten(project: Project) -> None:
    """Whoever imports them afterwards gets them from their own place, parents first."""
    project.write("h/__init__.py", "")
    project.write("h/inner/deep/names.py", "NAME = 1")
    project.only("pass", top="from h.inner.deep.names import NAME")
    assert [name for name in sys.modules if name.partition(".")[0] == "h"] == []


def test_compiled_files_are_no_migrations(project: Project) -> None:
    """Without a source there is nothing to read: that is said."""
    path = project.add("pass", name="one")
    py_compile.compile(str(path), cfile=str(path.with_suffix(".pyc")))
    path.unlink()
    with pytest.raises(HistoryError, match=r"only \.pyc files; they need \.py"):
        project.capture()
    project.add("pass", name="two")
    with pytest.raises(HistoryError, match=r"revision is 'one', .*put the \.py beside its \.pyc"):
        project.capture()


@pytest.mark.parametrize("body", ["raise KeyboardInterrupt", "signal.raise_signal(signal.SIGINT)"])
def test_an_interruption_ends_the_command(project: Project, body: str) -> None:
    """Whoever interrupts: the command says so and shows no traceback."""
    project.add(body, top="import signal")
    ran = subprocess.run(
        [sys.executable, "-m", "migsafe", "check", "--no-cache", "migrations"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr.strip()) == (2, "", "migsafe: interrupted")
