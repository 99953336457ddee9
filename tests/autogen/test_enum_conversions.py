"""Columns that become an enum, stop being one, or become another one, both ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from autogen.harness import Case, prove
from migsafe.server import Server

TYPES: dict[str, Callable[[], Any]] = {
    "varchar": lambda: sa.String(20),
    "text": lambda: sa.Text(),
    "enum": lambda: sa.Enum("a", "b", name="mood"),
    "other enum": lambda: sa.Enum("b", "a", "c", name="feeling"),
    "quoted enum": lambda: sa.Enum("a", "b", name='My "Mood', schema="App"),
    "not native": lambda: sa.Enum("a", "b", name="mood", native_enum=False, length=10),
    "checked": lambda: sa.Enum(
        "a", "b", name="mood", native_enum=False, create_constraint=True, length=10
    ),
}
PAIRS = [
    *((a, b) for a in TYPES for b in TYPES if a != b and "enum" in a + b),
    ("varchar", "checked"),
    ("checked", "text"),
]


def with_column(kind: str, *, arrays: bool) -> Callable[[], sa.MetaData]:
    """A table with a column of the type *kind*, what can hang on it, and one of arrays."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        st = sa.Column("St", TYPES[kind](), server_default="a", nullable=False)
        t = sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), st)
        if arrays:
            default = sa.text("'{a,b}'")
            t.append_column(sa.Column("Sts", sa.ARRAY(TYPES[kind]()), server_default=default))
        t.append_constraint(sa.CheckConstraint(st != sa.literal_column("'b'"), name="ck"))
        t.append_constraint(sa.UniqueConstraint("St", "id", name="uq"))
        sa.Index("ix_part", t.c.id, postgresql_where=st == sa.literal_column("'a'"))
        return metadata

    return make


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=lambda kind: kind.replace(" ", "_"))
def test_conversion(old: str, new: str, server: Server, tmp_path: Path) -> None:
    """The rows, the default and what hangs on the column are converted, and back again."""
    arrays = "checked" not in (old, new)  # SQLAlchemy would check the whole array.
    before = with_column(old, arrays=arrays)
    checks = [("""select string_agg("St"::text, ',') from t""", "a,a")]
    if arrays:
        checks.append(("""select string_agg("Sts"::text, '') from t""", "{a,b}{a,b}"))
    case = Case(
        before,
        with_column(new, arrays=arrays),
        setup=('create schema "App"',),
        rows=("insert into t values (1, 'a'), (2, default)",),
        checks=tuple(checks),
        lacks=("CASCADE",),
        options={"include_schemas": True},
    )
    prove(case, server, tmp_path)


def with_type(type_: Callable[[], Any], **said: Any) -> Callable[[], sa.MetaData]:
    """A table with a column of that type, and what is declared of it."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        st = sa.Column("st", type_(), info={"migsafe": said} if said else {})
        sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), st)
        return metadata

    return make


def test_values_are_called_otherwise_in_the_other_enum(server: Server, tmp_path: Path) -> None:
    """What is declared holds for a column that gets another enum, and is undone on the way back."""
    case = Case(
        with_type(TYPES["enum"]),
        with_type(lambda: sa.Enum("x", "b", name="feeling"), renamed_values={"a": "x"}),
        rows=("insert into t values (1, 'a'), (2, 'b')",),
        checks=(("select string_agg(st::text, ',' order by id) from t", "x,b"),),
    )
    prove(case, server, tmp_path)


def test_a_value_becomes_an_array_of_it(server: Server, tmp_path: Path) -> None:
    """NULL stays NULL; the way back takes the value out again."""
    case = Case(
        with_type(TYPES["text"]),
        with_type(lambda: sa.ARRAY(TYPES["enum"]())),
        rows=("insert into t values (1, 'a'), (2, null)",),
        checks=(("select string_agg(coalesce(st::text, '-'), ',' order by id) from t", "{a},-"),),
    )
    prove(case, server, tmp_path)
