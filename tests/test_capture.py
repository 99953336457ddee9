"""Capturing histories: what is recorded, from which line, and what a migration is not let do."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from migsafe.capture import (
    EnumGiven,
    History,
    Migration,
    Operation,
    Step,
    capture,
    find_history,
)
from migsafe.errors import ConfigError, HistoryError
from migsafe.sql import (
    AlterTable,
    CreateEnum,
    CreateIndex,
    CreateTable,
    Insert,
    Rename,
    Select,
    TransactionControl,
    Unrecognised,
    Update,
)

SHOP = Path(__file__).parent.parent / "examples" / "shop"
HEADER = """\
from alembic import op
import sqlalchemy as sa

revision = {revision!r}
down_revision = {down!r}
"""


class Project:
    """A project in a temporary folder, with as many migrations as a test adds."""

    def __init__(self, root: Path):
        self.root = root
        self.versions = root / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        self.last: str | None = None

    def add(self, upgrade: str, downgrade: str = "pass", *, top: str = "", name: str = "") -> Path:
        """Write the next migration from the bodies of its functions."""
        revision = name or f"r{len(list(self.versions.glob('*.py'))) + 1}"
        text = HEADER.format(revision=revision, down=self.last) + textwrap.dedent(top)
        for function, body in (("upgrade", upgrade), ("downgrade", downgrade)):
            text += f"\n\ndef {function}():\n"
            text += textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"
        path = self.versions / f"{revision}.py"
        path.write_text(text)
        self.last = revision
        return path

    def write(self, name: str, text: str) -> Path:
        """Write another file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def capture(self, **keywords: float) -> History:
        """Capture all of it."""
        return capture(find_history([self.root / "migrations"]), **keywords)  # type: ignore[arg-type]

    def only(self, upgrade: str, downgrade: str = "pass", *, top: str = "") -> Migration:
        """Add one migration, capture the history, return that migration."""
        self.add(upgrade, downgrade, top=top)
        return self.capture().migrations[-1]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def sql(steps: tuple[Step, ...]) -> list[str]:
    return [" ".join(step.sql.split()) for step in steps]


def source_of(step: Step) -> str:
    lines = step.file.read_text().splitlines()
    return "\n".join(lines[step.line - 1 : step.end_line]).strip()


def kinds(migration: Migration) -> list[str]:
    return [problem.kind for problem in migration.problems]


# -- what is recorded ---------------------------------------------------------------------------


def test_operations_become_steps_with_their_lines(project: Project) -> None:
    """An operation gives a step with its SQL, its parsed form, the operation and its lines."""
    migration = project.only(
        """
        op.create_table(
            "users",
            sa.Column("id", sa.Integer, primary_key=True),
        )
        op.create_index("ix", "users", ["id"])
        """,
        'op.drop_table("users")',
    )
    table, index = migration.upgrade
    assert isinstance(table.statement, CreateTable)
    assert isinstance(index.statement, CreateIndex)
    assert table.op == Operation("create_table", table_name="users")
    assert source_of(table).startswith("op.create_table(")
    assert source_of(table).endswith(")")
    assert source_of(index) == 'op.create_index("ix", "users", ["id"])'
    assert sql(migration.downgrade) == ["DROP TABLE users"]
    assert not migration.problems


def test_an_operation_that_sends_two_statements_gives_two_steps(project: Project) -> None:
    """Creating a table creates its enum type first; both belong to the same call."""
    migration = project.only(
        'op.create_table("t", sa.Column("mood", sa.Enum("a", "b", name="mood")))'
    )
    assert [type(s.statement) for s in migration.upgrade] == [CreateEnum, CreateTable]
    assert len({s.line for s in migration.upgrade}) == 1


def test_statements_of_one_text_are_steps_at_their_own_lines(project: Project) -> None:
    """Each statement of a text gets the line on which it stands in the literal."""
    migration = project.only(
        '''
        op.execute("""
            CREATE TABLE a (id int);
            -- reviewed
            CREATE INDEX ix
                ON a (id);
        """)
        '''
    )
    table, index = migration.upgrade
    assert source_of(table) == "CREATE TABLE a (id int);"
    assert source_of(index).splitlines()[0] == "CREATE INDEX ix"
    assert index.end_line == index.line + 1
    assert [c.text for c in index.comments] == ["-- reviewed"]


def test_helpers_are_named_and_the_migration_keeps_the_line(project: Project) -> None:
    """A statement sent by a helper module belongs to the call in the migration."""
    helper = project.write(
        "auditing.py",
        """
        from alembic import op

        def audit(table):
            op.execute(f"ALTER TABLE {table} ADD COLUMN audited bool")
        """,
    )
    migration = project.only('audit("users")', top="from auditing import audit\n")
    (step,) = migration.upgrade
    assert source_of(step) == 'audit("users")'
    assert [(f.file, f.line) for f in step.via] == [(helper, 5)]


def test_loops_and_local_helpers_unroll(project: Project) -> None:
    """Each turn of a loop gives its own statements, at the line of the operation."""
    migration = project.only(
        """
        for table in TABLES:
            touch(table)
        """,
        top="""
        TABLES = ("a", "b")

        def touch(table):
            op.add_column(table, sa.Column("touched", sa.DateTime))
        """,
    )
    assert [s.statement.name.name for s in migration.upgrade] == ["a", "b"]  # type: ignore[attr-defined]
    assert {source_of(s).split("(")[0] for s in migration.upgrade} == {"op.add_column"}


def test_the_bind_is_a_connection(project: Project) -> None:
    """Statements sent through the connection itself are recorded too, without an operation."""
    migration = project.only(
        """
        bind = op.get_bind()
        bind.execute(sa.text("UPDATE users SET a = :a"), {"a": 1})
        bind.exec_driver_sql("UPDATE users SET b = 2")
        users = sa.table("users", sa.column("c"))
        bind.execute(
            users.update()
            .values(c=3)
        )
        bind.connection.cursor().execute("UPDATE users SET d = 4")
        """
    )
    assert [type(s.statement) for s in migration.upgrade] == [Update] * 4
    assert [s.op for s in migration.upgrade] == [None] * 4
    assert migration.upgrade[0].parameters == {"a": 1}
    assert source_of(migration.upgrade[2]).startswith("bind.execute(")
    assert migration.upgrade[2].end_line == migration.upgrade[2].line + 3


def test_parameters_may_be_in_any_drivers_style(project: Project) -> None:
    """Drivers take other placeholders and positional values, SQLAlchemy 1 took plain texts."""
    migration = project.only(
        """
        bind = op.get_bind()
        bind.exec_driver_sql("UPDATE users SET a = %s, b = %s", (1, 2))
        bind.exec_driver_sql("UPDATE users SET a = %(a)s", {"a": 1})
        bind.exec_driver_sql("INSERT INTO users VALUES (%s)", [(1,), (2,)])
        bind.execute("UPDATE users SET a = %s", (1,))
        """
    )
    assert [type(s.statement) for s in migration.upgrade] == [Update, Update, Insert, Update]
    assert migration.upgrade[0].parameters == {"1": 1, "2": 2}
    assert migration.upgrade[2].parameters == [{"1": 1}, {"1": 2}]
    assert not migration.problems


