"""introspect(): the catalog of a real database, whole, from any connection, without a trace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg
import pytest
import sqlalchemy as sa
from mutations import BASE, BENIGN, MUTATIONS, UNDONE, known, pairs
from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import create_async_engine

from migsafe.catalog import Catalog, ConstraintKind, Enum, Rows, TableKind
from migsafe.catalog.diff import diff
from migsafe.errors import ServerError
from migsafe.introspect import Snapshotter, introspect
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.server import Server, sqlalchemy_url


@dataclass
class Subject:
    """A connection to a database that holds BASE, and its catalog."""

    connection: psycopg.Connection
    catalog: Catalog


@pytest.fixture(scope="module")
def subject_of(server_of: Callable[[int], Server]) -> Iterator[Callable[[int], Subject]]:
    """Return the database with BASE on the server of a major version; tests roll back."""
    made: dict[int, Subject] = {}
    with ExitStack() as stack:

        def of(major: int) -> Subject:
            if major not in made:
                url = stack.enter_context(server_of(major).database())
                connection = stack.enter_context(psycopg.connect(url))
                connection.execute(BASE)
                connection.commit()
                made[major] = Subject(connection, introspect(connection))
            return made[major]

        yield of


@pytest.fixture
def subject(subject_of: Callable[[int], Subject], major: int) -> Iterator[Subject]:
    """The database with BASE on every major version in turn, rolled back afterwards."""
    found = subject_of(major)
    yield found
    found.connection.rollback()


@pytest.fixture
def newest(subject_of: Callable[[int], Subject], server: Server) -> Iterator[Subject]:
    """The database with BASE on the default server, rolled back afterwards."""
    found = subject_of(server.major)
    yield found
    found.connection.rollback()


def changed(subject: Subject, *statements: str) -> list[str]:
    """The differences in words after *statements*, which are rolled back again."""
    with subject.connection.transaction(force_rollback=True):
        for statement in statements:
            subject.connection.execute(statement)
        return [str(d) for d in diff(subject.catalog, introspect(subject.connection))]


def test_every_mutation_is_seen(subject: Subject, major: int) -> None:
    """No kind of change goes unnoticed, and reading only what changed gives the same catalog."""
    connection, before = subject.connection, subject.catalog
    snapshotter = Snapshotter(connection)
    assert snapshotter.take() == before
    unseen, wrong = [], []
    statements = list(known(MUTATIONS, major))
    assert len(statements) >= 116
    for statement in statements:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
            after, taken = introspect(connection), snapshotter.take()
        unseen += [statement] if not diff(before, after) else []
        wrong += [statement] if taken != after else []
    assert (unseen, wrong) == ([], [])
    assert snapshotter.take() == before


def test_snapshots_of_one_change_after_the_other(subject: Subject, major: int) -> None:
    """A snapshot follows changes that add up, committed or not, and those of other sessions."""
    snapshotter = Snapshotter(subject.connection)
    for do, undo in pairs((*UNDONE[:20], *BENIGN), major):
        for statement in (do, undo):
            subject.connection.execute(statement)
            assert snapshotter.take() == introspect(subject.connection), statement
    subject.connection.rollback()
    assert snapshotter.take() == subject.catalog
    with psycopg.connect(subject.connection.info.dsn, autocommit=True) as another:
        another.execute("create table elsewhere (i int)")
        found = snapshotter.take()
        another.execute("drop table elsewhere")
    assert Name("public", "elsewhere") in found.tables
    subject.connection.rollback()
    assert snapshotter.take() == subject.catalog


def test_a_snapshot_reads_no_more_than_what_changed(newest: Subject) -> None:
    """Without a change only the stamps are read, after one the changed relation."""
    snapshotter = Snapshotter(newest.connection)
    first = snapshotter.take()
    newest.connection.execute("alter table app.item add column more int")
    second = snapshotter.take()
    item, users = Name("app", "item"), Name("public", "users")
    assert second.tables[item] != first.tables[item]
    assert second.tables[users] is first.tables[users]
    assert snapshotter.take().tables is second.tables


def test_no_false_alarm_after_undoing(subject: Subject, major: int) -> None:
    """What is changed and changed back gives an equal catalog."""
    found = {do: changed(subject, do, undo) for do, undo in pairs(UNDONE, major)}
    assert {do: differences for do, differences in found.items() if differences} == {}


def test_benign_differences_are_told_apart(subject: Subject, major: int) -> None:
    """Column order and the names of constraints that nobody named are no damage."""
    for do, undo in pairs(BENIGN, major):
        with subject.connection.transaction(force_rollback=True):
            subject.connection.execute(do)
            subject.connection.execute(undo)
            differences = diff(subject.catalog, introspect(subject.connection))
        assert differences, do
        assert [str(d) for d in differences if not d.benign] == []


def test_an_empty_database_has_its_public_schema_alone(any_db: str) -> None:
    """A new database holds no more than Catalog.empty() says."""
    with psycopg.connect(any_db) as connection:
        found = introspect(connection)
    assert list(found.schemas) == ["public"]
    expected = Catalog.empty(found.major)
    names = [n for n in Catalog.__dataclass_fields__ if n not in ("schemas", "gaps", "major")]
    assert {n: getattr(found, n) for n in names} == {n: getattr(expected, n) for n in names}
    assert found.search_path == ("public",)


def test_columns(subject: Subject) -> None:
    """Types, defaults, identity, generation and collation of columns are read."""
    users = subject.catalog.tables[Name("public", "users")]
    column = {c.name: c for c in users.columns}
    assert column["score"].type == TypeRef.parse("numeric(10,2)")
    assert column["mood"].type.name == Name("public", "mood")
    assert column["mood"].default == "'ok'::public.mood"
    assert column["tags"].type == TypeRef.parse("text[]")
    assert column["nick"].collation == Name("pg_catalog", "C")
    assert column["bio"].comment == "life"
    assert column["bio"].storage is None
    generated = column["full_name"]
    assert generated.default is None
    assert generated.generated is not None
    assert generated.generated.stored
    org = subject.catalog.tables[Name("public", "org")]
    assert org.columns[0].identity is not None
    assert [c.not_null for c in org.columns] == [True, True, False, True, False]


def test_constraints(subject: Subject) -> None:
    """Every kind of constraint is read with what belongs to it."""
    users = subject.catalog.tables[Name("public", "users")]
    key = users.constraint("users_org_id_fkey")
    assert key is not None
    assert (key.kind, key.columns) == (ConstraintKind.FOREIGN_KEY, ("org_id",))
    assert (key.references, key.referenced_columns) == (Name("public", "org"), ("id",))
    assert (key.on_delete, key.on_update, key.index) == ("c", "a", None)
    check = users.constraint("users_score_check")
    assert check is not None
    assert (check.columns, check.expression) == (("score",), "(score >= (0)::numeric)")
    unique = users.constraint("users_email_key")
    assert unique is not None
    assert unique.index == "users_email_key"
    item = subject.catalog.tables[Name("app", "item")].constraint("price_pos")
    assert item is not None
    assert not item.validated
    exclude = subject.catalog.tables[Name("public", "booking")].constraints[0]
    assert exclude.operators == ("=", "&&")
    not_nulls = users.constraints_of(ConstraintKind.NOT_NULL)
    assert bool(not_nulls) is (subject.catalog.major >= 18)


def test_indexes(subject: Subject) -> None:
    """Keys, predicate, method and the constraint of indexes are read."""
    indexes = subject.catalog.indexes
    partial = indexes[Name("public", "users_bio_part")]
    assert [k.expression for k in partial.keys] == ["lower(bio)"]
    assert partial.predicate == "(mood = 'ok'::public.mood)"
    assert indexes[Name("public", "users_tags_gin")].method == "gin"
    assert indexes[Name("public", "users_email_key")].constraint == "users_email_key"
    assert indexes[Name("public", "ev_2024_at_idx")].parent == Name("public", "ev_at")
    assert Name("public", "mv_c") in indexes


def test_partitions_inheritance_and_foreign_tables(subject: Subject) -> None:
    """What a table descends from is read."""
    tables = subject.catalog.tables
    partition = tables[Name("public", "ev_2024")]
    assert partition.partition_of == Name("public", "ev")
    assert partition.inherits == ()
    assert tables[Name("public", "ev")].partition_key == "RANGE (at)"
    assert tables[Name("public", "chi")].inherits == (Name("public", "par"),)
    far = tables[Name("public", "far")]
    assert (far.kind, far.server, far.options) == (TableKind.FOREIGN, "srv", (("t", "x"),))


def test_views_and_what_they_use(subject: Subject) -> None:
    """A view knows its columns and the columns of others that it reads."""
    view = subject.catalog.views[Name("public", "v_users")]
    assert view.columns[2] == ("name", TypeRef.parse("varchar(50)"))
    assert (Name("public", "users"), "org_id") in view.uses
    matview = subject.catalog.views[Name("public", "mv")]
    assert matview.materialized
    assert matview.uses == {(Name("public", "users"), None)}


def test_triggers(subject: Subject) -> None:
    """A trigger's event, columns, condition and arguments are read."""
    named, touch = subject.catalog.tables[Name("public", "org")].triggers
    assert (touch.timing, touch.events, touch.row) == ("BEFORE", ("UPDATE",), True)
    assert named.columns == ("touched",)
    assert named.when == "(old.touched IS DISTINCT FROM new.touched)"
    assert named.arguments == ("a", "it's")


