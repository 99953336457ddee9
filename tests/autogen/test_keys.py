"""PRIMARY KEY, UNIQUE and FOREIGN KEY of tables in use, in everything that can be said of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from autogen.harness import ENGINES, Case, Project, catalog_of, create_all, execute, prove
from migsafe.names import Name
from migsafe.server import Server

Model = Callable[[], sa.MetaData]


def keyed(*columns: str, name: str | None = None, unique: Any = None, **options: Any) -> Model:
    """Models of a table with a PRIMARY KEY on *columns*, and UNIQUE as *unique* makes it."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData(**options)
        keys: list[Any] = [sa.PrimaryKeyConstraint(*columns, name=name)] if columns else []
        sa.Table(
            "t",
            metadata,
            sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
            sa.Column("n", sa.Integer, autoincrement=False, nullable=False),
            sa.Column("p", sa.String(20)),
            *keys,
            *([unique()] if unique is not None else []),
        )
        return metadata

    return make


def leaning(*columns: str, on: str = "id", unique: Any = None) -> Model:
    """The same with a foreign key to it, from a table that sorts before it."""

    def make() -> sa.MetaData:
        metadata = keyed(*columns, unique=unique)()
        sa.Table(
            "a",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("t_id", sa.Integer),
            sa.ForeignKeyConstraint(["t_id"], [f"t.{on}"], name="fk"),
        )
        return metadata

    return make


def unique(*columns: str, **options: Any) -> Callable[[], sa.UniqueConstraint]:
    return lambda: sa.UniqueConstraint(*columns, **options)


def deferrable_key() -> sa.MetaData:
    metadata = keyed()()
    key = sa.PrimaryKeyConstraint(
        "id", name="t_pkey", deferrable=True, initially="DEFERRED", comment="the key"
    )
    metadata.tables["t"].append_constraint(key)
    return metadata


