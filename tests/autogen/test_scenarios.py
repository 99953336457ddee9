"""Changes between two databases, told in DDL: the models are reflected from the wanted one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from autogen.harness import ENGINES, Case, Project, differences, execute, prove, proved
from migsafe.server import Server

SCENARIOS = [
    json.loads(line)
    for line in (Path(__file__).parent / "scenarios.jsonl").read_text().splitlines()
]
# What the script is to refuse, and the words in which it does.
REFUSED = {
    "R02": "t.st still holds c, which the enum mood is to lose: update these rows before",
    "R15": "cannot be removed or moved by this script, because t is partitioned by st",
}
# What DDL and reflection cannot tell: an enum that only the metadata has, EXCLUDE, DESC after an
# expression, IN on varchar (see MODELS), an INVALID index, which no downgrade can make, and what is
# no valid DDL.
UNTOLD = {"N10", "R22", "IN07", "N08", "I26", "C23", "D13", "D15"}


def reflected(engine: sa.Engine, schemas: list[str]) -> sa.MetaData:
    """The models of the database that *engine* connects to."""
    metadata = sa.MetaData()
    for schema in (None, *schemas):
        metadata.reflect(engine, schema=schema)
    return metadata


def schemas(scenario: dict[str, Any]) -> list[str]:
    """The names of the schemas that the scenario has."""
    made = [sql for sql in scenario.get("pre", []) if sql.startswith("create schema")]
    return [sql.split(None, 2)[2].strip('"') for sql in made]


def options(scenario: dict[str, Any], metadata: sa.MetaData) -> dict[str, Any]:
    """The arguments of `context.configure` that the scenario asks for."""
    given = dict(scenario.get("options", {}))
    if given.pop("include_object", None):
        names = {table.name for table in metadata.tables.values()}

        def include_object(item: Any, name: str, kind: str, live: bool, other: Any) -> bool:
            return kind != "table" or not live or name in names

        given["include_object"] = include_object
    return given


def run(scenario: dict[str, Any], server: Server, folder: Path, driver: str = "psycopg") -> str:
    """All checks of the harness on *scenario*."""
    before = [*scenario.get("before", []), *scenario.get("objects_before", [])]
    with server.database() as a, server.database() as copy, server.database() as b:
        for url in (a, copy):
            execute(url, [*scenario.get("pre", []), *before, *scenario.get("seed", [])])
        execute(b, [*scenario.get("pre", []), *scenario.get("after", [])])
        metadata = reflected(ENGINES.at(server, b), schemas(scenario))
        execute(b, scenario.get("objects_after", []))
        engine = ENGINES.at(server, a) if driver == "psycopg" else None
        project = Project(folder, a, metadata, options(scenario, metadata), driver, engine)
        checks = tuple((query, value) for query, value in scenario.get("data_checks", []))
        return proved(project, b, copy, checks)


def of_enums(scenario: dict[str, Any]) -> bool:
    """Whether the scenario is about enum types."""
    return scenario["id"][0] in "ER" or " AS ENUM" in json.dumps(scenario)


TOLD = [s for s in SCENARIOS if s["id"] not in {*REFUSED, *UNTOLD}]


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("scenario", [s for s in TOLD if of_enums(s)], ids=lambda s: s["id"])
def test_enum_scenario(scenario: dict[str, Any], any_major: Server, tmp_path: Path) -> None:
    """The same for enum types, on every PostgreSQL."""
    run(scenario, any_major, tmp_path)


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("scenario", [s for s in TOLD if not of_enums(s)], ids=lambda s: s["id"])
def test_scenario(scenario: dict[str, Any], server: Server, tmp_path: Path) -> None:
    """Up, again, down, up, and as SQL text, the databases are what the models say."""
    run(scenario, server, tmp_path)


def holding(*columns: Any) -> Callable[[], sa.MetaData]:
    """Models of one table; *columns* and constraints are called to be made."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        made = [column() for column in columns]
        sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *made)
        return metadata

    return make


def with_type_alone() -> sa.MetaData:
    """Models in which nothing uses the enum."""
    metadata = holding()()
    sa.Enum("a", "b", name="mood", metadata=metadata)
    return metadata


def excluding(*labels: str) -> Callable[[], sa.MetaData]:
    """Models with an EXCLUDE constraint on the enum."""
    return holding(
        lambda: sa.Column("st", sa.Enum(*labels, name="mood")),
        lambda: sa.Column("r", postgresql.INT4RANGE),
        lambda: postgresql.ExcludeConstraint(
            ("st", "="), ("r", "&&"), where=sa.text("st = 'a'"), name="ex"
        ),
    )


def listed(*labels: str) -> Callable[[], sa.MetaData]:
    """Models with an enum that is a varchar with a CHECK."""
    return holding(
        lambda: sa.Column(
            "st",
            sa.Enum(*labels, name="mood", native_enum=False, create_constraint=True, length=9),
        )
    )


def ordered() -> sa.MetaData:
    """Models with an index on an expression, descending."""
    metadata = holding(lambda: sa.Column("tx", sa.Text))()
    sa.Index("ix", sa.func.lower(metadata.tables["t"].c.tx).desc().nulls_last())
    return metadata


MODELS = {
    "N10": Case(holding(), with_type_alone),
    "R22": Case(
        excluding("a", "b", "c"), excluding("a", "b"), setup=("create extension btree_gist",)
    ),
    "N08": Case(listed("a", "b"), listed("a", "b", "c"), rows=("insert into t values (1, 'a')",)),
    "IN07": Case(ordered, ordered, unchanged=True),
}


@pytest.mark.parametrize("name", MODELS)
def test_models(name: str, any_major: Server, tmp_path: Path) -> None:
    """The same for what only models can say, on every PostgreSQL."""
    prove(MODELS[name], any_major, tmp_path)


@pytest.mark.parametrize(
    "scenario", [s for s in SCENARIOS if s["id"] in REFUSED], ids=lambda s: s["id"]
)
def test_refusal(scenario: dict[str, Any], server: Server, tmp_path: Path) -> None:
    """What cannot be done without losing rows or objects stops with a message, changing nothing."""
    assert REFUSED[scenario["id"]] in refusal(scenario, server, tmp_path)


def refusal(scenario: dict[str, Any], server: Server, folder: Path, driver: str = "psycopg") -> str:
    """The message with which the script of *scenario* stops; the database is as it was."""
    with server.database() as url:
        execute(url, [*scenario.get("pre", []), *scenario["before"]])
        execute(url, [*scenario.get("objects_before", []), *scenario.get("seed", [])])
        metadata = sa.MetaData()
        with server.database() as models:
            execute(models, [*scenario.get("pre", []), *scenario["after"]])
            metadata = reflected(ENGINES.at(server, models), schemas(scenario))
        project = Project(folder, url, metadata, options(scenario, metadata), driver)
        before = project.catalog()
        project.revision("one")
        with pytest.raises((NotImplementedError, sa.exc.DBAPIError)) as stopped:
            project.upgrade()
        assert not differences(before, project.catalog())
        return str(stopped.value)
