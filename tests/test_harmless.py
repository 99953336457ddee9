"""What must not be flagged, and hazards in disguise that must."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from migsafe.capture import capture, find_history
from migsafe.check import check
from migsafe.config import Settings
from migsafe.rule import Severity
from migsafe.rules import load_rules

HEAD = """from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = {revision!r}
down_revision = {parent!r}


"""
TABLES = """
op.execute("CREATE SCHEMA app")
op.create_table(
    "users",
    sa.Column("id", sa.BigInteger(), primary_key=True),
    sa.Column("email", sa.String(200)),
    sa.Column("name", sa.Text()),
    sa.Column("age", sa.Integer()),
    sa.Column("seen", sa.DateTime()),
    sa.Column("price", sa.Numeric(10, 2)),
    sa.Column("status", sa.Enum("a", "b", name="status"), server_default="a", nullable=False),
)
op.create_table("orgs", sa.Column("id", sa.BigInteger(), primary_key=True))
op.create_table(
    "orders",
    sa.Column("id", sa.BigInteger(), primary_key=True),
    sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("users.id", name="fk_user")),
    sa.Column("total", sa.Integer(), server_default="0", nullable=False),
)
op.create_index("ix_users_email", "users", ["email"])
op.execute("ALTER TABLE users ADD CONSTRAINT ck_name CHECK (name IS NOT NULL) NOT VALID")
"""


def found(folder: Path, body: str, *more: str) -> list[tuple[str, str]]:
    """Rule and source line of what is said about *body*, which follows `TABLES` and *more*."""
    bodies = [TABLES, *more, body]
    for number, text in enumerate(bodies):
        head = HEAD.format(revision=f"r{number}", parent=f"r{number - 1}" if number else None)
        code = textwrap.indent(textwrap.dedent(text).strip(), "    ")
        tail = "\n\n\ndef downgrade():\n    pass\n"
        (folder / f"r{number}.py").write_text(f"{head}def upgrade():\n{code}{tail}")
    last = f"r{len(bodies) - 1}"
    report = check(
        capture(find_history([folder])),
        load_rules(),
        Settings(target_version=14),
        only=lambda migration: migration.revision == last,
    )
    source = (folder / f"{last}.py").read_text().splitlines()
    return [
        (finding.rule, source[finding.line - 1].strip())
        for finding in report.at_least(Severity.WARNING).findings
    ]


HARMLESS = {
    "temporary table": """
        op.execute("CREATE TEMPORARY TABLE t AS SELECT id FROM users")
        op.execute("CREATE INDEX ON t (id)")
        op.execute("UPDATE t SET id = id + 1")
        op.execute("DROP TABLE t")
        """,
    "scratch table": """
        op.create_table("scratch", sa.Column("id", sa.Integer()))
        op.execute("INSERT INTO scratch SELECT id FROM users")
        op.create_index("ix_scratch", "scratch", ["id"])
        op.execute("UPDATE scratch SET id = 1")
        op.drop_column("scratch", "id")
        op.drop_table("scratch")
        """,
    "new table in another schema with a known name": """
        op.create_table("users", sa.Column("id", sa.Integer()), schema="app")
        op.create_index("ix_app_users", "users", ["id"], schema="app")
        op.execute("ALTER TABLE app.users ADD COLUMN x int NOT NULL")
        """,
    "SQL words in data": """
        op.execute("COMMENT ON COLUMN users.name IS 'DROP TABLE users; TRUNCATE orders'")
        op.execute("INSERT INTO orgs (id) VALUES (1) -- DROP TABLE users")
        """,
    "rows by key": """
        bind = op.get_bind()
        op.execute("UPDATE users SET name = 'DELETE FROM users' WHERE id = 5")
        bind.execute(sa.text("UPDATE users SET name = :n WHERE id = :i"), {"n": "x", "i": 3})
        op.execute(sa.text("DELETE FROM orgs WHERE id IN (1, 2, 3)"))
        """,
    "rows that are inserted": """
        op.bulk_insert(sa.table("orgs", sa.column("id")), [{"id": 1}, {"id": 2}])
        op.execute("INSERT INTO orgs (id) VALUES (3) ON CONFLICT DO NOTHING")
        """,
    "constant and stable defaults": """
        op.add_column("users", sa.Column("a", sa.Integer(), server_default="5", nullable=False))
        op.add_column(
            "users", sa.Column("b", sa.DateTime(True), server_default=sa.func.now(), nullable=False)
        )
        op.add_column("users", sa.Column("c", sa.ARRAY(sa.Text()), server_default="{}"))
        op.add_column("users", sa.Column("d", postgresql.JSONB(), server_default="{}"))
        """,
    "types that keep the bytes": """
        op.alter_column("users", "price", type_=sa.Numeric(14, 2))
        op.alter_column("users", "email", type_=sa.String(400))
        op.alter_column("users", "email", type_=sa.Text())
        """,
    "timestamps in UTC": """
        op.execute("SET LOCAL timezone = 'UTC'")
        op.alter_column("users", "seen", type_=sa.DateTime(timezone=True))
        """,
    "nullability that loosens or changes nothing": """
        op.alter_column("orders", "total", nullable=True)
        op.alter_column("users", "id", nullable=False)
        """,
    "defaults": """
        op.alter_column("users", "name", server_default="x")
        op.alter_column("orders", "total", server_default=None)
        """,
    "settings of storage": """
        op.execute("ALTER TABLE users SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.1)")
        op.execute("ALTER TABLE users ALTER COLUMN name SET STATISTICS 500")
        op.execute("ALTER TABLE users RENAME CONSTRAINT users_pkey TO pk_users")
        op.execute("ALTER INDEX ix_users_email RENAME TO ix_users_mail")
        op.execute("ANALYZE users")
        """,
    "NOT VALID": """
        op.create_check_constraint("ck_age", "users", "age > 0", postgresql_not_valid=True)
        """,
    "VALIDATE by itself": 'op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_name")',
    "concurrent index": """
        with op.get_context().autocommit_block():
            op.create_index("ix_name", "users", ["name"], postgresql_concurrently=True)
        """,
    "enum value": "op.execute(\"ALTER TYPE status ADD VALUE IF NOT EXISTS 'c'\")",
    "enum with its type": """
        mood = postgresql.ENUM("x", "y", name="mood")
        mood.create(op.get_bind(), checkfirst=True)
        op.add_column("users", sa.Column("mood", mood))
        op.add_column("users", sa.Column("old", postgresql.ENUM(name="status", create_type=False)))
        """,
    "partitions of a new table": """
        op.execute("CREATE TABLE p (id int) PARTITION BY RANGE (id)")
        op.execute("CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (10)")
        op.create_index("ix_p", "p", ["id"])
        """,
    "view made anew": """
        op.execute("CREATE VIEW v AS SELECT id FROM users")
        op.execute("DROP VIEW v")
        op.execute("CREATE VIEW v AS SELECT id, name FROM users")
        """,
    "DO block that handles its error": """
        op.execute(
            "DO $$ BEGIN CREATE TYPE mood AS ENUM ('a');"
            " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        """,
    "DO block whose condition does not hold": """
        op.execute(
            "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'orgs') THEN"
            " CREATE TABLE orgs (id int); END IF; END $$"
        )
        """,
    "batches outside of a transaction": """
        with op.get_context().autocommit_block():
            op.execute(
                "WITH batch AS (SELECT id FROM users WHERE age IS NULL LIMIT 500)"
                " UPDATE users SET age = 0 FROM batch WHERE users.id = batch.id"
            )
        """,
    "exchange of a new enum": """
        op.execute("CREATE TYPE mood AS ENUM ('a')")
        op.execute("ALTER TYPE mood RENAME TO temper")
        op.execute("DROP TYPE temper")
        """,
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_harmless_is_silent(name: str, tmp_path: Path) -> None:
    """No finding that is shown by default."""
    assert found(tmp_path, HARMLESS[name]) == []


def test_a_proof_from_an_earlier_revision_counts(tmp_path: Path) -> None:
    """SET NOT NULL reads nothing when an earlier revision has validated a CHECK."""
    proof = 'op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_name")'
    assert found(tmp_path, 'op.alter_column("users", "name", nullable=False)', proof) == []


HAZARDS = {
    "loop": (
        """
        for column in ("age", "seen"):
            op.drop_column("users", column)
        """,
        [("MS303", 'op.drop_column("users", column)')] * 2,
    ),
    "alias": ("run = op.execute\nrun('TRUNCATE orders')", [("MS405", "run('TRUNCATE orders')")]),
    "f-string": (
        'name = "users"\nop.execute(f"DROP TABLE {name} CASCADE")',
        [
            ("MS304", 'op.execute(f"DROP TABLE {name} CASCADE")'),
            ("MS406", 'op.execute(f"DROP TABLE {name} CASCADE")'),
        ],
    ),
    "several statements in one text": (
        'op.execute("SELECT 1; CREATE INDEX ix ON users (age); SELECT 2")',
        [("MS101", 'op.execute("SELECT 1; CREATE INDEX ix ON users (age); SELECT 2")')],
    ),
    "connection": (
        'op.get_bind().exec_driver_sql("ALTER TABLE users DROP COLUMN age")',
        [("MS303", 'op.get_bind().exec_driver_sql("ALTER TABLE users DROP COLUMN age")')],
    ),
    "ORM session": (
        """
        from sqlalchemy.orm import Session
        session = Session(bind=op.get_bind())
        session.execute(sa.text("UPDATE users SET age = 1"))
        session.commit()
        """,
        [("MS601", 'session.execute(sa.text("UPDATE users SET age = 1"))')],
    ),
    "batch": (
        """
        with op.batch_alter_table("users") as batch:
            batch.create_index("ix_age", ["age"])
            batch.drop_column("seen")
        """,
        [
            ("MS101", 'batch.create_index("ix_age", ["age"])'),
            ("MS303", 'batch.drop_column("seen")'),
        ],
    ),
    "DO block": (
        'op.execute("DO $$ BEGIN ALTER TABLE users DROP COLUMN age; END $$")',
        [("MS303", 'op.execute("DO $$ BEGIN ALTER TABLE users DROP COLUMN age; END $$")')],
    ),
    "homonym in another schema": (
        """
        op.create_table("users", sa.Column("id", sa.Integer()), schema="app")
        op.create_index("ix_age", "users", ["age"])
        """,
        [("MS101", 'op.create_index("ix_age", "users", ["age"])')],
    ),
    "one ALTER TABLE that does several things": (
        'op.execute("ALTER TABLE users ADD COLUMN x int, ALTER COLUMN age TYPE bigint")',
        [
            (
                "MS201",
                'op.execute("ALTER TABLE users ADD COLUMN x int, ALTER COLUMN age TYPE bigint")',
            )
        ],
    ),
    "index of add_column": (
        'op.add_column("users", sa.Column("city", sa.Text(), index=True))',
        [("MS101", 'op.add_column("users", sa.Column("city", sa.Text(), index=True))')],
    ),
    "foreign key dropped": (
        'op.drop_constraint("fk_user", "orders", type_="foreignkey")',
        [("MS109", 'op.drop_constraint("fk_user", "orders", type_="foreignkey")')],
    ),
    "batches under a lock": (
        """
        op.add_column("users", sa.Column("city", sa.Text()))
        op.execute("UPDATE users SET city = '' WHERE ctid IN (SELECT ctid FROM users LIMIT 500)")
        """,
        [
            (
                "MS110",
                "op.execute(\"UPDATE users SET city = '' WHERE ctid IN "
                '(SELECT ctid FROM users LIMIT 500)")',
            )
        ],
    ),
}


@pytest.mark.parametrize("name", HAZARDS)
def test_hazards_in_disguise_are_found(name: str, tmp_path: Path) -> None:
    """Each is told at its line, and nothing besides."""
    body, expected = HAZARDS[name]
    assert found(tmp_path, body) == expected
