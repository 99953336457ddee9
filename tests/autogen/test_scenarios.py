"""Changes between two databases, told in DDL: the models are reflected from the wanted one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from autogen.harness import Project, differences, execute, proved
from migsafe.server import Server, sqlalchemy_url

SCENARIOS = [
    json.loads(line)
    for line in (Path(__file__).parent / "scenarios.jsonl").read_text().splitlines()
]
# What the script is to refuse, and the words in which it does.
REFUSED = {
    "R02": "t.st still holds c, which the enum mood is to lose: update these rows before",
    "R15": "cannot be removed or moved by this script, because t is partitioned by st",
}
# What DDL and reflection cannot tell: an enum that only the metadata has (a test of its own),
# EXCLUDE, DESC after an expression, IN on varchar, an INVALID index, which no downgrade can make,
# and what is no valid DDL.
UNTOLD = {"N10", "R22", "IN07", "N08", "I26", "C23", "D13", "D15"}


def reflected(url: str, schemas: list[str]) -> sa.MetaData:
    """The models of the database at *url*."""
    metadata = sa.MetaData()
    engine = sa.create_engine(sqlalchemy_url(url), poolclass=sa.pool.NullPool)
    for schema in (None, *schemas):
        metadata.reflect(engine, schema=schema)
    return metadata


def options(scenario: dict[str, Any], metadata: sa.MetaData) -> dict[str, Any]:
    """The arguments of `context.configure` that the scenario asks for."""
    given = dict(scenario.get("options", {}))
    if given.pop("include_object", None):
        names = {table.name for table in metadata.tables.values()}

        def include_object(item: Any, name: str, kind: str, live: bool, other: Any) -> bool:
            return kind != "table" or not live or name in names

        given["include_object"] = include_object
    return given


def fill(scenario: dict[str, Any], urls: list[str]) -> None:
    """Fill the databases: twice what is there, what is wanted, and the wanted models alone."""
    before = [*scenario.get("before", []), *scenario.get("objects_before", [])]
    after = scenario.get("after", [])
    contents = [before, before, [*after, *scenario.get("objects_after", [])], after]
    for url, statements in zip(urls, contents, strict=True):
        execute(url, [*scenario.get("pre", []), *statements])
    for url in urls[:2]:
        execute(url, scenario.get("seed", []))


def run(scenario: dict[str, Any], server: Server, folder: Path) -> str:
    """All checks of the harness on *scenario*."""
    with (
        server.database() as a,
        server.database() as copy,
        server.database() as b,
        server.database() as models,
    ):
        fill(scenario, [a, copy, b, models])
        schemas = [s.split()[2] for s in scenario.get("pre", []) if s.startswith("create schema")]
        metadata = reflected(models, schemas)
        project = Project(folder, a, metadata, options(scenario, metadata))
        checks = tuple((query, value) for query, value in scenario.get("data_checks", []))
        return proved(project, b, copy, checks)


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize(
    "scenario",
    [s for s in SCENARIOS if s["id"] not in {*REFUSED, *UNTOLD}],
    ids=lambda s: s["id"],
)
def test_scenario(scenario: dict[str, Any], server: Server, tmp_path: Path) -> None:
    """Up, again, down, up, and as SQL text, the databases are what the models say."""
    run(scenario, server, tmp_path)


@pytest.mark.parametrize(
    "scenario", [s for s in SCENARIOS if s["id"] in REFUSED], ids=lambda s: s["id"]
)
def test_refusal(scenario: dict[str, Any], server: Server, tmp_path: Path) -> None:
    """What cannot be done without losing rows or objects stops with a message, changing nothing."""
    with server.database() as url:
        execute(url, [*scenario["before"], *scenario.get("objects_before", [])])
        execute(url, scenario.get("seed", []))
        metadata = sa.MetaData()
        with server.database() as models:
            execute(models, scenario["after"])
            metadata = reflected(models, [])
        project = Project(tmp_path, url, metadata, options(scenario, metadata))
        before = project.catalog()
        project.revision("one")
        with pytest.raises((NotImplementedError, sa.exc.DBAPIError), match=REFUSED[scenario["id"]]):
            project.upgrade()
        assert not differences(before, project.catalog())
