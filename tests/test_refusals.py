"""Statements that PostgreSQL is certain to refuse, in predictions and on a server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from migsafe.catalog import Catalog
from migsafe.effects import Effects, advance, begin, predict
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