def test_sequences_types_functions(subject: Subject) -> None:
    """The rest of a schema is read too."""
    catalog = subject.catalog
    serial = catalog.sequences[Name("public", "users_id_seq")]
    assert serial.owned_by == (Name("public", "users"), "id")
    assert not serial.identity
    assert serial.maximum == 2**31 - 1
    assert catalog.sequences[Name("public", "org_id_seq")].identity
    mood = catalog.types[Name("public", "mood")]
    assert isinstance(mood, Enum)
    assert mood.labels == ("sad", "ok")
    add = catalog.functions[Name("public", "add"), ("integer", "integer")]
    assert (add.returns, add.volatility, add.language) == ("integer", "i", "sql")
    assert ("operator", "public.===(integer,integer)") in catalog.others
    assert not any(n.name == "hstore" for n in catalog.types)


def test_names_of_any_kind(newest: Subject) -> None:
    """Dots, quotes, capitals, percent signs and letters of any script are part of a name."""
    names = ["a.b", 'say "hi"', "Straße", "100%s", "select", "back\\slash", "日本", "it's"]
    for name in names:
        table = str(Name(None, name))
        newest.connection.execute(f"create schema {table}")
        newest.connection.execute(
            f"create table {table}.{table} ({table} int primary key check ({table} > 0))"
        )
        newest.connection.execute(
            f'create table {table}.{table[:-1]}2" (like {table}.{table})'
        ) if (table.endswith('"')) else None
    found = introspect(newest.connection, rows=True)
    for name in names:
        table = found.tables[Name(name, name)]
        assert [c.name for c in table.columns] == [name]
        assert table.primary_key is not None
        assert table.primary_key.columns == (name,)
        assert table.rows is Rows.NONE
    chosen = introspect(newest.connection, schemas=names, ignore=["100%s", "it's"])
    left = {Name(name, name) for name in names if name not in ("100%s", "it's")}
    assert {n for n in chosen.tables if n.name == n.schema} == left
    assert set(chosen.schemas) == set(names)


