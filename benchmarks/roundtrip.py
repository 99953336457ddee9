"""How long a round trip takes, as ratios measured in one run.

    python benchmarks/roundtrip.py [--revisions 300] [--tables 100] [--rounds 3] [--peer] [--data]

Every command runs in turn, round by round, on a fresh server of its own, so that a busy machine
slows all of them alike. Seconds are processor seconds of the command, its children and its server,
then seconds on the wall; ratios are the medians of those of the rounds. *bare* is what the trips
are measured by: each revision up, down and up again in one process that reads the history once,
with the project's env.py, and no comparison. *commands* does that with the functions of
alembic.command, once, over a fifth of the revisions (it reads all files for each step, so it is
quadratic). With --peer pytest-alembic runs once, in a virtual environment made for it; with --data
a fifth of the revisions with rows. At the end a snapshot is compared with pg_dump.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from generated import write_history

from migsafe.introspect import Snapshotter
from migsafe.server import sqlalchemy_url, start

TOOLS = Path(sys.executable).parent
PEER = ("pytest-alembic==0.13.1", "psycopg[binary]")
ENV = """\
import os

from alembic import context
from sqlalchemy import create_engine, pool

engine = context.config.attributes.get("connection")  # what pytest-alembic gives
if engine is None:
    engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
PEER_TEST = """\
import os

import pytest
from pytest_alembic.tests import test_up_down_consistency, test_upgrade
from pytest_alembic.tests.experimental import test_downgrade_leaves_no_trace
from sqlalchemy import create_engine


@pytest.fixture
def alembic_engine():
    engine = create_engine(os.environ["DATABASE_URL"])
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    yield engine
    engine.dispose()
"""


@dataclass(frozen=True)
class Cost:
    """Processor seconds, seconds on the wall, and the most memory of one process in MB."""

    cpu: float
    wall: float
    memory: float = 0.0


def cost(*command: str, cwd: Path, accepted: Sequence[int] = (0,)) -> Cost:
    """Run *command*; raises CalledProcessError, with what it said, when that did not go well."""
    began = time.perf_counter()
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, cwd=cwd, env=variables, stdout=said, stderr=said) as process,
    ):
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
        if process.returncode not in accepted:
            said.seek(0)
            sys.stderr.write(said.read().decode())
            raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


# -- what a command does, in a process of its own ------------------------------------------------


def bare(*, by_commands: bool = False, last: int | None = None) -> None:
    """Up, down and up again, each revision as Alembic would run it, and nothing else.

    Up to number *last*; *by_commands* reads the files of the history anew for each step.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config("alembic.ini")
    scripts = ScriptDirectory.from_config(config)
    order = [script.revision for script in scripts.walk_revisions()][::-1]

    def run(plan: Callable[..., object], to: str) -> None:
        with EnvironmentContext(config, scripts, fn=lambda heads, context: plan(to, heads)):
            scripts.run_env()

    for below, revision in zip(["base", *order], order[:last], strict=False):
        if by_commands:
            command.upgrade(config, revision)
            command.downgrade(config, below)
            command.upgrade(config, revision)
        else:
            run(scripts._upgrade_revs, revision)
            run(scripts._downgrade_revs, below)
            run(scripts._upgrade_revs, revision)


def on_server(*arguments: str) -> None:
    """Start a server, and with it do what *arguments* say."""
    with start(provider="embedded") as server, server.database() as url:
        os.environ["DATABASE_URL"] = sqlalchemy_url(url)
        if arguments[0] == "bare":
            bare()
        elif arguments[0] == "commands":
            bare(by_commands=True, last=int(arguments[1]))
        else:
            subprocess.run(arguments, check=True)


# -- the measurements ----------------------------------------------------------------------------


def trips(folder: Path, rounds: int) -> Iterator[str]:
    """Yield what the trips cost, and the ratios that are promised."""
    me = [sys.executable, __file__, "--on-server"]
    trip = [str(TOOLS / "migsafe"), "roundtrip"]
    commands = {
        "bare": [*me, "bare"],
        "one process": [*trip, "--jobs", "1"],
        "two processes": [*trip, "--jobs", "2"],
    }
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(cost(*command, cwd=folder))
    for name, costs in found.items():
        yield row(name, min(costs, key=lambda one: one.cpu))
    yield ratio("one process / bare", found["one process"], found["bare"], "at most 2.0")
    yield ratio("two processes / bare", found["two processes"], found["bare"], "at most 1.3")


def commands(folder: Path, last: int) -> Iterator[str]:
    """Yield what Alembic's own commands take for the first revisions, and our trip of those."""
    names = sorted(path.name for path in (folder / "migrations" / "versions").glob("*.py"))
    revision = names[last - 1].partition("_")[0]
    theirs = cost(sys.executable, __file__, "--on-server", "commands", str(last), cwd=folder)
    trip = [str(TOOLS / "migsafe"), "roundtrip", "--jobs", "1", "--to", revision]
    ours = cost(*trip, cwd=folder)
    yield row(f"commands, {last}", theirs)
    yield row(f"trip, {last}", ours)
    yield ratio("trip / commands", [ours], [theirs], "")


def with_rows(folder: Path, last: int) -> Iterator[str]:
    """Yield what rows in the tables add."""
    names = sorted(path.name for path in (folder / "migrations" / "versions").glob("*.py"))
    trip = [str(TOOLS / "migsafe"), "roundtrip", "--jobs", "1", "--to"]
    trip.append(names[last - 1].partition("_")[0])
    without = cost(*trip, cwd=folder)
    # The history has migrations that lose data: code 1 says so.
    with_ = cost(*trip, "--data", cwd=folder, accepted=(0, 1))
    yield row(f"trip, {last}", without)
    yield row("with rows", with_)
    yield ratio("with rows / without", [with_], [without], "")


