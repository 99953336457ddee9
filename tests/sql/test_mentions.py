"""The columns that queries name, and where each of them can come from."""

from __future__ import annotations

import pytest

from migsafe.sql import parse

# What is visible is written as alias=relation, alias(columns), or the alias alone where no text
# says which columns there are.
MENTIONS = {
    "SELECT a FROM t": ["a in t=t"],
    "SELECT x.a FROM app.t x, u": ["x.a in x=app.t u=u"],
    "SELECT a": ["a in"],
    "SELECT 1 FROM t WHERE EXISTS (SELECT b FROM u)": ["b in u=u t=t"],
    "SELECT s.a FROM (SELECT b AS a FROM t) s": ["b in t=t", "s.a in s(a)"],
    "SELECT a FROM (SELECT * FROM t) s": ["a in s"],
    "WITH t AS (SELECT b FROM u) SELECT a FROM t": ["b in u=u", "a in t(b)"],
    "WITH w(c) AS (SELECT 1) SELECT a FROM w": ["a in w(c)"],
    "SELECT a AS z, f(1) FROM t GROUP BY z, f ORDER BY z, a, b": ["a in t=t", "b in t=t"],
    "SELECT a FROM t JOIN u ON t.i = u.i": ["t.i in t=t u=u", "u.i in t=t u=u", "a in t=t u=u"],
    "SELECT a FROM unnest(c) a, t": ["a in a t=t"],
    "SELECT g FROM generate_series(1, 2) AS g": ["g in g"],
    "INSERT INTO t VALUES (a)": ["a in"],
    "INSERT INTO t SELECT a FROM u": ["a in u=u"],
    "INSERT INTO t VALUES (1) ON CONFLICT (i) DO UPDATE SET a = excluded.a": [
        "excluded.a in t=t excluded=t"
    ],
    "UPDATE t x SET a = b FROM u WHERE c": ["b in x=t u=u", "c in x=t u=u"],
    "DELETE FROM t USING u WHERE a RETURNING b": ["a in t=t u=u", "b in t=t u=u old=t new=t"],
    "MERGE INTO t USING u ON a WHEN MATCHED THEN UPDATE SET b = c": [
        "a in t=t u=u",
        "c in t=t u=u",
    ],
    "CREATE VIEW v AS SELECT a FROM t": ["a in t=t"],
    "CREATE TABLE n AS SELECT a FROM t": ["a in t=t"],
    "DO 'begin update t set a = b; end'": [],
}


@pytest.mark.parametrize("sql", MENTIONS)
def test_mentions(sql: str) -> None:
    """Every name has the sources of its own query before those of the queries around it."""
    (parsed,) = parse(sql)
    statement = parsed.statement
    for inside in getattr(statement, "nested", ()):
        statement = inside.statement
    found = []
    for mention in statement.mentions:  # type: ignore[attr-defined]
        sources = [
            f"{source.alias}={source.relation}"
            if source.relation
            else source.alias + (f"({', '.join(source.columns)})" if source.columns else "")
            for source in mention.sources
        ]
        name = f"{mention.qualifier}.{mention.column}" if mention.qualifier else mention.column
        found.append(" ".join((name, "in", *sources)))
    assert sorted(found) == sorted(MENTIONS[sql])