def test_bulk_inserts_are_one_statement(project: Project) -> None:
    """All rows of a bulk insert are parameters of one statement that can be read."""
    migration = project.only(
        """
        users = sa.table("users", sa.column("id", sa.Integer), sa.column("data", sa.JSON))
        op.bulk_insert(users, [{"id": 1, "data": {}}, {"id": 2, "data": {}}])
        """
    )
    (step,) = migration.upgrade
    assert isinstance(step.statement, Insert)
    assert len(step.parameters) == 2


def test_batches_keep_the_line_of_each_operation(project: Project) -> None:
    """What a batch sends at its end belongs to the calls inside it."""
    migration = project.only(
        """
        with op.batch_alter_table("users") as batch:
            batch.add_column(sa.Column("a", sa.Integer))
            batch.create_index("ix", ["a"])
            batch.alter_column("b", new_column_name="c")
        """
    )
    assert [source_of(s).split("(")[0] for s in migration.upgrade] == [
        "batch.add_column",
        "batch.create_index",
        "batch.alter_column",
    ]
    assert [s.op.name for s in migration.upgrade if s.op] == [
        "add_column",
        "create_index",
        "alter_column",
    ]
    assert isinstance(migration.upgrade[2].statement, Rename)


def test_orm_sessions_flush(project: Project) -> None:
    """A Session over the bind sends its inserts at the line of the flush."""
    migration = project.only(
        """
        session = Session(op.get_bind())
        session.add_all([User(name="a"), User(name="b")])
        session.flush()
        session.query(User).all()
        """,
        top="""
        from sqlalchemy.orm import Session, declarative_base

        Base = declarative_base()

        class User(Base):
            __tablename__ = "users"
            id = sa.Column(sa.Integer, primary_key=True)
            name = sa.Column(sa.String)
        """,
    )
    assert [type(s.statement) for s in migration.upgrade] == [Insert, Insert, Select]
    assert source_of(migration.upgrade[0]) == "session.flush()"
    assert not migration.problems


def test_savepoints_are_steps(project: Project) -> None:
    """begin_nested() sends what it sends to a server."""
    migration = project.only(
        """
        with op.get_bind().begin_nested():
            op.execute("UPDATE users SET a = 1")
        """
    )
    controls = [s.statement for s in migration.upgrade if s is not migration.upgrade[1]]
    assert [c.kind for c in controls if isinstance(c, TransactionControl)] == [
        "SAVEPOINT",
        "RELEASE",
    ]
    assert {s.transaction for s in migration.upgrade} == {0}


def test_autocommit_blocks_end_the_transaction(project: Project) -> None:
    """What runs in an autocommit block has no transaction; what follows has a new one."""
    migration = project.only(
        """
        op.execute("SELECT 1")
        with op.get_context().autocommit_block():
            op.create_index("ix", "users", ["id"], postgresql_concurrently=True)
        op.execute("SELECT 2")
        op.execute("SELECT 3")
        """
    )
    assert [s.transaction for s in migration.upgrade] == [0, None, 1, 1]
    assert [s.autocommit for s in migration.upgrade] == [False, True, False, False]


def test_a_commit_as_text_ends_the_transaction(project: Project) -> None:
    """psycopg2 and asyncpg do not begin another, so CONCURRENTLY works after it."""
    migration = project.only(
        """
        op.execute("COMMIT")
        op.execute("CREATE INDEX CONCURRENTLY ix ON users (id)")
        """
    )
    assert [s.transaction for s in migration.upgrade] == [0, None]


def test_psycopg_begins_again_after_a_commit_as_text(project: Project) -> None:
    """psycopg 3 sends BEGIN before the next statement, so CONCURRENTLY fails there."""
    project.write(
        "alembic.ini",
        """
        [alembic]
        script_location = migrations
        sqlalchemy.url = postgresql+psycopg://localhost/db
        """,
    )
    migration = project.only('op.execute("COMMIT")\nop.execute("UPDATE users SET a = 1")')
    assert [s.transaction for s in migration.upgrade] == [0, 1]


def test_commit_of_the_bind_begins_a_new_transaction(project: Project) -> None:
    """bind.commit() ends Alembic's transaction; the next statement begins another."""
    migration = project.only(
        """
        bind = op.get_bind()
        bind.execute(sa.text("UPDATE users SET a = 1"))
        bind.commit()
        bind.execute(sa.text("UPDATE users SET b = 1"))
        """
    )
    assert [s.transaction for s in migration.upgrade] == [0, 1]


def test_async_functions_run(project: Project) -> None:
    """op.run_async gives its function a connection whose statements are recorded."""
    migration = project.only(
        "op.run_async(fill)",
        top="""
        async def fill(connection):
            await connection.execute(sa.text("UPDATE users SET a = 1"))
        """,
    )
    (step,) = migration.upgrade
    assert isinstance(step.statement, Update)
    assert not migration.problems


def test_sql_from_files_is_read(project: Project) -> None:
    """Reading files is allowed, from the folder in which Alembic runs."""
    project.write("views.sql", "CREATE VIEW v AS SELECT 1;\nCREATE VIEW w AS SELECT 2;\n")
    migration = project.only('op.execute(open("views.sql").read())')
    assert len(migration.upgrade) == 2
    assert not migration.problems


def test_offline_branches_are_not_taken(project: Project) -> None:
    """A capture is an online run on PostgreSQL."""
    migration = project.only(
        """
        from alembic import context
        if context.is_offline_mode():
            op.execute("SELECT 'offline'")
        if op.get_bind().dialect.name == "postgresql":
            op.execute("SELECT 'postgresql'")
        """
    )
    assert sql(migration.upgrade) == ["SELECT 'postgresql'"]


def test_custom_operations_are_named(project: Project) -> None:
    """An operation that a library or the project registers is recorded through its own SQL."""
    project.write(
        "roles.py",
        """
        from alembic.operations import MigrateOperation, Operations

        @Operations.register_operation("make_role")
        class MakeRole(MigrateOperation):
            def __init__(self, name):
                self.name = name

            @classmethod
            def make_role(cls, operations, name):
                return operations.invoke(MakeRole(name))

        @Operations.implementation_for(MakeRole)
        def make(operations, operation):
            operations.execute(f"CREATE ROLE {operation.name}")
        """,
    )
    migration = project.only('op.make_role("reader")', top="import roles\n")
    (step,) = migration.upgrade
    assert step.sql == "CREATE ROLE reader"
    assert source_of(step) == 'op.make_role("reader")'


