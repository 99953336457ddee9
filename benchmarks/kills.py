"""What is left of a round trip that is killed: nothing, and the next one works.

`python benchmarks/kills.py [TIMES [SEED]]` starts `migsafe roundtrip` on a small project, ends it
with SIGKILL at a random moment, a third of the times while the cluster is made for the first time,
and looks for processes and directories that are left. Then the same trip must succeed. Linux only.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from projects import write_project  # noqa: E402

PATIENCE_SECONDS = 30.0
REVISIONS = {
    f"r{n}": (f"op.execute('CREATE TABLE t{n} (id int)')", f"op.execute('DROP TABLE t{n}')")
    for n in range(5)
}


@dataclass(frozen=True)
class Victim:
    """A killed process: *when*, and what of it must be gone."""

    when: float
    processes: tuple[int, ...]
    homes: tuple[Path, ...]

    def left(self) -> Iterator[str]:
        """What is still there."""
        yield from (f"process {pid}: {_command(pid)}" for pid in _alive(self.processes))
        yield from (f"directory {home}" for home in self.homes if home.exists())


@dataclass(frozen=True)
class Ground:
    """Where trips are killed: a *project* and a *cache* of its own."""

    project: Path
    cache: Path

    def start(self) -> subprocess.Popen[str]:
        """Start a trip."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MIGSAFE")}
        return subprocess.Popen(
            [sys.executable, "-m", "migsafe", "roundtrip", "--format", "json"],
            cwd=self.project,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environment, "XDG_CACHE_HOME": str(self.cache)},
        )

    def finish(self) -> float:
        """Make a whole trip; returns its seconds, raises AssertionError when it does not work."""
        began = time.monotonic()
        out, told = (process := self.start()).communicate(timeout=300)
        assert process.returncode == 0, told
        assert len(json.loads(out)["revisions"]) == len(REVISIONS), out
        clusters = list((self.cache / "migsafe" / "clusters").glob("*.zip"))
        assert len(clusters) == 1, clusters
        return time.monotonic() - began

    def kill(self, when: float) -> Victim:
        """Start a trip and kill it after *when* seconds."""
        process = self.start()
        try:
            process.wait(timeout=when)
        except subprocess.TimeoutExpired:
            # Stopped first, so that what it has started does not change while we look.
            process.send_signal(signal.SIGSTOP)
        family = (process.pid, *_descendants(process.pid))
        homes = tuple(sorted({home for pid in family for home in _homes(pid)}))
        process.kill()
        process.communicate()
        return Victim(when, family[1:], homes)


def kills(times: int, seed: int = 1) -> Iterator[tuple[Victim, list[str]]]:
    """Kill that many trips; yields each victim, and what was left of it."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        ground = Ground(write_project(Path(folder, "project"), REVISIONS, env=None), Path(folder))
        ini = ground.project / "alembic.ini"
        ini.write_text(ini.read_text() + "sqlalchemy.url = postgresql:///none\n")
        cold, warm = ground.finish(), ground.finish()
        for number in range(times):
            is_cold = number % 3 == 2
            if is_cold:
                shutil.rmtree(ground.cache / "migsafe")
            moment = chance.uniform(0.3, 1.0)  # before that, Python is just importing
            victim = ground.kill(moment * (cold if is_cold else warm))
            left = _awaited(victim)
            ground.finish()
            yield victim, left


def _awaited(victim: Victim) -> list[str]:
    """What is left after a while: whoever is killed cannot wait for its children."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (left := list(victim.left())) and time.monotonic() < deadline:
        # One that was killed before it had started its server has nobody who would clear up; the
        # next start does, once the directory is a minute old.
        for home in victim.homes:
            if home.exists() and not list(_alive(victim.processes)):
                os.utime(home, (0, 0))
        subprocess.run(
            [sys.executable, "-c", "from migsafe.server import start\nwith start(): pass"],
            check=True,
        )
    return left


def _descendants(pid: int) -> Iterator[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(entry.name))
    todo = list(parents.get(pid, ()))
    while todo:
        found = todo.pop()
        yield found
        todo += parents.get(found, ())


def _homes(pid: int) -> Iterator[Path]:
    """The directories of servers that *pid* has a lock in."""
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            target = Path(os.readlink(link))
            if target.name == "lock" and target.parent.name.startswith("migsafe-server-"):
                yield target.parent
    except OSError:
        return


def _alive(processes: tuple[int, ...]) -> Iterator[int]:
    for pid in processes:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in ("Z", "X"):  # nobody may be there to reap it
            yield pid


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return "?"


def main() -> int:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    bad = 0
    for number, (victim, left) in enumerate(kills(times, seed), 1):
        bad += bool(left)
        had = f"{len(victim.processes)} processes, {len(victim.homes)} directories"
        print(f"{number}: killed after {victim.when:.2f} s with {had}", flush=True)
        for one in left:
            print(f"   left: {one}")
    print(f"{times} trips killed, something left of {bad}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
