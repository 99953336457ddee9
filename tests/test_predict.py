"""What `predict` and `advance` say beyond the facts: state, restrictions, what is unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migsafe.catalog import Catalog, Table
from migsafe.effects import (
    Cost,
    Effects,
    Removal,
    Restriction,
    TransactionNeed,
    advance,
    begin,
    commit,
    predict,
    rollback,
    run,
)
from migsafe.effects.column_type import keeps_rows
from migsafe.fold import fold
from migsafe.locks import LockMode
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.session import Session
from migsafe.sql import parse

SCHEMA = """
CREATE TYPE status AS ENUM ('new', 'paid');
CREATE TABLE users (id bigserial PRIMARY KEY, email varchar(50) UNIQUE, note text, age int);
CREATE TABLE orders (
    id bigserial PRIMARY KEY, user_id bigint REFERENCES users (id), status status DEFAULT 'new'
);
INSERT INTO users (email) VALUES ('a@example.org');
INSERT INTO orders (user_id) VALUES (1);
"""
USERS, ORDERS = Name("public", "users"), Name("public", "orders")


def catalog(sql: str = SCHEMA, *, major: int = 18, start: Catalog | None = None) -> Catalog:
    found = start if start is not None else Catalog.empty(major)
    for parsed in parse(sql):
        found = fold(found, parsed.statement)
    return found


def statements(sql: str) -> list[object]:
    return [parsed.statement for parsed in parse(sql)]


def effects_of(sql: str, *, major: int = 18, session: Session | None = None) -> list[Effects]:
    """The effects of the statements in *sql*, one transaction."""
    start = session or Session(catalog(major=major))
    return [effects for _, effects, _ in run(statements(sql), start)]


def last(sql: str, **options: object) -> Effects:
    return effects_of(sql, **options)[-1]


def session_after(sql: str, session: Session | None = None) -> Session:
    session = session or begin(Session(catalog()))
    for statement in statements(sql):
        session = advance(session, statement, predict(statement, session))
    return session


def test_a_table_made_in_the_transaction_has_no_effects() -> None:
    """Nobody else can feel what happens to a table that nobody else can see."""
    found = effects_of(
        "CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE INDEX ON t (id);"
        "ALTER TABLE t ALTER id SET NOT NULL; ALTER TABLE t ALTER id TYPE bigint; DROP TABLE t"
    )
    for effects in found:
        assert not effects.locks
        assert effects.cost is Cost.CONSTANT
        assert not effects.removes
        assert not effects.restricts


def test_a_table_is_older_than_the_next_transaction() -> None:
    """After COMMIT the table is there for everybody."""
    found = last("CREATE TABLE t (id int); COMMIT; BEGIN; CREATE INDEX ON t (id)")
    assert found.locks == {Name("public", "t"): {LockMode.SHARE}}


def test_renaming_does_not_make_a_table_new() -> None:
    """The locks follow the table under its new name."""
    session = session_after("ALTER TABLE users RENAME TO people; ALTER TABLE people ADD x int")
    assert session.transaction is not None
    assert Name("public", "people") in session.transaction.locks
    assert USERS not in session.transaction.locks
    assert not session.transaction.new


def test_rolling_back_to_a_savepoint_undoes_state_and_locks() -> None:
    """ROLLBACK TO gives back the catalog, the locks and what is new."""
    session = session_after("SAVEPOINT a; CREATE TABLE t (); LOCK TABLE users; ROLLBACK TO a")
    assert session.transaction is not None
    assert not session.transaction.locks
    assert not session.transaction.new
    assert session.catalog == catalog()
    again = session_after("LOCK TABLE orders; ROLLBACK TO SAVEPOINT a", session)
    assert again.transaction is not None
    assert not again.transaction.locks


def test_released_savepoints_keep_their_locks() -> None:
    """RELEASE ends the savepoint, not what was done after it."""
    session = session_after("SAVEPOINT a; LOCK TABLE users; RELEASE a")
    assert session.transaction is not None
    assert USERS in session.transaction.locks


def test_rollback_gives_back_the_session_before_the_transaction() -> None:
    """ROLLBACK undoes DDL and settings."""
    before = Session(catalog())
    session = session_after("SET timezone = 'UTC'; DROP TABLE orders", begin(before))
    assert rollback(session) == before


def test_local_settings_end_with_the_transaction() -> None:
    """SET LOCAL lasts until COMMIT, SET beyond it."""
    session = session_after("SET LOCAL lock_timeout = '1s'; SET statement_timeout = '2s'")
    assert session.setting("lock_timeout") == "1s"
    session = commit(session)
    assert session.setting("lock_timeout") is None
    assert session.setting("statement_timeout") == "2s"


def test_the_time_zone_decides_about_timestamps() -> None:
    """timestamp to timestamptz is free in UTC only, and a rewrite where the zone is not known."""
    session = Session(catalog("CREATE TABLE t (at timestamp); INSERT INTO t VALUES (now())"))
    retype = "ALTER TABLE t ALTER at TYPE timestamptz"
    assert last(retype, session=session).rewrites
    assert last(f"SET timezone = 'Europe/Paris'; {retype}", session=session).rewrites
    assert not last(f"SET timezone = 'Etc/UTC'; {retype}", session=session).rewrites


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY ON users (age)",
        "DROP INDEX CONCURRENTLY users_email_idx",
        "REINDEX TABLE CONCURRENTLY users",
        "REINDEX SCHEMA public",
        "VACUUM users",
        "CREATE DATABASE other",
        "ALTER SYSTEM SET work_mem = '5MB'",
    ],
)
def test_statements_that_refuse_a_transaction(sql: str) -> None:
    """They fail with 25001 in a block, and say that they refuse it outside."""
    inside = last(sql)
    assert inside.fails is not None
    assert inside.fails.sqlstate == "25001"
    assert inside.fails.certain
    alone = predict(parse(sql)[0].statement, Session(catalog()))
    assert alone.transaction is TransactionNeed.REFUSED


def test_lock_needs_a_transaction() -> None:
    """LOCK TABLE by itself is an error."""
    alone = predict(parse("LOCK TABLE users")[0].statement, Session(catalog()))
    assert alone.fails is not None
    assert alone.fails.sqlstate == "25P01"
    assert last("LOCK TABLE users").transaction is TransactionNeed.REQUIRED


def test_concurrent_builds_wait_for_transactions() -> None:
    """Building concurrently waits for writers of the table and for old snapshots anywhere."""
    build = parse("CREATE INDEX CONCURRENTLY ON users (age)")[0].statement
    waits = predict(build, Session(catalog())).waits_for
    assert any("written users" in what for what in waits)
    assert any("snapshots" in what for what in waits)


def test_a_new_enum_value_cannot_be_used_before_commit() -> None:
    """55P04, unless the type is as new as the value, which PostgreSQL 17 and later allow."""
    add = "ALTER TYPE status ADD VALUE 'gone'; "
    use = "ALTER TABLE orders ALTER status SET DEFAULT 'gone'"
    refused = last(add + use)
    assert refused.fails is not None
    assert refused.fails.sqlstate == "55P04"
    assert last(f"{add} COMMIT; BEGIN; {use}").fails is None
    own = "CREATE TYPE s AS ENUM ('a'); ALTER TYPE s ADD VALUE 'b'; CREATE TABLE t (); "
    use = "ALTER TABLE t ADD COLUMN s s DEFAULT 'b'"
    assert last(own + use, major=17).fails is None
    failure = last(own + use, major=16).fails
    assert failure is not None
    assert failure.sqlstate == "55P04"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "ALTER TABLE users ALTER age SET NOT NULL",
            Restriction("not-null", USERS, "age"),
        ),
        (
            "ALTER TABLE users RENAME COLUMN age TO years",
            Restriction("renamed", USERS, "age", "years"),
        ),
        ("ALTER TABLE users RENAME TO people", Restriction("renamed", USERS, None, "people")),
        (
            "ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17) NOT VALID",
            Restriction("check", USERS, "adult"),
        ),
        ("CREATE UNIQUE INDEX one ON users (age)", Restriction("unique", USERS, "one")),
    ],
)
def test_restrictions(sql: str, expected: Restriction) -> None:
    """What running code may no longer do is said, by table and part."""
    assert expected in last(sql).restricts


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("ALTER TABLE users DROP COLUMN age", Removal("column", USERS, "age", loses_data=True)),
        ("DROP TABLE orders", Removal("table", ORDERS, loses_data=True)),
        ("TRUNCATE orders", Removal("rows", ORDERS, loses_data=True)),
        ("DELETE FROM orders", Removal("rows", ORDERS, loses_data=True)),
        (
            "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey",
            Removal("constraint", ORDERS, "orders_user_id_fkey"),
        ),
    ],
)
def test_removals(sql: str, expected: Removal) -> None:
    """What is gone afterwards is said, and whether data goes with it."""
    assert expected in last(sql).removes


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "CREATE EXTENSION vaults; CREATE SCHEMA ours; SELECT ours.rebuild_everything()",
            "rebuild_everything",
        ),
        ("CALL tidy_up()", "tidy_up"),
        ("EXECUTE later", "later"),
        ("DO $$ BEGIN EXECUTE 'DROP TABLE ' || current_setting('x'); END $$", ""),
    ],
)
def test_what_cannot_be_known_is_said(sql: str, reason: str) -> None:
    """The third answer is a reason, never a guess."""
    unknown = last(sql).unknown
    assert unknown is not None
    assert reason in unknown


def test_a_missing_table_is_an_error_only_where_the_catalog_is_complete() -> None:
    """With gaps the table may exist: then nothing can be said about it."""
    statement = parse("ALTER TABLE ghosts ADD COLUMN x int")[0].statement
    failure = predict(statement, Session(catalog())).fails
    assert failure is not None
    assert (failure.sqlstate, failure.certain) == ("42P01", True)
    unsure = predict(statement, Session(catalog().with_gap("a script could not be read")))
    assert unsure.fails is None
    assert unsure.unknown is not None
    assert "ghosts" in unsure.unknown


def test_nested_statements_count() -> None:
    """A DO block has the effects of the statements in it, on each other's results."""
    found = last("DO $$ BEGIN CREATE TABLE t (id int); ALTER TABLE users ADD c int; END $$")
    assert found.locks == {USERS: {LockMode.ACCESS_EXCLUSIVE}}


