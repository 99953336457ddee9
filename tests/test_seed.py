"""Synthetic rows for schemas as people write them."""

from __future__ import annotations

import psycopg
import pytest

from migsafe.introspect import introspect
from migsafe.names import Name
from migsafe.seed import Hostile, Seeding, seed
from migsafe.seed.constants import constants_of, matching
from migsafe.server import Server

SCHEMA = r"""
CREATE SCHEMA crm;
CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy');
CREATE TYPE crm.level AS ENUM ('low', 'high');
CREATE TYPE address AS (street text, number int, mood mood);
CREATE TYPE span AS RANGE (subtype = float8);
CREATE DOMAIN email AS varchar(80) NOT NULL CHECK (VALUE ~ '^[a-z0-9]{3,8}@[a-z]{4}\.(org|com)$');
CREATE DOMAIN percentage AS numeric(5,2) CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN narrow AS percentage CHECK (VALUE > 40);

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email email UNIQUE,
    name varchar(5) NOT NULL,
    code char(3) NOT NULL UNIQUE,
    mood mood DEFAULT 'sad',
    moods mood[] NOT NULL,
    level crm.level NOT NULL,
    home address,
    born date CHECK (born < '2000-01-01'),
    manager bigint REFERENCES users,
    upper_name text GENERATED ALWAYS AS (upper(name)) STORED
);
CREATE TABLE "Odd ""name%" ("a column" int PRIMARY KEY, "select" text NOT NULL);
CREATE TABLE types (
    id serial PRIMARY KEY, i2 int2 NOT NULL, n numeric(4,1) NOT NULL, f float8 NOT NULL,
    r real NOT NULL, m money NOT NULL, t time NOT NULL, ttz timetz NOT NULL, ts timestamp NOT NULL,
    iv interval NOT NULL, u uuid NOT NULL UNIQUE, j json NOT NULL, jb jsonb NOT NULL,
    b bytea NOT NULL, ip inet NOT NULL, net cidr NOT NULL, mac macaddr NOT NULL,
    bits bit(4) NOT NULL, vb bit varying(8) NOT NULL, p point NOT NULL, c circle NOT NULL,
    v tsvector NOT NULL, q tsquery NOT NULL, r4 int4range NOT NULL, tr tstzrange NOT NULL,
    dr daterange NOT NULL, sp span NOT NULL, matrix int[][] NOT NULL, d percentage NOT NULL,
    n2 narrow NOT NULL, l pg_lsn NOT NULL, o oid NOT NULL, boxes box[] NOT NULL
);
CREATE TABLE crm.orders (
    tenant int NOT NULL, number int NOT NULL,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    status varchar(12) NOT NULL CHECK (status IN ('open', 'paid', 'sent')),
    placed timestamptz NOT NULL, sent timestamptz,
    total numeric(10,2) NOT NULL CHECK (total >= 10),
    discount numeric(10,2) NOT NULL, sku text NOT NULL CHECK (sku ~ '^[A-Z]{3}-[0-9]{4}$'),
    PRIMARY KEY (tenant, number),
    CONSTRAINT later CHECK (sent IS NULL OR sent > placed),
    CONSTRAINT less CHECK (discount <= total),
    CHECK ((status = 'sent') = (sent IS NOT NULL))
);
CREATE TABLE crm.lines (
    tenant int NOT NULL, number int NOT NULL, line int NOT NULL,
    note text CHECK (note LIKE 'note:%'),
    PRIMARY KEY (tenant, number, line),
    FOREIGN KEY (tenant, number) REFERENCES crm.orders
);
CREATE TABLE a (id int PRIMARY KEY, b_id int);
CREATE TABLE b (id int PRIMARY KEY, a_id int NOT NULL REFERENCES a);
ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE tags (user_id bigint REFERENCES users, tag text, PRIMARY KEY (user_id, tag));
CREATE TABLE settings (single boolean PRIMARY KEY DEFAULT true CHECK (single), theme text NOT NULL);
CREATE TABLE bookings (room int, during tstzrange NOT NULL,
    EXCLUDE USING gist (during WITH &&));
CREATE TABLE events (id int, at date, kind text, PRIMARY KEY (id, at, kind))
    PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
    PARTITION BY LIST (kind);
CREATE TABLE events_2025_x PARTITION OF events_2025 FOR VALUES IN ('x', 'y');
CREATE TABLE hashed (id int PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE deleted (id int PRIMARY KEY, email text, gone timestamptz);
CREATE UNIQUE INDEX ON deleted (email) WHERE gone IS NULL;
CREATE TABLE nothing ();
CREATE TABLE parent (id int); CREATE TABLE child (extra text NOT NULL) INHERITS (parent);
CREATE TABLE guarded (id int PRIMARY KEY, amount int NOT NULL);
CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF new.amount % 2 = 1 THEN RAISE 'odd'; END IF; RETURN new; END $$;
CREATE TRIGGER guard BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION guard();
"""
FULL = {"settings": 1, "nothing": 1}  # tables that hold no more rows, or none that differ


