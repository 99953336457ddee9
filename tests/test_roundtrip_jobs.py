"""Round trips that several processes make: the same results, and nothing is left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from projects import write_project

from migsafe.capture import find_history
from migsafe.errors import HistoryError
from migsafe.roundtrip import Trip, roundtrip
from migsafe.roundtrip.journey import stretches
from migsafe.server import Server

PATIENCE_SECONDS = 60.0
# Of each kind of result one: exact, left behind, irreversible, a role, no upgrade, and what is
# behind that.
BODIES = {
    "r1": ('op.execute("CREATE TABLE users (id int)")', 'op.execute("DROP TABLE users")'),
    "r2": ('op.execute("CREATE ROLE reader")', 'op.execute("DROP ROLE reader")'),
    "r3": ('op.execute("CREATE INDEX ix ON users (id)")', "pass"),
    "r4": (
        'op.execute("CREATE TYPE mood AS ENUM ()"); op.execute("GRANT SELECT ON users TO reader")',
        "raise NotImplementedError",
    ),
    "r5": ('op.execute("CREATE TABLE orders (id int)")', 'op.execute("DROP TABLE orders")'),
    "r6": ('op.execute("ALTER TABLE nowhere ADD a int")', "pass"),
    "r7": ('op.execute("CREATE TABLE bills (id int)")', 'op.execute("DROP TABLE bills")'),
}


def timeless(trip: Trip) -> Trip:
    return replace(trip, results=tuple(replace(result, seconds=0.0) for result in trip.results))


@pytest.mark.parametrize("keep_going", [False, True])
def test_the_results_are_those_of_one_process(
    tmp_path: Path, server: Server, keep_going: bool
) -> None:
    """Whoever tries a revision: same results in the same order, and progress up to the end."""
    location = find_history([write_project(tmp_path, BODIES, env=None)])
    told: list[tuple[int, int, str]] = []
    alone = roundtrip(location, server, jobs=1, keep_going=keep_going)
    together = roundtrip(
        location, server, jobs=3, keep_going=keep_going, progress=lambda *far: told.append(far)
    )
    assert timeless(together) == timeless(alone)
    assert (alone.summary.failed, alone.summary.irreversible) == (2, 1)
    assert told[-1] == (len(BODIES), len(BODIES), "")


def test_a_given_server_has_one_process(tmp_path: Path, server: Server) -> None:
    """On a server that is not ours roles, which all databases share, would meet."""
    bodies = {
        "r1": BODIES["r1"],
        "r2": ("pass", f'open({str(tmp_path / "pid")!r}, "a").write("x")'),
    }
    location = find_history([write_project(tmp_path, bodies, env=None)])
    given = replace(server, alike=None)
    assert roundtrip(location, given, jobs=2).summary.clean
    assert (tmp_path / "pid").read_text() == "x"


def test_a_process_that_a_migration_ends(tmp_path: Path, server: Server) -> None:
    """The others do not wait for it for ever, and its end is told."""
    ends = ('op.execute("CREATE TABLE users (id int)")', "import os; os._exit(3)")
    location = find_history([write_project(tmp_path, {"r1": ends, "r2": BODIES["r5"]}, env=None)])
    with pytest.raises(HistoryError, match="exit code 3; --jobs 1"):
        roundtrip(location, server, jobs=2)


def test_an_error_in_another_process_is_told(tmp_path: Path, server: Server) -> None:
    """It has its file, as if it had come up here."""
    env = "import os, sys\nsys.exit(1)\n"
    location = find_history([write_project(tmp_path, dict(list(BODIES.items())[:2]), env=env)])
    with pytest.raises(HistoryError) as told:
        roundtrip(location, server, jobs=2)
    assert Path(told.value.file or "").name == "env.py"


def test_nothing_outlives_a_killed_trip(tmp_path: Path) -> None:
    """The other processes end when the first is killed, whatever they wait for."""
    said = tmp_path / "pid"
    waits = f"""import os
from pathlib import Path
Path({str(said)!r}).with_suffix(".new").write_text(str(os.getpid()))
Path({str(said)!r}).with_suffix(".new").rename({str(said)!r})
op.execute("SELECT pg_sleep(1000)")"""
    bodies = {"r1": (BODIES["r1"][0], waits), "r2": ("pass", "pass")}
    write_project(tmp_path, bodies, env=None)
    command = [sys.executable, "-m", "migsafe", "roundtrip", "--jobs", "2", "--timeout", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as trip:
        await_(said.exists)
        trip.send_signal(signal.SIGKILL)
    await_(lambda: is_gone(int(said.read_text())))


def await_(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_gone(process: int) -> bool:
    """Whether it has ended; nobody may have asked how."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True)
    return state.stdout.strip()[:1] in (b"", b"Z")


def test_parts_of_a_history() -> None:
    """They cover it without a gap, those at the end are shorter, and each has something to try."""
    order = [f"r{number}" for number in range(100)]
    assert stretches(order, None, 1) == [range(100)]
    assert stretches(order, None, 3) == [range(38), range(38, 71), range(71, 100)]
    assert stretches(order, ["r10", "r20", "r90"], 3) == [range(20), range(20, 90), range(90, 91)]
    assert stretches(order, ["r10", "r20"], 2) == [range(20), range(20, 21)]
    assert stretches([], None, 2) == [range(0), range(0)]
    with pytest.raises(HistoryError, match="no revision 'r200'"):
        stretches(order, ["r200"], 1)
