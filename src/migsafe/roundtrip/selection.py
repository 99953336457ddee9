"""Which revisions of a history a trip tries."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from migsafe.capture import Location, read_scripts
from migsafe.capture.graph import ordered
from migsafe.capture.script import Script
from migsafe.errors import HistoryError


def selected(
    location: Location,
    *,
    only: Sequence[str] = (),
    first: str | None = None,
    last: str | None = None,
    files: Collection[Path] | None = None,
) -> tuple[str, ...] | None:
    """The revisions to try, in the order in which they run; None for all.

    *only* names them, *first* and *last* are the ends of a stretch, *files* are their files; what
    is given must all be true of a revision, as must *location* if it names files. An id may be
    shortened as long as it is clear. Raises HistoryError for an id that is not there.
    """
    if location.selected:
        files = {*location.selected} & {*(files if files is not None else location.selected)}
    if files is None and not only and first is None and last is None:
        return None
    run, _ = ordered(read_scripts(location))
    named = {_found(run, revision).revision for revision in only}
    stretch = run[_place(run, first, 0) : _place(run, last, len(run) - 1) + 1]
    return tuple(
        script.revision
        for script in stretch
        if (not only or script.revision in named) and (files is None or script.path in files)
    )


def _place(run: Sequence[Script], revision: str | None, default: int) -> int:
    return default if revision is None else run.index(_found(run, revision))


def _found(run: Sequence[Script], revision: str) -> Script:
    whole = [script for script in run if script.revision == revision]
    found = whole or list(_beginning(run, revision))
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(script.revision for script in found)
        raise HistoryError(f"{revision!r} is the beginning of several revisions: {names}")
    raise HistoryError(f"there is no revision {revision!r} in this history")


def _beginning(run: Sequence[Script], revision: str) -> Iterator[Script]:
    return (script for script in run if script.revision.startswith(revision))
