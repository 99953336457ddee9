"""What other tests of migrations find of broken downgrades and lost data, beside migsafe.

`python benchmarks/compare_roundtrip.py [EVERY]` installs pytest-alembic, pytest-mrt and
alembic-gauntlet into a temporary folder, gives them and `migsafe roundtrip` the migrations of
`tests/mutations.py` and `tests/losses.py` (every second one if EVERY is 2), each in a history of
its own on a database of its own, and writes the table of `docs/comparison.md`. It needs pip and a
package index, and takes half an hour.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from migsafe.capture import find_history
from migsafe.roundtrip import roundtrip
from migsafe.server import Server, sqlalchemy_url, start
from migsafe.server.databases import connect
from migsafe.server.urls import database_of

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "comparison.md"
sys.path.insert(0, str(ROOT / "tests"))
from losses import KEPT, LOSSES, SHOP  # noqa: E402
from mutations import BASE, MUTATIONS, UNDONE, known, pairs  # noqa: E402
from projects import write_project  # noqa: E402

TABLE = re.compile(r"(<!-- round trips -->\n).*?(<!-- end -->)", re.S)
PEERS = (
    *("pytest-alembic==0.13.1", "pytest-mrt==1.9.1", "alembic-gauntlet==0.3.1"),
    *("pytest-asyncio", "psycopg[binary]", "psycopg2-binary"),
)
ENV = """
from alembic import context
from sqlalchemy import create_engine, pool, text


def run(connection):
    schema = context.config.attributes.get("target_schema")
    if schema:
        connection.execute(text(f"set search_path to {schema}, public"))
    context.configure(
        connection=connection, version_table_schema=schema, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is None:
    engine = create_engine(
        context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool
    )
    with engine.connect() as connection:
        run(connection)
elif hasattr(given, "connect"):
    with given.connect() as connection:
        run(connection)
else:
    run(given)
"""
# Reads a line with the folder of a project and the URL of its database, writes one with what the
# test has said, or null. What a test prints goes nowhere.
DRIVER = """
import io, json, os, sys, warnings
from contextlib import redirect_stdout
from alembic.config import Config
from sqlalchemy import create_engine, pool
warnings.simplefilter("ignore")

def pytest_alembic(url, test):
    import pytest_alembic as plugin
    from pytest_alembic.config import Config as Settings
    engine = create_engine(url, poolclass=pool.NullPool)
    with plugin.runner(config=Settings(), engine=engine) as runner:
        test(runner)

def consistency(url):
    from pytest_alembic.tests import test_up_down_consistency
    pytest_alembic(url, test_up_down_consistency)

def no_trace(url):
    from pytest_alembic.tests.experimental import test_downgrade_leaves_no_trace
    pytest_alembic(url, test_downgrade_leaves_no_trace)

def mrt(url):
    from pytest_mrt import MRTConfig
    from pytest_mrt.plugin import MRTFixture
    MRTFixture(MRTConfig(db_url=url)).assert_all_reversible()

def mrt_static(url):
    from pytest_mrt import MRTConfig
    from pytest_mrt.plugin import MRTFixture
    MRTFixture(MRTConfig(db_url=url)).assert_no_static_errors()

def gauntlet(url):
    import asyncio
    from alembic_gauntlet.testing import MigrationConsistencyMixin
    from alembic_gauntlet.utils.migrations import create_isolated_migration_schema
    from sqlalchemy.ext.asyncio import create_async_engine
    async def run():
        engine = create_async_engine(url, poolclass=pool.NullPool)
        async for schema in create_isolated_migration_schema(url):
            await MigrationConsistencyMixin().test_stairway_upgrade_downgrade(
                Config("alembic.ini"), engine, schema
            )
    asyncio.run(run())

test = globals()[sys.argv[1]]
for line in sys.stdin:
    folder, url = json.loads(line)
    os.chdir(folder)
    said = None
    with redirect_stdout(io.StringIO()):
        try:
            test(url)
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
    print(json.dumps(said), flush=True)
"""
TOOLS = {
    "pytest-alembic 0.13.1, up-down consistency": "consistency",
    "pytest-alembic 0.13.1, leaves no trace (experimental)": "no_trace",
    "pytest-mrt 1.9.1, reversible": "mrt",
    "pytest-mrt 1.9.1, static analysis": "mrt_static",
    "alembic-gauntlet 0.3.1, stairway": "gauntlet",
}


@dataclass(frozen=True)
class Case:
    """A history: what there is before, and one revision's upgrade and downgrade."""

    kind: str
    base: str
    up: str
    down: str


@dataclass
class Score:
    """How many cases of each kind a tool has objected to, and how long it took."""

    said: dict[str, int] = field(default_factory=dict)
    seconds: float = 0

    def count(self, case: Case, objects: bool) -> None:
        """Add one answer."""
        self.said[case.kind] = self.said.get(case.kind, 0) + objects


def cases(major: int, every: int = 1) -> list[Case]:
    """All that there are: broken downgrades, losses of data, and such as are right."""
    # Of those that drop a column and add it, only the schema comes back.
    right = [pair for pair in pairs(UNDONE, major) if "drop column bio" not in pair[0]]
    return [
        *(Case("broken", BASE, one, "select 1") for one in known(MUTATIONS, major)),
        *(Case("lost", SHOP, up, down or "select 1") for _, up, down in LOSSES),
        *(Case("right", BASE, up, down) for up, down in right),
        *(Case("right", SHOP, up, down) for up, down in KEPT),
    ][::every]


def written(case: Case, folder: Path, *, with_base: bool) -> Path:
    """The project of *case* in *folder*; without its base when that is in the database."""
    bodies = {"r0": ("pass", "pass")}
    if with_base:
        bodies["r0"] = (_executed(case.base), "raise NotImplementedError")
    bodies["r1"] = (_executed(case.up), _executed(case.down))
    project = write_project(folder, bodies, env=None if with_base else ENV)
    ini = project / "alembic.ini"
    ini.write_text(ini.read_text() + "sqlalchemy.url = postgresql+psycopg://localhost/none\n")
    return project


def _executed(statements: str) -> str:
    """The call that executes *statements*, in which a colon begins no parameter."""
    escaped = re.sub(r"(?<!:):(?=[a-z])", r"\\:", statements)
    return f"op.execute({escaped!r})"


@contextmanager
def peer(python: Path, test: str) -> Iterator[Callable[[Path, str], str | None]]:
    """Yield what asks the *test* of another tool about a project and a database."""
    command = [str(python), "-c", DRIVER, test]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:

        def ask(folder: Path, url: str) -> str | None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps([str(folder), url]) + "\n")
            process.stdin.flush()
            answer: str | None = json.loads(process.stdout.readline())
            return answer

        yield ask
        assert process.stdin is not None
        process.stdin.close()


