"""What tables and columns are besides their columns and types, renames, comments and schemas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.util import CommandError

from autogen.harness import Case, Project, prove
from migsafe.server import Server

Model = Callable[[], sa.MetaData]


def t(*items: Callable[[], Any], **options: Any) -> Model:
    """Models of one table, with what *items* make."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Table(
            "t",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("n", sa.Integer),
            *(item() for item in items),
            **options,
        )
        return metadata

    return make


def told(**said: Any) -> dict[str, Any]:
    return {"migsafe": said}


def text(type_: Any, **options: Any) -> Model:
    return t(lambda: sa.Column("c", type_, **options), lambda: sa.Index("ix_c", "c"))


def check(condition: str, name: str = "ck", **options: Any) -> Callable[[], Any]:
    return lambda: sa.CheckConstraint(condition, name=name, **options)


def index(*columns: str, name: str = "ix", **options: Any) -> Callable[[], Any]:
    return lambda: sa.Index(name, *columns, **options)


def child(parent: str | None) -> Model:
    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        key = sa.Column("id", sa.Integer, primary_key=True, autoincrement=False)
        sa.Table("parent", metadata, key, sa.Column("n", sa.Integer))
        sa.Table(
            "child",
            metadata,
            sa.Column("id", sa.Integer, nullable=False),
            sa.Column("n", sa.Integer),
            sa.Column("own", sa.Integer),
            postgresql_inherits=parent,
        )
        return metadata

    return make


def elsewhere(*, there: bool) -> Model:
    """Models with, or without, a table and an enum in schemas of their own."""

    def make() -> sa.MetaData:
        metadata = t()()
        if there:
            enum = sa.Enum("a", "b", name="mood", schema="types")
            key = sa.Column("id", sa.Integer, primary_key=True)
            sa.Table("u", metadata, key, sa.Column("e", enum), schema="My App")
            sa.Index("ix", metadata.tables["t"].c.n)
        return metadata

    return make


