"""Expressions: what they are made of, and how PostgreSQL writes them back."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql import Expression, expressions, normalise

TABLE = """CREATE TABLE t (a int, b int, big bigint, name varchar(50), note text, flag boolean,
    price numeric(10, 2), at timestamptz, day date, doc jsonb, tags text[],
    code char(4), ratio float8)
"""
CHECKS = """a > 0
a >= 0 AND b < 10 AND a <> b
a between 1 and 10
a not in (1, 2)
a in (1, 2, 3)
name in ('x', 'y')
note not in ('x', 'y')
code in ('a', 'b')
name = 'x' or name like 'a%'
note ilike '%x' and note not like 'b_'
name <> ''
price > -1
price >= 0.5
a > -5
big > 3000000000
flag is true and not flag
flag
not (a > 1 or b > 1)
a is not null and name is not null
(a is null) = (b is null)
length(name) > 3
char_length(trim(name)) > 0
lower(note) = note
coalesce(a, 0) > 0
a + b * 2 > 10
(a + b) * 2 > 10
a % 2 = 0
case when a > 1 then b > 2 else false end
day > date '2020-01-01'
at at time zone 'UTC' > now()
extract(year from at) > 2000
doc ->> 'k' = 'v'
doc ? 'k'
tags[1] = 'x'
'x' = any (tags)
note ~ '^[a-z]+$'
note ~* 'x'
ratio > 1.5
ratio = 1
price::int > 5
a::text = note
cast(a as numeric) > 1
num_nonnulls(a, b) = 1
current_date > day
name collate "C" > 'a'
(a > 1 and b > 1) or (a < 0 and b < 0)
a is distinct from b
greatest(a, b) > 1
"""
DIFFERENT = [
    ("a > 0", "a >= 0"),
    ("a in (1, 2)", "a in (1, 3)"),
    ("name in ('x')", "name not in ('x')"),
    ("(a + b) * 2 > 1", "a + b * 2 > 1"),
    ("not (a > 1) or b > 1", "not (a > 1 or b > 1)"),
    ("a::text = '1'", "a = 1"),
    ("price::int > 5", "price > 5"),
    ("note = 'A'", "note = 'a'"),
    ("a between 1 and 2", "a between 1 and 3"),
    ("a > 1 and b > 1 or flag", "a > 1 and (b > 1 or flag)"),
    ("price > 1", "price > -1"),
]


@pytest.fixture
def connection(db: str):
    with psycopg.connect(db) as connection:
        connection.execute(TABLE)
        yield connection


def read_back(connection: psycopg.Connection, check: str) -> str:
    connection.execute(f"ALTER TABLE t ADD CONSTRAINT ck CHECK ({check})")
    (text,) = connection.execute(
        "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname = 'ck'"
    ).fetchone()
    connection.execute("ALTER TABLE t DROP CONSTRAINT ck")
    return text


def test_the_loose_form_is_equal_for_what_postgresql_reads_back(
    connection: psycopg.Connection,
) -> None:
    """A CHECK as written and as pg_get_expr() gives it have one normal form."""
    written = {check: read_back(connection, check) for check in CHECKS.splitlines()}
    differing = {
        check: (normalise(check), normalise(stored))
        for check, stored in written.items()
        if normalise(check) != normalise(stored)
    }
    assert differing == {}


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_the_loose_form_tells_different_expressions_apart(one: str, other: str) -> None:
    """What means something else has another normal form."""
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize("check", CHECKS.splitlines())
def test_normalising_twice_changes_nothing(check: str) -> None:
    """The normal form is its own normal form."""
    assert normalise(normalise(check)) == normalise(check)


def test_what_cannot_be_read_is_its_own_form() -> None:
    """A text that is no expression only loses its extra blanks."""
    assert normalise("  this is\n no expression ") == "this is no expression"
    assert normalise("1; DROP TABLE t") == "1; DROP TABLE t"


PROOFS = {
    "a IS NOT NULL": {"a"},
    "a IS NOT NULL AND b > 0": {"a"},
    "NOT (a IS NULL)": {"a"},
    "a IS NOT NULL AND (b IS NOT NULL AND NOT (big IS NULL))": {"a", "b", "big"},
    "a > 0": set(),
    "COALESCE(a, 0) > 0": set(),
    "a IS NOT NULL OR b IS NOT NULL": set(),
    "NOT (a IS NULL OR b IS NULL)": {"a", "b"},
    "NOT (a IS NULL AND b IS NULL)": set(),
    "(a IS NULL) = false": {"a"},
    "true <> (a IS NULL)": {"a"},
    "(a IS NOT NULL) = true AND (b IS NOT NULL) = false": {"a"},
    "(a IS NOT NULL AND b = 1) OR (big > 1 AND a IS NOT NULL)": {"a"},
    "NOT (a IS NULL AND (a IS NULL OR b IS NULL))": {"a"},
    "CASE WHEN a IS NULL THEN false ELSE true END": set(),
    "length(name) IS NOT NULL": set(),
    "(a IS NOT NULL)::boolean": {"a"},
    "NOT (NOT (a IS NOT NULL))": {"a"},
    "(a IS NOT NULL) IS TRUE": set(),
    "a IS DISTINCT FROM NULL": {"a"},
    "NOT (NULL IS NOT DISTINCT FROM b)": {"b"},
    "a IS DISTINCT FROM 1 OR a IS NOT DISTINCT FROM NULL": set(),
}


@pytest.mark.parametrize("check", PROOFS)
def test_proofs_of_not_null_are_those_postgresql_accepts(
    connection: psycopg.Connection, check: str
) -> None:
    """SET NOT NULL skips its scan exactly for the columns that the CHECK proves."""
    notices: list[str] = []
    connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    connection.execute(f"ALTER TABLE t ADD CONSTRAINT ck CHECK ({check})")
    connection.execute("SET client_min_messages = debug1")
    skipped = set()
    for column in ("a", "b", "big"):
        notices.clear()
        connection.execute(f"ALTER TABLE t ALTER {column} SET NOT NULL")
        if any("are sufficient to prove" in notice for notice in notices):
            skipped.add(column)
        connection.execute(f"ALTER TABLE t ALTER {column} DROP NOT NULL")
    assert expressions.not_null_proofs(Expression(check)) == PROOFS[check] == skipped


def test_what_an_expression_is_made_of() -> None:
    """Columns, functions, constants, types, operators and collations are found at any depth."""
    expression = Expression(
        "CASE WHEN lower(t.a) COLLATE \"C\" = 'x' THEN app.f(b, c::app.mood) ELSE 5 END"
        " > (now() AT TIME ZONE 'UTC')::text AND d IN ('y') AND e OPERATOR(app.@@) current_date"
    )
    assert expressions.column_refs(expression) == {"a", "b", "c", "d", "e"}
    assert expressions.function_calls(expression) == {
        Name(None, "lower"),
        Name("app", "f"),
        Name(None, "now"),
        Name("pg_catalog", "timezone"),
    }
    assert expressions.literals(expression) == ("x", "UTC", "y")
    assert expressions.types_named(expression) == (TypeRef.parse("app.mood"), TypeRef.parse("text"))
    assert Name("app", "@@") in expressions.operators(expression)
    assert expressions.collations(expression) == {Name(None, "C")}
    assert expressions.value_functions(expression) == {"current_date"}


def test_whole_rows_are_columns_too() -> None:
    """A reference to all columns is said with a star."""
    assert expressions.column_refs(Expression("count(t.*)")) == {"*"}


@pytest.mark.parametrize(
    ("text", "constant"),
    [
        ("5", True),
        ("'a'::app.mood", True),
        ("ARRAY[1, 2]", True),
        ("1 + 2", True),
        ("NULL", True),
        ("now()", False),
        ("CURRENT_TIMESTAMP", False),
        ("a", False),
        ("(SELECT 1)", False),
        ("$1", False),
        ("nonsense nonsense nonsense", False),
    ],
)
def test_constants_need_no_row_no_call_and_no_clock(text: str, constant: bool) -> None:
    """Only literals, casts and operators of them are constant."""
    assert expressions.is_constant(Expression(text)) is constant


def test_null_casts_and_columns_are_recognised() -> None:
    """The simplest expressions have names of their own."""
    assert expressions.is_null(Expression("NULL::text"))
    assert not expressions.is_null(Expression("'NULL'"))
    assert expressions.bare_column(Expression('t."A"')) == "A"
    assert expressions.bare_column(Expression("a + 1")) is None
    assert expressions.bare_cast(Expression("a::int")) == ("a", TypeRef.parse("int"))
    assert expressions.bare_cast(Expression("lower(a)::int")) is None


leaves = st.sampled_from(["a", "b", "1", "-2", "'x'", "NULL", "now()", "t.c", "true", "1.5"])
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "||", "=", "AND", "OR", "->>"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        inner.map(lambda x: f"f({x}, 'y')"),
        inner.map(lambda x: f"({x})::text"),
        inner.map(lambda x: f"({x} IS NULL)"),
        inner.map(lambda x: f"(NOT {x})"),
        st.tuples(inner, inner).map(lambda p: f"CASE WHEN {p[0]} THEN {p[1]} END"),
        st.lists(inner, min_size=1, max_size=3).map(lambda xs: f"(a IN ({', '.join(xs)}))"),
    ),
    max_leaves=12,
)


@given(trees)
def test_an_expression_written_back_is_the_same_expression(text: str) -> None:
    """Writing an expression and reading that again loses nothing, and the form is stable."""
    from migsafe.sql import _pg

    once = _pg.deparse_expression(_pg.expression_node(text))
    assert _pg.deparse_expression(_pg.expression_node(once)) == once
    for question in (expressions.column_refs, expressions.literals, expressions.function_calls):
        assert question(Expression(text)) == question(Expression(once))
    assert normalise(normalise(text)) == normalise(text)