def test_the_version_table_is_left_out(newest: Subject) -> None:
    """Alembic's own table belongs to no schema, nor do its indexes."""
    newest.connection.execute("create table alembic_version (version_num text primary key)")
    newest.connection.execute("create table app.mine (version_num text primary key)")
    found = introspect(newest.connection, ignore=("alembic_version", "mine"))
    assert diff(newest.catalog, found) == ()


def test_rows_are_known_when_asked_for(newest: Subject) -> None:
    """With rows=True the tables know whether they hold any, as far as the user may see."""
    execute = newest.connection.execute
    execute("insert into par values (1)")
    execute("insert into ev values (1, '2024-05-05')")
    found = introspect(newest.connection, rows=True).tables
    assert found[Name("public", "par")].rows is Rows.SOME
    assert found[Name("public", "ev")].rows is Rows.SOME
    assert found[Name("public", "chi")].rows is Rows.NONE
    assert found[Name("public", "far")].rows is Rows.UNKNOWN
    execute("create role reader")
    execute("grant usage on schema public, app to reader")
    execute("grant select on par, app.item to reader")
    execute("set role reader")
    found = introspect(newest.connection, rows=True).tables
    assert found[Name("public", "par")].rows is Rows.SOME
    assert found[Name("public", "ev")].rows is Rows.UNKNOWN
    assert found[Name("app", "item")].rows is Rows.UNKNOWN
    unasked = introspect(newest.connection).tables
    assert {table.rows for table in unasked.values()} == {Rows.UNKNOWN}


def test_no_privilege_is_needed(newest: Subject) -> None:
    """A role that may do nothing reads the same catalog."""
    newest.connection.execute("create role nobody_special")
    newest.connection.execute("set role nobody_special")
    assert diff(newest.catalog, introspect(newest.connection)) == ()


SETTINGS = ("search_path", "jit", "TimeZone", "DateStyle", "quote_all_identifiers")