def test_the_version_can_be_chosen() -> None:
    """The same statement is judged for another major version."""
    statement = parse("ALTER TABLE users ADD CONSTRAINT c CHECK (age > 0) NOT ENFORCED")[
        0
    ].statement
    assert predict(statement, Session(catalog())).fails is None
    failure = predict(statement, Session(catalog()), major=17).fails
    assert failure is not None
    assert failure.sqlstate == "42601"


def test_autocommit_keeps_no_transaction() -> None:
    """Statements that run by themselves leave neither locks nor new relations behind."""
    steps = list(
        run(
            statements("CREATE TABLE t (id int); CREATE INDEX ON t (id)"),
            Session(catalog()),
            autocommit=True,
        )
    )
    assert all(before.transaction is None for _, _, before in steps)
    assert steps[-1][1].locks == {Name("public", "t"): {LockMode.SHARE}}


def test_a_refused_statement_changes_nothing() -> None:
    """A statement that is certain to fail has no other effect and leaves the state alone."""
    session = begin(Session(catalog()))
    statement = parse("DROP TABLE users")[0].statement
    effects = predict(statement, session)
    assert effects.fails is not None
    assert effects.fails.sqlstate == "2BP01"
    assert not effects.locks
    assert advance(session, statement, effects) is session


def test_an_index_under_access_exclusive_blocks_its_table() -> None:
    """Locked indexes count for their tables, because planning opens them."""
    blocked = last("REINDEX INDEX users_pkey").blocks()
    assert blocked[USERS] == ("reads", "writes", "ddl")


