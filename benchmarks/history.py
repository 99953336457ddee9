"""How fast `migsafe check` is on a history of 1,000 revisions, as ratios measured in one run.

    python benchmarks/history.py [--revisions 1000] [--rounds 3] [--zdm path/to/zdm]

Every command runs in turn, round by round, so that a busy machine slows all of them alike. Seconds
are processor seconds of the command and its children, then seconds on the wall; the best round
counts. zdm, a linter written in Rust, is left out when it is not named. Alembic is measured twice:
"cold" in what is a new checkout to Python, as every run of a CI is, and with compiled migrations.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from generated import write_history

TOOLS = Path(sys.executable).parent
NEW = """\
import sqlalchemy as sa
from alembic import op

revision = "new{number}"
down_revision = {down!r}


def upgrade():
    op.create_index("ix_new_{number}", "things_1", ["id"])
    op.add_column("things_1", sa.Column("new_{number}", sa.Text()))


def downgrade():
    op.drop_column("things_1", "new_{number}")
    op.drop_index("ix_new_{number}", table_name="things_1")
"""


@dataclass(frozen=True)
class Cost:
    """Processor seconds, seconds on the wall, and the most memory in MB."""

    cpu: float
    wall: float
    memory: float


def cost(command: Sequence[str], folder: Path, variables: dict[str, str]) -> Cost:
    """Run *command* in *folder*; raises CalledProcessError unless it ends with 0 or 1."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode not in (0, 1):
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


class Benchmark:
    """A generated history with a cache of its own."""

    def __init__(self, folder: Path, revisions: int, zdm: str | None):
        self.folder = write_history(folder / "project", revisions)
        self._versions = self.folder / "migrations" / "versions"
        self._head = max(path.name for path in self._versions.iterdir()).partition("_")[0]
        # Compiled modules are part of an installation, and no command should make them anew.
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        self._variables = {**environment, "MIGSAFE_CACHE": str(folder / "cache")}
        self._number = 0
        self._zdm = zdm

    def commands(self) -> Iterator[tuple[str, Callable[[], Cost]]]:
        """What is measured, by name."""
        migsafe, python = str(TOOLS / "migsafe"), sys.executable
        yield "python -c pass", lambda: self._cost(python, "-c", "pass")
        yield "import click", lambda: self._cost(python, "-c", "import click")
        if self._zdm:
            zdm = str(Path(self._zdm).absolute())
            yield "zdm", lambda: self._cost(zdm, str(self._versions))
        alembic = (str(TOOLS / "alembic"), "upgrade", "head", "--sql")
        yield "alembic --sql, cold", lambda: self._uncompiled(*alembic)
        yield "alembic --sql", lambda: self._cost(*alembic)
        yield "check, cold", lambda: self._cost(migsafe, "check", "--no-cache")
        yield "check, cached", lambda: self._cached(migsafe)
        yield "check, one new", lambda: self._one_new(migsafe)

    def _cost(self, *command: str) -> Cost:
        return cost(command, self.folder, self._variables)

    def _uncompiled(self, *command: str) -> Cost:
        """As in a new checkout: Python has not compiled the migrations yet."""
        for folder in (self.folder / "migrations").rglob("__pycache__"):
            shutil.rmtree(folder)
        return self._cost(*command)

    def _cached(self, migsafe: str) -> Cost:
        self._cost(migsafe, "check")
        return self._cost(migsafe, "check")

    def _one_new(self, migsafe: str) -> Cost:
        self._number += 1
        path = self._versions / "new.py"
        path.write_text(NEW.format(number=self._number, down=self._head))
        try:
            return self._cost(migsafe, "check")
        finally:
            path.unlink()


def measured(benchmark: Benchmark, rounds: int) -> dict[str, Cost]:
    """The best of *rounds* for each command."""
    found: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        for name, run in benchmark.commands():
            found.setdefault(name, []).append(run())
    return {
        name: Cost(min(c.cpu for c in all_), min(c.wall for c in all_), max(c.memory for c in all_))
        for name, all_ in found.items()
    }


def report(found: dict[str, Cost]) -> Iterator[str]:
    """The measurements and the ratios that are promised."""
    yield f"{'':20} {'cpu s':>8} {'wall s':>8} {'MB':>6}"
    for name, one in found.items():
        yield f"{name:20} {one.cpu:8.2f} {one.wall:8.2f} {one.memory:6.0f}"
    cold, cached, new = (found[f"check, {what}"] for what in ("cold", "cached", "one new"))
    yield _ratio("cold / alembic --sql", cold, found["alembic --sql"])
    yield _ratio("cold / alembic, cold", cold, found["alembic --sql, cold"])
    if (zdm := found.get("zdm")) is not None:
        yield _ratio("cached / zdm", cached, zdm)
    cpu, wall = new.cpu - cached.cpu, new.wall - cached.wall
    yield f"{'one new - cached':22} cpu {cpu:.2f} s, wall {wall:.2f} s"


def _ratio(name: str, one: Cost, other: Cost) -> str:
    return f"{name:22} cpu {one.cpu / other.cpu:.2f}, wall {one.wall / other.wall:.2f}"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--revisions", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--zdm", help="the zdm command to compare with")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        benchmark = Benchmark(Path(folder), arguments.revisions, arguments.zdm)
        for line in report(measured(benchmark, arguments.rounds)):
            print(line)


if __name__ == "__main__":
    main()
