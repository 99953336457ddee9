"""Enum types through the black-box harness."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from autogen.harness import Case, prove
from migsafe.server import Server


def table(metadata: sa.MetaData, *columns: Any, name: str = "t", schema: str | None = None) -> None:
    sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True), *columns, schema=schema)


def empty() -> sa.MetaData:
    return sa.MetaData()


def plain() -> sa.MetaData:
    metadata = sa.MetaData()
    table(metadata)
    return metadata


def with_column(*labels: str, **options: Any) -> Any:
    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        table(metadata, sa.Column("st", sa.Enum(*labels, name="mood"), **options))
        return metadata

    return make


def with_array(*labels: str) -> Any:
    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        table(metadata, sa.Column("sts", sa.ARRAY(sa.Enum(*labels, name="mood"))))
        return metadata

    return make


def with_type(make_type: Any, **options: Any) -> Any:
    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        table(metadata, sa.Column("st", make_type(), **options))
        return metadata

    return make


def two_tables(*labels: str, second: str | None = None) -> Any:
    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        table(metadata, sa.Column("st", sa.Enum(*labels, name="mood")), name="t1")
        table(metadata, sa.Column("st", sa.Enum(*labels, name="mood")), name="t2", schema=second)
        return metadata

    return make


def one_then_two() -> sa.MetaData:
    metadata = sa.MetaData()
    table(metadata, name="t1")
    return metadata


class Decorated(sa.types.TypeDecorator[str]):
    """An enum behind a TypeDecorator."""

    impl = sa.Enum
    cache_ok = True


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class MoreColour(enum.Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


def metadata_only() -> sa.MetaData:
    metadata = sa.MetaData()
    table(metadata)
    sa.Enum("a", "b", name="mood", metadata=metadata)
    return metadata


def quoted() -> sa.MetaData:
    metadata = sa.MetaData(schema=None)
    table(metadata)
    strange = sa.Enum("it's", "50%", "a:b", "ü ß", name='My "Mood', schema="Other")
    metadata.tables["t"].append_column(sa.Column("St", strange))
    return metadata


ABC = ("a", "b", "c")
ROWS = ("insert into t (id, st) values (1, 'a'), (2, 'b')",)
CASES = {
    "new table": Case(empty, with_column(*ABC)),
    "new column": Case(plain, with_column(*ABC), contains=("create_type=False",)),
    "new column in a new table and an old one": Case(one_then_two, two_tables(*ABC)),
    "two new tables": Case(empty, two_tables(*ABC)),
    "new array column": Case(plain, with_array(*ABC)),
    "new table with array": Case(empty, with_array(*ABC)),
    "new variant column": Case(
        plain,
        with_type(
            lambda: sa.String().with_variant(postgresql.ENUM("a", name="mood"), "postgresql")
        ),
    ),
    "new decorated column": Case(plain, with_type(lambda: Decorated("a", "b", name="mood"))),
    "by member name": Case(plain, with_type(lambda: sa.Enum(Colour, name="mood"))),
    "metadata only": Case(plain, metadata_only),
    "quoted name in another schema": Case(
        plain, quoted, setup=('create schema "Other"',), options={"include_schemas": True}
    ),
    "drop table": Case(with_column(*ABC), empty),
    "drop column": Case(with_column(*ABC), plain),
    "drop array column": Case(with_array(*ABC), plain),
    "drop one of two tables": Case(two_tables(*ABC), lambda: renamed(with_column(*ABC)())),
    "append a value": Case(with_column(*ABC), with_column(*ABC, "d"), rows=ROWS),
    "values everywhere": Case(
        with_column("c", "f"),
        with_column("a", "b", "c", "d", "e", "f", "g", "h"),
        checks=(("select enum_range(null::mood)::text", "{a,b,c,d,e,f,g,h}"),),
    ),
    "append to an array": Case(with_array(*ABC), with_array(*ABC, "d")),
    "new value as default": Case(
        with_column(*ABC, server_default="a"), with_column(*ABC, "d", server_default="d"), rows=ROWS
    ),
    "value by values_callable": Case(
        with_type(
            lambda: sa.Enum(Colour, name="m", values_callable=lambda e: [x.value for x in e])
        ),
        with_type(
            lambda: sa.Enum(MoreColour, name="m", values_callable=lambda e: [x.value for x in e])
        ),
    ),
    "varchar to enum": Case(
        with_type(lambda: sa.String(20)), with_column(*ABC), rows=ROWS, contains=("USING",)
    ),
    "varchar to enum with default": Case(
        with_type(lambda: sa.String(20), server_default="a"),
        with_column(*ABC, server_default="a"),
        rows=ROWS,
    ),
    "enum to varchar": Case(with_column(*ABC), with_type(lambda: sa.String(20)), rows=ROWS),
    "not owned": Case(
        plain,
        with_type(lambda: postgresql.ENUM("a", "b", name="theirs", create_type=False)),
        setup=("create type theirs as enum ('a', 'b')",),
    ),
    "not owned with other labels": Case(
        with_type(lambda: postgresql.ENUM("a", name="theirs", create_type=False)),
        with_type(lambda: postgresql.ENUM("a", "b", name="theirs", create_type=False)),
        setup=("create type theirs as enum ('a')",),
        unchanged=True,
    ),
    "orphan in the database": Case(
        plain, plain, setup=("create type theirs as enum ('a')",), unchanged=True
    ),
    "unchanged": Case(with_column(*ABC), with_column(*ABC), unchanged=True),
    "unchanged array": Case(with_array(*ABC), with_array(*ABC), unchanged=True),
    "remove a value": Case(with_column(*ABC), with_column("a", "b"), rows=ROWS),
    "reorder": Case(with_column(*ABC), with_column("c", "b", "a"), rows=ROWS),
    "remove a value with default": Case(
        with_column(*ABC, server_default="a"), with_column("a", "b", server_default="a"), rows=ROWS
    ),
}


def crowded(*labels: str) -> Any:
    """A table on whose enum column hangs all that a model can say."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        mood = sa.Enum(*labels, name="mood")
        kinds = sa.Table("kinds", metadata, sa.Column("st", mood, primary_key=True))
        crowd = sa.Table(
            "t",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("st", mood, sa.ForeignKey(kinds.c.st), server_default="a", nullable=False),
            sa.Column("sts", sa.ARRAY(mood), server_default=sa.text("'{a,b}'")),
            sa.Column("r", postgresql.INT4RANGE),
            sa.Column("g", sa.Boolean, sa.Computed("st = 'a'", persisted=True)),
            sa.CheckConstraint("st <> 'b' or id > 0", name="ck"),
            sa.UniqueConstraint("st", "id", name="uq"),
            postgresql.ExcludeConstraint(("r", "&&"), where=sa.text("st = 'a'"), name="ex"),
        )
        sa.Index("ix_partial", crowd.c.id, postgresql_where=sa.text("st in ('a', 'b')"))
        sa.Index("ix_plain", crowd.c.st)
        sa.Index("ix_sts", crowd.c.sts, postgresql_using="gin")
        sa.Index("ix_g", crowd.c.g)
        sa.Index("ix_expression", sa.text("(case when st = 'a' then 1 else 0 end)"), _table=crowd)
        return metadata

    return make