def test_operations_are_values(project: Project) -> None:
    """Of an operation is kept what its SQL does not say; no object of Alembic is."""
    migration = project.only(
        """
        op.alter_column("t", "a", nullable=False, existing_type=sa.Text(), existing_nullable=True)
        op.alter_column("t", "b", nullable=False, existing_type=Broken())
        op.create_check_constraint(op.f("is_a"), "t", "a > 0")
        op.create_check_constraint("is_b", "t", "b > 0")
        op.create_index(None, sa.sql.quoted_name("t", True), ["a"])
        op.alter_column("t", "c", type_=ENUM("x", name="e", schema="s", create_type=False))
        """,
        top="""
        from sqlalchemy.dialects.postgresql import ENUM
        class Broken(sa.types.UserDefinedType):
            def get_col_spec(self):
                raise LookupError
        """,
    )
    operations = tuple(step.op for step in migration.upgrade)
    assert operations == (
        Operation(
            "alter_column",
            table_name="t",
            column_name="a",
            existing_type="TEXT",
            existing_nullable=True,
        ),
        Operation("alter_column", table_name="t", column_name="b"),
        Operation("create_check_constraint", "t", constraint_name="is_a", is_final=True),
        Operation("create_check_constraint", "t", constraint_name="is_b"),
        Operation("create_index", "t"),
        Operation("alter_column", "t", "c", enum=EnumGiven(("x",), "e", "s", create_type=False)),
    )
    assert pickle.loads(pickle.dumps(operations)) == operations
    assert b"alembic" not in pickle.dumps(operations)


def test_unregistered_operations_are_unknown_steps(project: Project) -> None:
    """An operation whose package is missing is a step about which nothing is known."""
    migration = project.only(
        """
        op.sync_enum_values("public", "mood", ["a"], [])
        op.execute("SELECT 1")
        """
    )
    unknown, known = migration.upgrade
    assert isinstance(unknown.statement, Unrecognised)
    assert source_of(unknown).startswith("op.sync_enum_values")
    assert known.sql == "SELECT 1"
    assert kinds(migration) == ["import"]


def test_arguments_of_upgrade_are_filled_in(project: Project) -> None:
    """An env.py may pass arguments to migrations; `op` is Alembic's, others are placeholders."""
    path = project.add("pass")
    path.write_text(
        path.read_text().replace("def upgrade():\n    pass", "def upgrade(op, tables):\n    "
                                 'op.bulk_insert(sa.table("a", sa.column("b")), [{"b": 1}])')
    )  # fmt: skip
    (migration,) = project.capture().migrations
    assert len(migration.upgrade) == 1


# -- reads --------------------------------------------------------------------------------------


def test_a_second_pass_sees_what_is_behind_a_query(project: Project) -> None:
    """Steps that only run when a query finds rows are there too, marked conditional."""
    migration = project.only(
        """
        bind = op.get_bind()
        for id, name in bind.execute(sa.text("SELECT id, name FROM users")):
            bind.execute(sa.text("UPDATE users SET name = :n WHERE id = :i"), {"n": name, "i": id})
        op.execute("ANALYZE users")
        """
    )
    assert [(type(s.statement).__name__, s.conditional) for s in migration.upgrade] == [
        ("Select", False),
        ("Update", True),
        ("Analyze", False),
    ]
    (problem,) = migration.problems
    assert (problem.kind, problem.direction) == ("reads", "upgrade")
    assert problem.line == migration.upgrade[0].line


@pytest.mark.parametrize(
    "condition",
    [
        'bind.scalar(sa.text("SELECT count(*) FROM users")) > 0',
        "bind.execute(sa.text(\"SELECT 1 FROM pg_type WHERE typname = 'x'\")).fetchone()",
        'bind.scalar(sa.select(sa.func.count()).select_from(sa.table("users")))',
        'bind.scalar(sa.text("SELECT EXISTS (SELECT 1 FROM users)"))',
        "bind.scalar(sa.text(\"SELECT to_regclass('users')\")) is not None",
        'bind.execute(sa.text("SELECT max(id) FROM users")).scalar() is not None',
        'bind.execute(sa.text("UPDATE users SET a = 1")).rowcount',
        'sa.inspect(bind).has_table("users")',
    ],
)
def test_conditions_on_queries_are_both_taken(project: Project, condition: str) -> None:
    """Whatever the way of asking: nothing found is the first answer, something the second."""
    if "has_table" in condition:
        project.add('op.create_table("users", sa.Column("id", sa.Integer))')
    migration = project.only(
        f"""
        bind = op.get_bind()
        if {condition}:
            op.execute("DROP TABLE users")
        """
    )
    assert migration.upgrade[-1].sql == "DROP TABLE users"
    assert migration.upgrade[-1].conditional is ("has_table" not in condition)


def test_tables_that_refer_to_others_are_there_for_the_inspector(project: Project) -> None:
    """What a table refers to need not have been created by this history."""
    project.add('op.execute("CREATE TABLE carts (id int, owner int REFERENCES people)")')
    migration = project.only(
        """
        inspector = sa.inspect(op.get_bind())
        assert inspector.has_table("people")
        [key] = inspector.get_foreign_keys("carts")
        op.drop_constraint(key["name"], "carts", type_="foreignkey")
        """
    )
    assert migration.upgrade[-1].sql == "ALTER TABLE carts DROP CONSTRAINT carts_owner_fkey"


def test_loops_over_batches_end(project: Project) -> None:
    """A query finds something once, so a loop that works until nothing is left ends."""
    migration = project.only(
        """
        bind = op.get_bind()
        while True:
            ids = [row.id for row in bind.execute(sa.text("SELECT id FROM users LIMIT 10"))]
            if not ids:
                break
            bind.execute(sa.text("DELETE FROM users WHERE id = ANY(:ids)"), {"ids": ids})
        """
    )
    assert "DELETE FROM users WHERE id = ANY(:ids)" in sql(migration.upgrade)
    assert kinds(migration) == ["reads"]


def test_a_migration_that_needs_rows_is_no_error(project: Project) -> None:
    """Where nothing works without a row there has to be one, so nothing is conditional."""
    migration = project.only(
        """
        bind = op.get_bind()
        default = bind.execute(sa.text("SELECT id FROM states WHERE name = 'new'")).one()
        bind.execute(sa.text("UPDATE tasks SET state = :id"), {"id": default.id})
        """
    )
    assert [s.conditional for s in migration.upgrade] == [False, False]
    assert not migration.problems


def test_loops_over_offsets_end(project: Project) -> None:
    """A batch with another offset is the same question."""
    migration = project.only(
        """
        offset = 0
        while True:
            text = f"INSERT INTO a SELECT * FROM b ORDER BY id LIMIT 5 OFFSET {offset}"
            if op.get_bind().execute(sa.text(text)).rowcount <= 0:
                break
            offset += 5
        """
    )
    assert [(s.sql[-1], s.conditional) for s in migration.upgrade] == [("0", False), ("5", True)]
    assert kinds(migration) == ["reads"]


def test_queries_without_tables_give_a_row(project: Project) -> None:
    """Version and schema are known without a database."""
    migration = project.only(
        """
        bind = op.get_bind()
        version = int(bind.scalar(sa.text("SHOW server_version_num")))
        schema = bind.scalar(sa.text("SELECT current_schema()"))
        op.execute(f"CREATE TABLE {schema}.t{version // 10000} (id int)")
        """
    )
    assert migration.upgrade[-1].sql == "CREATE TABLE public.t18 (id int)"


