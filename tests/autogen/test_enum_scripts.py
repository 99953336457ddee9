"""What the generated scripts on enums are like to run: alone, on live databases, by tenants."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from autogen.harness import Project, catalog_of, create_all, differences, execute, run_sql
from autogen.test_enum_declared import NEW, mood
from autogen.test_enums import ABC, plain, with_array, with_column
from migsafe.names import Name
from migsafe.server import Server, sqlalchemy_url

ALONE = """
import importlib.metadata, sys
real = importlib.metadata.entry_points
importlib.metadata.entry_points = lambda **asked: (
    () if asked.get("group") == "alembic.plugins" else real(**asked)
)
sys.modules["migsafe"] = None  # Any import of it fails now.
from alembic import command
from alembic.config import Config
import sqlalchemy as sa
config = Config()
config.set_main_option("script_location", sys.argv[1])
config.set_main_option("sqlalchemy.url", sys.argv[2].replace("%", "%%"))
config.set_main_option("path_separator", "os")
config.attributes.update(metadata=sa.MetaData(), options={})
for step in sys.argv[3:]:
    getattr(command, step.split()[0])(config, step.split()[1])
"""
MULTIDB = """
import sqlalchemy as sa

PLUGINS = ["alembic.autogenerate.*", "migsafe.*"]


def models(*labels):
    metadata = sa.MetaData()
    state = sa.Column("st", sa.Enum(*labels, name="mood"))
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), state)
    return metadata


target_metadata = {"engine1": models("a", "b", "c", "d"), "engine2": models("b", "a")}
"""
CHANGES = {
    "new": (plain, with_column(*ABC)),
    "added": (with_column(*ABC), with_column(*ABC, "d")),
    "removed": (with_column(*ABC), with_column("a", "b")),
    "renamed": (mood(*ABC), mood("x", "b", "c", name="feeling", renamed_from="mood", **NEW)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_scripts_run_without_migsafe(name: str, server: Server, tmp_path: Path) -> None:
    """Up, down and up again in a Python that has no migsafe gives the wanted database."""
    before, after = CHANGES[name]
    with server.database() as url, server.database() as wanted:
        create_all(url, before())
        create_all(wanted, after())
        Project(tmp_path, url, after()).revision("one")
        steps = ("upgrade head", "downgrade base", "upgrade head")
        subprocess.run(
            [sys.executable, "-c", ALONE, str(tmp_path), sqlalchemy_url(url), *steps],
            check=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert not differences(catalog_of(wanted), catalog_of(url))


@pytest.mark.parametrize(
    ("name", "rules"), [("new", set()), ("added", set()), ("renamed", {"MS305"})]
)
def test_check_finds_no_error(name: str, rules: set[str], server: Server, tmp_path: Path) -> None:
    """`migsafe check` finds no error where nothing is rewritten.

    But that a label which the author declares as renamed has another name for running code.
    """
    before, after = CHANGES[name]
    with server.database() as url:
        create_all(url, before())
        Project(tmp_path, url, after()).revision("one")
    answer = subprocess.run(
        [sys.executable, "-m", "migsafe", "check", "-f", "json", str(tmp_path / "versions")],
        capture_output=True,
        text=True,
    )
    found = json.loads(answer.stdout)["findings"]
    assert {one["rule"] for one in found if one["severity"] == "error"} == rules, answer.stdout


def test_a_history_replays_in_one_go(server: Server, tmp_path: Path) -> None:
    """Labels that come, move and go over many revisions: at once, one by one, and as SQL."""
    worlds = (
        with_column(*ABC),
        with_column(*ABC, "d", server_default="d"),
        with_column("d", "b", "a", server_default="d"),
        plain,
        with_array("q", "a"),
    )
    with server.database() as url, server.database() as copy:
        for number, world in enumerate(worlds):
            project = Project(tmp_path, url, world())
            project.revision(f"r{number}")
            project.upgrade()
        wanted = project.catalog()
        for options in ({}, {"transaction_per_migration": True}):
            project = Project(tmp_path, url, worlds[-1](), options)
            project.downgrade("base")
            assert not [t for t in project.catalog().types if t.name == "mood"]
            project.upgrade()
            assert not differences(wanted, project.catalog())
        run_sql(copy, project.offline("base:head"))
        assert not differences(wanted, catalog_of(copy))


def test_several_databases(server: Server, tmp_path: Path) -> None:
    """Alembic's template multidb begins transactions itself: nothing is committed in between."""
    config = Config(str(tmp_path / "alembic.ini"))
    command.init(config, str(tmp_path / "alembic"), template="multidb")
    env = tmp_path / "alembic" / "env.py"
    text = env.read_text().replace("target_metadata = {}", MULTIDB)
    env.write_text(text.replace("upgrade_token=", "autogenerate_plugins=PLUGINS, upgrade_token="))
    with server.database() as one, server.database() as two:
        ini = (tmp_path / "alembic.ini").read_text()
        for name, url in (("dbname2", two), ("dbname", one)):
            shown = sqlalchemy_url(url).replace("%", "%%")
            ini = ini.replace(f"driver://user:pass@localhost/{name}", shown)
        (tmp_path / "alembic.ini").write_text(ini)
        create_all(one, with_column(*ABC)())
        create_all(two, with_column(*ABC)())
        config = Config(str(tmp_path / "alembic.ini"))
        command.revision(config, "m", autogenerate=True, rev_id="m")
        command.upgrade(config, "head")
        command.check(config)
        labels = [
            catalog.types[Name("public", "mood")].labels for catalog in map(catalog_of, (one, two))
        ]
        command.downgrade(config, "base")
        assert labels == [("a", "b", "c", "d"), ("b", "a")]
        assert not differences(catalog_of(one), catalog_of(two))