def test_prediction_does_not_change_its_input() -> None:
    """A session is a value."""
    session = Session(catalog())
    predict(parse("ALTER TABLE users DROP COLUMN age, ADD COLUMN age text")[0].statement, session)
    assert session == Session(catalog())


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_only_shortening_a_varchar_rewrites(old: int, new: int) -> None:
    """Widening keeps the rows whatever the lengths are; shortening never does."""
    empty = Catalog.empty()
    kept = keeps_rows(empty, TypeRef.builtin("varchar", old), TypeRef.builtin("varchar", new), None)
    assert kept is (new >= old)


@given(
    st.tuples(st.integers(1, 50), st.integers(0, 20)),
    st.tuples(st.integers(1, 50), st.integers(0, 20)),
)
def test_numeric_keeps_rows_with_its_scale(old: tuple[int, int], new: tuple[int, int]) -> None:
    """Only more digits before the point are free."""
    kept = keeps_rows(
        Catalog.empty(), TypeRef.builtin("numeric", *old), TypeRef.builtin("numeric", *new), None
    )
    assert kept is (new[0] >= old[0] and new[1] == old[1])


@pytest.mark.parametrize("known", ["nothing", "gaps", "shapeless"])
def test_no_statement_of_the_facts_raises(known: str) -> None:
    """Whatever the catalog lacks, there is an answer: effects, a failure, or why not."""
    text = (Path(__file__).parent / "facts" / "ddl.jsonl").read_text()
    empty = Catalog.empty()
    if known == "gaps":
        empty = empty.with_gap("the history starts in the middle")
    if known == "shapeless":
        empty = empty.with_table(Table(Name("public", "t"), unknown="made by a function"))
    for line in text.splitlines():
        fact = json.loads(line)
        for sql in (*fact["setup"], *fact["sql"]):
            for parsed in parse(sql):
                effects = predict(parsed.statement, Session(empty))
                assert not (known == "gaps" and effects.fails and effects.fails.sqlstate == "42P01")


