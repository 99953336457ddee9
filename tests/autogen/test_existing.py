"""Tables with more than a metadata can say: what is left alone, and what comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from autogen.harness import Case, prove
from migsafe.server import Server


def plain() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer)
    )
    return metadata


def chain() -> sa.MetaData:
    """Tables whose names sort against their references."""
    metadata = plain()
    for name, target in (("c", "b"), ("b", "d"), ("d", "a"), ("a", "t")):
        sa.Table(
            name,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("x", sa.ForeignKey(f"{target}.id")),
        )
    return metadata


def cycle(use_alter: bool) -> sa.MetaData:
    metadata = plain()
    for name, other in (("x", "y"), ("y", "x")):
        sa.Table(
            name,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column(
                "other_id", sa.ForeignKey(f"{other}.id", use_alter=use_alter, name=f"fk_{name}")
            ),
        )
    return metadata


def partitioned() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "p",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("n", sa.Integer),
        postgresql_partition_by="RANGE (id)",
    )
    return metadata


def excluding(predicate: str | None, *, drop: bool = False) -> sa.MetaData:
    metadata = plain()
    if not drop:
        table = sa.Table("r", metadata, sa.Column("during", postgresql.INT4RANGE))
        if predicate is not None:
            table.append_constraint(
                postgresql.ExcludeConstraint(("during", "&&"), name="ex", where=sa.text(predicate))
            )
    return metadata


DETAILS = (
    "create function tf() returns trigger language plpgsql as 'begin return new; end'",
    "alter table if exists c enable row level security",
    "do $$ begin if to_regclass('c') is not null then "
    "create trigger tr before update of x on c for each row when (new.x > 0) "
    "execute function tf('a'); "
    "create policy p on c for select using (x > 0); "
    "alter table c add constraint ck check (x > 0) no inherit not valid; "
    "alter table c add exclude using btree (x with =); "
    "alter table c alter column x set statistics 10; "
    "end if; end $$",
)
CASES = {
    "tables are dropped in the order of their references": Case(chain, plain),
    "a dropped table comes back with all it had": Case(chain, plain, objects=DETAILS),
    "tables are created in a cycle": Case(plain, lambda: cycle(True)),
    "partitions are not ours to drop": Case(
        partitioned,
        partitioned,
        objects=(
            "create table p_1 partition of p for values from (1) to (9)",
            "comment on table p_1 is 'first'",
        ),
        unchanged=True,
    ),
    "tables of extensions are not ours to drop": Case(
        plain,
        plain,
        objects=(
            "create schema e",
            "create table ext (id int)",
            "create extension citext",
            "alter extension citext add table ext",
        ),
        unchanged=True,
    ),
    "exclusion added": Case(
        lambda: excluding(None), lambda: excluding("lower(during) > 0"), contains=("EXCLUDE",)
    ),
    "exclusion changed": Case(
        lambda: excluding("lower(during) > 0"), lambda: excluding("lower(during) > 1")
    ),
    "exclusion unchanged": Case(
        lambda: excluding("lower(during) > 0"),
        lambda: excluding("( lower(during)>0 )"),
        unchanged=True,
    ),
    "exclusion removed": Case(lambda: excluding("lower(during) > 0"), lambda: excluding(None)),
    "exclusion dropped with its table": Case(
        lambda: excluding("lower(during) > 0"), lambda: excluding(None, drop=True)
    ),
}


# What SQLAlchemy says when it reflects a CHECK that is NO INHERIT or NOT VALID.
@pytest.mark.filterwarnings("ignore:Can't validate argument 'dialect_options'")
@pytest.mark.parametrize("name", CASES)
def test_table(name: str, server: Server, tmp_path: Path) -> None:
    """Nothing is dropped that nobody declared, and everything dropped comes back."""
    prove(CASES[name], server, tmp_path)


def typed(type_: object, **options: object) -> object:
    def make() -> sa.MetaData:
        metadata = plain()
        metadata.tables["t"].append_column(sa.Column("c", type_, **options))
        return metadata

    return make


VIEW = (
    "create view v as select id, c from t",
    "create view w as select id from v where c is not null",
    "comment on view v is 'of t'",
    "grant select on v to public",
)
NUMBERS = ("insert into t (id, c) values (1, '5')",)
TYPES = {
    "length gone": Case(typed(sa.String(10)), typed(sa.String), rows=NUMBERS),
    "precision gone": Case(typed(sa.Numeric(10, 2)), typed(sa.Numeric), rows=NUMBERS),
    "precision of timestamps": Case(
        typed(postgresql.TIMESTAMP(precision=3)), typed(postgresql.TIMESTAMP)
    ),
    "longer": Case(typed(sa.String(10)), typed(sa.String(20)), rows=NUMBERS, lacks=("USING",)),
    "longer, with default": Case(
        typed(sa.String(10), server_default="x"), typed(sa.String(20), server_default="x")
    ),
    "text to number": Case(typed(sa.String(10)), typed(sa.Integer), rows=NUMBERS),
    "text to number, with default": Case(
        typed(sa.String(10), server_default="7"),
        typed(sa.Integer, server_default="7"),
        rows=NUMBERS,
    ),
    "number to truth": Case(typed(sa.Integer), typed(sa.Boolean), rows=NUMBERS),
    "json to jsonb": Case(typed(sa.JSON), typed(postgresql.JSONB)),
    "text to array": Case(typed(sa.Text), typed(sa.ARRAY(sa.Text))),
    "under a view": Case(typed(sa.Integer), typed(sa.BigInteger), objects=VIEW, rows=NUMBERS),
    "to an enum, under a view": Case(
        typed(sa.String(10)), typed(sa.Enum("5", "6", name="e")), objects=VIEW, rows=NUMBERS
    ),
    "unchanged": Case(typed(sa.Float(24)), typed(sa.REAL), unchanged=True),
    "intervals, unchanged": Case(
        typed(sa.Interval, server_default="1 day"),
        typed(sa.Interval, server_default=sa.text("interval '24:00' + '0 day'")),
        contains=("interval",),
        lacks=(" TYPE ",),
    ),
    "intervals with a precision": Case(plain, typed(sa.Interval(second_precision=3))),
    "of an extension, unchanged": Case(
        typed(postgresql.CITEXT),
        typed(postgresql.CITEXT),
        setup=("create extension citext",),
        unchanged=True,
    ),
}


@pytest.mark.parametrize("name", TYPES)
def test_type(name: str, server: Server, tmp_path: Path) -> None:
    """A column gets another type with all that is in the way, and gets its old type back."""
    prove(TYPES[name], server, tmp_path)


def generated(
    expression: str | None, *, index: bool = False, stored: bool = True, **column: object
) -> object:
    def make() -> sa.MetaData:
        metadata = plain()
        computed = [] if expression is None else [sa.Computed(expression, persisted=stored)]
        table = metadata.tables["t"]
        table.append_column(sa.Column("g", sa.Integer, *computed, **column))
        if index:
            sa.Index("ix_g", table.c.g)
        return metadata

    return make


N = ("insert into t (id, n) values (1, 5)",)
GENERATED = {
    "changed": Case(
        generated("n + 1"), generated("n + 2"), rows=N, checks=(("select g from t", 7),)
    ),
    "changed, with what depends on it": Case(
        generated("n + 1", index=True),
        generated("n + 2", index=True),
        objects=("create view v as select g from t",),
    ),
    "spelled otherwise": Case(generated("n + 1"), generated("(n+1)"), unchanged=True),
    "made plain": Case(
        generated("n + 1"), generated(None), rows=N, checks=(("select g from t", 6),)
    ),
    "made plain, with a default": Case(generated("n + 1"), generated(None, server_default="4")),
    "virtual": Case(generated("n + 1"), generated("n + 1", stored=False), rows=N),
    "plain after being virtual": Case(generated("n + 1", stored=False), generated(None), rows=N),
    "made of a plain one": Case(generated(None), generated("n % 3"), rows=N, lacks=("%%",)),
}


@pytest.mark.parametrize("name", GENERATED)
def test_generated_column(name: str, server: Server, tmp_path: Path) -> None:
    """A generated column computes what the model says, and what it said before on the way down."""
    prove(GENERATED[name], server, tmp_path)
