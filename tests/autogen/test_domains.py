"""Domains that columns of the models are of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from autogen.harness import Case, prove
from migsafe.server import Server


def table(type_: Callable[[], Any] | None = None) -> Callable[[], sa.MetaData]:
    """A table with a column of the type, if one is given."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        columns = [] if type_ is None else [sa.Column("st", type_())]
        sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
        return metadata

    return make


def domain(**said: Any) -> Callable[[], Any]:
    """A domain over text."""
    return lambda: postgresql.DOMAIN("dom", sa.Text, **said)


def strange() -> Any:
    """An array of a quoted domain in another schema, over an enum."""
    inner = sa.Enum("a", "b", name="Mood")
    return sa.ARRAY(postgresql.DOMAIN("Dom %", inner, schema="App S", check="VALUE <> 'b'"))


CHECKED = domain(check="VALUE <> ''")
CASES = {
    "new column": Case(table(), table(CHECKED), lacks=("CREATE DOMAIN IF",)),
    "new table": Case(sa.MetaData, table(CHECKED)),
    "last table": Case(table(CHECKED), sa.MetaData),
    "last column": Case(table(CHECKED), table(), objects=("create domain theirs as int",)),
    "still used": Case(
        table(CHECKED),
        table(),
        setup=("create domain dom as text check (value <> '')",),
        objects=("create view v as select 'a'::dom as d",),
    ),
    "of a text": Case(table(sa.Text), table(CHECKED), rows=("insert into t values (1, 'a')",)),
    "another check": Case(table(CHECKED), table(domain(check="VALUE <> 'b'"))),
    "default and null": Case(
        table(CHECKED), table(domain(check="VALUE <> ''", default="a", not_null=True))
    ),
    "equal": Case(table(CHECKED), table(CHECKED), unchanged=True),
    "of an enum, arrays": Case(
        table(),
        table(strange),
        setup=('create schema "App S"',),
        b_setup=("create type \"Mood\" as enum ('a', 'b')",),
        options={"include_schemas": True},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_domain(name: str, server: Server, tmp_path: Path) -> None:
    """A domain is created before its first use, altered, and dropped after its last one."""
    prove(CASES[name], server, tmp_path)
