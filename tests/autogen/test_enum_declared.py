"""Renames and mappings of enums that the models declare, through the black-box harness."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.util import CommandError

from autogen.harness import Case, Project, create_all, execute, prove
from migsafe.server import Server

Model = Callable[[], sa.MetaData]


def mood(*labels: str, name: str = "mood", schema: str | None = None, **said: Any) -> Model:
    """A table with the enum in a column, an array, a default, a CHECK and a partial index."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        first, kind = labels[0], sa.Enum(*labels, name=name, schema=schema)
        literal = sa.literal_column("'" + first.replace("'", "''") + "'")
        t = sa.Table(
            "t",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("st", kind, server_default=literal, info={"migsafe": said} if said else {}),
            sa.Column("sts", sa.ARRAY(kind)),
            sa.CheckConstraint(sa.column("st") != literal, name="ck"),
            sa.CheckConstraint(sa.or_(sa.column("st") == literal, sa.column("id") > 0)),
        )
        sa.Index("ix", t.c.id, postgresql_where=t.c.st == literal)
        return metadata

    return make


def on_metadata(model: Model, **enums: Any) -> Model:
    """The same with the declarations in `MetaData.info`."""

    def make() -> sa.MetaData:
        metadata = model()
        metadata.info["migsafe"] = {"enums": enums}
        return metadata

    return make


RENAME = "ALTER TYPE mood RENAME VALUE 'a' TO 'x'"
ONLY_RENAME = ("CREATE TYPE", "USING", "create_check", "CREATE VIEW", "ENUM(", "create_index")
NEW = {"renamed_values": {"a": "x"}}
CASES = {
    "label": Case(
        mood("a", "b", "c"), mood("x", "b", "c", **NEW), contains=(RENAME,), lacks=ONLY_RENAME
    ),
    "label, said on the metadata": Case(
        mood("a", "b", "c"),
        on_metadata(mood("x", "b", "c"), mood=NEW),
        contains=(RENAME,),
        lacks=ONLY_RENAME,
    ),
    "label that was renamed before": Case(
        mood("a", "b", "c"),
        mood("x", "b", "c", renamed_values={"a": "y", "y": "x"}),
        contains=(RENAME,),
        lacks=ONLY_RENAME,
    ),
    "said of the past": Case(
        mood("a", "b", "c"),
        mood(
            "a", "b", "c", renamed_values={"z": "a"}, renamed_from="old", mapped_values={"y": "b"}
        ),
        unchanged=True,
    ),
    "label and a new one": Case(
        mood("a", "b", "c"), mood("x", "d", "b", "c", **NEW), contains=("ADD VALUE", "RENAME VALUE")
    ),
    "label and one that goes": Case(
        mood("a", "b", "c", "d"), mood("x", "b", "c", **NEW), contains=("RENAME VALUE", "USING")
    ),
    "strange label": Case(
        mood("it's", "b", "c"),
        mood("50% :x ü", "b", "c", renamed_values={"it's": "50% :x ü"}),
        contains=("RENAME VALUE",),
        lacks=ONLY_RENAME,
    ),
    "type": Case(
        mood("a", "b", "c"),
        mood("a", "b", "c", name="feeling", renamed_from="mood"),
        contains=("ALTER TYPE mood RENAME TO feeling",),
        lacks=ONLY_RENAME,
    ),
    "type with a quoted name": Case(
        mood("a", "b", "c", name="My Mood"),
        mood("a", "b", "c", name='A "feeling"', renamed_from="My Mood"),
        contains=("RENAME TO",),
        lacks=ONLY_RENAME,
    ),
    "type into another schema": Case(
        mood("a", "b", "c"),
        mood("a", "b", "c", name="feeling", schema="app", renamed_from="public.mood"),
        setup=("create schema app",),
        contains=("SET SCHEMA app", "RENAME TO feeling"),
        lacks=ONLY_RENAME,
    ),
    "type out of another schema": Case(
        mood("a", "b", "c", schema="app"),
        mood("a", "b", "c", renamed_from="app.mood"),
        setup=("create schema app",),
        contains=("ALTER TYPE app.mood SET SCHEMA public",),
        lacks=ONLY_RENAME,
    ),
    "type, a label, a new and a gone one": Case(
        mood("a", "b", "c", "d"),
        mood("x", "e", "b", "c", name="feeling", renamed_from="mood", **NEW),
    ),
    "type and a new label": Case(
        mood("a", "b", "c"),
        mood("a", "b", "c", "d", name="feeling", renamed_from="mood"),
        contains=("RENAME TO feeling", "ADD VALUE"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rename(name: str, server: Server, tmp_path: Path) -> None:
    """A declared rename keeps the rows and everything that names the label or the type."""
    case = CASES[name]
    old, new = (sorted(model().tables["t"].c.st.type.enums) for model in (case.before, case.after))
    checks = () if old != new else (("select st::text from t where id = 1", "b"),)
    objects = ("create view v as select id, st from t where st > 'b'",)
    first = case.before().tables["t"].c.st.type.enums[0].replace("'", "''")
    rows = (
        f"insert into t values (1, 'b', array['{first}', 'b']::text[]::TYPE), (2, 'c', '{{}}')",
    )
    typed = tuple(r.replace("TYPE", array_of(case.before())) for r in rows)
    prove(
        Case(**{**vars(case), "objects": objects, "rows": typed, "checks": checks}),
        server,
        tmp_path,
    )


def array_of(metadata: sa.MetaData) -> str:
    """The name of the array type of the enum."""
    from sqlalchemy.dialects import postgresql

    return str(metadata.tables["t"].c.sts.type.compile(dialect=postgresql.dialect()))


def test_a_rename_with_slow_steps_can_be_repeated(server: Server, tmp_path: Path) -> None:
    """With steps committed one by one, the rename is written so that a retry passes over it."""

    def more() -> sa.MetaData:
        metadata = mood("x", "b", "c", name="feeling", renamed_from="mood", **NEW)()
        t = metadata.tables["t"]
        sa.Index("ix_new", t.c.st, postgresql_where=t.c.st == sa.text("'x'"))
        return metadata

    case = Case(mood("a", "b", "c"), more, contains=("to_regtype('mood')", "IF EXISTS"))
    prove(case, server, tmp_path)


@pytest.mark.parametrize("target", ["b", None])
def test_rows_are_mapped_by_declaration(target: str | None, server: Server, tmp_path: Path) -> None:
    """Rows that hold a label that goes get the declared one, or NULL, in columns and arrays."""
    case = Case(
        mood("a", "b", "c"),
        mood("a", "b", mapped_values={"c": target}),
        rows=("insert into t values (1, 'c', '{c,b,c}'), (2, 'b', null)",),
        checks=(
            ("select coalesce(st::text, '-') from t where id = 1", target or "-"),
            ("select sts::text from t where id = 1", "{b,b,b}" if target else "{NULL,b,NULL}"),
        ),
        lacks=("RAISE",),
    )
    prove(case, server, tmp_path)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"renamed_value": {"a": "b"}}, "no 'renamed_value' to declare"),
        ({"renamed_values": ["a"]}, "expected a dict of old to new labels"),
        ({"renamed_from": 3}, "expected the type's old name"),
    ],
)
def test_a_declaration_that_is_none(
    said: dict[str, Any], message: str, server: Server, tmp_path: Path
) -> None:
    """What cannot be understood is said with its place, not passed over."""
    with server.database() as url, pytest.raises(CommandError, match=message) as error:
        Project(tmp_path, url, mood("a", "b", **said)()).revision("one")
    assert "t.st" in str(error.value)


