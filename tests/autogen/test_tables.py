"""Indexes, CHECKs and other constraints through the black-box harness."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from autogen.harness import Case, prove
from migsafe.server import Server

ALREADY = Callable[[], sa.MetaData]


def t(*items: Any, make: Callable[[sa.Table], object] | None = None, **options: Any) -> ALREADY:
    """A metadata with one table `t` that has columns of many types."""

    def build() -> sa.MetaData:
        metadata = sa.MetaData(**options)
        table = sa.Table(
            "t",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("n", sa.Integer),
            sa.Column("p", sa.String(20)),
            sa.Column("tx", sa.Text),
            sa.Column("j", postgresql.JSONB),
            sa.Column("b", sa.Boolean),
            sa.Column("ts", sa.DateTime(timezone=True)),
            sa.Column("ar", sa.ARRAY(sa.Integer)),
            *(item() for item in items),
        )
        if make is not None:
            make(table)
        return metadata

    return build


def index(*columns: str, name: str = "ix", **options: Any) -> ALREADY:
    def make(table: sa.Table) -> None:
        keys = [table.c[c] if c in table.c else sa.text(c) for c in columns]
        sa.Index(name, *keys, _table=table, **options)
        if "postgresql_concurrently" in options:
            assert options["postgresql_concurrently"]

    return t(make=make)


def check(text: str, name: str | None = "ck", **options: Any) -> ALREADY:
    return t(lambda: sa.CheckConstraint(text, name=name), **options)


def two(fk: bool, **options: Any) -> ALREADY:
    def build() -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Table("p", metadata, sa.Column("id", sa.Integer, primary_key=True))
        keys = [sa.ForeignKeyConstraint(["p_id"], ["p.id"], **options)] if fk else []
        sa.Table(
            "t",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("p_id", sa.Integer),
            *keys,
        )
        return metadata

    return build


ROWS = ("insert into t (id, n, p) values (1, 5, 'a')",)
INDEXES = {
    "gin": Case(t(), index("j", postgresql_using="gin"), contains=("autocommit_block",)),
    "partial": Case(t(), index("n", postgresql_where=sa.text("p like 'a%b:c'")), rows=ROWS),
    "covering": Case(t(), index("n", postgresql_include=["p"])),
    "unique": Case(t(), index("n", unique=True), rows=ROWS),
    "declared concurrent": Case(t(), index("n", postgresql_concurrently=True)),
    "drop": Case(index("n"), t(), contains=("postgresql_concurrently=True",)),
    "drop with collation": Case(index('p COLLATE "C"'), t()),
    "drop with options": Case(
        index("n", postgresql_where=sa.text("n > 0"), postgresql_with={"fillfactor": 50}), t()
    ),
    "method": Case(index("n"), index("n", postgresql_using="hash")),
    "opclass": Case(
        index("j", postgresql_using="gin"),
        index("j", postgresql_using="gin", postgresql_ops={"j": "jsonb_path_ops"}),
    ),
    "opclass with options": Case(
        index("to_tsvector('simple', p) tsvector_ops (siglen='100')", postgresql_using="gist"),
        index("to_tsvector('simple', p) tsvector_ops (siglen='90')", postgresql_using="gist"),
    ),
    "predicate changed": Case(
        index("n", postgresql_where=sa.text("n > 0")), index("n", postgresql_where=sa.text("n > 1"))
    ),
    "predicate gone": Case(index("n", postgresql_where=sa.text("n > 0")), index("n")),
    "predicate spelled otherwise": Case(
        index("n", postgresql_where=sa.text("p in ('a','b') and not b")),
        index("n", postgresql_where=sa.text("((p  IN ('a', 'b')) AND (NOT b))")),
        unchanged=True,
    ),
    "include": Case(
        index("n", postgresql_include=["p"]), index("n", postgresql_include=["p", "tx"])
    ),
    "with": Case(
        index("n", postgresql_with={"fillfactor": 50}),
        index("n", postgresql_with={"fillfactor": 70}),
    ),
    "order": Case(index("n"), index("n DESC NULLS LAST")),
    "expression": Case(index("lower(p)"), index("upper(p)")),
    "expression unchanged": Case(
        index("(n::numeric / 2)"), index("((n::numeric/2))"), unchanged=True
    ),
    "of a new column": Case(
        t(),
        t(
            lambda: sa.Column("c", sa.Integer),
            make=lambda table: sa.Index("ix", table.c.c, postgresql_where=table.c.c > 0),
        ),
    ),
    "of a dropped column": Case(
        t(lambda: sa.Column("c", sa.Integer), make=lambda table: sa.Index("ix", table.c.c)), t()
    ),
    "on a new table": Case(
        lambda: sa.MetaData(),
        index("j", postgresql_using="gin", postgresql_where=sa.text("n > 0")),
        lacks=("autocommit_block",),
    ),
}
CHECKS = {
    "added": Case(t(), check("n > 0"), rows=ROWS, contains=("not_valid", "VALIDATE")),
    "removed": Case(check("n > 0"), t()),
    "changed": Case(check("n > 0"), check("n > 1"), rows=ROWS),
    "spelled otherwise": Case(
        check("n between 1 and 10 and p in ('a','b')"),
        check("((n >= 1 AND n <= 10) AND p IN ('a', 'b'))"),
        unchanged=True,
    ),
    "unnamed unchanged": Case(check("n > 0", None), check("n > 0", None), unchanged=True),
    "unnamed added": Case(t(), check("n > 0", None)),
    "unnamed changed": Case(check("n > 0", None), check("n > 2", None), rows=ROWS),
    "two columns, unnamed": Case(t(), check("n > id", None)),
    "of a column, unchanged": Case(
        t(lambda: sa.Column("c", sa.Integer, sa.CheckConstraint("c > 0"))),
        t(lambda: sa.Column("c", sa.Integer, sa.CheckConstraint("c > 0"))),
        unchanged=True,
    ),
    "percent and colon": Case(
        t(), check(r"p not like '%\:x%' and tx <> '100%'"), rows=ROWS, lacks=("%%",)
    ),
    "on a new column": Case(
        t(), t(lambda: sa.Column("c", sa.Integer), lambda: sa.CheckConstraint("c > n", name="ck"))
    ),
    "naming convention": Case(
        check("n > 0", "pos", naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"}),
        check("n > 1", "pos", naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"}),
        rows=ROWS,
    ),
    "boolean type": Case(
        t(lambda: sa.Column("f", sa.Boolean(create_constraint=True, name="f_is_bool"))),
        t(lambda: sa.Column("f", sa.Boolean(create_constraint=True, name="f_is_bool"))),
        unchanged=True,
    ),
    "non-native enum, value added": Case(
        t(
            lambda: sa.Column(
                "e", sa.Enum("a", "b", name="e", native_enum=False, create_constraint=True)
            )
        ),
        t(
            lambda: sa.Column(
                "e", sa.Enum("a", "b", "c", name="e", native_enum=False, create_constraint=True)
            )
        ),
    ),
    "with a new enum label": Case(
        t(lambda: sa.Column("e", sa.Enum("a", "b", name="mood"))),
        t(
            lambda: sa.Column("e", sa.Enum("a", "b", "c", name="mood")),
            lambda: sa.CheckConstraint("e <> 'c' or n > 0", name="ck"),
        ),
    ),
    "new table": Case(lambda: sa.MetaData(), check("p like '%x'"), lacks=("%%",)),
    "dropped table": Case(check("p like '%x'"), lambda: sa.MetaData()),
}
CONSTRAINTS = {
    "foreign key": Case(two(False), two(True), contains=("not_valid", "VALIDATE")),
    "named foreign key": Case(two(False), two(True, name="fk", ondelete="CASCADE")),
    "foreign key dropped": Case(two(True), two(False)),
    "foreign key changed": Case(two(True, name="fk"), two(True, name="fk", ondelete="CASCADE")),
    "unique": Case(t(), t(lambda: sa.UniqueConstraint("n", name="uq")), rows=ROWS),
    "unnamed unique": Case(
        t(), t(lambda: sa.UniqueConstraint("n", "p")), contains=("USING INDEX",)
    ),
    "unique dropped": Case(t(lambda: sa.UniqueConstraint("n", name="uq")), t()),
    "unique of a new column": Case(t(), t(lambda: sa.Column("c", sa.Integer, unique=True))),
    "not null": Case(
        t(lambda: sa.Column("c", sa.Integer)), t(lambda: sa.Column("c", sa.Integer, nullable=False))
    ),
}


@pytest.mark.parametrize("name", INDEXES)
def test_index(name: str, server: Server, tmp_path: Path) -> None:
    """An index is created, changed or left alone, and comes back on the way down."""
    prove(INDEXES[name], server, tmp_path)


@pytest.mark.parametrize("name", CHECKS)
def test_check(name: str, server: Server, tmp_path: Path) -> None:
    """A CHECK is compared by what it says."""
    prove(CHECKS[name], server, tmp_path)


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraint(name: str, server: Server, tmp_path: Path) -> None:
    """Constraints on tables in use are added without blocking them, and end up the same."""
    prove(CONSTRAINTS[name], server, tmp_path)


def generated_from(length: int, *, generated: bool) -> sa.MetaData:
    metadata = sa.MetaData()
    table = sa.Table(
        "users",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(length)),
    )
    if generated:
        table.append_column(
            sa.Column("lower_email", sa.Text, sa.Computed("lower(email)", persisted=True))
        )
        sa.Index("ix_users_lower_email", table.c.lower_email)
    return metadata


@pytest.mark.parametrize("added", [True, False], ids=["added", "dropped"])
def test_a_generated_column_comes_after_the_type_of_its_base(
    server: Server, tmp_path: Path, added: bool
) -> None:
    """PostgreSQL refuses to change the type of a column that a generated one is computed from."""
    prove(
        Case(
            lambda: generated_from(50, generated=not added),
            lambda: generated_from(100, generated=added),
        ),
        server,
        tmp_path,
    )


def test_a_likely_rename_is_said_and_not_done(server: Server, tmp_path: Path) -> None:
    """What another table or column of the same kind takes the place of; not what is ambiguous."""
    before, after = sa.MetaData(), sa.MetaData()
    for metadata, table, names in (
        (before, "clients", ("mail", "a", "b")),
        (after, "customers", ("email", "c", "d")),
    ):
        sa.Table(table, metadata, sa.Column("id", sa.Integer, primary_key=True))
        types = (sa.Text, sa.Integer, sa.Integer)
        columns = [sa.Column(n, t) for n, t in zip(names, types, strict=True)]
        sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    script = prove(Case(lambda: before, lambda: after), server, tmp_path)
    assert "# If the column t.email is t.mail under another name, do not run this" in script
    assert "# If the table customers is clients under another name" in script
    assert script.count("under another name") == 2
    assert "Declare former_name 'mail' in the model's info" in script
