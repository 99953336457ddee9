"""Types that write a table anew: a chain of revisions; nobody waits, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql

from autogen.harness import (
    Project,
    assert_same,
    catalog_of,
    create_all,
    execute,
    run_sql,
)
from migsafe.capture import capture, find_history
from migsafe.catalog import Catalog
from migsafe.check import check
from migsafe.config import Settings
from migsafe.rules import load_rules
from migsafe.server import Server

Model = Callable[[bool], sa.MetaData]
LONG = "c" * 63
SCHEMA = 'My "s'


def keys(new: bool) -> sa.MetaData:
    """A SERIAL key, an identity key, a key that refers to itself, and those that refer to them."""
    metadata = sa.MetaData()
    add_keys(metadata, new)
    return metadata


def everything(new: bool) -> sa.MetaData:
    """The same, with types of all kinds, and names that have to be quoted in a schema."""
    metadata = keys(new)
    add_kinds(metadata, new)
    number = sa.BigInteger if new else sa.Integer
    sa.Table(
        "T %",
        metadata,
        sa.Column("Id: x", number, primary_key=True),
        sa.Column("The Value", number, unique=True),
        schema=SCHEMA,
    )
    return metadata


def add_keys(metadata: sa.MetaData, new: bool) -> None:
    number = sa.BigInteger if new else sa.Integer
    sa.Table(
        "users",
        metadata,
        sa.Column("id", number, primary_key=True),
        sa.Column("boss", number, sa.ForeignKey("users.id")),
        sa.Column("name", sa.Text, unique=True),
    )
    sa.Table(
        "orders",
        metadata,
        sa.Column("id", number, sa.Identity(always=True, start=5, increment=3), primary_key=True),
        sa.Column("user_id", number, sa.ForeignKey("users.id", ondelete="CASCADE"), index=True),
    )
    sa.Table(
        "notes",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="SET NULL")),
    )


def add_kinds(metadata: sa.MetaData, new: bool) -> None:
    table = sa.Table(
        "t",
        metadata,
        sa.Column("k", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("code", sa.String(5 if new else 20), nullable=False, server_default="a"),
        sa.Column("text", sa.Integer if new else sa.Text, comment="was a text"),
        sa.Column("price", sa.Numeric(12, 4) if new else sa.Numeric(10, 2), index=True),
        sa.Column("data", postgresql.JSONB if new else sa.JSON),
        sa.Column("list", postgresql.ARRAY(sa.BigInteger if new else sa.Integer)),
        sa.Column("day", sa.DateTime if new else sa.Date),
        sa.Column("flag", sa.Boolean if new else sa.Integer),
        sa.Column(LONG, sa.BigInteger if new else sa.Integer, nullable=False, index=True),
        sa.CheckConstraint("price > 0 and code <> ''", name="ck_price"),
        sa.UniqueConstraint("code", "k", name="uq_code", deferrable=True, initially="DEFERRED"),
        sa.UniqueConstraint("k", name="uq_k", postgresql_include=["price"]),
    )
    sa.Index("ix_half", table.c.price, postgresql_where=sa.text("price > 3"), unique=True)
    sa.Index("ix_expression", sa.text("(price + 1)"), _table=table)


OBJECTS = (
    "create view v as select k, price, text from t",
    "create view w as select * from v where price > 2",
    "create function f() returns trigger language plpgsql as $$ begin return new; end $$",
    "create trigger tr after update of price on t for each row when (new.price > 1) "
    "execute function f()",
    "create policy p on t using (price > 0)",
    "grant select (price) on t to public",
    "alter table t alter price set statistics 50",
)
USERS = (
    "insert into users (boss, name) select nullif(n / 2, 0), n from generate_series(1, 300) n",
    "insert into orders (user_id) select n from generate_series(1, 300) n",
    "insert into notes (user_id) select n from generate_series(1, 300) n",
)
KINDS = (
    "insert into t select n, 'c' || n, n::text, n + 0.5, '{\"a\": 1}', array[n, null], "
    "date '2026-01-01' + n, n % 2, n from generate_series(1, 300) n",
    f'insert into t (k, "{LONG}") values (0, 0)',
)
OTHERS = ('insert into "My ""s"."T %" ("The Value") select n from generate_series(1, 300) n',)
SUMS = (
    "select sum(id), sum(boss), count(*) from users",
    "select sum(id), sum(user_id) from orders",
    "select sum(user_id) from notes",
)
MORE = (
    "select sum(price), sum(text::int), sum(flag::int), count(data), max(day::date), sum(list[1]), "
    "count(*) from t",
    'select sum("Id: x"), sum("The Value") from "My ""s"."T %"',
)
# models, what else the first revision makes, rows, and what they come to
CASES: dict[str, tuple[Model, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "keys": (keys, (), USERS, SUMS),
    "everything": (everything, OBJECTS, (*USERS, *KINDS, *OTHERS), (*SUMS, *MORE)),
}


def findings(folder: Path) -> list[str]:
    """What `migsafe check` says of the scripts in *folder*, but of ways back."""
    report = check(capture(find_history([folder])), load_rules(), Settings())
    return [str(one) for one in report.findings if one.severity.value != "info"]


def started(folder: Path, url: str, name: str, driver: str = "psycopg") -> Project:
    """A project of the case *name* with a first revision, rows, and a chain that waits."""
    model, objects, rows, _ = CASES[name]
    options = {"include_schemas": True, "transaction_per_migration": True}
    project = Project(folder, url, model(False), options, driver)
    project.revision("0001")
    written(project, objects)
    project.upgrade()
    execute(url, rows)
    project.metadata = model(True)
    project.revision("0002")
    return project


def written(project: Project, objects: Sequence[str]) -> None:
    """Let the first revision make *objects* as well, and its way back drop views and functions."""
    script = ScriptDirectory.from_config(project.config).get_revision("0001")
    path, end = Path(script.path), "    # ### end Alembic commands ###"
    start = "    # ### commands auto generated"
    up, down = path.read_text().split("def downgrade", 1)
    up = up.replace(end, "".join(f"    op.execute({sql!r})\n" for sql in objects) + end)
    gone = ("drop view w, v", "drop function f cascade") if objects else ()
    down = down.replace(start, "".join(f"    op.execute({sql!r})\n" for sql in gone) + start)
    path.write_text(f"{up}def downgrade{down}")


def wanted(url: str, name: str) -> Catalog:
    """What the database of the case is to be in the end."""
    model, objects, _, _ = CASES[name]
    execute(url, ['create schema "My ""s"'])
    create_all(url, model(True))
    execute(url, objects)
    return catalog_of(url)


def values(url: str, name: str) -> list[Any]:
    """What the rows come to."""
    with psycopg.connect(url) as connection:
        return [connection.execute(query).fetchone() for query in CASES[name][3]]  # type: ignore[call-overload]


def revisions(project: Project) -> list[str]:
    """All revisions, the first one first."""
    script = ScriptDirectory.from_config(project.config)
    return [one.revision for one in script.walk_revisions()][::-1]


def ride(name: str, server: Server, folder: Path, driver: str = "psycopg") -> Project:
    """Upgrade and downgrade step by step, with rows; the same with the text of `--sql`."""
    with server.database() as url, server.database() as other, server.database() as copy:
        project = started(folder, url, name, driver)
        end, before = wanted(other, name), values(url, name)
        assert not findings(folder)
        met = [project.catalog()]
        for revision in revisions(project)[1:]:
            project.upgrade(revision)
            met.append(project.catalog())
            assert values(url, name) == before, revision
        assert_same(end, met[-1], "".join(map(project.script, revisions(project)[1:])))
        for revision, known in list(zip(revisions(project), met, strict=True))[-2::-1]:
            project.downgrade(revision)
            assert_same(known, project.catalog(), project.script(revision))
            assert values(url, name) == before, revision
        project.upgrade()
        assert_same(end, project.catalog(), "")
        assert values(url, name) == before
        head = revisions(project)[-1]
        run_sql(copy, project.offline("base:0001"))
        execute(copy, CASES[name][2])
        run_sql(copy, project.offline(f"0001:{head}"))
        assert_same(end, catalog_of(copy), "")
        assert values(copy, name) == before
        assert project.revision("done").count("    pass\n") == 2
        return project


def test_values_and_schema_are_those_of_the_rewrite(any_major: Server, tmp_path: Path) -> None:
    """Every revision by itself, on every PostgreSQL, silent in check, with rows that stay."""
    project = ride("everything", any_major, tmp_path)
    scripts = [project.script(one) for one in revisions(project)[1:-1]]
    assert "(1 of 5, before the new code)" in scripts[0]
    assert "(2 of 5, before the new code)" in scripts[1]
    # What foreign keys tie together changes together, and nothing else.
    assert ["when all code works with the new type" in script for script in scripts[2:]] == [
        True
    ] * 3
    assert not any(" TYPE " in script.split("def downgrade")[0] for script in scripts)


@pytest.mark.parametrize("driver", ["psycopg2", "asyncpg"])
def test_any_driver_runs_it(driver: str, server: Server, tmp_path: Path) -> None:
    """Blocks with a COMMIT in them are nothing special to a driver."""
    ride("keys", server, tmp_path, driver)
