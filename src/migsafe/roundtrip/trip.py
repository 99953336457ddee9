"""The trip itself: one pass through the history, each revision up, down and up again."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path

from migsafe.capture import Location
from migsafe.errors import HistoryError
from migsafe.roundtrip.attempt import PATIENCE_SECONDS
from migsafe.roundtrip.checks import DEFAULT, Subject, judged
from migsafe.roundtrip.model import Result, Trip
from migsafe.roundtrip.project import Project, boarding
from migsafe.roundtrip.ride import Ride
from migsafe.server import Server

Progress = Callable[[int, int, str], None]


def roundtrip(
    location: Location,
    server: Server,
    *,
    only: Collection[str] | None = None,
    data: bool = False,
    checks: Collection[str] = DEFAULT,
    seeds: Path | None = None,
    released: frozenset[str] | None = None,
    keep_going: bool = False,
    seconds: float = PATIENCE_SECONDS,
    progress: Progress = lambda done, total, revision: None,
) -> Trip:
    """Take every revision of the history at *location* up, down and up again on *server*.

    Only the revisions in *only* are tried, all if None; those before them are just upgraded. With
    *data* (or the check of that name) each is also tried with rows in all tables, in copies of the
    database, and with those that the folder *seeds* has for it. A revision behind one that cannot
    be upgraded is not tried, unless *keep_going*: then that one is passed over. A step that takes
    longer than *seconds* has failed (0: no limit).
    *checks* are names of `migsafe.roundtrip.checks.NAMES`: what counts in the trip, and what else
    is asked of the whole history; *released* are the revisions of the last release.
    *progress* is told how many of how many revisions are done, and which one is next.
    Raises HistoryError when the files are no history or env.py does not work, ServerError when
    the server fails.
    """
    with boarding(location, server, seconds=seconds) as project:
        with ExitStack() as room:
            ride = Ride(
                project,
                room,
                data=data or "data" in checks,
                seeds=seeds,
                keep_going=keep_going,
                checks=checks,
            )
            trip = _through(ride, project, only, keep_going, progress)
            end = ride.catalog if only is None and not ride.failed else None
        project.roles.drop()
        return _with_checks(trip, Subject(project, released, end), checks)


def _through(
    ride: Ride,
    project: Project,
    only: Collection[str] | None,
    keep_going: bool,
    progress: Progress,
) -> Trip:
    order = ride.order
    for revision in only or ():
        if revision not in order:
            raise HistoryError(f"there is no revision {revision!r} in this history")
    wanted = order if only is None else only
    while order and order[-1] not in wanted:
        order = order[:-1]
    results: list[Result] = []
    untried: list[str] = []
    for position, revision in enumerate(order):
        progress(position, len(order), revision)
        tried = revision in wanted
        if revision in ride.behind and not keep_going:
            untried.append(revision)
            continue
        result = ride.take(revision, down_too=tried)
        if tried or result.failed:
            results.append(result)
    progress(len(order), len(order), "")
    return Trip(tuple(results), project.server.major, tuple(untried))


def _with_checks(trip: Trip, subject: Subject, checks: Collection[str]) -> Trip:
    return Trip(trip.results, trip.major, trip.untried, tuple(judged(subject, checks)))