def test_a_function_that_calls_itself_is_read_once() -> None:
    """Bodies of the user's functions count, recursive ones too."""
    made = catalog(
        "CREATE FUNCTION purge(n int) RETURNS void LANGUAGE plpgsql AS "
        "'begin delete from orders; perform purge(n - 1); end'",
        start=catalog(),
    )
    found = last("SELECT purge(3)", session=Session(made))
    assert LockMode.ROW_EXCLUSIVE in found.locks[ORDERS]


DOUBTFUL = """
DO $$ BEGIN CREATE TYPE status AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$ BEGIN CREATE TABLE users (id int); EXCEPTION WHEN SQLSTATE '42P07' THEN NULL; END $$;
DO $$ BEGIN DROP TABLE ghosts; EXCEPTION WHEN others THEN NULL; END $$;
DO $$ BEGIN ALTER TABLE users ADD note int; EXCEPTION WHEN syntax_error_or_access_rule_violation
    THEN NULL; END $$;
"""


@pytest.mark.parametrize("sql", [part for part in DOUBTFUL.split("$$;\n") if part.strip()])
def test_an_error_that_is_caught_is_none(sql: str) -> None:
    """CREATE … EXCEPTION WHEN duplicate_object is how migrations say IF NOT EXISTS."""
    assert last(f"{sql} $$") == Effects()


def test_a_handler_undoes_its_section() -> None:
    """What ran before the error is rolled back; the handler runs instead."""
    text = (
        "BEGIN LOCK users; ALTER TABLE orders ADD id int; EXCEPTION WHEN {} THEN LOCK orders; END"
    )
    caught = last(f"DO $$ BEGIN {text.format('duplicate_column')}; END $$")
    assert set(caught.locks) == {ORDERS}
    assert caught.fails is None
    other = last(f"DO $$ BEGIN {text.format('duplicate_table')}; END $$")
    assert other.fails is not None
    assert other.fails.sqlstate == "42701"


