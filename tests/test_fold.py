"""Folding statements gives the catalog that PostgreSQL itself has after running them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migsafe.catalog import Catalog, ConstraintKind, Rows
from migsafe.catalog.diff import equivalent
from migsafe.catalog.marks import Marks
from migsafe.catalog.schema import COLLECTIONS
from migsafe.fold import fold, fold_all
from migsafe.fold.naming import object_name
from migsafe.fold.once import changed
from migsafe.fold.texts import mentioned, rename_columns, rename_names
from migsafe.introspect import introspect
from migsafe.names import Name
from migsafe.server import Server
from migsafe.sql import parse

HERE = Path(__file__).parent
CASES = sorted((HERE / "fold").glob("*.sql"))
FACTS = HERE / "facts"
SHOP = HERE.parent / "examples" / "shop"
_SINCE = re.compile(r"-- since (\d+)")


def folded(catalog: Catalog, *texts: str) -> Catalog:
    """*catalog* after all statements of *texts*."""
    for text in texts:
        catalog = fold_all(catalog, (parsed.statement for parsed in parse(text)))
    return catalog


def new(*texts: str, major: int = 18) -> Catalog:
    """What *texts* make of an empty database."""
    return folded(Catalog.empty(major), *texts)


def lasting(catalog: Catalog) -> Catalog:
    """*catalog* without temporary relations, which introspection does not list."""
    kept: dict[str, Any] = {
        collection: {
            name: found
            for name, found in getattr(catalog, collection).items()
            if name.schema != "pg_temp"
        }
        for collection in ("tables", "indexes", "views", "sequences")
    }
    return replace(catalog, **kept)


def differences(catalog: Catalog, connection: psycopg.Connection[Any]) -> list[str]:
    """How *catalog* differs from what the server has."""
    return [str(d) for d in equivalent(lasting(catalog), introspect(connection))]


# -- against servers ---------------------------------------------------------------------------


def understood(comments: Iterator[str], major: int) -> bool:
    """Whether a statement with these comments exists in *major*."""
    found = (_SINCE.match(comment) for comment in comments)
    return all(int(match[1]) <= major for match in found if match)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_script_folds_to_what_the_server_has(case: Path, any_db: str) -> None:
    """After every script the folded catalog equals the introspected one."""
    with psycopg.connect(any_db, autocommit=True) as connection:
        major = connection.info.server_version // 10000
        catalog = Catalog.empty(major)
        for parsed in parse(case.read_text()):
            comments = [comment.text for comment in parsed.comments]
            if not understood(iter(comments), major):
                continue
            before, catalog = catalog, fold(catalog, parsed.statement)
            if "-- refused" in comments:
                with pytest.raises(psycopg.Error):
                    connection.execute(parsed.sql.encode())
                assert catalog == before, f"was not refused: {parsed.sql}"
            else:
                connection.execute(parsed.sql.encode())
                assert catalog.gaps == ()
        assert [t.name for t in catalog.tables.values() if t.unknown] == []
        assert differences(catalog, connection) == []


# The server reads the literal as the column's type; without one nobody can.
REREAD_BY_SERVER = {"typedep_ts_tstz_utc_check"}


def facts() -> list[dict[str, Any]]:
    lines = (FACTS / "ddl.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@contextmanager
def undone(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """A transaction that leaves no trace."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def run_and_fold(
    connection: psycopg.Connection[Any], catalog: Catalog, texts: list[str]
) -> Catalog:
    """Run *texts* and fold those statements that the server accepts."""
    for text in texts:
        for parsed in parse(text):
            connection.execute("SAVEPOINT before")
            try:
                connection.execute(parsed.sql.encode())
            except psycopg.Error:
                connection.execute("ROLLBACK TO SAVEPOINT before")
            else:
                catalog = fold(catalog, parsed.statement)
    return catalog


def of_transactions(fact: dict[str, Any]) -> bool:
    """Whether the statements of *fact* control transactions or refuse to run in one."""
    text = " ".join([*fact["setup"], *fact["session"], *fact["sql"]])
    words = ("SAVEPOINT", "COMMIT", "BEGIN", "UPDATE pg_", "CONCURRENTLY", "VACUUM", "DATABASE")
    return any(word in text for word in words) or not text


