"""Trips that are killed leave nothing; `benchmarks/kills.py` kills a hundred."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
from kills import kills

TIMES = 5


def test_a_killed_trip_leaves_nothing_and_the_next_one_works() -> None:
    """No process, no directory, no damaged cache, at whatever moment it dies."""
    ended = list(kills(TIMES))
    assert [left for _, left in ended] == [[]] * TIMES
    assert any(victim.processes for victim, _ in ended)