def test_a_handler_is_not_run_without_an_error() -> None:
    """Neither does the catalog learn of what it would do."""
    sql = (
        "DO $$ BEGIN ALTER TABLE users ADD x int; "
        "EXCEPTION WHEN duplicate_column THEN DROP TABLE orders; END $$"
    )
    assert set(last(sql).locks) == {USERS}
    assert ORDERS in session_after(sql).catalog.tables


def test_a_branch_may_not_be_taken() -> None:
    """IF NOT EXISTS … THEN CREATE TABLE of a table that exists is no certain failure."""
    found = last("DO $$ BEGIN IF random() > 2 THEN CREATE TABLE users (id int); END IF; END $$")
    assert found.fails is not None
    assert not found.fails.certain


@pytest.mark.parametrize(
    ("returns", "body", "locked"),
    [
        ("int", "BEGIN RETURN 1; END", set()),
        ("SETOF users", "BEGIN RETURN QUERY SELECT * FROM users; END", {USERS}),
        ("void", "BEGIN DELETE FROM orders; RETURN; END", {ORDERS}),
    ],
)
def test_the_body_of_a_function_is_read(returns: str, body: str, locked: set[Name]) -> None:
    """A body is read with the type it returns, without which RETURN is an error."""
    sql = f"CREATE FUNCTION f(a int) RETURNS {returns} LANGUAGE plpgsql AS $${body}$$; SELECT f(1)"
    found = last(sql)
    assert found.unknown is None
    assert {name for name in found.locks if name in (USERS, ORDERS)} == locked


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("int", "bigint"),
        ("smallint", "int"),
        ("smallint", "numeric(7, 2)"),
        ("real", "float8"),
        ("oid", "bigint"),
        ("money", "numeric"),
        ("char(5)", "char(10)"),
        ("varchar(10)[]", "varchar(20)[]"),
        ("short", "varchar(12)"),
        ("int", "big"),
    ],
)
def test_a_wider_type_takes_all_values(old: str, new: str) -> None:
    """The rows are written anew, which none of them can stop."""
    before = catalog(
        "CREATE DOMAIN short AS varchar(10); CREATE DOMAIN big AS bigint;"
        f"CREATE TABLE t (a {old}); INSERT INTO t VALUES (NULL)"
    )
    found = last(f"ALTER TABLE t ALTER a TYPE {new}", session=Session(before))
    assert found.rewrites == {Name("public", "t")}
    assert found.fails is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bigint", "int"),
        ("int", "numeric(10, 2)"),
        ("numeric(5, 2)", "numeric(4, 1)"),
        ("float8", "real"),
        ("varchar(9)", "varchar(8)"),
        ("varchar(9)[]", "varchar(8)[]"),
        ("text", "char(9)"),
    ],
)
def test_a_narrower_type_may_refuse_values(old: str, new: str) -> None:
    """Rounding 999.99 to one decimal needs a digit more."""
    before = catalog(f"CREATE TABLE t (a {old}); INSERT INTO t VALUES (NULL)")
    found = last(f"ALTER TABLE t ALTER a TYPE {new}", session=Session(before))
    assert found.fails is not None
    assert not found.fails.certain


def test_rows_without_a_value_for_a_new_not_null_column() -> None:
    """Where rows are known to be there, it is certain."""
    found = last("ALTER TABLE users ADD COLUMN x int NOT NULL").fails
    assert found is not None
    assert (found.sqlstate, found.certain) == ("23502", True)
    assert last("ALTER TABLE users ADD COLUMN x int NOT NULL DEFAULT 1").fails is None
    empty = Session(catalog("CREATE TABLE users (id int)"))
    new = last("ALTER TABLE users ADD COLUMN x int NOT NULL", session=empty)
    assert new.fails is None
    assert Restriction("not-null", USERS, "x") in new.restricts