def test_inspection_sees_what_the_history_has_made(project: Project) -> None:
    """inspect(), has_table() and reflection are answered from the migrations before."""
    project.add(
        """
        op.create_table(
            "users",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.String(50), nullable=False),
            sa.Column("mood", sa.Enum("a", "b", name="mood")),
            sa.Column("tags", sa.ARRAY(sa.Text)),
            sa.Column("price", sa.Numeric(10, 2)),
            sa.Column("seen", sa.DateTime(timezone=True)),
            sa.Column("boss_id", sa.ForeignKey("users.id", ondelete="CASCADE")),
            sa.UniqueConstraint("name", name="uq"),
            sa.CheckConstraint("id > 0", name="ck"),
        )
        op.create_index("ix", "users", ["mood", sa.text("lower(name)")], unique=False)
        """,
        'op.drop_table("users")\nop.execute("DROP TYPE mood")',
    )
    migration = project.only(
        """
        inspector = sa.inspect(op.get_bind())
        assert inspector.has_table("users") and not inspector.has_table("orders")
        assert inspector.get_table_names() == ["alembic_version", "users"]
        assert inspector.get_pk_constraint("users")["constrained_columns"] == ["id"]
        (key,) = inspector.get_foreign_keys("users")
        assert key["referred_table"] == "users" and key["options"] == {"ondelete": "CASCADE"}
        assert [u["name"] for u in inspector.get_unique_constraints("users")] == ["uq"]
        assert [c["name"] for c in inspector.get_check_constraints("users")] == ["ck"]
        assert {i["name"] for i in inspector.get_indexes("users")} == {"ix", "uq"}
        assert [e["labels"] for e in inspector.get_enums()] == [["a", "b"]]
        for column in inspector.get_columns("users"):
            op.add_column("copies", sa.Column(column["name"], column["type"]))
        users = sa.Table("users", sa.MetaData(), autoload_with=op.get_bind())
        op.execute(sa.insert(users).values(name="x"))
        """
    )
    assert not migration.problems
    added = [s.sql.partition("ADD COLUMN ")[2] for s in migration.upgrade[:-1]]
    assert added == [
        "id INTEGER",
        "name VARCHAR(50)",
        "mood mood",
        "tags TEXT[]",
        "price NUMERIC(10, 2)",
        "seen TIMESTAMP WITH TIME ZONE",
        "boss_id INTEGER",
    ]


def test_checkfirst_looks_at_the_history(project: Project) -> None:
    """A type is created with checkfirst only while it is not there."""
    top = """
    from sqlalchemy.dialects.postgresql import ENUM
    mood = ENUM("a", name="mood", create_type=False)
    """
    make = "mood.create(op.get_bind(), checkfirst=True)"
    project.add(make, "mood.drop(op.get_bind(), checkfirst=True)", top=top)
    project.add(make, top=top)
    first, second = project.capture().migrations
    assert sql(first.upgrade) == ["CREATE TYPE mood AS ENUM ('a')"]
    assert sql(first.downgrade) == ["DROP TYPE mood"]
    assert sql(second.upgrade) == []


def test_a_downgrade_meets_the_schema_after_its_upgrade(project: Project) -> None:
    """The downgrade sees the table that its upgrade made; the next upgrade sees it too."""
    look = 'if sa.inspect(op.get_bind()).has_table("users"): op.execute("SELECT 1 AS found")'
    project.add('op.create_table("users", sa.Column("id", sa.Integer))', look)
    project.add(look)
    first, second = project.capture().migrations
    assert sql(first.downgrade) == sql(second.upgrade) == ["SELECT 1 AS found"]


def test_recreating_batches_copy_the_table(project: Project) -> None:
    """recreate="always" is captured as what it does: create, copy, drop, rename."""
    project.add('op.create_table("users", sa.Column("id", sa.Integer), sa.Column("a", sa.Text))')
    migration = project.only(
        """
        with op.batch_alter_table("users", recreate="always") as batch:
            batch.drop_column("a")
        """
    )
    assert [" ".join(s.split()[:2]) for s in sql(migration.upgrade)] == [
        "CREATE TABLE",
        "INSERT INTO",
        "DROP TABLE",
        "ALTER TABLE",
    ]


# -- imports ------------------------------------------------------------------------------------


def test_missing_modules_get_placeholders(project: Project) -> None:
    """A module that is not installed is replaced while capturing, and said so at its line."""
    migration = project.only(
        """
        op.add_column("a", sa.Column("u", no_such_utils.UUIDType()))
        op.add_column("a", sa.Column("g", Geometry("POINT", srid=4326)))
        op.add_column("a", sa.Column("v", Vector(3)))
        op.add_column("a", sa.Column("w", Whatever(length=3)))
        op.add_column("a", sa.Column("m", Mine()))
        op.execute(f"COMMENT ON TABLE a IS '{settings.TITLE}'")
        for member in Status:
            op.execute("SELECT 1")
        for row in settings.session.query(Mine).filter(Mine.id > settings.LIMIT + 1).all():
            op.execute("SELECT 2")
        assert own() == 1
        """,
        top="""
        import no_such_utils
        from no_such_geo import Geometry
        from no_such_vectors.sqlalchemy import Vector
        from no_such_app.models import Status, Whatever
        from no_such_app import settings

        class Mine(Whatever):
            id = 1
            impl = sa.Text

        @settings.decorated
        def own():
            return 1
        """,
    )
    assert [s.sql.partition("ADD COLUMN ")[2] for s in migration.upgrade[:5]] == [
        "u UUID",
        "g geometry",
        "v vector(3)",
        "w whatever",
        "m TEXT",
    ]
    assert len(migration.upgrade) == 6
    assert kinds(migration) == ["import"] * 5
    assert "no_such_utils" in migration.problems[0].message
    assert not [name for name in sys.modules if name.startswith("no_such")]


def test_a_package_that_fails_half_way_is_imported_anew(project: Project) -> None:
    """What it had imported of itself by then is its member after the second import."""
    project.write("app/types.py", "import sqlalchemy as sa\nNAME = sa.String(7)\n")
    project.write(
        "app/__init__.py",
        """
        import os, sys
        import app.types
        if os.environ.get("FIRST", "yes") == "yes":
            os.environ["FIRST"] = "no"
            raise OSError("later")
        """,
    )
    for name in ("a", "b"):
        project.add(
            f"""
            import importlib
            app = importlib.import_module("app")
            op.add_column("users", sa.Column("{name}", app.types.NAME))
            """
        )
    first, second = project.capture().migrations
    assert kinds(first) == ["error"]
    assert sql(second.upgrade) == ["ALTER TABLE users ADD COLUMN b VARCHAR(7)"]