def elsewhere(*columns: str) -> Model:
    """Models of a table with quoted names."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData(schema="App")
        sa.Table(
            "My T",
            metadata,
            sa.Column("Id", sa.Integer, autoincrement=False, nullable=False),
            sa.Column("n", sa.Integer, autoincrement=False, nullable=False),
            sa.PrimaryKeyConstraint(*columns),
        )
        return metadata

    return make


ROWS = ("insert into t (id, n, p) values (1, 5, 'a')",)
REFERRED = (*ROWS, "insert into a values (1, 1)")
CONVENTION = {"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
KEYS = {
    "primary key added": Case(keyed(), keyed("id"), rows=ROWS, contains=("USING INDEX",)),
    "primary key removed": Case(keyed("id"), keyed(), rows=ROWS),
    "primary key of other columns": Case(keyed("id"), keyed("n"), rows=ROWS),
    "primary key of more columns, which were nullable": Case(
        keyed("id"), keyed("id", "p"), rows=ROWS, contains=("VALIDATE",)
    ),
    "primary key in another order": Case(keyed("id", "n"), keyed("n", "id"), rows=ROWS),
    "primary key renamed": Case(
        keyed("id"),
        keyed("id", naming_convention=CONVENTION),
        rows=ROWS,
        contains=("RENAME CONSTRAINT t_pkey TO pk_t",),
    ),
    "primary key, deferrable": Case(keyed("id"), deferrable_key, rows=ROWS),
    "primary key, quoted": Case(
        elsewhere("Id"),
        elsewhere("n"),
        setup=('create schema "App"',),
        options={"include_schemas": True},
    ),
    "primary key that foreign keys lean on": Case(
        leaning("id"), leaning("n", unique=unique("id", name="u")), rows=REFERRED
    ),
    "primary key, and the foreign keys with it": Case(leaning("id"), leaning("n", on="n")),
    "unique deferrable": Case(
        keyed("id", unique=unique("n", name="u")),
        keyed("id", unique=unique("n", name="u", deferrable=True, initially="DEFERRED")),
        rows=ROWS,
    ),
    "unique with more to it, dropped": Case(
        keyed(
            "id",
            unique=unique("n", name="u", deferrable=True, postgresql_include=["p"], comment="c"),
        ),
        keyed("id"),
    ),
    "unique that covers": Case(
        keyed("id"), keyed("id", unique=unique("n", name="u", postgresql_include=["p"]))
    ),
    "unique in another order, unnamed": Case(
        keyed("id", unique=unique("n", "p")), keyed("id", unique=unique("p", "n")), rows=ROWS
    ),
    "unique, nulls not distinct": Case(
        keyed("id", unique=unique("p", name="u")),
        keyed("id", unique=unique("p", name="u", postgresql_nulls_not_distinct=True)),
    ),
    "unique renamed": Case(
        keyed("id", unique=unique("p", name="u"), naming_convention={}),
        keyed("id", unique=unique("p", name="v", comment="v's")),
        contains=("RENAME CONSTRAINT u TO v",),
        lacks=("create_index",),
    ),
    "unique that foreign keys lean on": Case(
        leaning("id", on="n", unique=unique("n", name="u")),
        leaning("id", on="n", unique=unique("n", name="u", postgresql_include=["p"])),
    ),
    "unique that a new table leans on": Case(
        keyed("id"), leaning("id", on="n", unique=unique("n")), rows=ROWS
    ),
    "unique index that a dropped table leans on": Case(
        leaning("id", on="n", unique=lambda: sa.Index("u", "n", unique=True)), keyed("id")
    ),
    "all as the convention has it": Case(
        keyed("id", unique=unique("n"), naming_convention=CONVENTION),
        keyed("id", unique=unique("n"), naming_convention=CONVENTION),
        unchanged=True,
    ),
}


def referring(**options: Any) -> Model:
    """Models with a foreign key of two columns; none without *options*."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Table(
            "p",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("x", sa.Integer),
            sa.UniqueConstraint("id", "x", name="u"),
        )
        link = [sa.ForeignKeyConstraint(["p_id", "p_x"], ["p.id", "p.x"], **options)]
        sa.Table(
            "t",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("p_id", sa.Integer),
            sa.Column("p_x", sa.Integer),
            *(link if options else []),
        )
        return metadata

    return make


LINKED = ("insert into p values (1, 2)", "insert into t values (1, 1, 2)")
EVERYTHING: dict[str, Any] = {
    "onupdate": "CASCADE",
    "ondelete": "SET NULL (p_x)",
    "match": "FULL",
    "deferrable": True,
    "initially": "DEFERRED",
    "comment": "it's",
}
FOREIGN_KEYS = {
    "match": Case(referring(name="k"), referring(name="k", match="FULL"), rows=LINKED),
    "all at once": Case(referring(name="k"), referring(name="l", **EVERYTHING), rows=LINKED),
    "dropped with everything": Case(referring(name="k", **EVERYTHING), referring(), rows=LINKED),
    "added with everything": Case(referring(), referring(name="k", **EVERYTHING), rows=LINKED),
    "renamed": Case(
        referring(name="k"),
        referring(name="l", comment="c"),
        rows=LINKED,
        contains=("RENAME CONSTRAINT k TO l",),
        lacks=("drop_constraint",),
    ),
    "unnamed is any name": Case(referring(name="k"), referring(name=None), unchanged=True),
    "left NOT VALID": Case(
        referring(name="k"), referring(name="k", postgresql_not_valid=True), unchanged=True
    ),
}


NOT_ENFORCED = {"info": {"migsafe": {"enforced": False}}}
UNENFORCED = {
    "foreign key": Case(
        referring(name="k"),
        referring(name="k", **NOT_ENFORCED),
        b_objects=("alter table t alter constraint k not enforced",),
        rows=LINKED,
    ),
    "new foreign key": Case(
        referring(),
        referring(name="k", **NOT_ENFORCED),
        b_objects=("alter table t alter constraint k not enforced",),
    ),
    "check": Case(
        keyed("id", unique=lambda: sa.CheckConstraint("n > 0", name="ck")),
        keyed("id", unique=lambda: sa.CheckConstraint("n > 0", name="ck", **NOT_ENFORCED)),
        b_objects=(
            "alter table t drop constraint ck, add constraint ck check (n > 0) not enforced",
        ),
    ),
}


