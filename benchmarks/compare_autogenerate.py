"""What migsafe and other extensions of Alembic's autogenerate make of the same changes.

`python benchmarks/compare_autogenerate.py [TOOL ...]` installs every tool into an environment of
its own, lets it write, upgrade and downgrade a migration for each of `autogenerate_features.py`,
compares the databases, and writes the tables on autogenerate in `docs/comparison.md`. With names
of tools it prints what these do, and writes nothing. It takes some minutes, and needs pip and a
package index.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
import sqlalchemy as sa
from autogenerate_features import FEATURES, Feature
from autogenerate_worker import ddl, models

from migsafe.catalog import Catalog
from migsafe.catalog.diff import diff
from migsafe.introspect import introspect
from migsafe.server import Server, sqlalchemy_url, start
from migsafe.server.urls import database_of

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "comparison.md"
CHOSEN = os.environ.get("MIGSAFE_FEATURE", "")
COMMON = ("alembic==1.20.1", "SQLAlchemy==2.1.9", "psycopg[binary]==3.3.9")
TOOLS: Mapping[str, tuple[str, str]] = {
    "alembic": ("Alembic 1.20.1", ""),
    "alembic-postgresql-enum": (
        "alembic-postgresql-enum 1.11.0",
        "alembic-postgresql-enum==1.11.0",
    ),
    "alembic-utils": ("alembic-utils 0.8.8", "alembic-utils==0.8.8"),
    "alembic-utils-extended": ("alembic-utils-extended 1.5.0", "alembic-utils-extended==1.5.0"),
    "alembic-pg-autogen": ("alembic-pg-autogen 0.3.0", "alembic-pg-autogen==0.3.0"),
    "sqlalchemy-declarative-extensions": (
        "sqlalchemy-declarative-extensions 0.17.0",
        "sqlalchemy-declarative-extensions[alembic,parse]==0.17.0",
    ),
    "migsafe": ("migsafe", str(HERE.parent)),
}
"""What is compared: its name on the page, and what pip installs for it besides Alembic."""


STEPS = ("detected", "upgrade right", "next revision empty", "downgrade right")
"""What is asked of each feature, in this order."""
UNKNOWN = "–"
RIGHT = "✓"


@dataclass(frozen=True)
class Outcome:
    """What came of a feature: how many of STEPS are right, what then is not, and the error."""

    steps: int
    word: str = RIGHT
    reason: str = ""


@dataclass(frozen=True)
class Sides:
    """The database at *url* before a feature, and what is wanted."""

    url: str
    before: Catalog
    wanted: Catalog


class Worker:
    """A process in the environment of one tool."""

    def __init__(self, python: Path, tool: str):
        environment = {**os.environ, "PGOPTIONS": "-c lock_timeout=5s -c statement_timeout=30s"}
        self.process = subprocess.Popen(
            [str(python), str(HERE / "autogenerate_worker.py"), tool],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def say(self, text: str) -> None:
        """Send one line."""
        pipe: IO[str] | None = self.process.stdin
        assert pipe is not None
        pipe.write(text + "\n")
        pipe.flush()

    def hear(self) -> dict[str, Any]:
        """Read one line."""
        pipe: IO[str] | None = self.process.stdout
        assert pipe is not None
        self.heard: dict[str, Any] = json.loads(pipe.readline() or '{"done": true}')
        return self.heard

    def rest(self) -> None:
        """Let the feature end, unless it has ended by itself."""
        while "done" not in self.heard:
            self.say("stop")
            self.hear()

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def catalog(url: str) -> Catalog:
    """What the database has."""
    with psycopg.connect(url) as connection:
        return introspect(connection)


def same(left: Catalog, right: Catalog) -> bool:
    """Whether only the order of columns may tell them apart."""
    return all(difference.benign for difference in diff(left, right))


def make(url: str, feature: Feature, after: bool) -> None:
    """Make the database as the models and objects of one side say."""
    metadata = models(feature.after if after else feature.before)
    objects = feature.objects if after else feature.objects_before
    with psycopg.connect(url, autocommit=True) as connection:
        for schema in {t.schema for t in metadata.tables.values() if t.schema}:
            connection.execute(f"CREATE SCHEMA {schema}")
        for statement in feature.setup:
            connection.execute(statement)
    engine = sa.create_engine(
        sqlalchemy_url(url), isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool
    )
    metadata.create_all(engine)
    kinds = ("function", "view")  # What others need comes first, but views in their order.
    ordered = sorted(objects, key=lambda o: kinds.index(o["kind"]) if o["kind"] in kinds else 2)
    views = sorted((o for o in ordered if o["kind"] == "view"), key=lambda o: o["name"])
    ordered = [o for o in ordered if o["kind"] == "function"] + views + ordered
    made: list[str] = []
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (*map(ddl, ordered), *feature.live, *(() if after else feature.rows)):
            if statement not in made:
                connection.execute(statement)
                made.append(statement)


@contextmanager
def made(server: Server, feature: Feature) -> Iterator[Sides]:
    """Make what *feature* starts from and what it leads to, once for all tools."""
    with server.database() as url, server.database() as other:
        make(url, feature, after=False)
        make(other, feature, after=True)
        yield Sides(url, catalog(url), catalog(other))


def outcome(worker: Worker, server: Server, feature: Feature, sides: Sides) -> Outcome:
    """Let the tool do its four commands, and compare."""
    template = database_of(sides.url)
    with server.database(template=template) as url, tempfile.TemporaryDirectory() as at:
        asked = {
            "folder": str(Path(at) / "alembic"),
            "url": sqlalchemy_url(url),
            "models": feature.after,
            "objects": feature.objects,
        }
        worker.say(json.dumps(asked))
        judged = judge(worker, url, feature, sides)
        worker.rest()
        return judged


def judge(worker: Worker, url: str, feature: Feature, sides: Sides) -> Outcome:
    """Look at the database after each command, up to the first thing that is not right."""
    failing = ("write fails", "upgrade fails", "next revision fails", "downgrade fails")
    for step, name in enumerate(failing):
        if step:
            worker.say("go")
        said = worker.hear()
        if "unknown" in said:
            return Outcome(0, UNKNOWN)
        if "empty" not in said:
            return Outcome(step, name, said.get("error", "it ended"))
        if step == 0 and said["empty"] != feature.unchanged:
            return Outcome(step, "writes something" if feature.unchanged else "not seen")
        if step == 1 and not same(catalog(url), sides.wanted):
            return Outcome(step, "upgrade is wrong")
        if step == 2 and not said["empty"]:
            return Outcome(step, "again in the next revision")
        if step == 3 and not same(catalog(url), sides.before):
            return Outcome(step, "downgrade is wrong")
    return Outcome(len(STEPS))


def python_of(folder: Path, tool: str) -> Path:
    """Make the environment of *tool*, unless it is there; return its Python."""
    python = folder / tool / "bin" / "python"
    if not python.exists():
        venv.create(folder / tool, with_pip=True)
        wanted = [one for one in (*COMMON, TOOLS[tool][1]) if one]
        command = [str(python), "-m", "pip", "install", "-q", *wanted]
        subprocess.run(command, check=True, capture_output=True)
    return python


def chosen() -> list[Feature]:
    """The features to run: all, or those of which a part is in $MIGSAFE_FEATURE."""
    return [feature for feature in FEATURES if CHOSEN in f"{feature.group}: {feature.name}"]


def compared(tools: Sequence[str], folder: Path) -> dict[str, list[Outcome]]:
    """What each of *tools* makes of each feature."""
    workers = {tool: Worker(python_of(folder, tool), tool) for tool in tools}
    found: dict[str, list[Outcome]] = {tool: [] for tool in tools}
    with start() as server, ThreadPoolExecutor(len(tools)) as pool:
        for feature in chosen():
            with made(server, feature) as sides:

                def of(tool: str, f: Feature = feature, s: Sides = sides) -> Outcome:
                    return outcome(workers[tool], server, f, s)

                for tool, one in zip(tools, pool.map(of, tools), strict=True):
                    found[tool].append(one)
                    print(
                        f"{feature.group}: {feature.name}: {tool}: {one.word} {one.reason[:300]!r}"
                    )
    for worker in workers.values():
        worker.close()
    return found


def table(found: Mapping[str, list[Outcome]]) -> Iterator[str]:
    """Yield the section's lines."""
    yield f"| | can be declared | {' | '.join(STEPS)} |"
    yield "|---" * (len(STEPS) + 2) + "|"
    for tool, outcomes in found.items():
        offered = sum(one.word != UNKNOWN for one in outcomes)
        counts = [sum(one.steps > step for one in outcomes) for step in range(len(STEPS))]
        cells = " | ".join(map(str, counts))
        yield f"| {TOOLS[tool][0]} | {offered} of {len(outcomes)} | {cells} |"
    for group in dict.fromkeys(feature.group for feature in FEATURES):
        yield ""
        yield f"### {group[0].upper()}{group[1:]}"
        yield ""
        yield f"| | {' | '.join(re.sub(r' [0-9.]+$', '', TOOLS[tool][0]) for tool in found)} |"
        yield "|---" * (len(found) + 1) + "|"
        for number, feature in enumerate(FEATURES):
            if feature.group == group:
                words = " | ".join(outcomes[number].word for outcomes in found.values())
                yield f"| {feature.name} | {words} |"


def main() -> None:
    """Compare, and write the page."""
    asked = sys.argv[1:]
    given = os.environ.get("MIGSAFE_TOOLS")
    with tempfile.TemporaryDirectory() as name:
        found = compared(asked or list(TOOLS), Path(given or name))
    if asked or CHOSEN:
        return
    text = PAGE.read_text(encoding="utf-8")
    lines = "\n".join(table(found))
    pattern = r"(<!-- autogenerate -->\n).*?(<!-- end -->)"
    PAGE.write_text(
        re.sub(pattern, lambda m: f"{m[1]}\n{lines}\n\n{m[2]}", text, flags=re.S), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
