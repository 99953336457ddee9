"""Types made of an enum, and things that only name it, when the enum loses or moves a label."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from autogen.harness import Case, Project, create_all, differences, execute, prove
from autogen.test_enums import with_column
from migsafe.server import Server

pytestmark = pytest.mark.filterwarnings("ignore:Did not recognize type")
BEFORE, AFTER = (
    with_column("a", "b", "c", server_default="a"),
    with_column("b", "a", server_default="a"),
)


def only_t(item: object, name: str | None, kind: str, live: bool, other: object) -> bool:
    """An `include_object` that leaves tables outside of the models alone."""
    return kind != "table" or name == "t"


OBJECTS = {
    "domain": (
        "create domain d as mood default 'b' not null constraint dc check (value <> 'a')",
        "comment on domain d is 'a feeling'",
        "comment on constraint dc on domain d is 'no a'",
        "create table u (id int primary key, x d)",
        "create index on u (x)",
        "insert into u values (1, 'b')",
    ),
    "domain over a domain, and arrays": (
        "create domain d as mood",
        "create domain dd as d check (value is not null)",
        "create domain ds as mood[]",
        "create table u (id int primary key, x dd default 'a', y d[], z ds)",
        "insert into u values (1, 'b', '{a,b}', '{b}')",
    ),
    "composite": (
        "create type pair as (m mood, n int)",
        "comment on type pair is 'two'",
        "comment on column pair.m is 'first'",
        "create type pairs as (p pair, ms mood[])",
        "create table u (id int primary key, x pair default '(a,1)', y pair[], z pairs)",
        "create view w as select id, (x).m as m from u",
        """insert into u values (1, '(b,2)', '{"(a,1)"}', '("(a,1)","{a,b}")')""",
    ),
    "range": (
        "create type span as range (subtype = mood)",
        "create table u (id int primary key, x span, y spans, exclude using gist (x with &&))",
        "create index ix_y on u using gist (x)",
    ),
    "names alone": (
        "create function rank(m mood) returns int language sql immutable as 'select 1'",
        "create function moody(t text) returns mood language plpgsql immutable "
        "as 'begin return t; end'",
        "create function moods(t text default 'a'::mood::text, out n int, out m mood[]) "
        "language plpgsql as 'begin end'",
        "create table u (id int primary key, x text default 'a'::mood::text, "
        "check (moody(x) > 'b'), y bool generated always as (moody(x) = 'a') stored)",
        "create index ix_x on u (rank(moody(x))) where moody(x) <> 'a'",
        "create view w as select 'a'::mood as m, enum_range(null::mood) as all",
        "create policy p on u using (x::mood = 'a')",
    ),
    "exclusion of equal labels": (
        "create extension btree_gist",
        "create table u (id int, x mood, r int4range, "
        "exclude using gist (x with =, r with &&), exclude using btree (x with =))",
    ),
    "privileges": (
        "revoke usage on type mood from public",
        "comment on type mood is 'how one feels'",
        "create table u (x mood)",
        "grant select (x) on u to public",
    ),
    "partitions": (
        "create table u (id int, x mood default 'b', check (x <> 'a')) partition by range (id)",
        "create table u1 partition of u (x default 'a') for values from (0) to (10)",
        "create index on u (x)",
        "insert into u values (1, 'b')",
    ),
}


def objects(name: str) -> tuple[str, ...]:
    """The statements of *name*; a multirange is named in full."""
    return tuple(s.replace("y spans", "y multispan") for s in OBJECTS[name])


@pytest.mark.parametrize("name", OBJECTS)
def test_it_is_rebuilt(name: str, server: Server, tmp_path: Path) -> None:
    """Everything outside of the models that is made of the enum is there again, rows too."""
    statements = tuple(
        s.replace("(subtype = mood)", "(subtype = mood, multirange_type_name = multispan)")
        for s in objects(name)
    )
    case = Case(
        BEFORE, AFTER, objects=statements, options={"include_object": only_t}, lacks=("CASCADE",)
    )
    prove(case, server, tmp_path)


HELD = {
    "column": ("create table u (x mood)", "insert into u values ('c')"),
    "array": ("create table u (x mood[])", "insert into u values ('{a,c}')"),
    "domain": ("create domain d as mood", "create table u (x d)", "insert into u values ('c')"),
    "composite": (
        "create type pair as (m mood, n int)",
        "create table u (x pair)",
        "insert into u values ('(c,1)')",
    ),
    "range": (
        "create type span as range (subtype = mood)",
        "create table u (x span)",
        "insert into u values ('[b,c]')",
    ),
}


@pytest.mark.parametrize("name", HELD)
def test_rows_with_a_leaving_label_stop_it(name: str, server: Server, tmp_path: Path) -> None:
    """A row that nobody mapped stops the upgrade with its table's name, and nothing is changed."""
    with server.database() as url:
        create_all(url, BEFORE())
        execute(url, HELD[name])
        project = Project(tmp_path, url, AFTER(), {"include_object": only_t})
        start = project.catalog()
        project.revision("one")
        with pytest.raises(sa.exc.DBAPIError, match=r"u\.x still holds c, which the enum mood is"):
            project.upgrade()
        assert not differences(start, project.catalog())
        with psycopg.connect(url) as connection:
            assert connection.execute("select count(*) from u").fetchone() == (1,)


KEPT = {
    "cast": (
        (
            "create function n(mood) returns int language sql immutable as 'select 1'",
            "create cast (mood as int) with function n(mood)",
        ),
        r"because the cast \(public\.mood AS integer\) is of it",
    ),
    "operator": (
        (
            "create function b(mood, int) returns bool language sql as 'select true'",
            "create operator === (leftarg = mood, rightarg = int, function = b)",
        ),
        r"because the operator public\.===\(public\.mood,\s?integer\) is of it",
    ),
    "aggregate": (
        (
            "create function later(mood, mood) returns mood language sql as 'select $2'",
            "create aggregate last(mood) (sfunc = later, stype = mood)",
        ),
        r"because the aggregate last\(public\.mood\) is of it",
    ),
    "typed table": (
        ("create type pair as (m mood, n int)", "create table u of pair"),
        r"because u is a table of the type pair",
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_no_script_can_put_back_is_refused(name: str, server: Server, tmp_path: Path) -> None:
    """The message names what is made of the type, before anything has changed."""
    statements, message = KEPT[name]
    with server.database() as url:
        create_all(url, BEFORE())
        execute(url, statements)
        project = Project(tmp_path, url, AFTER(), {"include_object": only_t})
        start = project.catalog()
        project.revision("one")
        with pytest.raises(NotImplementedError, match=message):
            project.upgrade()
        assert not differences(start, project.catalog())