def test_comparing_leaves_no_rename_behind(server: Server, tmp_path: Path) -> None:
    """The database is as before after `revision`, also when the transaction is committed."""
    with server.database() as url:
        create_all(url, mood("a", "b")())
        project = Project(tmp_path, url, mood("x", "b", **NEW)())
        before = project.catalog()
        project.revision("one")
        assert project.catalog() == before


def test_a_rename_that_is_not_declared_is_proposed(server: Server, tmp_path: Path) -> None:
    """A type with the same labels under another name is created; the rename is a comment."""
    case = Case(
        mood("a", "b"),
        mood("a", "b", name="feeling"),
        contains=('# op.execute("ALTER TYPE mood RENAME TO feeling")',),
    )
    prove(case, server, tmp_path)


def test_what_is_still_named_is_refused(server: Server, tmp_path: Path) -> None:
    """A view outside of the models that names a leaving label stops the script at its start."""
    with server.database() as url:
        create_all(url, mood("a", "b", "c")())
        execute(url, ["create view v as select id from t where st = 'c'"])
        project = Project(tmp_path, url, mood("a", "b")())
        before = project.catalog()
        script = project.revision("one")
        with pytest.raises(NotImplementedError, match=r"'c' cannot be removed .* CREATE VIEW"):
            project.upgrade()
        assert project.catalog().tables == before.tables, script


def test_values_that_change_places(server: Server, tmp_path: Path) -> None:
    """Two values that are to have each other's names cannot be told from another order."""
    with server.database() as url:
        create_all(url, mood("a", "b")())
        swapped = mood("b", "a", renamed_values={"a": "b", "b": "a"})
        with pytest.raises(CommandError, match="lead from 'b' back to it"):
            Project(tmp_path, url, swapped()).revision("one")