def test_a_tenant_is_a_search_path(server: Server, tmp_path: Path) -> None:
    """With the recipe of Alembic's manual, types are those of the current schema."""
    with server.database() as url:
        execute(url, ["create schema tenant", "create type mood as enum ('z')"])
        there = f"{url}&options=-csearch_path%3Dtenant"
        create_all(there, with_column(*ABC)())
        project = Project(tmp_path, there, with_column(*ABC, "d")())
        script = project.revision("one")
        project.upgrade()
        labels = {str(name): t.labels for name, t in project.catalog().types.items()}
    assert "ALTER TYPE mood ADD VALUE" in script
    assert labels == {"public.mood": ("z",), "tenant.mood": ("a", "b", "c", "d")}


def test_a_schema_translate_map_is_told(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Alembic compares what is mapped with what is not: the log says so."""
    with server.database() as url:
        execute(url, ["create schema tenant"])
        engine = sa.create_engine(sqlalchemy_url(url), poolclass=sa.pool.NullPool)
        engine = engine.execution_options(schema_translate_map={None: "tenant"})
        Project(tmp_path, url, plain(), engine=engine).revision("one")
    assert "schema_translate_map is not known to a comparison" in caplog.text


def test_include_name_may_leave_types_out(server: Server, tmp_path: Path) -> None:
    """`include_name` is asked for the kind "type"; what it refuses is not touched."""

    def include_name(name: str, kind: str, parents: dict[str, str]) -> bool:
        return kind != "type"

    with server.database() as url:
        create_all(url, with_column(*ABC)())
        options = {"include_name": include_name}
        script = Project(tmp_path, url, with_column("a", "b")(), options).revision("one")
    assert script.count("    pass\n") == 2


def test_online_can_be_turned_off_in_the_settings(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`online = false` in pyproject.toml keeps operations as Alembic writes them."""
    before, after = plain(), plain()
    sa.Index("ix", after.tables["t"].c.id)
    (tmp_path / "pyproject.toml").write_text("[tool.migsafe.autogenerate]\nonline = false\n")
    monkeypatch.chdir(tmp_path)
    with server.database() as url:
        create_all(url, before)
        script = Project(tmp_path, url, after).revision("one")
    assert "op.create_index('ix'" in script
    assert "concurrently" not in script
