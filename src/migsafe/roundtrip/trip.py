"""The trip itself: one pass through the history, each revision up, down and up again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from migsafe.capture import Location
from migsafe.errors import HistoryError
from migsafe.roundtrip.model import Result, Trip
from migsafe.roundtrip.ride import riding
from migsafe.server import Server

Progress = Callable[[int, int, str], None]


def roundtrip(
    location: Location,
    server: Server,
    *,
    only: Sequence[str] = (),
    data: bool = False,
    progress: Progress = lambda done, total, revision: None,
) -> Trip:
    """Take every revision of the history at *location* up, down and up again on *server*.

    Only the revisions in *only* are tried when there are any; the others are just upgraded. With
    *data* each is also tried with rows in all tables, in a copy of the database.
    *progress* is told how many of how many revisions are done, and which one is next.
    Raises HistoryError when the files are no history or env.py does not work, ServerError when
    the server fails.
    """
    with riding(location, server, data=data) as ride:
        for revision in only:
            if revision not in ride.order:
                raise HistoryError(f"there is no revision {revision!r} in this history")
        results: list[Result] = []
        for position, revision in enumerate(ride.order):
            progress(position, len(ride.order), revision)
            tried = not only or revision in only
            result = ride.take(revision, down_too=tried)
            if tried or result.failed:
                results.append(result)
            if result.up == "error":
                return Trip(tuple(results), server.major, ride.order[position + 1 :])
        progress(len(ride.order), len(ride.order), "")
    return Trip(tuple(results), server.major)