@pytest.mark.parametrize("version", [14, 17, 18])
def test_not_null_of_one_table_only(version: int) -> None:
    """An inheritance parent may be NOT NULL alone, a partitioned table may not."""
    before = catalog(
        "CREATE TABLE a (x int); CREATE TABLE b () INHERITS (a);"
        "CREATE TABLE p (x int) PARTITION BY LIST (x); CREATE TABLE q PARTITION OF p DEFAULT;",
        major=version,
    )
    session = Session(before)
    assert last("ALTER TABLE ONLY a ALTER x SET NOT NULL", session=session).fails is None
    refused = last("ALTER TABLE ONLY p ALTER x SET NOT NULL", session=session).fails
    assert refused is not None
    assert refused.sqlstate == "42P16"


@pytest.mark.parametrize(
    ("sql", "kinds"),
    [
        ("DROP INDEX CONCURRENTLY i", ("ddl",)),
        ("REINDEX INDEX CONCURRENTLY i", ("ddl",)),
        ("REINDEX TABLE CONCURRENTLY users", ("ddl",)),
        ("DROP INDEX i", ("reads", "writes", "ddl")),
        ("REINDEX INDEX i", ("reads", "writes", "ddl")),
    ],
)
def test_an_index_that_concurrently_retires_blocks_no_query(
    sql: str, kinds: tuple[str, ...]
) -> None:
    """ACCESS EXCLUSIVE comes when no plan opens the index any more."""
    session = Session(catalog("CREATE TABLE users (id int); CREATE INDEX i ON users (id)"))
    assert predict(parse(sql)[0].statement, session).blocks() == {USERS: kinds}


WORLD = """
CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE p0 PARTITION OF p FOR VALUES FROM (0) TO (9);
CREATE TABLE f (id int REFERENCES p);
CREATE TABLE px (id int NOT NULL);
CREATE TABLE a (x int); CREATE TABLE b () INHERITS (a);
ALTER TABLE a ADD CONSTRAINT k CHECK (x > 0);
CREATE FUNCTION n(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'select $1';
CREATE TABLE t (a int); CREATE INDEX ti ON t (n(a)); CREATE VIEW v AS SELECT n(a) FROM t;
CREATE TYPE c AS (x int); CREATE TABLE ty OF c;
"""


@pytest.mark.parametrize("version", [14, 15, 18])
@pytest.mark.parametrize(
    ("sql", "relation", "mode", "since"),
    [
        ("CREATE TABLE p1 PARTITION OF p DEFAULT", "f", "SHARE ROW EXCLUSIVE", 15),
        ("CREATE TABLE p1 PARTITION OF p DEFAULT", "f", "ACCESS SHARE", 14),
        ("ALTER TABLE p ATTACH PARTITION px DEFAULT", "f", "SHARE ROW EXCLUSIVE", 15),
        ("ALTER TABLE p ATTACH PARTITION px DEFAULT", "px", "SHARE ROW EXCLUSIVE", 14),
        ("ALTER TABLE ONLY a DROP CONSTRAINT k", "b", "ACCESS EXCLUSIVE", 14),
        ("ALTER TABLE p DROP CONSTRAINT p_pkey CASCADE", "p0_pkey", "ACCESS EXCLUSIVE", 14),
        ("DROP FUNCTION n CASCADE", "ti", "ACCESS EXCLUSIVE", 14),
        ("DROP FUNCTION n CASCADE", "v", "ACCESS EXCLUSIVE", 14),
        ("DROP TYPE c CASCADE", "ty", "ACCESS EXCLUSIVE", 14),
        ("ANALYZE a", "b", "ACCESS SHARE", 14),
        ("ANALYZE a", "b", "SHARE UPDATE EXCLUSIVE", 18),
    ],
)
def test_relations_that_are_locked_along(
    sql: str, relation: str, mode: str, since: int, version: int
) -> None:
    """What depends on a relation, or is part of it, is locked with it (measured on 14, 15, 18)."""
    locks = last(sql, session=Session(catalog(WORLD, major=version))).locks
    taken = LockMode(mode) in locks.get(Name("public", relation), frozenset())
    assert taken is (version >= since)