def test_finders_of_installed_packages_stay(project: Project) -> None:
    """importlib_metadata replaces what finds versions of packages; the process goes on with it."""
    package = project.root / "site-packages" / "finding"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "import sys\nclass Finder:\n    find_spec = staticmethod(lambda *given: None)\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    project.add("pass", top=f"import sys\nsys.path.append({str(package.parent)!r})\nimport finding")
    before = list(sys.meta_path)
    project.capture()
    added = [finder for finder in sys.meta_path if finder not in before]
    sys.meta_path[:] = before
    del sys.modules["finding"]
    assert [type(finder).__name__ for finder in added] == ["Finder"]


def test_options_of_env_py_are_placeholders(project: Project) -> None:
    """What env.py hands to migrations as an option of its own is not known, and no error."""
    migration = project.only('x = op.get_context().opts["profile"]\nop.execute("SELECT 1")')
    assert sql(migration.upgrade) == ["SELECT 1"]
    assert migration.problems == ()


def test_guarded_imports_fail_as_ever(project: Project) -> None:
    """A project that tries an import and goes on without it does so here."""
    migration = project.only(
        "op.execute(json.NAME)",
        top="""
        try:
            import no_such_json as json
        except ImportError:
            class json:
                NAME = "SELECT 'fallback'"
        """,
    )
    assert sql(migration.upgrade) == ["SELECT 'fallback'"]
    assert not migration.problems


def test_modules_of_the_project_are_imported(project: Project) -> None:
    """Enums and constants of the application have their real values, and are forgotten after."""
    project.write("shop_app/__init__.py", "")
    project.write(
        "shop_app/states.py", "import enum\nclass State(enum.Enum):\n    a = 1\n    b = 2\n"
    )
    migration = project.only(
        'op.create_table("t", sa.Column("s", sa.Enum(State, name="state")))',
        top="from shop_app.states import State\n",
    )
    assert sql(migration.upgrade)[0] == "CREATE TYPE state AS ENUM ('a', 'b')"
    assert "shop_app" not in sys.modules


@pytest.mark.parametrize(
    "body",
    ['raise RuntimeError("no settings")', "import sys\nsys.exit(3)", "while True: pass"],
)
def test_modules_that_fail_on_import_get_placeholders(project: Project, body: str) -> None:
    """A module that raises, exits or hangs costs its own values only."""
    project.write("failing_app.py", body)
    project.add('op.execute(f"SELECT {len(NAMES)}")', top="from failing_app import NAMES\n")
    project.add('op.execute("SELECT 2")', top="from failing_app import NAMES\n")
    first, second = project.capture(time_limit=0.3).migrations
    assert sql(first.upgrade) == ["SELECT 0"]
    assert sql(second.upgrade) == ["SELECT 2"]
    for migration in (first, second):
        (problem,) = migration.problems
        assert (problem.kind, problem.line) == ("import", 6)
        assert "failing_app" in problem.message


def test_what_a_failing_module_says_is_read(project: Project) -> None:
    """Constants, enums and table names of a module that does not run have their real values."""
    project.write("shop_app/__init__.py", "raise RuntimeError('no settings')\n")
    project.write(
        "shop_app/models.py",
        """
        import enum
        from shop_app import settings

        SIZE = 80

        class State(str, enum.Enum):
            new = "new"
            old = "old"

        class User(settings.Base):
            __tablename__ = "users"

        raise RuntimeError("no settings")
        """,
    )
    project.write("shop_app/sizes.py", "SMALL = 2 + 3\n")
    migration = project.only(
        """
        op.add_column(User.__tablename__, sa.Column("s", sa.Enum(State, name="s")))
        op.add_column("users", sa.Column("n", sa.String(SIZE + SMALL)))
        """,
        top="""
        from shop_app.models import SIZE, State, User
        from shop_app.sizes import SMALL
        """,
    )
    assert [s.op and s.op.enum for s in migration.upgrade[:1]] == [EnumGiven(("new", "old"), "s")]
    assert sql(migration.upgrade)[1] == "ALTER TABLE users ADD COLUMN n VARCHAR(85)"


# -- what goes wrong ----------------------------------------------------------------------------


def test_an_error_is_a_problem_and_the_rest_goes_on(project: Project) -> None:
    """What was sent before the error is kept, and so are the other migrations."""
    path = project.add('op.execute("SELECT 1")\nraise KeyError("x")\n')
    project.add('op.execute("SELECT 2")')
    first, second = project.capture().migrations
    (problem,) = first.problems
    assert sql(first.upgrade) == ["SELECT 1"]
    assert (problem.kind, problem.direction) == ("error", "upgrade")
    assert "KeyError" in problem.message
    assert path.read_text().splitlines()[(problem.line or 0) - 1].strip() == 'raise KeyError("x")'
    assert sql(second.upgrade) == ["SELECT 2"]


@pytest.mark.parametrize(
    "body",
    [
        'raise RuntimeError("boom")',
        "import sys\nsys.exit(1)",
        "import os\nos._exit(1)",
        "import posix\nposix._exit(0)",
        "import os\nos.abort()",
    ],
)
def test_a_body_that_fails_is_a_problem(project: Project, body: str) -> None:
    """A migration whose own module raises or exits has no steps, a problem, and a line."""
    project.add('op.execute("SELECT 1")', top=body)
    project.add('op.execute("SELECT 2")')
    first, second = project.capture().migrations
    assert first.upgrade == ()
    assert {p.kind for p in first.problems} == {"error"}
    assert all(p.line and p.line >= 6 for p in first.problems)
    assert sql(second.upgrade) == ["SELECT 2"]


@pytest.mark.parametrize("in_main_thread", [True, False])
def test_time_is_limited(project: Project, in_main_thread: bool) -> None:
    """A migration that does not end is stopped, in whatever thread it runs."""
    project.add('op.execute("SELECT 1")\nwhile True:\n    pass')
    project.add('op.execute("SELECT 2")')
    found: list[History] = []
    if in_main_thread:
        found.append(project.capture(time_limit=0.2))
    else:
        thread = threading.Thread(target=lambda: found.append(project.capture(time_limit=0.2)))
        thread.start()
        thread.join()
    first, second = found[0].migrations
    assert kinds(first) == ["timeout"]
    assert sql(first.upgrade) == ["SELECT 1"]
    assert sql(second.upgrade) == ["SELECT 2"]


def test_endless_statements_are_stopped(project: Project) -> None:
    """A loop that never ends is stopped by its statements, of which one of each is kept."""
    migration = project.only(
        """
        while op.get_bind().execute(sa.text("SELECT 1 FROM a")).all() != 3:
            op.get_bind().execute(sa.text("SELECT 2"))
        """
    )
    assert kinds(migration) == ["timeout"]
    assert sql(migration.upgrade) == ["SELECT 1 FROM a", "SELECT 2"]


def test_irreversible_on_purpose(project: Project) -> None:
    """A downgrade that raises by itself is irreversible; one that fails is an error."""
    project.add("pass", 'raise NotImplementedError("there is no way back")')
    project.add("pass", 'op.drop_constraint(None, "users")')
    first, second = project.capture().migrations
    assert kinds(first) == ["irreversible"]
    assert "there is no way back" in first.problems[0].message
    assert kinds(second) == ["error"]
    assert "needs the name" in second.problems[0].message