def seeded(url: str, schema: str, **options: object) -> Seeding:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(schema.encode())
        return seed(connection, introspect(connection), **options)  # type: ignore[arg-type]


def column(url: str, query: str) -> list[object]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute(query.encode())]


def test_every_table_is_filled(any_db: str) -> None:
    """Types, domains, CHECKs, keys in circles, partitions, exclusions: each gets its rows."""
    found = seeded(any_db, SCHEMA)
    assert found.empty == {}
    assert len(found.rows) == 18
    for name, rows in found.rows.items():
        assert rows == FULL.get(name.name, 20), f"{name}: {rows}"
        assert column(any_db, f"SELECT count(*) FROM ONLY {name}") == [rows]


def test_rows_are_worth_having(db: str) -> None:
    """Optional columns hold values and NULLs, choices are all taken, parents are different."""
    seeded(db, SCHEMA)
    assert 0 < column(db, "SELECT count(home) FROM users")[0] < 20  # type: ignore[operator]
    assert set(column(db, "SELECT DISTINCT status FROM crm.orders")) == {"open", "paid", "sent"}
    assert column(db, "SELECT count(DISTINCT user_id) FROM crm.orders")[0] > 10  # type: ignore[operator]
    assert column(db, "SELECT count(DISTINCT mood) FROM users") == [3]


def test_it_is_the_same_every_time(server: Server) -> None:
    """Two databases get the same rows."""
    texts = []
    for _ in range(2):
        with server.database() as url:
            seeded(url, SCHEMA)
            texts.append(column(url, "SELECT o::text FROM crm.orders o ORDER BY 1"))
    assert texts[0] == texts[1]


def test_rows_that_are_there_are_kept(db: str) -> None:
    """Reference data of a migration's stays, and new rows do not collide with it."""
    found = seeded(db, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2), (7)")
    assert found.rows[Name("public", "t")] == 20
    assert column(db, "SELECT count(*) FROM t") == [23]


def test_constraints_to_come_are_satisfied_too(db: str) -> None:
    """So that a migration that adds them is not blamed for rows that nobody has."""
    with psycopg.connect(db, autocommit=True) as connection:
        connection.execute("CREATE TABLE p (id int PRIMARY KEY)")
        connection.execute("CREATE TABLE t (id int, code text, age text, p_id int)")
        now = introspect(connection)
        tighten = """
        ALTER TABLE t ADD PRIMARY KEY (id), ADD CHECK (code ~ '^[A-Z]{2}[0-9]{3}$'),
            ALTER age TYPE int USING age::int, ALTER age SET NOT NULL, ADD UNIQUE (age),
            ADD FOREIGN KEY (p_id) REFERENCES p
        """
        with connection.transaction(force_rollback=True):
            connection.execute(tighten.encode())
            later = introspect(connection)
        found = seed(connection, now, later=later, fitting=True)
        assert found.rows[Name("public", "t")] == 20
        connection.execute(tighten.encode())
        assert connection.execute("SELECT count(code) > 0 FROM t").fetchone() == (True,)


def test_values_that_a_migration_speaks_of_are_used(db: str) -> None:
    """A WHERE of its finds rows."""
    seeded(db, "CREATE TABLE t (lang text)", texts=["DELETE FROM t WHERE lang LIKE 'xx-%'"])
    assert column(db, "SELECT count(*) FROM t WHERE lang LIKE 'xx-%'")[0] > 0  # type: ignore[operator]


