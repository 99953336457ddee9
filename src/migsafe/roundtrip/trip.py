"""The trip itself: one pass through the history, each revision up, down and up again."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from migsafe.capture import Location
from migsafe.errors import HistoryError
from migsafe.roundtrip.attempt import PATIENCE_SECONDS
from migsafe.roundtrip.model import Result, Trip
from migsafe.roundtrip.ride import riding
from migsafe.server import Server

Progress = Callable[[int, int, str], None]


def roundtrip(
    location: Location,
    server: Server,
    *,
    only: Collection[str] | None = None,
    data: bool = False,
    seeds: Path | None = None,
    keep_going: bool = False,
    seconds: float = PATIENCE_SECONDS,
    progress: Progress = lambda done, total, revision: None,
) -> Trip:
    """Take every revision of the history at *location* up, down and up again on *server*.

    Only the revisions in *only* are tried, all if None; those before them are just upgraded. With
    *data* each is also tried with rows in all tables, in copies of the database, and with those
    that the folder *seeds* has for it. A revision behind one that cannot be upgraded is not tried,
    unless *keep_going*: then that one is passed over. A step that takes longer than *seconds* has
    failed (0: no limit).
    *progress* is told how many of how many revisions are done, and which one is next.
    Raises HistoryError when the files are no history or env.py does not work, ServerError when
    the server fails.
    """
    if only is not None and not only:
        return Trip((), server.major)
    with riding(
        location, server, data=data, seeds=seeds, keep_going=keep_going, seconds=seconds
    ) as ride:
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
    return Trip(tuple(results), server.major, tuple(untried))
