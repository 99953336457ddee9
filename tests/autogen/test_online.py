"""The online rewriter and the rendering: scripts that can be retried and that stand alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from autogen.harness import (
    Case,
    Project,
    catalog_of,
    create_all,
    differences,
    execute,
    prove,
)
from autogen.heroes import Hero
from migsafe.server import Server, sqlalchemy_url


def shop(*, full: bool) -> sa.MetaData:
    """Two tables in use; *full* adds something of everything."""
    metadata = sa.MetaData()
    users = sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True))
    orders = sa.Table(
        "orders",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer),
        sa.Column("total", sa.Integer),
        sa.Column("tags", postgresql.JSONB),
        sa.Column("state", sa.Enum("new", "paid", *(["sent"] if full else []), name="state")),
    )
    if full:
        users.append_column(sa.Column("kind", sa.Enum("a", "b", name="kind"), server_default="a"))
        orders.append_constraint(sa.ForeignKeyConstraint(["user_id"], ["users.id"]))
        orders.append_constraint(sa.CheckConstraint("total >= 0", name="ck_total"))
        orders.append_constraint(sa.UniqueConstraint("user_id", "total", name="uq"))
        sa.Index("ix_tags", orders.c.tags, postgresql_using="gin")
        sa.Index("ix_sent", orders.c.id, postgresql_where=orders.c.state == "sent")
        sa.Table("notes", metadata, sa.Column("id", sa.Integer, primary_key=True))
    return metadata


def small() -> sa.MetaData:
    return shop(full=False)


def large() -> sa.MetaData:
    return shop(full=True)


ROWS = (
    "insert into users values (1)",
    "insert into orders values (1, 1, 10, '{}', 'new')",
)


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_everything_at_once(driver: str, server: Server, tmp_path: Path) -> None:
    """One script with all kinds of steps passes all checks, with any driver."""
    script = prove(Case(small, large, rows=ROWS), server, tmp_path, driver)
    upgrade = script[script.index("def upgrade") : script.index("def downgrade")]
    order = ["ADD VALUE", ".create(op.get_bind()", "add_column", "postgresql_concurrently"]
    assert sorted(order, key=upgrade.index) == order


def test_all_of_it_on_each_major(any_major: Server, tmp_path: Path) -> None:
    """The same on every supported PostgreSQL."""
    prove(Case(small, large, rows=ROWS), any_major, tmp_path)


def test_a_failed_migration_can_be_run_again(server: Server, tmp_path: Path) -> None:
    """A row that breaks the CHECK stops the script half way; when it is mended, a retry ends it."""
    with server.database() as url, server.database() as wanted:
        create_all(url, small())
        create_all(wanted, large())
        execute(url, [*ROWS, "insert into orders values (2, 1, -1)"])
        project = Project(tmp_path, url, large())
        project.revision("one")
        with pytest.raises(sa.exc.IntegrityError, match="ck_total"):
            project.upgrade()
        assert differences(catalog_of(wanted), project.catalog())
        execute(url, ["update orders set total = 1 where total < 0"])
        project.upgrade()
        assert not differences(catalog_of(wanted), project.catalog())


def test_a_script_runs_without_migsafe(server: Server, tmp_path: Path) -> None:
    """The history works in an environment that has alembic and sqlalchemy only."""
    with server.database() as url, server.database() as wanted:
        create_all(url, small())
        create_all(wanted, large())
        project = Project(tmp_path, url, large())
        project.revision("one")
        code = f"""
import sys
sys.modules["migsafe"] = None
import importlib.metadata
importlib.metadata.entry_points = lambda **_: ()
from alembic import command
from alembic.config import Config
config = Config()
config.set_main_option("script_location", {str(tmp_path)!r})
config.set_main_option("sqlalchemy.url", {sqlalchemy_url(url).replace("%", "%%")!r})
config.set_main_option("path_separator", "os")
config.attributes.update(metadata=None, options={{}})
command.upgrade(config, "head")
"""
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        assert not differences(catalog_of(wanted), project.catalog())


def test_the_directives_of_env_py_come_first(server: Server, tmp_path: Path) -> None:
    """A user's process_revision_directives meets Alembic's operations, and its work is kept."""
    seen: list[str] = []

    def directives(context: Any, revision: Any, scripts: list[Any]) -> None:
        seen.extend(type(op).__name__ for op in scripts[0].upgrade_ops.ops)
        scripts[0].message = "theirs"

    with server.database() as url:
        create_all(url, small())
        options = {"process_revision_directives": directives}
        project = Project(tmp_path, url, large(), options)
        script = project.revision("one")
    assert "ModifyTableOps" in seen
    assert '"""theirs"""' in script
    assert "autocommit_block" in script


def test_without_the_rewriter_all_is_one_transaction(server: Server, tmp_path: Path) -> None:
    """`~migsafe.online` gives plain operations, with labels added first all the same."""
    plugins = ["alembic.autogenerate.*", "migsafe.*", "~migsafe.online"]
    case = Case(small, large, rows=ROWS, options={"autogenerate_plugins": plugins})
    script = prove(case, server, tmp_path)
    assert "concurrently" not in script
    assert script.count("autocommit_block") == 1


def test_types_of_the_application_are_written_as_what_they_store(
    server: Server, tmp_path: Path
) -> None:
    """A script imports neither sqlmodel nor the application."""
    metadata = sa.MetaData()
    Hero.metadata.tables["hero"].to_metadata(metadata)
    script = prove(Case(sa.MetaData, lambda: metadata), server, tmp_path)
    assert "sa.String(length=40)" in script
    assert "sa.Numeric(precision=10, scale=2)" in script
    assert "sqlmodel" not in script