def score_of_peer(
    python: Path, test: str, server: Server, tried: list[Case], bases: dict[str, str]
) -> Score:
    score = Score()
    with tempfile.TemporaryDirectory() as name, peer(python, test) as ask:
        for number, case in enumerate(tried):
            folder = written(case, Path(name, str(number)), with_base=False)
            with server.database(template=bases[case.base]) as url:
                began = time.perf_counter()
                # Not all of them can have a percent sign in it.
                said = ask(folder, unquote(sqlalchemy_url(url, "psycopg")))
                score.seconds += time.perf_counter() - began
            score.count(case, said is not None)
            _tell(test, case, said)
    return score


def score_of_migsafe(server: Server, tried: list[Case], *, data: bool) -> Score:
    """What migsafe says of those *tried*."""
    score = Score()
    with tempfile.TemporaryDirectory() as name:
        for number, case in enumerate(tried):
            folder = written(case, Path(name, str(number)), with_base=True)
            began = time.perf_counter()
            trip = roundtrip(find_history([folder]), server, only=["r1"], data=data)
            score.seconds += time.perf_counter() - began
            [result] = trip.results
            score.count(case, result.failed)
            _tell(f"migsafe data={data}", case, str(result.differences) if result.failed else None)
    return score


def _tell(test: str, case: Case, said: str | None) -> None:
    """What does not go without saying, for whoever looks into it."""
    if (said is None) != (case.kind == "right"):
        first = said.strip().splitlines()[0][:150] if said else "nothing"
        print(f"{test}: {case.kind}: {' '.join(case.up.split())[:90]}: {first}", file=sys.stderr)


def table(python: Path, server: Server, every: int) -> Iterator[str]:
    """The lines of the table."""
    tried = cases(server.major, every)
    counts = {kind: sum(c.kind == kind for c in tried) for kind in ("broken", "lost", "right")}
    if every > 1:
        yield f"Of the migrations every {every}th was tried."
        yield ""
    yield (
        f"| test | broken downgrades found, of {counts['broken']} | data losses found, of "
        f"{counts['lost']} | objections to {counts['right']} that are right | seconds for each |"
    )
    yield "|---|---|---|---|---|"
    scores = {
        "migsafe roundtrip": score_of_migsafe(server, tried, data=False),
        "migsafe roundtrip --data": score_of_migsafe(server, tried, data=True),
    }
    with server.database() as first, server.database() as second:
        bases = {}
        for base, url in ((BASE, first), (SHOP, second)):
            with connect(url) as connection:
                connection.execute(base.encode())
            bases[base] = database_of(url) or ""
        for name, test in TOOLS.items():
            scores[name] = score_of_peer(python, test, server, tried, bases)
    for name, score in scores.items():
        cells = [score.said.get(kind, 0) for kind in ("broken", "lost", "right")]
        seconds = f"{score.seconds / len(tried):.2f}"
        yield f"| {name} | {' | '.join(map(str, cells))} | {seconds} |"


def main() -> None:
    """Write the table."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with tempfile.TemporaryDirectory() as name, start(provider="embedded") as server:
        venv.create(name, with_pip=True)
        programs = Path(name, "bin")
        subprocess.run([programs / "pip", "install", "-q", *PEERS], check=True)
        lines = "\n".join(table(programs / "python", server, every))
    PAGE.write_text(TABLE.sub(rf"\g<1>\n{lines}\n\n\g<2>", PAGE.read_text()))


if __name__ == "__main__":
    main()
