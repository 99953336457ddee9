"""SERIAL and identity columns: each becomes the other, and rows keep their numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from autogen.harness import Case, prove
from migsafe.server import Server

Model = Callable[[], sa.MetaData]


def numbered(
    type_: Any = sa.Integer, identity: dict[str, Any] | None = None, **column: Any
) -> Model:
    """Models of a table whose key is numbered, by an Identity with the options *identity*."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        made = [] if identity is None else [sa.Identity(**identity)]
        key = sa.Column("id", type_, *made, primary_key=True, **column)
        sa.Table("t", metadata, key, sa.Column("n", sa.Integer))
        return metadata

    return make


def second(*made: Callable[[], Any], type_: Any = sa.Integer, **column: Any) -> Model:
    """Models of a table with a column that is no key; without arguments it is not there."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData(schema="App")
        table = sa.Table("My T", metadata, sa.Column("id", sa.Integer, primary_key=True))
        if made or column:
            table.append_column(sa.Column("No", type_, *(item() for item in made), **column))
        return metadata

    return make


def coded(*, serial: bool) -> Model:
    """Models of a table whose key is a text or, instead, a number."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        columns = [sa.Column("code", sa.String(10), primary_key=not serial, nullable=False)]
        if serial:
            columns.append(sa.Column("id", sa.Integer, primary_key=True))
        sa.Table("t", metadata, *columns)
        return metadata

    return make


ALL = {
    "always": True,
    "start": 100,
    "increment": 10,
    "minvalue": 50,
    "maxvalue": 1000,
    "cycle": True,
    "cache": 5,
}
ROW = ("insert into t (n) values (5)",)
NEXT = (("insert into t (n) values (9) returning id", 2),)
NUMBERED = {
    "serial to identity": Case(numbered(), numbered(identity={}), rows=ROW, checks=NEXT),
    "serial to identity, always, wider": Case(
        numbered(), numbered(sa.BigInteger, {"always": True}), rows=ROW, checks=NEXT
    ),
    "identity to serial": Case(numbered(identity={}), numbered(), rows=ROW, checks=NEXT),
    "serial to bigserial": Case(numbered(), numbered(sa.BigInteger), rows=ROW, checks=NEXT),
    "all options": Case(numbered(identity={}), numbered(identity=ALL), rows=ROW),
    "down instead of up": Case(
        numbered(identity={}), numbered(identity={"increment": -1, "start": -5}), rows=ROW
    ),
    "options unchanged": Case(
        numbered(sa.BigInteger, ALL), numbered(sa.BigInteger, ALL), unchanged=True
    ),
    "identity to nothing": Case(numbered(identity={}), numbered(autoincrement=False), rows=ROW),
    "serial to nothing": Case(numbered(), numbered(autoincrement=False), rows=ROW),
    "serial to a text": Case(numbered(), numbered(sa.String(40)), rows=ROW),
    "no numbers, none wanted": Case(
        numbered(autoincrement=False), numbered(autoincrement=False), unchanged=True
    ),
    "numbers by hand to identity": Case(
        numbered(autoincrement=False),
        numbered(identity={}),
        rows=("insert into t values (1, 5)",),
        checks=NEXT,
    ),
    "a key of numbers is new": Case(
        coded(serial=False), coded(serial=True), rows=("insert into t values ('a'), ('b')",)
    ),
    "a key of numbers is dropped": Case(
        coded(serial=True), coded(serial=False), rows=("insert into t values ('a'), ('b')",)
    ),
}
OTHER = {
    "nullable to identity": Case(second(nullable=True), second(sa.Identity)),
    "identity to a default": Case(second(sa.Identity), second(nullable=True, server_default="7")),
    "a default to identity": Case(second(nullable=False, server_default="7"), second(sa.Identity)),
    "identity dropped": Case(second(lambda: sa.Identity(start=5)), second()),
    "smallint": Case(second(sa.Identity, type_=sa.SmallInteger), second(sa.Identity)),
}


@pytest.mark.parametrize("name", NUMBERED)
def test_key(name: str, server: Server, tmp_path: Path) -> None:
    """The numbers of a key come from elsewhere, and go on where they were."""
    prove(NUMBERED[name], server, tmp_path)


@pytest.mark.parametrize("name", OTHER)
def test_other_column(name: str, server: Server, tmp_path: Path) -> None:
    """The same for columns that are no key, with quoted names."""
    case = OTHER[name]
    options = {"include_schemas": True}
    rows = ('insert into "App"."My T" default values',) if name != "nullable to identity" else ()
    setup = ('create schema "App"',)
    whole = Case(case.before, case.after, setup=setup, rows=rows, options=options)
    prove(whole, server, tmp_path)


def counted(*, used: bool = True, **options: Any) -> Model:
    """Models with a sequence by itself, which the default of a column may use."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        sequence = sa.Sequence("My seq", metadata=metadata, **options)
        default = {"server_default": sequence.next_value()} if used else {}
        number = sa.Column("number", sa.BigInteger, **default)
        sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), number)
        return metadata

    return make


def uncounted() -> sa.MetaData:
    metadata = sa.MetaData()
    key = sa.Column("id", sa.Integer, primary_key=True)
    sa.Table("t", metadata, key, sa.Column("number", sa.BigInteger))
    return metadata


SEQUENCES = {
    "new": Case(uncounted, counted(start=5, increment=2, data_type=sa.Integer)),
    "new, with a table": Case(sa.MetaData, counted()),
    "of nobody": Case(uncounted, counted(used=False)),
    "unchanged": Case(counted(start=5, maxvalue=99), counted(start=5, maxvalue=99), unchanged=True),
    "changed": Case(counted(start=5), counted(increment=-3, cycle=True, data_type=sa.Integer)),
    "left by its last column": Case(counted(start=5), uncounted),
    "left by its table": Case(counted(cache=3), sa.MetaData),
    "not ours": Case(uncounted, uncounted, objects=("create sequence by_hand",), unchanged=True),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequence(name: str, server: Server, tmp_path: Path) -> None:
    """A sequence is created before its use, changed, and dropped after its last use."""
    prove(SEQUENCES[name], server, tmp_path)
