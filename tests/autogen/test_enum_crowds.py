"""Enums on which much hangs, under names and with labels of any character."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from autogen.harness import Case, prove
from migsafe.server import Server

pytestmark = pytest.mark.filterwarnings("ignore:Did not recognize type")
LABELS = ("it's", "50%", "x:y", "ü ß")
FEWER = ("it's", "x:y", "ü ß")
SETUP = ('create schema "App S"', "create extension btree_gist")
ROWS = (
    """insert into "App S"."Kinds %" values ('it''s'), ('ü ß')""",
    """insert into "App S"."T 1" (id) values (1)""",
    """insert into "App S"."T 1" (id, "St:1") values (2, 'ü ß')""",
)


def mine(item: object, name: str | None, kind: str, live: bool, other: object) -> bool:
    """An `include_object` that leaves tables outside of the models alone."""
    return kind != "table" or name in ("T 1", "Kinds %", "t", "p")


OPTIONS = {"include_schemas": True, "include_object": mine}


def crowd(labels: tuple[str, ...], name: str, schema: str | None) -> Callable[[], sa.MetaData]:
    """Two tables between which an enum is a key, and all that a model can hang on it."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        mood = sa.Enum(*labels, name=name, schema=schema)
        kinds = sa.Table(
            "Kinds %", metadata, sa.Column("St:1", mood, primary_key=True), schema="App S"
        )
        st = sa.Column(
            "St:1", mood, sa.ForeignKey(kinds.c["St:1"]), server_default="it's", nullable=False
        )
        table = sa.Table(
            "T 1",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            st,
            sa.Column("Arr", sa.ARRAY(mood), server_default=sa.text("""'{"x\\:y",it''s}'""")),
            sa.Column("r", postgresql.INT4RANGE),
            sa.Column("g%", sa.Boolean, sa.Computed("\"St\\:1\" = 'it''s'", persisted=True)),
            sa.UniqueConstraint("St:1", "id", name="uq %"),
            sa.CheckConstraint("\"St\\:1\" <> 'x\\:y'", name="Ck 1"),
            postgresql.ExcludeConstraint(
                ("r", "&&"), where=sa.text("\"St\\:1\" = 'it''s'"), name="ex 1"
            ),
            schema="App S",
        )
        is_one = st.in_([sa.literal_column("'it''s'"), sa.literal_column("'ü ß'")])
        sa.Index("Ix part", table.c.id, postgresql_where=is_one)
        sa.Index("Ix g", table.c["g%"], st)
        return metadata

    return make


AROUND = (
    """comment on type "App S"."My Mood%" is 'it''s % :x'""",
    'create view "App S"."V %" as select id, "St:1", "g%" from "App S"."T 1"',
    """comment on column "App S"."V %"."St:1" is 'seen :x 50%'""",
    'create materialized view public.m as select "St:1", count(*) from "App S"."V %" group by 1',
    'create unique index on public.m ("St:1")',
    'grant select ("St:1") on public.m to public',
    """create policy "P %" on "App S"."T 1" using ("St:1" = 'it''s')""",
    """create rule "R %" as on update to "App S"."T 1"
    where new."St:1" = 'it''s' do also select 1""",
    'create domain "App S"."D %" as "App S"."My Mood%" check (value <> \'ü ß\')',
    'create type public."C %" as ("a%" "App S"."My Mood%", n int)',
    'create table public.u (x "App S"."D %" default \'x:y\', c public."C %")',
    """insert into public.u values ('it''s', row('x:y', 1)::public."C %")""",
    'create table public.part (id int, s "App S"."My Mood%") partition by range (id)',
    "create table public.part1 partition of public.part for values from (0) to (10)",
)
BEFORE = crowd(LABELS, "My Mood%", "App S")
CROWDS = {
    "a label less": Case(
        BEFORE, crowd(FEWER, "My Mood%", "App S"), SETUP, AROUND, rows=ROWS, options=OPTIONS
    ),
    "new": Case(sa.MetaData, BEFORE, SETUP, options=OPTIONS),
    "another type": Case(
        BEFORE, crowd(FEWER, 'Other"x', None), SETUP, AROUND[6:7], rows=ROWS, options=OPTIONS
    ),
}


@pytest.mark.parametrize("name", CROWDS)
def test_everything_is_there_again(name: str, server: Server, tmp_path: Path) -> None:
    """Labels that go, a new type, and one in the place of another one in another schema."""
    prove(CROWDS[name], server, tmp_path)


TYPES: dict[str, Callable[[], Any]] = {
    "varchar": lambda: sa.String(9),
    "enum": lambda: sa.Enum("a", "b", "c", name="mood"),
    "other enum": lambda: sa.Enum("a", "b", name="feeling", schema="App S"),
}
OVER_TWO = (
    "create view v as select a, b, g from t",
    "create view w as select * from v where g",
    "grant select on v to public",
    "create policy p on t using (a is not null and b is not null)",
)


def two_columns(kind: str) -> Callable[[], sa.MetaData]:
    """Two columns of one type, and what reads both."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        parent = sa.Table("p", metadata, sa.Column("a", TYPES[kind](), primary_key=True))
        table = sa.Table(
            "t",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("a", TYPES[kind](), sa.ForeignKey(parent.c.a), server_default="a"),
            sa.Column("b", TYPES[kind]()),
            sa.Column("g", sa.Boolean, sa.Computed("a = 'a' and b = 'b'", persisted=True)),
            sa.CheckConstraint("a <> 'b' or b <> 'a'", name="ck"),
        )
        sa.Index("ix_g", table.c.g)
        sa.Index("ix_both", table.c.id, postgresql_where=sa.text("a = 'a' and b = 'b'"))
        return metadata

    return make


@pytest.mark.parametrize(
    ("old", "new"),
    [("varchar", "enum"), ("enum", "varchar"), ("enum", "other enum")],
    ids=lambda kind: kind.replace(" ", "_"),
)
def test_what_reads_two_columns_waits_for_both(
    old: str, new: str, server: Server, tmp_path: Path
) -> None:
    """Generated columns, views, policies and foreign keys over columns that get another type."""
    case = Case(
        two_columns(old),
        two_columns(new),
        setup=('create schema "App S"',),
        objects=OVER_TWO,
        rows=("insert into p values ('a')", "insert into t values (1, 'a', 'b')"),
        checks=(("select a::text || b || g from w", "abtrue"),),
        options={"include_schemas": True},
    )
    prove(case, server, tmp_path)


def enums(labels: str, default: Any) -> Callable[[], sa.MetaData]:
    """Two enums whose names leave no room for one between them."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        long, taken = (sa.Enum(*labels, name=name) for name in ("m" * 63, "m" * 58 + "__old"))
        sa.Table(
            "t",
            metadata,
            sa.Column("a", long, server_default=default),
            sa.Column("b", taken),
            sa.Column("g", long, sa.Computed("a", persisted=True)),
        )
        return metadata

    return make


def test_a_name_that_is_taken(server: Server, tmp_path: Path) -> None:
    """The old type is put aside under a name that nothing has; DEFAULT NULL is no default."""
    case = Case(enums("abc", None), enums("ba", sa.text("NULL")))
    prove(case, server, tmp_path)