def test_a_missing_downgrade_is_known(project: Project) -> None:
    """A file without downgrade() has none; one that does nothing has one without steps."""
    path = project.add("pass")
    path.write_text(path.read_text().partition("\n\ndef downgrade")[0])
    project.add("pass")
    first, second = project.capture().migrations
    assert (first.has_downgrade, second.has_downgrade) == (False, True)


# -- side effects -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "goes_on"),
    [
        ('open("out.csv", "w").write("a")', True),
        ('pathlib.Path("out.csv").write_text("a")', True),
        ('os.close(os.open("out.csv", os.O_WRONLY | os.O_CREAT))', False),
        ('os.makedirs("out")', False),
        ("os.remove(__file__)", False),
        ('subprocess.run(["touch", "out.csv"])', False),
        ('os.system("touch out.csv")', False),
        ('socket.create_connection(("127.0.0.1", 9))', False),
        ('urllib.request.urlopen("http://127.0.0.1:9/")', False),
    ],
)
def test_side_effects_are_refused(project: Project, action: str, goes_on: bool) -> None:
    """Files, processes and the network are refused and named at their line."""
    top = "import os, pathlib, socket, subprocess, urllib.request\n"
    path = project.add(f'{action}\nop.execute("SELECT 1")', top=top)
    before = sorted(project.root.rglob("*"))
    (migration,) = project.capture().migrations
    assert sorted(project.root.rglob("*")) == before
    problem = migration.problems[0]
    assert problem.kind == "nondeterministic"
    assert path.read_text().splitlines()[(problem.line or 0) - 1].strip() == action
    assert bool(migration.upgrade) is goes_on
    assert kinds(migration)[1:] == ([] if goes_on else ["error"])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("os.environ.get('MODE')", "reads the environment (os.environ)"),
        ("getenv('MODE')", "reads the environment (os.getenv)"),
        ("dt.datetime.now(dt.timezone.utc)", "reads the clock (datetime.datetime.now)"),
        ("today.today()", "reads the clock (datetime.date.today)"),
        ("uuid4()", "uses random values (uuid.uuid4)"),
        ("random.choice([1])", "uses random values (random.choice)"),
    ],
)
def test_what_differs_from_run_to_run_is_named(project: Project, call: str, said: str) -> None:
    """The clock, the environment and random numbers; the statements are captured nevertheless."""
    path = project.add(
        f'value = {call}\nop.execute("SELECT 1")',
        top="""
        import datetime as dt, os, random
        from datetime import date as today
        from os import getenv
        from uuid import uuid4
        """,
    )
    (migration,) = project.capture().migrations
    (problem,) = migration.problems
    assert (problem.kind, problem.message) == ("nondeterministic", said)
    assert path.read_text().splitlines()[(problem.line or 0) - 1].strip() == f"value = {call}"
    assert sql(migration.upgrade) == ["SELECT 1"]


def test_times_of_the_database_are_no_chance(project: Project) -> None:
    """sa.func.now(), types and functions that are not called give the same in each run."""
    migration = project.only(
        """
        op.add_column("users", sa.Column("at", sa.DateTime, server_default=sa.func.now()))
        op.add_column("users", sa.Column("id", sa.UUID, default=uuid.uuid4))
        op.execute(f"SELECT '{datetime.date(2020, 1, 1)}'")
        """,
        top="import datetime, uuid\n",
    )
    assert migration.problems == ()


def test_names_of_files_that_carry_a_time_are_the_same_in_each_run(project: Project) -> None:
    """What is said about a file does not change with the time in its name."""
    migration = project.only('open("backup-2024-01-31.csv", "w").write("a")')
    (problem,) = migration.problems
    assert problem.message == "writes the file backup-0-0-0.csv; this was refused"


def test_nothing_of_the_process_is_changed(project: Project) -> None:
    """Modules, paths, variables, folder and functions are as before; nothing is printed."""
    project.write("helping.py", "VALUE = 1\n")
    project.add(
        """
        os.environ["SHOP_MODE"] = "x"
        sys.path.append("elsewhere")
        os.chdir("/")
        print("noise")
        time.sleep(60)
        """,
        top="import os, sys, time\nimport helping\n",
    )
    before = (dict(os.environ), list(sys.path), Path.cwd(), set(sys.modules), open)
    project.capture()
    after = (dict(os.environ), list(sys.path), Path.cwd(), set(sys.modules), open)
    assert before[:3] == after[:3]
    assert after[4] is before[4]
    assert "helping" not in after[3]
    assert not list(project.root.rglob("__pycache__"))