CROWD = (
    "comment on type mood is 'how one feels'",
    "revoke usage on type mood from public",
    "create function tf() returns trigger language plpgsql as 'begin return new; end'",
    "create trigger tr before update of st on t for each row when (new.st = 'a') "
    "execute function tf()",
    "alter table t disable trigger tr",
    "create policy p on t for update using (st = 'a') with check (st <> 'b')",
    "create view v as select id, st, g from t",
    "create view w with (security_barrier) as select st, count(*) as n from v group by st",
    "create materialized view m as select * from w",
    "create unique index ix_m on m (st)",
    "comment on view v is 'seen'",
    "grant select on v to public",
    "create function f(x mood) returns mood language sql as 'select x'",
)
CROWD_ROWS = (
    "insert into kinds values ('a'), ('b')",
    "insert into t (id, st) values (1, 'a'), (2, 'b')",
)


@pytest.mark.parametrize("labels", [("a", "b"), ("c", "b", "a"), ("a", "b", "x")], ids="-".join)
def test_a_type_is_replaced_under_all_that_depends_on_it(
    labels: tuple[str, ...], any_major: Server, tmp_path: Path
) -> None:
    """Everything that hangs on the columns of the type is there again, on every PostgreSQL."""
    case = Case(crowded(*ABC), crowded(*labels), objects=CROWD, rows=CROWD_ROWS)
    script = prove(case, any_major, tmp_path)
    assert ("'c' is called 'x'" in script) is ("x" in labels)


def renamed(metadata: sa.MetaData) -> sa.MetaData:
    """The same table under the name t1."""
    other = sa.MetaData()
    metadata.tables["t"].to_metadata(other, name="t1")
    return other


@pytest.mark.parametrize("name", CASES)
def test_enum(name: str, server: Server, tmp_path: Path) -> None:
    """Up, down and up again, in one transaction or as text, gives what the models say."""
    prove(CASES[name], server, tmp_path)