def test_a_table_that_stays_empty_says_why(db: str) -> None:
    """And so do those that need it."""
    found = seeded(
        db,
        "CREATE TABLE never (id int PRIMARY KEY CHECK (id > 5 AND id < 3));"
        "CREATE TABLE child (id int NOT NULL REFERENCES never)",
    )
    assert found.empty == {
        Name("public", "never"): "no candidate satisfies the constraints",
        Name("public", "child"): "public.never is empty",
    }


@pytest.mark.parametrize(
    ("text", "strings", "numbers", "patterns"),
    [
        ("(status = ANY (ARRAY['a'::text, 'it''s'::text]))", ("a", "it's"), (), ()),
        ("((age >= 18) AND (age < 1.5))", (), ("18", "1.5"), ()),
        ("(code ~ '^[A-Z]+$'::text)", (), (), ("^[A-Z]+$",)),
        ("(name ~~ 'a_%'::text)", ("axabc", "ax"), (), ()),
        ("(col1 > 0)", (), ("0",), ()),
    ],
)
def test_constants(
    text: str, strings: tuple[str, ...], numbers: tuple[str, ...], patterns: tuple[str, ...]
) -> None:
    """Strings, numbers and patterns of an expression as PostgreSQL prints it."""
    found = constants_of([text])
    assert (found.patterns, found.numbers) == (patterns, numbers)
    if "~~" not in text:
        assert found.strings == strings


def test_strings_that_match_a_pattern() -> None:
    """Repeats, classes, alternatives and groups; nothing for what is no pattern of Python's."""
    import random
    import re

    for pattern in (r"^[A-Z]{3}-\d{4}$", r"(a|bc)+x?", r"[^a-z]{2,}", r"\w+@\w+\.(org|com)"):
        made = matching(pattern, random.Random(1), 20)
        assert made
        assert all(re.search(pattern, one) for one in made)
    assert matching("(", random.Random(1), 5) == []


HOSTILE = """
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id serial PRIMARY KEY, parent_id int, code varchar(5), qty int CHECK (qty > 0),
    note text, owner int REFERENCES parent, "at" date);
CREATE TABLE other (id int);
"""
STRICT = """
ALTER TABLE child ALTER note SET NOT NULL, ADD UNIQUE (code), ADD CHECK (qty < 100),
    ADD FOREIGN KEY (parent_id) REFERENCES parent, ALTER qty SET NOT NULL;
"""
KINDS = {
    Hostile.NULLS: "SELECT count(*) > 0 FROM child WHERE note IS NULL",
    Hostile.DUPLICATES: "SELECT count(*) > count(DISTINCT code) FROM child WHERE code IS NOT NULL",
    Hostile.ORPHANS: "SELECT count(*) > 0 FROM child c WHERE parent_id IS NOT NULL"
    " AND NOT EXISTS (SELECT FROM parent p WHERE p.id = c.parent_id)",
    Hostile.CHECKS: "SELECT count(*) > 0 FROM child WHERE qty >= 100",
    Hostile.CASTS: "SELECT bool_or(note = 'no number') FROM child",
    Hostile.EXTREMES: "SELECT bool_or(length(note) = 10000) AND bool_or(\"at\" = 'infinity')"
    " AND bool_or(length(code) = 5) FROM child",
}


@pytest.mark.parametrize("kind", Hostile)
def test_hostile_rows_are_of_their_kind_and_satisfy_what_is_there(
    server: Server, kind: Hostile
) -> None:
    """With all kinds, each is there; without one, its rows suit the constraints to come."""
    with server.database() as strict, psycopg.connect(strict, autocommit=True) as connection:
        connection.execute(HOSTILE + STRICT)
        later = introspect(connection)
    for kinds, expected in ((set(Hostile), True), (set(Hostile) - {kind}, False)):
        with server.database() as url, psycopg.connect(url, autocommit=True) as connection:
            connection.execute(HOSTILE)
            found = seed(connection, introspect(connection), later=later, hostile=kinds, rows=40)
            assert found.rows[Name("public", "child")] >= 20
            held = connection.execute(KINDS[kind].encode()).fetchone()
            assert bool(held and held[0]) is expected, kinds


def test_only_some_tables_and_what_they_refer_to(db: str) -> None:
    """The others stay empty."""
    with psycopg.connect(db, autocommit=True) as connection:
        connection.execute(HOSTILE)
        found = seed(connection, introspect(connection), tables=[Name("public", "child")])
    assert set(found.rows) == {Name("public", "child"), Name("public", "parent")}
