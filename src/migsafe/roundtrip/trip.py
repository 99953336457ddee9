"""The trip itself: one pass through the history, each revision up, down and up again."""

from __future__ import annotations

from collections.abc import Callable, Collection

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
    only: Collection[str] | None = None,
    data: bool = False,
    progress: Progress = lambda done, total, revision: None,
) -> Trip:
    """Take every revision of the history at *location* up, down and up again on *server*.

    Only the revisions in *only* are tried, all if None; those before them are just upgraded. With
    *data* each is also tried with rows in all tables, in a copy of the database.
    *progress* is told how many of how many revisions are done, and which one is next.
    Raises HistoryError when the files are no history or env.py does not work, ServerError when
    the server fails.
    """
    if only is not None and not only:
        return Trip((), server.major)
    with riding(location, server, data=data) as ride:
        order = ride.order
        for revision in only or ():
            if revision not in order:
                raise HistoryError(f"there is no revision {revision!r} in this history")
        wanted = order if only is None else only
        while order and order[-1] not in wanted:
            order = order[:-1]
        results: list[Result] = []
        for position, revision in enumerate(order):
            progress(position, len(order), revision)
            tried = revision in wanted
            result = ride.take(revision, down_too=tried)
            if tried or result.failed:
                results.append(result)
            if result.up == "error":
                return Trip(tuple(results), server.major, order[position + 1 :])
        progress(len(order), len(order), "")
    return Trip(tuple(results), server.major)