def test_nothing_is_printed(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    """What migrations print does not get into a report."""
    project.add('print("noise")')
    project.capture()
    assert capfd.readouterr() == ("", "")


def test_side_effects_are_possible_again_afterwards(project: Project) -> None:
    """The guard only watches while a migration runs."""
    project.add("pass")
    project.capture()
    (project.root / "mine.txt").write_text("a")
    assert (project.root / "mine.txt").read_text() == "a"


# -- the chain ----------------------------------------------------------------------------------


def test_branches_come_in_the_order_of_an_upgrade(project: Project) -> None:
    """Merges, branches, depends_on and labels, in the order in which Alembic runs them."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    headers = {
        "a1": (None, None, None),
        "b1": (None, None, ("billing",)),
        "a2": ("a1", "billing", None),
        "a3": ("a1", None, None),
        "m1": (("a2", "a3"), None, None),
        "b2": ("b1", None, None),
    }
    for revision, (down, depends, labels) in headers.items():
        project.write(
            f"migrations/versions/{revision}.py",
            f"revision = {revision!r}\ndown_revision = {down!r}\ndepends_on = {depends!r}\n"
            f"branch_labels = {labels!r}\ndef upgrade(): pass\ndef downgrade(): pass\n",
        )
    history = project.capture()
    config = Config()
    config.set_main_option("script_location", str(project.root / "migrations"))
    script = ScriptDirectory.from_config(config)
    steps = script._upgrade_revs("heads", ())  # type: ignore[arg-type]
    assert [m.revision for m in history.migrations] == [s.revision.revision for s in steps]
    assert history.heads == ("b2", "m1")
    by_revision = {m.revision: m for m in history.migrations}
    assert by_revision["b2"].down_revisions == ("b1",)
    assert by_revision["m1"].down_revisions == ("a2", "a3")
    assert by_revision["a2"].depends_on == ("b1",)


def test_a_file_that_is_not_python(project: Project) -> None:
    """A syntax error names the file and the line."""
    path = project.add("pass")
    path.write_text(path.read_text() + "def oops(:\n")
    with pytest.raises(HistoryError) as caught:
        project.capture()
    assert caught.value.file == path
    assert caught.value.line == len(path.read_text().splitlines())


def test_a_file_without_a_revision(project: Project) -> None:
    """A Python file among the migrations that is none is named."""
    path = project.write("migrations/versions/notes.py", "x = 1\n")
    with pytest.raises(HistoryError, match="revision = ") as caught:
        project.capture()
    assert caught.value.file == path


def test_a_missing_parent(project: Project) -> None:
    """A down_revision that no file has is named with its file."""
    project.last = "gone"
    path = project.add("pass")
    with pytest.raises(HistoryError, match="'gone'") as caught:
        project.capture()
    assert (caught.value.file, caught.value.line) == (path, 4)


def test_a_circle(project: Project) -> None:
    """A circle is shown with all its revisions."""
    project.last = "r2"
    project.add("pass")
    project.add("pass")
    with pytest.raises(HistoryError, match=r"r1 -> r2 -> r1|r2 -> r1 -> r2"):
        project.capture()


def test_two_files_with_one_revision(project: Project) -> None:
    """Both files are named."""
    project.add("pass", name="one")
    path = project.versions / "two.py"
    path.write_text((project.versions / "one.py").read_text())
    with pytest.raises(HistoryError, match=r"one\.py") as caught:
        project.capture()
    assert caught.value.file == path


@pytest.mark.parametrize("name", ["base", "head", "heads"])
def test_ids_that_mean_something_else(project: Project, name: str) -> None:
    """Alembic would take these for places in the chain."""
    project.add("pass", name=name)
    project.add("pass")
    with pytest.raises(HistoryError, match="another id"):
        project.capture()


def test_no_migrations(project: Project) -> None:
    """An empty folder is no history."""
    with pytest.raises(HistoryError, match="no migrations"):
        project.capture()


# -- finding the history ------------------------------------------------------------------------


def test_a_folder_needs_no_ini(project: Project) -> None:
    """The folder with the migrations, the one with env.py, and one file all name the history."""
    path = project.add("pass")
    for named in (project.versions, project.versions.parent, path):
        location = find_history([named])
        assert location.versions == (project.versions,)
        assert len(capture(location).migrations) == 1
    assert find_history([path]).selected == (path,)


@pytest.mark.parametrize("at", [".", "src"])
def test_an_ini_is_found_from_inside_the_project(project: Project, at: str) -> None:
    """Without arguments alembic.ini is looked for in the folder and those above."""
    project.add("pass")
    (project.root / "src").mkdir()
    project.write("alembic.ini", "[alembic]\nscript_location = %(here)s/migrations\n")
    location = find_history(cwd=project.root / at)
    assert location.versions == (project.versions,)
    assert location.ini == project.root / "alembic.ini"


def test_pyproject_is_read(project: Project) -> None:
    """[tool.alembic] works like alembic.ini."""
    project.add("pass")
    project.write("pyproject.toml", '[tool.alembic]\nscript_location = "%(here)s/migrations"\n')
    assert find_history(cwd=project.root).versions == (project.versions,)
    assert len(capture(find_history(cwd=project.root)).migrations) == 1


def test_several_version_locations(project: Project) -> None:
    """Migrations of one chain may lie in several folders."""
    project.add("pass")
    project.write("more/r2.py", (project.versions / "r1.py").read_text().replace("'r1'", "'r2'"))
    text = (project.root / "more/r2.py").read_text()
    (project.root / "more/r2.py").write_text(text.replace("= None", "= 'r1'"))
    project.write(
        "alembic.ini",
        """
        [alembic]
        script_location = migrations
        version_locations = %(here)s/migrations/versions:%(here)s/more
        version_path_separator = :
        """,
    )
    history = capture(find_history(cwd=project.root))
    assert [m.revision for m in history.migrations] == ["r1", "r2"]


def test_no_history_says_what_to_do(tmp_path: Path) -> None:
    """Nothing found, nothing there, nothing configured: each says what was expected."""
    (tmp_path / ".git").mkdir()
    with pytest.raises(ConfigError, match="name the folder with the migrations"):
        find_history(cwd=tmp_path)
    with pytest.raises(HistoryError, match="no such"):
        find_history(["gone"], cwd=tmp_path)
    (tmp_path / "alembic.ini").write_text("[alembic]\n")
    with pytest.raises(ConfigError, match="script_location"):
        find_history(["alembic.ini"], cwd=tmp_path)


# -- the environment ----------------------------------------------------------------------------


def test_the_environment_is_read_and_not_run(project: Project) -> None:
    """env.py is read for what changes a verdict."""
    project.add('op.create_unique_constraint(None, "users", ["name"])')
    project.write("app/__init__.py", "")
    project.write(
        "app/db.py",
        """
        from sqlalchemy import MetaData
        metadata = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s"})
        """,
    )
    project.write(
        "migrations/env.py",
        """
        from app.db import metadata
        raise SystemExit("env.py was run")
        options = {"transaction_per_migration": True}
        engine = create_engine(url, connect_args={"options": "-c lock_timeout=5s"})
        context.configure(target_metadata=metadata, include_schemas=True,
                          version_table="versions", version_table_schema="app", **options)
        """,
    )
    history = project.capture()
    environment = history.environment
    assert environment.transaction_per_migration is True
    assert environment.transactional_ddl is None
    assert environment.lock_timeout
    assert environment.include_schemas
    assert environment.naming_convention
    assert environment.version_table == "app.versions"
    (step,) = history.migrations[0].upgrade
    assert isinstance(step.statement, AlterTable)
    assert "CONSTRAINT uq_users_name UNIQUE" in step.sql


def test_metadata_from_elsewhere_may_name_constraints(project: Project) -> None:
    """Without the metadata nobody knows a convention, so a missing name is no certain failure."""
    from click.testing import CliRunner

    from migsafe.cli.check import command

    def failing() -> bool:
        arguments = [str(project.root / "migrations"), "--select", "MS407"]
        return "MS407" in CliRunner().invoke(command, arguments).output

    project.add(
        'op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True),'
        ' sa.Column("o", sa.Integer, sa.ForeignKey("orders.id")))'
    )
    project.add('op.drop_constraint("orders_o_orders_fkey", "orders", type_="foreignkey")')
    assert failing()
    project.write("migrations/env.py", "from flask import app\ntarget_metadata = app.db.metadata\n")
    assert not failing()


def test_a_lock_timeout_in_a_comment_is_none(project: Project) -> None:
    """Comments and documentation set nothing."""
    project.add("pass")
    project.write("migrations/env.py", '"""Sets no lock_timeout."""\n# lock_timeout\n')
    environment = project.capture().environment
    assert not environment.lock_timeout
    assert environment.transaction_per_migration is None


# -- real input ---------------------------------------------------------------------------------


def test_the_shop_is_captured_whole() -> None:
    """The example's history gives every statement, in both directions, without a problem."""
    history = capture(find_history([SHOP]))
    assert len(history.migrations) == len(list((SHOP / "migrations/versions").glob("0*.py")))
    assert [m.problems for m in history.migrations if m.problems] == []
    assert all(m.upgrade and m.downgrade for m in history.migrations)
    steps = [s for m in history.migrations for s in (*m.upgrade, *m.downgrade)]
    assert not [s.sql for s in steps if isinstance(s.statement, Unrecognised)]
    assert all(s.line <= s.end_line for s in steps)
    assert history.environment.transaction_per_migration


@pytest.fixture
def sent() -> Iterator[list[str]]:
    """What SQLAlchemy sends to servers, in capture's spelling of parameters."""
    texts: list[str] = []

    def record(connection: object, cursor: object, statement: str, *args: object) -> None:
        text = re.sub(r"%\((\w+)\)s(::[\w ]+?(?=[,) ]|$))?", r":\1", statement)
        texts.append(" ".join(text.replace("%%", "%").split()))

    sa.event.listen(sa.Engine, "before_cursor_execute", record)
    yield texts
    sa.event.remove(sa.Engine, "before_cursor_execute", record)


def test_the_capture_is_what_an_upgrade_sends(
    db: str, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps of the example are, one for one, what Alembic sends to a server."""
    from alembic import command
    from alembic.config import Config

    history = capture(find_history([SHOP]))
    monkeypatch.setenv("DATABASE_URL", db)
    monkeypatch.syspath_prepend(str(SHOP))
    config = Config(SHOP / "alembic.ini")
    for migration in history.migrations:
        del sent[:]
        command.upgrade(config, migration.revision)
        assert _own(sent) == [_text(step) for step in migration.upgrade]
    for migration in reversed(history.migrations[1:]):
        del sent[:]
        command.downgrade(config, migration.down_revisions[0])
        assert _own(sent) == [_text(step) for step in migration.downgrade]


def _text(step: Step) -> str:
    return re.sub(r":(\w+)::\w+", r":\1", " ".join(step.sql.split()))


def _own(sent: list[str]) -> list[str]:
    """*sent* without what Alembic and SQLAlchemy send for themselves."""
    theirs = ("alembic_version", "pg_catalog", "standard_conforming_strings", "current_schema")
    return [text for text in sent if not any(word in text for word in theirs)]


def test_what_one_operation_sends_is_in_the_order_of_the_source(project: Project) -> None:
    """SQLAlchemy keeps indexes in sets, by address: each run would have another order."""
    names = [f"c{number}" for number in range(20)]
    columns = ", ".join(f"sa.Column({name!r}, sa.Integer(), index=True)" for name in names)
    made = [s.statement for s in project.only(f"op.create_table('t', {columns})").upgrade]
    indexed = [key.column for s in made if isinstance(s, CreateIndex) for key in s.elements]
    assert indexed == names
    assert "indexes" not in vars(sa.Table), "SQLAlchemy is as it was"


def test_what_a_migration_does_to_the_process_ends_with_it(
    project: Project,
) -> None:
    project.write("app/__init__.py", "import atexit\natexit.register(print, 'at the end')")
    for body in (
        "import atexit; atexit.register(print, 'at the end')",
        "import os, sys; os.chdir('/'); sys.setrecursionlimit(200)",
        "import sys; sys.modules['alembic'] = None; del sys.modules['sqlalchemy']",
        "import sys; sys.stdout.close(); sys.stderr.close()",
        "import asyncio\nraise asyncio.CancelledError",
        "class Mute(Exception):\n    def __str__(self): return None\nraise Mute",
        "import sqlite3\nsqlite3.connect('kept.db')",
        "import signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass",
    ):
        project.add(body)
    project.add("print('more'); op.execute('SELECT 1')", top="import app, sqlalchemy.orm")
    depth = sys.getrecursionlimit()
    script = "from migsafe.capture import *; capture(find_history(['migrations']), time_limit=1.0)"
    history = project.capture(time_limit=1.0)
    assert sql(history.migrations[-1].upgrade) == ["SELECT 1"]
    assert [p.message for m in history.migrations for p in m.problems] == [
        "stops with CancelledError",
        "stops with Mute",
        "opens a database kept.db; this was refused",
        "what follows is not known: opens a database kept.db",
        "it did not end within 1 seconds",
    ]
    assert sys.getrecursionlimit() == depth
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=project.root, capture_output=True, text=True, check=True
    )
    assert (ran.stdout, ran.stderr) == ("", "")


def test_threads_left_behind_may_do_nothing(project: Project) -> None:
    project.add(
        """
        import threading
        threading.Thread(target=app.later).start()
        """,
        top="import app",
    )
    project.write(
        "app.py",
        """
        import os, threading
        GO, DONE = threading.Event(), threading.Event()
        def later():
            GO.wait(30)
            try:
                os.mkdir("made")
            except PermissionError:
                pass
            DONE.set()
        """,
    )
    before = set(threading.enumerate())
    project.capture()
    (thread,) = set(threading.enumerate()) - before
    assert thread.daemon
    names = thread._target.__globals__  # type: ignore[attr-defined]
    names["GO"].set()
    assert names["DONE"].wait(30)
    thread.join(30)
    assert not (project.root / "made").exists()


def test_headers_may_name_constants_of_the_project(project: Project) -> None:
    project.write("app/names.py", "LABEL, FIRST = 'x', 'y'\nEXPAND = 'expand'\nBASE = 'one'")
    project.add("pass", name="one").write_text(
        "from app import names\nfrom app.names import EXPAND as label\nimport os\n"
        "revision = 'one'\ndown_revision = None\nbranch_labels = (label, os.environ['WHO'])\n"
    )
    project.add("pass", name="two").write_text(
        "import app.names\nrevision = 'two'\ndown_revision = app.names.BASE\n"
    )
    first, second = project.capture().migrations
    assert first.branch_labels == ("expand", "os.environ['WHO']")
    assert second.down_revisions == ("one",)


def test_modules_that_the_application_imports_elsewhere_are_there(project: Project) -> None:
    project.add(
        """
        parsed = xml.dom.minidom.parseString("<a>SELECT 1</a>")
        op.execute(parsed.documentElement.firstChild.data)
        """,
        top="import xml",
    )
    project.add("xml.nothing", top="import xml")
    script = """
        from migsafe.capture import *
        for migration in capture(find_history(["migrations"])).migrations:
            print([s.sql for s in migration.upgrade], [p.message for p in migration.problems])
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines() == [
        "['SELECT 1'] []",
        "[] [\"stops with AttributeError: module 'xml' has no attribute 'nothing'\"]",
    ]


def test_folders_of_releases_belong_to_the_history(project: Project) -> None:
    project.write("migrations/env.py", "")
    project.add("pass", name="one")
    inner = project.versions / "2026.1" / "expand"
    inner.mkdir(parents=True)
    project.add("pass", name="two").rename(inner / "two.py")
    assert [m.revision for m in project.capture().migrations] == ["one", "two"]
    (project.versions / "old").mkdir()
    project.add("pass", name="three").rename(project.versions / "old" / "three.py")
    project.add("pass", name="one_again").rename(project.versions / "old" / "four.py")
    assert len(project.capture().migrations) == 4
    archived = project.versions / "old" / "four.py"
    archived.write_text(archived.read_text().replace("one_again", "one"))
    assert [m.revision for m in project.capture().migrations] == ["one"]


def test_half_a_character_is_no_sql(project: Project) -> None:
    (problem,) = project.only("op.execute('SELECT 1 AS \\udc80')").problems
    assert problem.message.startswith("stops with UnicodeEncodeError")