ROW = ("insert into t (n) values (5)",)
HIDDEN = ("alter table t enable row level security, force row level security",)
STORED = ("alter table t alter c set storage external, alter c set compression pglz",)
STORAGE = told(storage="external", compression="pglz")
COMMENTS = (check("n > 0", comment="it's"), index("n", info=told(comment="fast")))
COMMENTED = ("comment on index ix is 'fast'",)
SETTINGS = {
    "parameters": Case(
        t(postgresql_with={"fillfactor": 70}),
        t(postgresql_with={"fillfactor": 50, "autovacuum_enabled": False}),
    ),
    "parameters gone": Case(t(postgresql_with={"fillfactor": 70}), t()),
    "parameters for operations stay": Case(
        t(),
        t(),
        objects=("alter table t set (autovacuum_enabled = off, toast.autovacuum_enabled = off)",),
        unchanged=True,
    ),
    "unlogged": Case(t(), t(prefixes=["UNLOGGED"]), rows=ROW),
    "logged": Case(t(prefixes=["UNLOGGED"]), t(), rows=ROW),
    "an heir": Case(child(None), child("parent")),
    "no heir": Case(child("parent"), child(None)),
    "collation": Case(text(sa.String(20)), text(sa.String(30, collation="C")), rows=ROW),
    "another collation, default too": Case(
        text(sa.Text(collation="C")),
        text(sa.Text(collation="POSIX"), server_default="x"),
        rows=ROW,
    ),
    "collation unchanged": Case(
        text(sa.ARRAY(sa.String(9, collation="C"))),
        text(sa.ARRAY(sa.String(9, collation="C"))),
        unchanged=True,
    ),
    "row security": Case(
        t(), t(info=told(row_security=True, force_row_security=True)), b_objects=HIDDEN
    ),
    "row security of a new table": Case(
        sa.MetaData,
        t(info={"ours": 1, **told(row_security=True, force_row_security=True)}),
        b_objects=HIDDEN,
        contains=("info={'ours': 1}",),
    ),
    "row security nobody speaks of": Case(t(), t(), objects=HIDDEN, unchanged=True),
    "storage": Case(text(sa.Text), text(sa.Text, info=STORAGE), b_objects=STORED),
    "storage of a new column": Case(t(), text(sa.Text, info=STORAGE), b_objects=STORED),
    "comments": Case(t(check("n > 0"), index("n")), t(*COMMENTS), b_objects=COMMENTED),
    "comments of new ones": Case(t(), t(*COMMENTS), b_objects=COMMENTED),
    "comments of a new table": Case(sa.MetaData, t(*COMMENTS), b_objects=COMMENTED),
    "comments of what is dropped": Case(
        t(*COMMENTS),
        t(),
        objects=(
            "do $$ begin if to_regclass('ix') is not null then "
            "comment on index ix is 'fast'; end if; end $$",
        ),
    ),
    "other names": Case(
        t(check("n > 0"), index("n", postgresql_where=sa.text("n in (1, 2)"))),
        t(check("(n>0)", "ck2"), index("n", name="ix2", postgresql_where=sa.text("(n IN (1,2))"))),
        rows=ROW,
        lacks=("create_index", "create_check"),
    ),
    "exchanged names": Case(
        t(check("n > 0", "a"), check("n > 1", "b")), t(check("n > 1", "a"), check("n > 0", "b"))
    ),
    "new schemas": Case(
        elsewhere(there=False),
        elsewhere(there=True),
        b_setup=('create schema "My App"', "create schema types"),
        options={"include_schemas": True},
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_setting(name: str, server: Server, tmp_path: Path) -> None:
    """It becomes as the models say, and what they do not speak of is left alone."""
    prove(SETTINGS[name], server, tmp_path)


def named(table: str, column: str, *, schema: str | None = None, **former: str) -> Model:
    """Models of a table with everything that PostgreSQL names after it and a column of it."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Table("parent", metadata, sa.Column("id", sa.Integer, primary_key=True))
        mine = sa.Table(
            table,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column(
                column,
                sa.Integer,
                sa.ForeignKey("parent.id"),
                unique=True,
                info=told(former_name=former["had"]) if "had" in former else {},
            ),
            sa.Column("mood", sa.Enum("a", "b", name="mood")),
            schema=schema,
            info=told(former_name=former["was"]) if "was" in former else {},
        )
        mine.append_constraint(sa.CheckConstraint(mine.c[column] > 0))
        sa.Index(f"ix_{column}", mine.c[column], postgresql_where=mine.c[column] > 1)
        key = sa.Column("id", sa.Integer, primary_key=True)
        sa.Table("kid", metadata, key, sa.Column("of", sa.Integer, sa.ForeignKey(mine.c.id)))
        return metadata

    return make


OLD = (
    "insert into parent values (1)",
    "insert into old (x) values (1)",
    'insert into kid ("of") values (1)',
)
NOT_AGAIN = ("create_table", "drop_table", "add_column", "create_index", "DROP")
RENAMES = {
    "a table": Case(
        named("old", "x"),
        named("My T", "x", was="old"),
        rows=OLD,
        checks=(('select x from "My T"', 1),),
        lacks=NOT_AGAIN,
    ),
    "a column": Case(
        named("old", "x"),
        named("old", "y", had="x"),
        rows=OLD,
        checks=(("select y from old", 1),),
        lacks=NOT_AGAIN,
    ),
    "both, to another schema": Case(
        named("old", "x"),
        named("new", "y", schema="App", was="public.old", had="x"),
        setup=('create schema "App"',),
        options={"include_schemas": True},
        rows=OLD,
        checks=(('select y from "App".new', 1),),
        lacks=NOT_AGAIN,
    ),
    "done": Case(
        named("new", "y", was="old", had="x"),
        named("new", "y", was="old", had="x"),
        unchanged=True,
    ),
}


@pytest.mark.parametrize("name", RENAMES)
def test_rename(name: str, server: Server, tmp_path: Path) -> None:
    """What is declared to have had another name is renamed, with the names made of it."""
    prove(RENAMES[name], server, tmp_path)


def test_a_rename_comes_with_other_changes(server: Server, tmp_path: Path) -> None:
    """Steps that commit by themselves come after it, and a retry finds it done."""

    def after() -> sa.MetaData:
        metadata = named("new", "y", was="old", had="x")()
        metadata.tables["new"].append_column(sa.Column("z", sa.Text, index=True))
        return metadata

    case = Case(named("old", "x"), after, rows=OLD)
    assert "to_regclass('old') IS NOT NULL" in prove(case, server, tmp_path)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"row_securty": True}, "info\\['migsafe'\\] of t has no 'row_securty' to declare"),
        ({"row_security": "yes"}, "row_security in info\\['migsafe'\\] of t is 'yes'"),
        ("on", "of t is 'on'; expected a dict"),
    ],
)
def test_what_nobody_can_declare_is_refused(
    said: Any, message: str, server: Server, tmp_path: Path
) -> None:
    """A word that is misspelled would otherwise be left out in silence."""
    with server.database() as url, pytest.raises(CommandError, match=message):
        Project(tmp_path, url, t(info={"migsafe": said})()).revision("one")
