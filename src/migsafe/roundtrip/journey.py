"""A trip through a part of a history: what is asked of it, and how it is made."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from pathlib import Path

from migsafe.capture import Location
from migsafe.catalog import Catalog
from migsafe.errors import HistoryError
from migsafe.roundtrip.model import Result
from migsafe.roundtrip.project import Project
from migsafe.roundtrip.ride import Ride
from migsafe.values import dataclass

Progress = Callable[[int, int, str], None]

# What it costs to go by a revision, as a share of the trip of one (measured: 5 ms and 40 ms).
_SHARE = 1 / 8


@dataclass(frozen=True)
class Journey:
    """What is asked of a trip through the history at *location*.

    The arguments of `migsafe.roundtrip.roundtrip` have these names; *data* is whether rows are
    wanted. It is part number *part* of so many *parts* that are made at the same time.
    """

    location: Location
    only: tuple[str, ...] | None
    data: bool
    checks: frozenset[str]
    seeds: Path | None
    keep_going: bool
    seconds: float
    part: int = 0
    parts: int = 1


@dataclass(frozen=True)
class Travelled:
    """What came of a journey: *end* is the schema behind it if nothing stood in the way."""

    results: tuple[Result, ...]
    untried: tuple[str, ...]
    end: Catalog | None = None


def travel(journey: Journey, project: Project, progress: Progress) -> Travelled:
    """Make the *journey* with *project*; *progress* is told of its part alone."""
    with ExitStack() as room:
        ride = Ride(
            project,
            room,
            data=journey.data,
            seeds=journey.seeds,
            keep_going=journey.keep_going,
            checks=journey.checks,
        )
        stretch = stretches(ride.order, journey.only, journey.parts)[journey.part]
        found = _through(ride, stretch, journey, progress)
        is_whole = journey.only is None and not ride.failed
        return Travelled(*found, ride.catalog if is_whole else None)


def _through(
    ride: Ride, stretch: range, journey: Journey, progress: Progress
) -> tuple[tuple[Result, ...], tuple[str, ...]]:
    results: list[Result] = []
    untried: list[str] = []
    wanted = ride.order if journey.only is None else journey.only
    first = next((place for place in stretch if ride.order[place] in wanted), stretch.stop)
    ride.go_to(first)
    for place in stretch:
        revision = ride.order[place]
        progress(place - stretch.start, len(stretch), revision)
        if revision in ride.behind and not journey.keep_going:
            untried.append(revision)
        elif place >= first:
            result = ride.take(revision, down_too=revision in wanted)
            if revision in wanted or result.failed:
                results.append(result)
        elif revision in ride.failed:
            results.append(ride.failed[revision])
    progress(len(stretch), len(stretch), "")
    return tuple(results), tuple(untried)


def stretches(order: Sequence[str], only: Collection[str] | None, parts: int) -> list[range]:
    """The places in *order* that each of so many *parts* of a trip has, one behind the other.

    Those at the end have fewer revisions to try, as they have more to go by. Raises HistoryError
    for a revision in *only* that is none.
    """
    for revision in only or ():
        if revision not in order:
            raise HistoryError(f"there is no revision {revision!r} in this history")
    tried = [place for place, one in enumerate(order) if only is None or one in only]
    sizes = [(1 - _SHARE) ** part for part in range(parts)]
    bounds = [0]
    for part in range(1, parts):
        first = round(len(tried) * sum(sizes[:part]) / sum(sizes))
        bounds.append(tried[first] if first < len(tried) else bounds[-1])
    bounds.append(tried[-1] + 1 if tried else 0)
    return [range(start, stop) for start, stop in itertools.pairwise(bounds)]