def peer(home: Path, revisions: int, tables: int) -> Iterator[str]:
    """Yield what pytest-alembic takes, and our trip beside it.

    The history makes no index online: a transaction around all cannot have that.
    """
    folder, programs = written(home / "peer", revisions, tables, online=False), home / "programs"
    venv.create(programs, with_pip=True)
    subprocess.run([programs / "bin" / "pip", "install", "-q", *PEER], check=True)
    (folder / "test_history.py").write_text(PEER_TEST)
    pytest = [str(programs / "bin" / "pytest"), "-q", "-p", "no:cacheprovider"]
    theirs = cost(sys.executable, __file__, "--on-server", *pytest, cwd=folder)
    ours = cost(str(TOOLS / "migsafe"), "roundtrip", "--jobs", "1", cwd=folder)
    yield row("pytest-alembic", theirs)
    yield row("one process", ours)
    yield ratio("pytest-alembic / one process", [theirs], [ours], "at least 12")


def snapshots(tables: int, rounds: int) -> Iterator[str]:
    """Yield what a snapshot of *tables* takes after one of them has changed, and pg_dump."""
    with start(major=dumper()) as server, server.database() as url:
        postmaster = next(c for one in _children(os.getpid()) for c in _children(one))
        ours, theirs = [], []
        with psycopg.connect(url, autocommit=True) as connection:
            for number in range(tables):
                connection.execute(TABLE.format(number=number, before=max(number - 1, 0)).encode())
            snapshotter = Snapshotter(connection)
            snapshotter.take()
            dump = ["pg_dump", "--schema-only", "-f", os.devnull, url]
            for number in range(rounds):
                change = f"ALTER TABLE items_{number} ADD COLUMN more_{number} text"
                connection.execute(change.encode())
                ours.append(_measured(postmaster, snapshotter.take))
                theirs.append(_measured(postmaster, lambda: subprocess.run(dump, check=True)))
    yield row("snapshot", min(ours, key=lambda one: one.wall), digits=3)
    yield row("pg_dump", min(theirs, key=lambda one: one.wall), digits=3)
    total = [Cost(sum(c.cpu for c in of), sum(c.wall for c in of)) for of in (ours, theirs)]
    yield ratio("snapshot / pg_dump", [total[0]], [total[1]], "at most 0.2")


TABLE = """
CREATE TABLE items_{number} (
    id serial PRIMARY KEY, before_id int REFERENCES items_{before}, name varchar(80) NOT NULL,
    state text NOT NULL DEFAULT 'new', count int NOT NULL DEFAULT 0 CHECK (count >= 0),
    made_at timestamptz DEFAULT now());
CREATE INDEX ix_items_{number}_name ON items_{number} (name)
"""


def dumper() -> int:
    """The major version of the pg_dump that is installed."""
    said = subprocess.run(["pg_dump", "--version"], capture_output=True, text=True, check=True)
    return int(said.stdout.split()[2].partition(".")[0])


def _measured(postmaster: int, run: Callable[[], object]) -> Cost:
    used, began = _seconds(postmaster), time.perf_counter()
    run()
    return Cost(_seconds(postmaster) - used, time.perf_counter() - began)


def _seconds(postmaster: int) -> float:
    """What this process, its children, and the server have used of the processors so far."""
    own = os.times()
    total = own.user + own.system + own.children_user + own.children_system
    for process in (postmaster, *_children(postmaster)):
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks = sum(map(int, fields[11 : 15 if process == postmaster else 13]))
        total += ticks / os.sysconf("SC_CLK_TCK")
    return total


def _children(of: int) -> list[int]:
    tasks = Path(f"/proc/{of}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


# -- what is printed -----------------------------------------------------------------------------


def row(name: str, one: Cost, digits: int = 1) -> str:
    """A line of the measurements."""
    return f"{name:20} {one.cpu:8.{digits}f} {one.wall:8.{digits}f} {one.memory:6.0f}"


def ratio(name: str, ours: Sequence[Cost], theirs: Sequence[Cost], wanted: str) -> str:
    """A line with the median of the rounds' ratios."""
    pairs = list(zip(ours, theirs, strict=True))
    cpu = statistics.median(one.cpu / other.cpu for one, other in pairs)
    wall = statistics.median(one.wall / other.wall for one, other in pairs)
    return f"  {name}: cpu {cpu:.2f}, wall {wall:.2f}" + (f" ({wanted})" if wanted else "")


def main() -> None:
    """Run the benchmark."""
    if sys.argv[1:2] == ["--on-server"]:
        on_server(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--revisions", type=int, default=300)
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", action="store_true", help="pytest-alembic, too: many minutes")
    parser.add_argument("--data", action="store_true", help="with rows, too")
    asked = parser.parse_args()
    part = asked.revisions // 5
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        project = written(home / "project", asked.revisions, asked.tables)
        print(f"{'':20} {'cpu s':>8} {'wall s':>8} {'MB':>6}")
        for lines in (
            trips(project, asked.rounds),
            commands(project, part),
            with_rows(project, part) if asked.data else (),
            snapshots(500, 20),
            peer(home, asked.revisions, asked.tables) if asked.peer else (),
        ):
            for line in lines:
                print(line, flush=True)


def written(folder: Path, revisions: int, tables: int, *, online: bool = True) -> Path:
    """A project with the env.py that pytest-alembic asks for."""
    write_history(folder, revisions, tables=tables, online=online)
    (folder / "migrations" / "env.py").write_text(ENV)
    return folder


if __name__ == "__main__":
    main()
