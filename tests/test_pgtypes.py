"""Types: PostgreSQL is asked how it writes them, and reading that back changes nothing."""

from __future__ import annotations

import pickle

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migsafe.names import Name
from migsafe.pgtypes import FULL_RANGE, TypeRef

SPELLINGS = """
int|int2|int4|int8|integer|bigint|smallint|bool|boolean|real|float|float(10)|float(30)|float4|float8
double precision|numeric|numeric(10)|numeric(10,2)|numeric(5,-2)|decimal(8,3)|dec|money
text|varchar|varchar(50)|character varying(50)|char varying(7)|char|char(20)|character|character(3)
national character varying(4)|national char(4)|nchar(2)|nchar varying(2)|bpchar|"char"|name
timestamp|timestamp(3)|timestamp with time zone|timestamp(0) with time zone|timestamptz(6)
timestamp without time zone|time|time(3)|time with time zone|timetz(2)|date
interval|interval(3)|interval year|interval year to month|interval day to second|interval day
interval day to second(3)|interval hour to minute|interval minute to second(0)|interval second(2)
bit|bit(8)|bit varying|bit varying(5)|varbit(20)|bytea|uuid|json|jsonb|jsonpath|xml|inet|cidr
macaddr
int[]|varchar(10)[]|int array[3]|int array|text[][]|numeric(10,2)[]|timestamp(3) with time zone[]
int4range|tstzmultirange|tsvector|tsquery|regclass|oid|pg_lsn|point|pg_catalog.int4
pg_catalog.varchar(5)|pg_catalog."timestamp"(3)|pg_catalog.bpchar|interval(3)[]
"""
ALL_SPELLINGS = [s for line in SPELLINGS.split("\n") for s in line.split("|") if s]


@pytest.fixture
def connection(db: str):
    with psycopg.connect(db) as connection:
        yield connection


def test_types_are_written_as_postgresql_writes_them(connection: psycopg.Connection) -> None:
    """Every spelling, read and written, is what format_type() says of a column declared so."""
    columns = ", ".join(f"c{i} {spelling}" for i, spelling in enumerate(ALL_SPELLINGS))
    connection.execute(f"CREATE TABLE spelled ({columns})")
    written = connection.execute(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = 'spelled'::regclass AND attnum > 0 ORDER BY attnum"
    ).fetchall()
    assert [str(TypeRef.parse(s)) for s in ALL_SPELLINGS] == [row[0] for row in written]


def test_the_builtin_names_are_those_of_pg_type(connection: psycopg.Connection) -> None:
    """A bare name is a built-in type exactly when pg_catalog has a type of that name."""
    known = {
        name
        for (name,) in connection.execute(
            "SELECT typname FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace"
            " AND typrelid = 0 AND NOT (typcategory = 'A' AND typelem <> 0)"
            " AND typname !~ '^(_record|pg_(ndistinct|dependencies|mcv_list|brin_.*))$'"
        )
    }
    assert {name for name in known if not TypeRef(Name(None, name)).is_builtin} == set()
    for name in ("citext", "mood", "geometry", "serial", "integer", "no_such_type"):
        assert not TypeRef(Name(None, name)).is_builtin


@pytest.mark.parametrize(
    ("serial", "stored"),
    [("serial", "int4"), ("bigserial", "int8"), ("smallserial", "int2"), ("SERIAL8", "int8")],
)
def test_serial_types_are_read_as_the_integers_they_store(serial: str, stored: str) -> None:
    """A serial is no type but an integer with a default."""
    assert TypeRef.parse(serial) == TypeRef.builtin(stored)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mood", TypeRef(Name(None, "mood"))),
        ('app."Mood"[]', TypeRef(Name("app", "Mood"), (), 1)),
        ("geometry(Point,4326)", TypeRef(Name(None, "geometry"), ("point", 4326))),
        ("vector(3)", TypeRef(Name(None, "vector"), (3,))),
        ('"integer"', TypeRef(Name(None, "integer"))),
        ("interval(3)", TypeRef.builtin("interval", FULL_RANGE, 3)),
        (" Double   Precision ", TypeRef.builtin("float8")),
        ('"with ""quotes"""', TypeRef(Name(None, 'with "quotes"'))),
    ],
)
def test_user_types_keep_their_names(text: str, expected: TypeRef) -> None:
    """Names of extensions and users are kept as they are, quoted ones with their case."""
    assert TypeRef.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            [
                "int int",
                "varchar(",
                "varchar()",
                "a.b.c",
                "int[",
                "(3)",
                "'x'",
                "varchar(1,",
                "int]",
                "a.",
                "☃!",
            ]
        ),
        "",
        " ",
    ],
)
def test_what_is_no_type_is_refused(text: str) -> None:
    """A text that is no type raises ValueError that shows it."""
    with pytest.raises(ValueError, match="is not a type"):
        TypeRef.parse(text)


def test_more_dimensions_are_the_same_type() -> None:
    """To PostgreSQL int[][] and int[] are one type."""
    assert TypeRef.parse("int[][]") == TypeRef.parse("int[3]")
    assert TypeRef.parse("int[]").element == TypeRef.parse("int")


identifiers = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
WORDS = """int4 text char bit bpchar varchar serial integer national double interval timestamp
    timetz time mood Mood array with precision"""
words = st.sampled_from(WORDS.split())
intervals = st.sampled_from([4, 6, 1032, 7176, 4096, FULL_RANGE]).flatmap(
    lambda mask: st.sampled_from([(mask,), (mask, 3)] if mask != FULL_RANGE else [(mask, 0)])
)
scalars = st.one_of(
    st.builds(
        TypeRef,
        st.builds(Name, st.none() | identifiers, words | identifiers),
        st.just(()) | st.tuples(st.integers(-1000, 1000)),
        st.integers(0, 3),
    ),
    st.builds(TypeRef, st.just(Name("pg_catalog", "interval")), intervals, st.integers(0, 1)),
    st.builds(
        TypeRef, st.just(Name("pg_catalog", "numeric")), st.tuples(st.integers(1, 9), st.just(2))
    ),
)


@given(scalars)
def test_reading_what_was_written_gives_the_same_type(given_type: TypeRef) -> None:
    """parse(str(type)) is the type, whatever it is called."""
    if given_type.name == Name("pg_catalog", "interval") and len(given_type.modifiers) == 1:
        given_type = TypeRef(given_type.name, (4,), given_type.dimensions)
    assert TypeRef.parse(str(given_type)) == given_type
    assert pickle.loads(pickle.dumps(given_type)) == given_type
