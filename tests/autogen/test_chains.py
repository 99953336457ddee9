"""Types that write a table anew: a chain of revisions; nobody waits, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

from autogen.harness import (
    Project,
    assert_same,
    catalog_of,
    create_all,
    differences,
    execute,
    run_sql,
)
from migsafe.capture import capture, find_history
from migsafe.catalog import Catalog
from migsafe.check import check
from migsafe.config import Settings
from migsafe.names import Name
from migsafe.rules import load_rules
from migsafe.server import Server, sqlalchemy_url
from migsafe.stats import Stats, TableStats, as_json

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
    if name == "everything":
        execute(url, ['create schema "My ""s"'])
    create_all(url, model(True))
    execute(url, objects)
    return catalog_of(url)


def values(url: str, name: str) -> list[Any]:
    """What the rows come to."""
    return [execute_one(url, query) for query in CASES[name][3]]


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


class Stumble(Exception):
    """What stops a migration before a certain statement."""


def execute_one(url: str, query: str) -> Any:
    """The row that *query* gives."""
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchone()  # type: ignore[call-overload]


def stumbling(project: Project, url: str, go: Callable[[], None]) -> int:
    """Run *go* again and again, each time a statement farther; return how often it was stopped.

    What the attempts before have committed stays. In each revision it begins at the first one.
    """
    allowed, run, stops = 0, 0, 0
    version = execute_one(url, "select version_num from alembic_version")

    def stop(*arguments: object) -> None:
        nonlocal run
        run += 1
        if run > allowed:
            raise Stumble

    project.engine = sa.create_engine(sqlalchemy_url(url), poolclass=sa.pool.NullPool)
    sa.event.listen(project.engine, "before_cursor_execute", stop)
    try:
        while True:
            run = 0
            try:
                go()
            except Stumble:
                stops += 1
                before, version = (
                    version,
                    execute_one(url, "select version_num from alembic_version"),
                )
                allowed = allowed + 1 if version == before else 0
            else:
                return stops
    finally:
        project.engine = None


def required(new: bool) -> sa.MetaData:
    """Columns, keys and constraints in their online forms, and one type that changes."""
    metadata = sa.MetaData()
    sa.Table("old", metadata, sa.Column("id", sa.Integer, primary_key=True))
    table = sa.Table(
        "t",
        metadata,
        sa.Column("k", sa.Integer, primary_key=True),
        sa.Column("n", sa.BigInteger if new else sa.Integer, nullable=False),
        sa.Column("set", sa.Integer, nullable=not new),
        sa.Column("old_id", sa.Integer, *([sa.ForeignKey("old.id")] if new else ())),
        sa.CheckConstraint("n > 0", name="ck"),
    )
    if new:
        made = sa.text("gen_random_uuid()")
        token = sa.Column("token", sa.Uuid, server_default=made, nullable=False, unique=True)
        table.append_column(token)
        table.append_constraint(sa.CheckConstraint("set < 9", name="ck_set"))
        table.append_constraint(sa.UniqueConstraint("set", "k", name="uq"))
        sa.Index("ix", table.c.old_id)
    return metadata


def test_stopped_anywhere_it_goes_on(server: Server, tmp_path: Path) -> None:
    """Before each statement once, up and down, with what the attempts before have left."""
    with server.database() as url, server.database() as other:
        project = Project(tmp_path, url, required(False), {"transaction_per_migration": True})
        project.revision("0001")
        project.upgrade()
        execute(url, ["insert into t (n, set) select n, 1 from generate_series(1, 50) n"])
        project.metadata = required(True)
        project.revision("0002")
        create_all(other, required(True))
        start, end = project.catalog(), catalog_of(other)
        assert stumbling(project, url, project.upgrade) > 50
        assert not differences(end, project.catalog())
        assert stumbling(project, url, lambda: project.downgrade("0001")) > 30
        assert not differences(start, project.catalog())
        assert execute_one(url, "select sum(n), count(*) from t") == (1275, 50)
        assert not findings(tmp_path)


def test_nobody_waits_and_nothing_is_lost(server: Server, tmp_path: Path) -> None:
    """Another session reads and writes all the time with a short lock_timeout."""
    with server.database() as url:
        project = started(tmp_path, url, "keys")
        execute(url, ["insert into users (name) select 'x' || n from generate_series(1, 30000) n"])
        done, errors, count = threading.Event(), [], 0

        def work() -> None:
            nonlocal count
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("set lock_timeout = '2s'")
                while not done.is_set():
                    count += 1
                    try:
                        connection.execute(
                            "with made as (insert into users (boss, name) values (%s, 'w' || %s) "
                            "returning id) select count(*) from made",
                            [count % 300 + 1, count],
                        )
                        connection.execute(
                            "update users set boss = 7 where name = 'w' || %s", [count // 2]
                        )
                    except psycopg.Error as error:
                        errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            project.upgrade()
        finally:
            done.set()
            thread.join()
        assert not errors
        query = "select count(*), count(*) filter (where boss = 7) from users where name ~ '^w'"
        assert execute_one(url, query) == (count, _sevens(count))


def _sevens(count: int) -> int:
    """How many of the rows 1 to *count* the worker has given to 7."""
    changed = {number // 2 for number in range(1, count + 1)} - {0}
    return len(changed | {n for n in range(1, count + 1) if n % 300 + 1 == 7})


def test_what_does_not_fit_stops_nobody_but_the_migration(server: Server, tmp_path: Path) -> None:
    """Old code goes on writing what the new type cannot hold until the second revision is done."""
    with server.database() as url:
        project = started(tmp_path, url, "everything")
        project.upgrade("0002")
        long = "update t set code = 'much too long' where k = 1"
        execute(url, [long])
        with pytest.raises(sa.exc.DataError, match="too long"):
            project.upgrade("0003")
        execute(url, ["update t set code = 'fits' where k = 1"])
        project.upgrade("0003")
        with pytest.raises(psycopg.Error):
            execute(url, [long])
        project.upgrade()


def test_what_cannot_be_exchanged_says_why(server: Server, tmp_path: Path) -> None:
    """The table is written anew then, with a comment that gives the reason."""
    reasons = {
        "partitioned": "a partitioned table has no concurrent index builds",
        "excluded": "an exclusion constraint cannot be built while others write",
        "computed": "generated columns are computed from it",
        "seen": "a materialised view reads it",
        "measured": "a statistics object reads it",
        "ordered": "an index over it is the replica identity or the order of the table",
        "zoned": "its values depend on the time zone",
        "more": "more of it changes than its type",
        "indexed": "other steps of this script speak of it",
        "parent": "other tables inherit its columns",
    }

    def models(new: bool) -> sa.MetaData:
        metadata = sa.MetaData()
        number = sa.BigInteger if new else sa.Integer
        for name in reasons:
            kind = sa.String(5) if name == "zoned" and new else number
            kind = sa.DateTime(timezone=True) if name == "zoned" and not new else kind
            table = sa.Table(
                name,
                metadata,
                sa.Column("k", sa.Integer, primary_key=True),
                sa.Column("n", kind, comment="x" if new and name == "more" else None),
            )
            if name == "computed":
                table.append_column(sa.Column("double", sa.Integer, sa.Computed("n * 2")))
            if name == "excluded":
                excluded = postgresql.ExcludeConstraint(
                    (sa.column("n"), "="), using="btree", name="ex"
                )
                table.append_constraint(excluded)
            if name == "ordered":
                sa.Index("ix_order", table.c.n)
            if name == "indexed" and new:
                sa.Index("ix_new", table.c.n)
            if name == "partitioned":
                table.dialect_options["postgresql"]["partition_by"] = "HASH (k)"
        return metadata

    objects = (
        "create materialized view m as select n from seen",
        "create statistics s on k, n from measured",
        "create table partition partition of partitioned for values with (modulus 1, remainder 0)",
        "alter table ordered cluster on ix_order",
        "create table heir () inherits (parent)",
    )
    with server.database() as url:
        create_all(url, models(False))
        execute(url, objects)
        skipped = {"heir", "partition"}
        options = {"include_object": lambda _, name, *rest: name not in skipped}
        project = Project(tmp_path, url, models(True), options)
        script = project.revision("one")
        assert revisions(project) == ["one"], script
        for name, why in reasons.items():
            assert f"# That is left to you, as {why}" in script, (name, script)


def test_a_project_may_want_rewrites(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`type_changes = "rewrite"`; and a table that is known to be small is written anew as well."""
    settings = tmp_path / "pyproject.toml"
    monkeypatch.chdir(tmp_path)
    with server.database() as url:
        settings.write_text('[tool.migsafe.autogenerate]\ntype_changes = "rewrite"\n')
        project = started(tmp_path / "rewrite", url, "keys")
        assert len(revisions(project)) == 2
        assert "No online form: the rows of users are written anew" in project.script("0002")
    with server.database() as url:
        settings.write_text('[tool.migsafe]\nstats = "stats.json"\n')
        sizes = {"users": 10**8, "orders": 10**4, "notes": 10**4}
        tables = {Name("public", n): TableStats(Name("public", n), 9, b) for n, b in sizes.items()}
        (tmp_path / "stats.json").write_text(as_json(Stats(tables)))
        project = started(tmp_path / "chain", url, "keys")
        assert len(revisions(project)) == 4
        first, *_, last = (project.script(one) for one in revisions(project)[1:])
        assert "ALTER COLUMN user_id" not in last
        assert "'orders', 'user_id'" in first


def test_alembic_check_names_the_change(server: Server, tmp_path: Path) -> None:
    """`alembic check` speaks of types, not of what it takes to change them."""
    with server.database() as url:
        create_all(url, keys(False))
        project = Project(tmp_path, url, keys(True))
        with pytest.raises(CommandError, match=r"modify_type.*'boss'") as told:
            command.check(project.config)
        assert str(told.value).count("modify_type") == 4
