"""Statements that PostgreSQL is certain to refuse, in predictions and on a server."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from migsafe.catalog import Catalog
from migsafe.effects import Effects, advance, begin, predict
from migsafe.effects.functions import is_own
from migsafe.measure import Measurer
from migsafe.server import Server
from migsafe.session import Session
from migsafe.sql import parse

SETUP = """
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, age smallint DEFAULT 1, boss int
    REFERENCES users (id));
INSERT INTO users VALUES (1, 'Ann');
CREATE TABLE counted (id int GENERATED ALWAYS AS IDENTITY, n int, twice int GENERATED ALWAYS AS
    (n * 2) STORED);
CREATE VIEW names AS SELECT name FROM users;
CREATE MATERIALIZED VIEW ages AS SELECT age FROM users;
CREATE TABLE parts (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (9);
CREATE TABLE pointing (id int, day int, FOREIGN KEY (id, day) REFERENCES parts);
CREATE FUNCTION double(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
CREATE PUBLICATION feed FOR TABLE users;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a int, b text);
CREATE TABLE typed OF pair;
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (9) TO (20) PARTITION BY LIST (id);
CREATE TABLE hashed (id int, n int) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE animals (id int, legs int NOT NULL, CONSTRAINT few CHECK (legs < 9));
CREATE TABLE dogs (breed text) INHERITS (animals);
CREATE UNLOGGED TABLE cache (id int PRIMARY KEY);
CREATE TABLE nameless (id int, span int4range, EXCLUDE USING gist (span WITH &&));
CREATE PUBLICATION every_row FOR TABLE nameless;
CREATE INDEX users_grown ON users (age) WHERE age > 17;
CREATE STATISTICS shape ON name, age FROM users;
CREATE FUNCTION full_name(users) RETURNS text LANGUAGE sql AS 'SELECT $1.name';
"""
REFUSED = {
    "ALTR TABLE users": "42601",
    "SELECT 'not closed": "42601",
    "DROP VIEW ages": "42809",
    "DROP MATERIALIZED VIEW names": "42809",
    "DROP TABLE names": "42809",
    "TRUNCATE names": "42809",
    "LOCK TABLE ages": "42809",
    "TRUNCATE parts_1": "0A000",
    "TRUNCATE ONLY parts": "42809",
    "INSERT INTO users (id) VALUES (2)": "23502",
    "INSERT INTO users (id, nick) VALUES (2, 'Bob')": "42703",
    "UPDATE users SET nick = 'Bob'": "42703",
    "CREATE TABLE tags (id int, id text)": "42701",
    "ALTER TABLE users ADD COLUMN ctid int": "42701",
    "ALTER TABLE users ALTER age SET DEFAULT (SELECT 1)": "0A000",
    "ALTER TABLE users ALTER age SET DEFAULT id": "0A000",
    "CREATE TABLE tags (id int DEFAULT (SELECT 1))": "0A000",
    "ALTER TABLE users ALTER age TYPE int USING (SELECT 1)": "0A000",
    "ALTER TABLE users ALTER age SET STORAGE EXTERNAL": "0A000",
    "DROP FUNCTION double(text)": "42883",
    "CREATE PUBLICATION feed FOR TABLE counted": "42710",
    "ALTER PUBLICATION feed ADD TABLE users": "42710",
    "INSERT INTO counted (id) VALUES (1)": "428C9",
    "UPDATE counted SET (twice, n) = (1, 2)": "428C9",
    "INSERT INTO users VALUES (2, NULL)": "23502",
    "INSERT INTO users VALUES (2, 'Bob', 'old')": "22P02",
    "INSERT INTO users VALUES (2, 'Bob', 99999)": "22003",
    "INSERT INTO users (id, name) VALUES (2)": "42601",
    "INSERT INTO users VALUES (2, 'Bob') ON CONFLICT (name) DO NOTHING": "42P10",
    "UPDATE nameless SET id = 2": "55000",
    "SELECT nick FROM users": "42703",
    "SELECT u.nick FROM users u": "42703",
    "SELECT users.name FROM users u": "42P01",
    "DELETE FROM users WHERE nick = 'Bob'": "42703",
    "CREATE VIEW nicks AS SELECT u.name FROM users u ORDER BY nick": "42703",
    "CREATE VIEW nowhere.names AS SELECT 1": "3F000",
    "CREATE OR REPLACE VIEW users AS SELECT 1": "42809",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT nick FROM users'": "42703",
    "CREATE FUNCTION nick() RETURNS int LANGUAGE plpgsql AS 'begin retrun 1; end'": "42601",
    "CREATE POLICY own ON users USING (nick = 'Bob')": "42703",
    "SELECT nick()": "42883",
    "ALTER TABLE users ALTER name SET DEFAULT nick()": "42883",
    "ALTER TABLE users ADD CHECK (nick(id) > 1)": "42883",
    "ALTER TABLE users ALTER age TYPE int USING sum(age)": "42803",
    "CREATE INDEX i ON users (count(*))": "42803",
    "CREATE INDEX i ON users (id text_ops)": "42804",
    "CREATE INDEX i ON users (id) WITH (nosuch = 1)": "22023",
    "CREATE UNIQUE INDEX i ON users USING hash (id)": "0A000",
    "ALTER TABLE users SET (autovacuum_nosuch = 1)": "22023",
    "ALTER TABLE users ADD nick text COLLATE nosuch": "42704",
    "ALTER TABLE users ADD CONSTRAINT grown CHECK (age)": "42804",
    "ALTER TABLE users ADD nick int PRIMARY KEY": "42P16",
    "ALTER TABLE users DROP COLUMN id": "2BP01",
    "ALTER TABLE users SET UNLOGGED": "55000",
    "ALTER TABLE users ADD cached int REFERENCES cache": "42P16",
    "ALTER TABLE users RENAME TO mood": "42710",
    "ALTER TABLE nowhere.users ADD nick text": "3F000",
    "CLUSTER users USING users_grown": "0A000",
    "REINDEX INDEX CONCURRENTLY nameless_span_excl": "0A000",
    "DROP INDEX CONCURRENTLY users_grown, users_pkey": "0A000",
    "DROP TYPE users": "2BP01",
    "DROP DOMAIN mood": "42809",
    "ALTER TYPE pair RENAME ATTRIBUTE a TO c": "2BP01",
    "ALTER TABLE parts ADD UNIQUE (day)": "0A000",
    "ALTER TABLE parts ALTER id TYPE bigint": "42P16",
    "ALTER TABLE parts_1 ALTER day DROP NOT NULL": "42P16",
    "CREATE TABLE more PARTITION OF parts FOR VALUES IN (30)": "42P16",
    "CREATE TABLE more PARTITION OF parts FOR VALUES FROM (40) TO (30)": "42P17",
    "CREATE TABLE more PARTITION OF hashed FOR VALUES WITH (MODULUS 4, REMAINDER 2)": "42P17",
    "ALTER TABLE parts ATTACH PARTITION dogs FOR VALUES FROM (30) TO (40)": "42809",
    "ALTER TABLE ONLY animals RENAME legs TO feet": "42P16",
    "ALTER TABLE ONLY animals RENAME CONSTRAINT few TO less": "42P16",
    "ALTER TABLE animals ADD breed int": "42804",
    "CREATE TABLE cats () INHERITS (parts_1)": "42809",
    "CREATE TABLE more (id int PRIMARY KEY, day int) PARTITION BY RANGE (day)": "0A000",
    "COMMENT ON COLUMN users.nick IS 'short'": "42703",
    "COMMENT ON TABLE names IS 'of users'": "42809",
    "GRANT SELECT (nick) ON users TO public": "42703",
    "ANALYZE users (nick)": "42703",
    "CREATE STATISTICS shape ON name, age FROM users": "42710",
    "CREATE PUBLICATION views FOR TABLE names": "22023",
    "SET CONSTRAINTS users_boss_fkey DEFERRED": "42809",
    "ROLLBACK TO SAVEPOINT nowhere": "3B001",
    "CREATE TABLE tags (id int CONSTRAINT users PRIMARY KEY)": "42P07",
    "CREATE TABLE tags (id int CONSTRAINT tags PRIMARY KEY)": "42P07",
    "ALTER TABLE users ADD CONSTRAINT names UNIQUE (name)": "42P07",
    "CREATE TABLE tags (id int PRIMARY KEY WITH (nosuch = 1))": "22023",
    "CREATE TABLE tags (id int CHECK (nick > 1))": "42703",
    "CREATE TABLE tags (id int, PRIMARY KEY (nick))": "42703",
    "CREATE TABLE tags (id numeric GENERATED ALWAYS AS IDENTITY)": "22023",
    "CREATE TABLE tags AS SELECT id, id FROM users": "42701",
    "CREATE VIEW tags AS SELECT id, id FROM users": "42701",
    "CREATE DOMAIN d AS int CONSTRAINT c CHECK (VALUE > 0) CONSTRAINT c CHECK (VALUE < 9)": "42710",
    "ALTER TABLE users ADD nick varchar(3) DEFAULT 'Robert'": "22001",
    "ALTER TABLE users ADD nick smallint DEFAULT 99999": "22003",
    "ALTER TABLE users ADD nick int STORAGE EXTERNAL": "0A000",
    "ALTER TABLE users ADD n mood GENERATED ALWAYS AS ('ok') VIRTUAL": "0A000",
    "ALTER TABLE users ADD n int GENERATED ALWAYS AS (double(id)) VIRTUAL": "0A000",
    "ALTER TABLE users ADD n int GENERATED ALWAYS AS (id) VIRTUAL UNIQUE": "0A000",
    "ALTER TABLE users ADD n tsvector GENERATED ALWAYS AS (to_tsvector(name)) STORED": "42P17",
    "ALTER TABLE users ALTER age TYPE int, ALTER age TYPE bigint": "0A000",
    "ALTER TABLE users ALTER ctid TYPE int": "0A000",
    "ALTER TABLE users ALTER age SET (nosuch = 1)": "22023",
    "ALTER TABLE counted ALTER id TYPE numeric": "22023",
    "ALTER TABLE users ADD CHECK (ctid IS NULL)": "42P10",
    "ALTER TABLE users ADD EXCLUDE USING gin (id WITH =)": "0A000",
    "ALTER TABLE users ADD FOREIGN KEY (boss) REFERENCES users MATCH PARTIAL": "0A000",
    "ALTER TABLE users ADD FOREIGN KEY (boss) REFERENCES users ON DELETE SET NULL (age)": "42P10",
    "ALTER TABLE users SET SCHEMA pg_temp": "0A000",
    "INSERT INTO parts VALUES (1, 90)": "23514",
    "COPY names TO STDOUT": "42809",
}
ACCEPTED = (
    "DROP FUNCTION double(integer)",
    "DROP FUNCTION double(n int)",
    "INSERT INTO users VALUES (2, 'Bob')",
    "INSERT INTO users SELECT 2, 'Bob'",
    "INSERT INTO counted DEFAULT VALUES",
    "INSERT INTO counted (id) OVERRIDING SYSTEM VALUE VALUES (1)",
    "INSERT INTO counted VALUES (DEFAULT, 1, DEFAULT)",
    "ALTER TABLE users DROP COLUMN boss",
    "ALTER TABLE users ALTER age SET DEFAULT 2 + 2",
    "TRUNCATE parts_1, pointing",
    "TRUNCATE parts_1 CASCADE",
    "INSERT INTO users VALUES (2, 'Bob') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    "SELECT u.full_name, u FROM users u ORDER BY full_name",
    "SELECT name AS nick FROM users GROUP BY nick ORDER BY nick",
    "WITH users AS (SELECT 1 AS nick) SELECT nick FROM users",
    "SELECT s.nick FROM users, LATERAL (SELECT upper(name) AS nick) s",
    "SELECT n FROM generate_series(1, 2) n",
    "DO 'declare nick text; begin select name into nick from users where name = nick; end'",
    "CREATE FUNCTION f(nick text) RETURNS int LANGUAGE sql AS 'SELECT id FROM users ORDER BY nick'",
    "ALTER TABLE users DROP COLUMN boss, DROP COLUMN id",
    "ALTER TABLE parts ADD UNIQUE (day, id)",
    "CREATE TABLE more PARTITION OF hashed FOR VALUES WITH (MODULUS 4, REMAINDER 3)",
    "CREATE TABLE more PARTITION OF parts FOR VALUES FROM (MINVALUE) TO (0)",
    "ALTER TABLE animals ADD breed text",
    "ALTER TABLE users ADD born date DEFAULT 'tomorrow'",
    "CREATE TABLE more PARTITION OF parts FOR VALUES FROM (30) TO (40) PARTITION BY LIST (id)",
    "ALTER TABLE users ADD p pair DEFAULT ROW(1, 'x')",
    "ALTER TABLE users ADD CHECK (tableoid > 0)",
    "ALTER TABLE users ADD n tsvector GENERATED ALWAYS AS (to_tsvector('simple', name)) STORED",
    "ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE, ADD CONSTRAINT users_pkey UNIQUE (id)",
    "ANALYZE ONLY parts",
    "INSERT INTO parts VALUES (1, '5')",
)


def session_of(major: int) -> Session:
    """The state behind SETUP."""
    session = Session(Catalog.empty(major))
    for parsed in parse(SETUP):
        session = advance(session, parsed.statement, Effects(), autocommit=True)
    return session


@pytest.fixture(scope="module")
def measurer(server: Server) -> Iterator[Measurer]:
    """A session whose database is that of SETUP."""
    with server.database() as url, Measurer(url) as session:
        session.execute(SETUP)
        yield session


@pytest.mark.parametrize("sql", [*REFUSED, *ACCEPTED])
def test_refusals(server: Server, measurer: Measurer, sql: str) -> None:
    """The prediction is certain, and the server says the same."""
    (parsed,) = parse(sql)
    session = session_of(server.major)
    inside = "CONCURRENTLY" not in sql
    fails = predict(parsed.statement, begin(session) if inside else session).fails
    if inside:
        measurer.begin()
    measured = measurer.measure(sql).fails
    if inside:
        measurer.rollback()
    assert (measured.sqlstate if measured else None) == REFUSED.get(sql)
    predicted = fails.sqlstate if fails and fails.certain else None
    assert predicted == REFUSED.get(sql)


def test_functions_are_those_of_the_server(server: Server) -> None:
    """No function of PostgreSQL's own is taken for a missing one (scripts/functions.py)."""
    with server.database() as url, psycopg.connect(url) as session:
        rows = session.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace"
        )
        names = {name for (name,) in rows}
    assert "now" in names
    assert [name for name in sorted(names) if not is_own(name, server.major)] == []