def test_every_fact_folds_to_what_the_server_has(db: str) -> None:
    """The statements of the facts corpus, in so far as the server accepts them in a transaction."""
    rows = {"20000": "200", "1000": "100", "10000": "100", "900": "90"}
    base = re.sub(r"\d+", lambda m: rows.get(m[0], m[0]), (FACTS / "base.sql").read_text())
    wrong = {}
    with psycopg.connect(db, autocommit=True) as connection:
        for parsed in parse(base):
            connection.execute(parsed.sql.encode())
        catalog = new(base)
        assert differences(catalog, connection) == []
        for fact in facts():
            if of_transactions(fact) or fact["id"] in REREAD_BY_SERVER:
                continue
            with undone(connection):
                texts = [*fact["setup"], *fact["session"], *fact["sql"]]
                found = differences(run_and_fold(connection, catalog, texts), connection)
            if found:
                wrong[fact["id"]] = found
    assert wrong == {}


# -- generated statements ----------------------------------------------------------------------

TABLES = st.sampled_from(["a", "b", "c"])
COLUMNS = st.sampled_from(["x", "y", "z", "id"])
TYPES = st.sampled_from(["int", "bigint", "text", "varchar(20)", "mood", "numeric(8,2)", "int[]"])
FORMS = (
    "CREATE TABLE {t} ({c} {ty} PRIMARY KEY, {d} serial, p int REFERENCES {u})",
    "CREATE TABLE {t} ({c} {ty} NOT NULL, {d} {ty2} UNIQUE, CHECK ({c} IS NOT NULL))",
    "CREATE TABLE {t} (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, {c} text)",
    "CREATE TABLE {t} (LIKE {u} INCLUDING ALL)",
    "CREATE TABLE {t} ({c} {ty}) INHERITS ({u})",
    "CREATE TABLE {t} AS SELECT * FROM {u}",
    "ALTER TABLE {t} ADD COLUMN {c} {ty}",
    "ALTER TABLE {t} ADD COLUMN {c} {ty} NOT NULL UNIQUE",
    "ALTER TABLE {t} ADD COLUMN {c} int DEFAULT 3 CHECK ({c} > 0)",
    "ALTER TABLE {t} ADD COLUMN {c} bigserial",
    "ALTER TABLE {t} DROP COLUMN {c}",
    "ALTER TABLE {t} DROP COLUMN IF EXISTS {c} CASCADE",
    "ALTER TABLE {t} ALTER COLUMN {c} TYPE {ty} USING NULL",
    "ALTER TABLE {t} ALTER COLUMN {c} SET NOT NULL",
    "ALTER TABLE {t} ALTER COLUMN {c} DROP NOT NULL",
    "ALTER TABLE {t} ALTER COLUMN {c} DROP DEFAULT",
    "ALTER TABLE {t} ADD UNIQUE ({c}, {d})",
    "ALTER TABLE {t} ADD PRIMARY KEY ({c})",
    "ALTER TABLE {t} ADD FOREIGN KEY ({c}) REFERENCES {u}",
    "ALTER TABLE {t} ADD FOREIGN KEY ({c}) REFERENCES {u} ({d})",
    "ALTER TABLE {t} ADD CHECK ({c} IS NOT NULL OR {d} IS NULL)",
    "ALTER TABLE {t} DROP CONSTRAINT {t}_pkey",
    "ALTER TABLE {t} DROP CONSTRAINT {t}_{c}_key CASCADE",
    "ALTER TABLE {t} DROP CONSTRAINT {t}_check",
    "ALTER TABLE {t} RENAME COLUMN {c} TO {d}",
    "ALTER TABLE {t} RENAME TO {u}",
    "ALTER TABLE {t} NO INHERIT {u}",
    "ALTER TABLE {t} INHERIT {u}",
    "ALTER SEQUENCE {t}_{c}_seq RENAME TO {u}_seq",
    "ALTER TYPE mood ADD VALUE IF NOT EXISTS '{c}'",
    "CREATE INDEX ON {t} ({c}, {d})",
    "CREATE UNIQUE INDEX ON {t} (lower({c}::text)) INCLUDE ({d}) WHERE {d} IS NOT NULL",
    "CREATE VIEW v_{t} AS SELECT * FROM {t}",
    "CREATE VIEW v_{c} AS SELECT {c}, {d} AS other FROM {t} WHERE {c} IS NOT NULL",
    "CREATE STATISTICS ON {c}, {d} FROM {t}",
    "DROP INDEX {t}_{c}_{d}_idx",
    "DROP VIEW v_{t}",
    "DROP SEQUENCE {t}_{c}_seq CASCADE",
    "DROP TABLE {t}",
    "DROP TABLE {t} CASCADE",
    "DROP TYPE mood CASCADE",
    "CREATE TABLE {t} ({c} int NOT NULL, {d} text) PARTITION BY RANGE ({c})",
    "CREATE TABLE {t} (x int, y text, z int, CHECK (x > 0)) PARTITION BY LIST (x)",
    "CREATE TABLE {t} PARTITION OF {u} DEFAULT",
    "CREATE TABLE {t} PARTITION OF {u} ({c} DEFAULT NULL) FOR VALUES FROM (1) TO (5)",
    "CREATE TABLE {t} PARTITION OF {u} FOR VALUES IN (1, 2) PARTITION BY RANGE ({c})",
    "ALTER TABLE {t} ATTACH PARTITION {u} DEFAULT",
    "ALTER TABLE {t} DETACH PARTITION {u}",
    "ALTER TABLE ONLY {t} ADD CHECK ({c} IS NOT NULL)",
    "ALTER TABLE {t} ADD CONSTRAINT named CHECK ({c} IS NOT NULL) NOT VALID",
    "ALTER TABLE {t} ADD CONSTRAINT named NOT NULL {c} NO INHERIT",
    "ALTER TABLE {t} ADD CONSTRAINT named UNIQUE ({c})",
    "ALTER TABLE {t} DROP CONSTRAINT named",
    "ALTER TABLE {t} RENAME CONSTRAINT named TO renamed",
    "ALTER TABLE {t} DROP CONSTRAINT {t}_{c}_not_null",
    "ALTER INDEX {t}_pkey RENAME TO {t}_{c}_key",
    "ALTER TABLE {t} ADD COLUMN {c} int GENERATED ALWAYS AS ({d}::int + 1) STORED",
    "ALTER TABLE {t} ALTER COLUMN {c} ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE {t} ALTER COLUMN {c} DROP IDENTITY IF EXISTS",
    "ALTER TABLE {t} ALTER COLUMN {c} SET DEFAULT 4, ALTER COLUMN {d} SET NOT NULL",
    "CREATE TRIGGER tr BEFORE UPDATE OF {c} ON {t} FOR EACH ROW EXECUTE FUNCTION touch()",
    "DROP TRIGGER tr ON {t}",
    "CREATE POLICY po ON {t} USING ({c} IS NULL)",
    "CREATE UNIQUE INDEX {t}_{c}_{d}_idx ON {t} ({c}, {d})",
    "CREATE INDEX {u}_idx ON ONLY {t} ({c})",
    "ALTER TABLE {t} ADD CONSTRAINT named UNIQUE USING INDEX {t}_{c}_{d}_idx",
    "ALTER TABLE {t} ADD PRIMARY KEY USING INDEX {u}_{c}_{d}_idx",
    "CREATE SEQUENCE {t}_{c}_seq OWNED BY {u}.{d}",
    "CREATE VIEW v_{t} AS SELECT v.*, {t}.{c} AS more FROM v_{u} v, {t}",
    "CREATE OR REPLACE VIEW v_{t} AS SELECT {t}.*, 1 AS n FROM {t} JOIN {u} USING ({c})",
    "ALTER VIEW v_{t} RENAME COLUMN {c} TO {d}",
    "CREATE MATERIALIZED VIEW v_{t} AS SELECT {c}, count(*) FROM {t} GROUP BY 1",
    "ALTER TABLE {t} SET SCHEMA app",
    "SET LOCAL search_path TO app, public",
    "SET LOCAL search_path TO public, app",
    "ALTER SCHEMA app RENAME TO app2",
    "DROP SCHEMA app CASCADE",
    "ALTER TYPE mood RENAME TO feeling",
    "ALTER TYPE mood SET SCHEMA app",
    "DROP FUNCTION touch CASCADE",
    "ALTER FUNCTION touch RENAME TO touched",
)


