"""The trip itself: one pass through the history, each revision up, down and up again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from migsafe.capture import Location
from migsafe.roundtrip.attempt import PATIENCE_SECONDS
from migsafe.roundtrip.checks import DEFAULT, Subject, judged
from migsafe.roundtrip.crew import hired, jobs_for
from migsafe.roundtrip.journey import Journey, Progress, Travelled, travel
from migsafe.roundtrip.model import Trip, Verdict
from migsafe.roundtrip.project import boarding
from migsafe.server import Server


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
    jobs: int | None = None,
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
    So many processes as *jobs* (as pay if None) take a part each, the others on servers like
    *server*; on a given one it is one process.
    *progress* is told how many of how many revisions are done, and which one is next.
    Raises HistoryError when the files are no history or env.py does not work, else ServerError.
    """
    chosen = tuple(only) if only is not None else None
    how = (data or "data" in checks, frozenset(checks), seeds, keep_going, seconds)
    asked = Journey(location, chosen, *how)
    with (
        hired(asked, server, jobs_for(asked, server, jobs), progress) as crew,
        boarding(location, server, seconds=seconds) as project,
    ):
        found = crew.together(lambda: travel(crew.journey, project, crew.progress))
        project.roles.drop()
        verdicts = tuple(judged(Subject(project, released, found[-1].end), checks))
        return joined(found, server.major, verdicts)


def joined(parts: Iterable[Travelled], major: int, verdicts: tuple[Verdict, ...]) -> Trip:
    """One trip of all its *parts*, which are in the order of the history."""
    found = tuple(parts)
    results = tuple(result for part in found for result in part.results)
    untried = tuple(revision for part in found for revision in part.untried)
    return Trip(results, major, untried, verdicts)
