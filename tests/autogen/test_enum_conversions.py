"""Columns that become an enum, stop being one, or become another one, both ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

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


def with_column(kind: str, form: str) -> Callable[[], sa.MetaData]:
    """A table with a column of the type *kind*; *form* says what is on it."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        type_ = TYPES[kind]()
        default: Any = "a"
        if form == "array":
            type_, default = sa.ARRAY(type_), sa.text("'{a,b}'")
        st = sa.Column("St", type_, server_default=default, nullable=False)
        t = sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), st)
        if form == "dressed":
            t.append_constraint(sa.CheckConstraint(st != sa.literal_column("'b'"), name="ck"))
            t.append_constraint(sa.UniqueConstraint("St", "id", name="uq"))
            sa.Index("ix_part", t.c.id, postgresql_where=st == sa.literal_column("'a'"))
        return metadata

    return make


CASES = [
    (old, new, form)
    for old, new in PAIRS
    for form in ("plain", "array", "dressed")
    if form != "array" or "checked" not in (old, new)  # SQLAlchemy would check the whole array.
]


@pytest.mark.parametrize(("old", "new", "form"), CASES, ids=lambda kind: kind.replace(" ", "_"))
def test_conversion(old: str, new: str, form: str, server: Server, tmp_path: Path) -> None:
    """The rows, the default and what hangs on the column are converted, and back again."""
    value = "array['a', 'a']" if form == "array" else "'a'"
    before = with_column(old, form)
    type_ = before().tables["t"].c.St.type.compile(dialect=postgresql.dialect())
    case = Case(
        before,
        with_column(new, form),
        setup=('create schema "App"',),
        rows=(f"insert into t values (1, {value}::{type_}), (2, default)",),
        checks=(
            ('select "St"::text from t where id = 1', "{a,a}" if form == "array" else "a"),
            ('select "St"::text from t where id = 2', "{a,b}" if form == "array" else "a"),
        ),
        lacks=("CASCADE",),
        options={"include_schemas": True},
    )
    prove(case, server, tmp_path)