@st.composite
def statements(draw: Callable[..., Any]) -> str:
    form = draw(st.sampled_from(FORMS))
    words = {"t": TABLES, "u": TABLES, "c": COLUMNS, "d": COLUMNS, "ty": TYPES, "ty2": TYPES}
    return str(form.format(**{word: draw(values) for word, values in words.items()}))


@pytest.fixture(scope="session")
def playground(server: Server) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database that tests leave as they found it."""
    with server.database() as url, psycopg.connect(url, autocommit=True) as connection:
        yield connection


START = (
    "CREATE SCHEMA app",
    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'",
    "CREATE TYPE mood AS ENUM ('sad', 'ok')",
    "CREATE TABLE a (id serial PRIMARY KEY, x int, y text UNIQUE, CHECK (x > 0))",
    "CREATE TABLE b (id int PRIMARY KEY, x mood, z int REFERENCES a)",
)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(statements(), min_size=1, max_size=12))
def test_generated_statements_fold_to_what_the_server_has(
    playground: psycopg.Connection[Any], texts: list[str]
) -> None:
    """Any statements the server accepts, in any order, fold to the catalog it then has."""
    with undone(playground):
        catalog = run_and_fold(playground, Catalog.empty(18), [*START, *texts])
        assert differences(catalog, playground) == []


# -- a real history ------------------------------------------------------------------------------


@contextmanager
def emitted() -> Iterator[list[str]]:
    """The statements that SQLAlchemy sends meanwhile, but not its own questions to the catalog."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "pg_catalog" not in statement:
            found.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def shop_config(url: str, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.syspath_prepend(str(SHOP))
    monkeypatch.setattr("logging.config.fileConfig", lambda *_, **__: None)
    config = Config(SHOP / "alembic.ini")
    config.set_main_option("script_location", str(SHOP / "migrations"))
    return config


def test_the_shop_history_folds_to_what_the_server_has(
    any_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each revision of a real history, up and down, the folded catalog is the server's."""
    config = shop_config(any_db, monkeypatch)
    with psycopg.connect(any_db, autocommit=True) as connection:
        catalog = Catalog.empty(connection.info.server_version // 10000)
        revisions = [s.revision for s in ScriptDirectory.from_config(config).walk_revisions()]
        for step in [*reversed(revisions), *(f"{r}:{r}-1" for r in revisions)]:
            with emitted() as texts:
                if ":" in step:
                    command.downgrade(config, "-1")
                else:
                    command.upgrade(config, step)
            catalog = folded(catalog, *texts)
            assert catalog.gaps == ()
            found = equivalent(catalog.lacking("tables", VERSION_TABLE), introspect(connection))
            assert [str(d) for d in found if "alembic_version" not in str(d)] == [], step


VERSION_TABLE = Name("public", "alembic_version")


# -- what no server shows ----------------------------------------------------------------------


def test_rows_are_known_from_what_was_done_to_them() -> None:
    """A new table is empty until something writes to it, and again after it was emptied."""
    users = Name("public", "users")
    catalog = new("CREATE TABLE users (id int)")
    assert catalog.tables[users].rows is Rows.NONE
    for text, rows in {
        "INSERT INTO users VALUES (1)": Rows.SOME,
        "UPDATE users SET id = 2": Rows.SOME,
        "DELETE FROM users WHERE id = 1": Rows.UNKNOWN,
        "DELETE FROM users": Rows.NONE,
        "COPY users FROM STDIN": Rows.SOME,
        "TRUNCATE users": Rows.NONE,
        "INSERT INTO users SELECT id FROM users": Rows.UNKNOWN,
        "TRUNCATE ONLY users": Rows.NONE,
        "WITH w AS (INSERT INTO users VALUES (1) RETURNING id) SELECT * FROM w": Rows.SOME,
    }.items():
        catalog = folded(catalog, text)
        assert catalog.tables[users].rows is rows, text


def test_truncate_cascade_empties_what_refers_to_it() -> None:
    """TRUNCATE … CASCADE goes on to the tables with foreign keys, and theirs."""
    catalog = new(
        "CREATE TABLE a (id int PRIMARY KEY)",
        "CREATE TABLE b (id int PRIMARY KEY REFERENCES a)",
        "CREATE TABLE c (id int REFERENCES b)",
        "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); INSERT INTO c VALUES (1)",
        "TRUNCATE a CASCADE",
    )
    assert {table.rows for table in catalog.tables.values()} == {Rows.NONE}


def test_what_cannot_be_known_is_said() -> None:
    """Text that is no SQL and dynamic statements leave a gap in the catalog, with the reason."""
    assert new("CREATE TABEL users (id int)").gaps != ()
    dynamic = "DO $$ BEGIN EXECUTE 'DROP TABLE ' || (SELECT 'users'); END $$"
    catalog = new("CREATE TABLE users (id int)", dynamic)
    assert catalog.gaps != ()
    assert Name("public", "users") in catalog.tables


def test_a_gap_lets_statements_about_missing_objects_pass() -> None:
    """In an incomplete catalog a foreign key may point at a table that is not listed."""
    catalog = Catalog.empty().with_gap("the history starts in the middle")
    catalog = folded(catalog, "CREATE TABLE orders (user_id int REFERENCES users (id))")
    keys = catalog.tables[Name("public", "orders")].constraints_of(ConstraintKind.FOREIGN_KEY)
    assert [key.references for key in keys] == [Name("public", "users")]


def test_in_a_gap_a_table_with_an_unknown_parent_is_there_but_unknown() -> None:
    """A partition of a table that an earlier, unseen migration made is listed with the reason."""
    catalog = Catalog.empty().with_gap("the history starts in the middle")
    catalog = folded(catalog, "CREATE TABLE old PARTITION OF events FOR VALUES IN (1)")
    assert "events" in (catalog.tables[Name("public", "old")].unknown or "")
    assert new("CREATE TABLE old PARTITION OF events FOR VALUES IN (1)").tables == {}


def test_only_the_table_whose_query_is_not_known_is_unknown() -> None:
    """CREATE TABLE AS over a function nobody knows leaves that one table's shape open."""
    catalog = new("CREATE TABLE a AS SELECT 1 AS id", "CREATE TABLE b AS SELECT mystery(1) AS x")
    assert catalog.tables[Name("public", "a")].unknown is None
    assert catalog.tables[Name("public", "b")].unknown is not None


def test_search_path_says_where_objects_go() -> None:
    """SET search_path decides the schema of new objects, and RESET undoes it."""
    catalog = new(
        "CREATE SCHEMA app",
        "SET search_path TO app, public",
        "CREATE TABLE users (id serial)",
        "RESET search_path",
        "CREATE TABLE orders (id int)",
        "SELECT pg_catalog.set_config('search_path', 'app', false)",
        "DROP TABLE IF EXISTS orders",
    )
    assert set(catalog.tables) == {Name("app", "users"), Name("public", "orders")}
    assert set(catalog.sequences) == {Name("app", "users_id_seq")}


def test_temporary_tables_hide_others_and_stay_apart() -> None:
    """A temporary table is found first and leaves the one it hides alone."""
    catalog = new(
        "CREATE TABLE users (id int)",
        "CREATE TEMP TABLE users (other int)",
        "ALTER TABLE users ADD COLUMN x int",
    )
    assert catalog.tables[Name("public", "users")].column("x") is None
    assert catalog.tables[Name("pg_temp", "users")].column("x") is not None


def test_not_null_has_a_name_since_18(major: int) -> None:
    """PostgreSQL 18 keeps NOT NULL as a constraint; before, it is a flag of the column."""
    table = new("CREATE TABLE t (c int NOT NULL)", major=major).tables[Name("public", "t")]
    names = [c.name for c in table.constraints]
    assert names == (["t_c_not_null"] if major >= 18 else [])


def test_a_generated_column_went_with_its_source_before_15() -> None:
    """PostgreSQL 14 drops the generated column silently, later ones refuse."""
    text = "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) STORED)"
    table = Name("public", "t")
    drop = "ALTER TABLE t DROP COLUMN a"
    assert new(text, drop, major=14).tables[table].columns == ()
    assert len(new(text, drop, major=15).tables[table].columns) == 2


@pytest.mark.parametrize(
    ("first", "second", "label", "name"),
    [
        ("users", "email", "key", "users_email_key"),
        ("users", None, "pkey", "users_pkey"),
        ("a" * 60, "b" * 10, "idx", "a" * 48 + "_" + "b" * 10 + "_idx"),
        ("a" * 60, "b" * 60, "fkey", "a" * 29 + "_" + "b" * 28 + "_fkey"),
        ("é" * 31, None, "pkey", "é" * 29 + "_pkey"),
    ],
)
def test_long_names_are_cut_as_postgres_does(
    first: str, second: str | None, label: str, name: str
) -> None:
    """Names longer than 63 bytes lose bytes of their longer part, whole characters only."""
    assert object_name(first, second, label) == name
    assert len(name.encode()) <= 63


def test_words_of_an_expression_are_told_apart() -> None:
    """A column is neither a function, nor a type, nor a string, nor a part of a longer word."""
    text = "lower(name) = 'name' AND (total)::name > names AND u.\"name\" IS NULL"
    assert mentioned(text, ["name", "lower", "total"]) == ("name", "total")
    renamed = rename_columns(text, {"name": "Full Name"})
    assert renamed == (
        'lower("Full Name") = \'name\' AND (total)::name > names AND u."Full Name" IS NULL'
    )


def test_names_in_an_expression_follow_a_rename() -> None:
    """Sequences in strings, types after a cast and functions before a parenthesis are names."""
    new_names = {Name(None, "old"): Name("public", "new"), Name("app", "old"): Name("app", "new")}
    text = "nextval('old'::regclass) + old('x'::app.old) + old"
    assert (
        rename_names(text, new_names.get, ("relation", "type", "function"))
        == "nextval('new'::regclass) + new('x'::app.new) + old"
    )


def test_a_renamed_label_is_renamed_where_it_is_used() -> None:
    """A literal that is compared with a column of another type stays as it is."""
    catalog = new((HERE / "fold" / "labels.sql").read_text())
    table = catalog.tables[Name("public", "users")]
    assert [column.default for column in table.columns] == [None, "'fine'", "'it''s ok'"]
    checks = table.constraints_of(ConstraintKind.CHECK)
    assert [check.expression for check in checks] == ["m <> 'fine'", "note <> 'it''s ok'"]
    assert [index.predicate for index in catalog.indexes.values()] == ["m = 'fine'"]


def test_what_a_statement_changes_is_what_differs() -> None:
    """Gone, come and different objects, and what they are looked up by, for all facts and cases."""
    facts = (json.loads(line) for line in (FACTS / "ddl.jsonl").read_text().splitlines())
    histories = [(*fact["setup"], *fact["sql"]) for fact in facts]
    for texts in (*histories, *([path.read_text()] for path in CASES)):
        before = Catalog.empty().with_gap("not all of it is known")
        for parsed in (parsed for text in texts for parsed in parse(text)):
            change = changed(before, parsed.statement)
            for kind in COLLECTIONS:
                old, new = getattr(before, kind), getattr(change.after, kind)
                assert change.gone(kind) == sorted(old.keys() - new.keys()), parsed.sql
                assert change.come(kind) == new.keys() - old.keys(), parsed.sql
                different = [(old[k], new[k]) for k in old if k in new and old[k] is not new[k]]
                assert change.different(kind) == different, parsed.sql
                for mark, keys in Marks.of(new).most.items():
                    assert change.after.marked(kind, mark) == [new[k] for k in sorted(keys)]
            before = change.after