def settings(connection: psycopg.Connection) -> list[str]:
    return [connection.execute(f"show {name}").fetchone()[0] for name in SETTINGS]


def test_settings_of_the_session_do_not_matter_and_stay(newest: Subject) -> None:
    """Texts are the same whatever the session has set, and it keeps what it has set."""
    connection = newest.connection
    connection.execute("set search_path = app, public; set quote_all_identifiers = on")
    connection.execute("set local TimeZone = 'Asia/Tokyo'; set DateStyle = 'German'")
    before = settings(connection)
    found = introspect(connection)
    assert settings(connection) == before
    assert found == newest.catalog
    assert found.search_path == ("app", "public")


def test_autocommit_leaves_nothing_behind(newest: Subject, server: Server) -> None:
    """Outside of a transaction none is left open, and settings of the session stay."""
    info = newest.connection.info
    with psycopg.connect(info.dsn, autocommit=True, row_factory=dict_row) as connection:
        connection.execute("set search_path = app")
        assert introspect(connection) == newest.catalog
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        assert connection.execute("show search_path").fetchone() == {"search_path": "app"}


def test_read_only_transaction(newest: Subject) -> None:
    """Nothing is written, so a read-only transaction will do."""
    newest.connection.execute("set transaction read only")
    assert introspect(newest.connection, rows=True) == newest.catalog


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
@pytest.mark.parametrize("isolation", ["AUTOCOMMIT", "READ COMMITTED"])
def test_sqlalchemy_connections(newest: Subject, driver: str, isolation: str) -> None:
    """Any driver under SQLAlchemy gives the same catalog; the connection stays as it was."""
    newest.connection.rollback()
    engine = engine_of(newest, driver, isolation)
    with engine.connect() as connection:
        assert introspect(connection) == newest.catalog
        assert not connection.in_transaction()
        with connection.begin():
            connection.execute(sa.text("set search_path = app"))
            assert introspect(connection, rows=True) == newest.catalog
            assert connection.execute(sa.text("show search_path")).scalar() == "app"
    engine.dispose()


def engine_of(subject: Subject, driver: str, isolation: str) -> sa.Engine:
    info = subject.connection.info
    url = f"postgresql://{info.user}@/{info.dbname}?host={info.host}&port={info.port}"
    return sa.create_engine(sqlalchemy_url(url, driver), isolation_level=isolation)


def test_a_block_opened_by_hand_in_autocommit_survives(newest: Subject) -> None:
    """BEGIN said by the user on an autocommit connection is not ended by us."""
    engine = engine_of(newest, "psycopg2", "AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("create table mine (i int)")
        assert Name("public", "mine") in introspect(connection).tables
        assert Name("public", "mine") in introspect(connection).tables
        connection.exec_driver_sql("ROLLBACK")
        assert Name("public", "mine") not in introspect(connection).tables
    engine.dispose()


@pytest.mark.parametrize("isolation", ["AUTOCOMMIT", "READ COMMITTED"])
def test_asyncpg_through_run_sync(newest: Subject, isolation: str) -> None:
    """An async engine's connection works through run_sync."""
    newest.connection.rollback()
    info = newest.connection.info
    url = f"postgresql://{info.user}@/{info.dbname}?host={info.host}&port={info.port}"

    async def read() -> Catalog:
        engine = create_async_engine(sqlalchemy_url(url, "asyncpg"), isolation_level=isolation)
        async with engine.connect() as connection:
            first = await connection.run_sync(introspect)
            async with connection.begin():
                assert await connection.run_sync(introspect) == first
        await engine.dispose()
        return first

    assert asyncio.run(read()) == newest.catalog


def test_a_failed_transaction_is_said_in_one_message(newest: Subject) -> None:
    """A server that refuses gives a ServerError with its reason."""
    with pytest.raises(psycopg.Error):
        newest.connection.execute("select nonsense")
    with pytest.raises(ServerError, match="could not be read: current transaction is aborted"):
        introspect(newest.connection)


def test_only_one_statement_reads_the_catalog(newest: Subject) -> None:
    """The whole catalog comes from one snapshot: one statement besides pinning the settings."""
    engine = engine_of(newest, "psycopg", "READ COMMITTED")
    seen: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    with engine.begin() as connection:
        introspect(connection)
    engine.dispose()
    assert len([s for s in seen if "pg_class" in s]) == 1
    assert len(seen) == 5  # savepoint, settings, catalog, roll back, release