# What SQLAlchemy says when it reflects a CHECK that is NOT ENFORCED.
@pytest.mark.filterwarnings("ignore:Could not parse CHECK constraint text")
@pytest.mark.parametrize("name", UNENFORCED)
def test_what_is_not_to_be_enforced(name: str, server: Server, tmp_path: Path) -> None:
    """Constraints of PostgreSQL 18 that bind nobody, as `info` declares them."""
    prove(UNENFORCED[name], server, tmp_path)


def everything(*, later: bool) -> sa.MetaData:
    """Models of a table in use, before and after a change of all that can change."""
    metadata = sa.MetaData()
    words = {"former_name": "clients"} if later else {}
    people = sa.Table(
        "customers" if later else "clients",
        metadata,
        sa.Column("id", sa.BigInteger if later else sa.Integer, primary_key=True),
        sa.Column("no", sa.Integer, *([sa.Identity(start=7)] if later else []), nullable=False),
        sa.Column("name", sa.String(20, collation="C" if later else None)),
        sa.UniqueConstraint("no", deferrable=later or None, postgresql_include=["name"]),
        sa.CheckConstraint("no > 0" if later else "no > 1", name="ck"),
        info={"migsafe": words},
        postgresql_with={"fillfactor": 80} if later else {},
    )
    link = {"ondelete": "CASCADE", "match": "FULL"} if later else {}
    sa.Table(
        "bills",
        metadata,
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("year", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer, sa.ForeignKey(people.c.id, name="fk", **link)),
        sa.PrimaryKeyConstraint(*(("year", "id") if later else ("id",))),
    )
    if later:
        sa.Sequence("numbers", metadata=metadata, start=3)
    return metadata


ALL = Case(
    lambda: everything(later=False),
    lambda: everything(later=True),
    rows=(
        "insert into clients (no, name) values (5, 'a')",
        "insert into bills values (1, 2026, 1)",
    ),
    checks=(("insert into customers (name) values ('b') returning id", 2),),
)


def test_all_of_it_on_each_major(any_major: Server, tmp_path: Path) -> None:
    """One script with all kinds of changes passes all checks on every supported PostgreSQL."""
    prove(ALL, any_major, tmp_path)


@pytest.mark.parametrize("driver", ["psycopg2", "asyncpg"])
def test_all_of_it_with_other_drivers(driver: str, server: Server, tmp_path: Path) -> None:
    """The same with the drivers that are no default."""
    prove(ALL, server, tmp_path, driver)


@pytest.mark.parametrize("name", KEYS)
def test_key(name: str, server: Server, tmp_path: Path) -> None:
    """A key becomes as the model says, with what leans on it, and what it was on the way down."""
    prove(KEYS[name], server, tmp_path)


@pytest.mark.parametrize("name", FOREIGN_KEYS)
def test_foreign_key(name: str, server: Server, tmp_path: Path) -> None:
    """A foreign key is compared in everything that can be said of it."""
    prove(FOREIGN_KEYS[name], server, tmp_path)


def test_a_key_that_is_not_enforced_becomes_so(server: Server, tmp_path: Path) -> None:
    """PostgreSQL 18 has constraints that bind nobody; models mean none of these by default."""
    with server.database() as url:
        create_all(url, referring(name="k")())
        execute(url, [*LINKED, "alter table t alter constraint k not enforced"])
        before = catalog_of(url)
        project = Project(tmp_path, url, referring(name="k")(), engine=ENGINES.at(server, url))
        project.revision("one")
        project.upgrade()
        (key,) = project.catalog().tables[Name("public", "t")].foreign_keys
        assert key.enforced
        assert key.validated
        project.downgrade("base")
        assert project.catalog() == before
