"""The entry point: light, iterable for old Alembic, and every part can be turned off."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.runtime import plugins
from alembic.util import CommandError

import migsafe.plugin
from autogen.harness import PLUGINS, Project, create_all, execute
from migsafe.autogen import info
from migsafe.server import Server
from migsafe.server.urls import database_of


def test_alembic_knows_every_part() -> None:
    """Importing alembic registers the plugin and one sub-plugin a part."""
    import alembic  # noqa: F401

    known = set(plugins._all_plugins)
    assert {"migsafe", *(f"migsafe.{part}" for part in migsafe.plugin.PARTS)} <= known


def test_the_module_can_be_iterated() -> None:
    """Alembic 1.18.0 to 1.20.0 iterate what the entry point loads, and take each for a module."""
    assert list(migsafe.plugin) == [migsafe.plugin]  # type: ignore[call-overload]


def test_importing_alembic_loads_nothing_heavy() -> None:
    """The plugin imports none of our parts, no parser and no driver with `import alembic`."""
    code = "import alembic, sys, json; print(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(answer.stdout))
    ours = {name for name in loaded if name.split(".")[0] == "migsafe"}
    assert ours == {"migsafe", "migsafe.plugin"}
    assert not loaded & {"postgast", "psycopg", "rich", "click", "sqlparse", "google.protobuf"}


def test_setup_never_raises(caplog: pytest.LogCaptureFixture) -> None:
    """A second registration is logged: raising would break `import alembic` for everybody."""

    class Taken:
        name = "migsafe"

        def __init__(self, name: str):
            raise ValueError(f"{name} is taken")

    migsafe.plugin.setup(object.__new__(Taken))  # type: ignore[arg-type]
    assert "not active" in caplog.text


def test_a_part_can_be_turned_off(server: Server, tmp_path: Path) -> None:
    """`~migsafe.enums` leaves enum types to Alembic."""
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("st", sa.Enum("a", name="mood")))
    with server.database() as url:
        project = Project(tmp_path, url, metadata)
        project.options = {"autogenerate_plugins": [*PLUGINS, "~migsafe.enums"]}
        script = project.revision("one")
    assert "create_type" not in script
    assert ".create(" not in script


def test_check_names_what_is_left(server: Server, tmp_path: Path) -> None:
    """`alembic check` fails on what only the plugin sees, and says what it is."""
    from alembic import command

    before, after = sa.MetaData(), sa.MetaData()
    sa.Table("t", before, sa.Column("st", sa.Enum("a", name="mood")), sa.Column("n", sa.Integer))
    sa.Table(
        "t",
        after,
        sa.Column("st", sa.Enum("a", "b", name="mood")),
        sa.Column("n", sa.Integer),
        sa.CheckConstraint("n > 0", name="ck"),
    )
    with server.database() as url:
        create_all(url, before)
        project = Project(tmp_path, url, after)
        with pytest.raises(CommandError, match=r"modify_enum.*mood.*'b'"):
            command.check(project.config)
        project.revision("one")
        project.upgrade()
        command.check(project.config)


def test_two_definitions_of_one_enum_are_refused(server: Server, tmp_path: Path) -> None:
    """Which of them is meant nobody can know."""
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("st", sa.Enum("a", "b", name="mood")))
    sa.Table("u", metadata, sa.Column("st", sa.Enum("a", name="mood")))
    with server.database() as url, pytest.raises(CommandError, match="mood has two definitions"):
        Project(tmp_path, url, metadata).revision("one")


def test_what_the_server_cannot_read_is_left_alone(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A CHECK that calls an unknown function gives a notice, no operation."""
    before, after = sa.MetaData(), sa.MetaData()
    sa.Table("t", before, sa.Column("n", sa.Integer), sa.CheckConstraint("n > 0", name="ck"))
    sa.Table("t", after, sa.Column("n", sa.Integer), sa.CheckConstraint("f(n) > 0", name="ck"))
    with server.database() as url:
        create_all(url, before)
        script = Project(tmp_path, url, after).revision("one")
    assert script.count("    pass\n") == 2
    assert "ck on t is not compared" in caplog.text


def test_without_the_right_to_make_temporary_tables_nothing_is_claimed(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A session that cannot create the clones gives notices and no false differences."""
    metadata = sa.MetaData()
    table = sa.Table(
        "t", metadata, sa.Column("n", sa.Integer), sa.CheckConstraint("n between 1 and 2")
    )
    sa.Index("ix", table.c.n, postgresql_where=sa.text("n in (1, 2)"))
    with server.database() as url:
        create_all(url, metadata)
        database = database_of(url)
        role = f"plain_{database}"
        execute(url, [f"create role {role} login", f"grant create on schema public to {role}"])
        execute(url, [f"revoke temp on database {database} from public"])
        project = Project(tmp_path, f"{url}&options=-crole%3D{role}", metadata)
        script = project.revision("one")
        execute(url, [f"drop owned by {role}", f"drop role {role}"])
    assert script.count("    pass\n") == 2
    assert "is not compared" in caplog.text


def test_the_page_names_every_part_and_every_word() -> None:
    """What can be turned off, and what can be declared, is in docs/autogenerate.md."""
    page = (Path(__file__).parents[2] / "docs" / "autogenerate.md").read_text()
    words = (*info.ENUM_PARTS, *info.TABLE_PARTS, *info.COLUMN_PARTS)
    named = [f"migsafe.{part}" for part in migsafe.plugin.PARTS]
    named += [*words, *info.CONSTRAINT_PARTS, *info.INDEX_PARTS]
    assert not [name for name in named if f"`{name}`" not in page and f'"{name}"' not in page]
