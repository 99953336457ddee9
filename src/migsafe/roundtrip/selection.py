"""Which revisions of a history a trip tries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from migsafe.capture import Location, read_scripts
from migsafe.capture.graph import ordered
from migsafe.capture.ranges import between, named


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
    is given must all be true of a revision, as must *location* if it names files. Revisions are
    named as in `migsafe.capture.ranges.between`, which raises HistoryError.
    """
    if location.selected:
        files = {*location.selected} & {*(files if files is not None else location.selected)}
    if files is None and not only and first is None and last is None:
        return None
    run, _ = ordered(read_scripts(location))
    wanted = between(run, first, last)
    if only:
        wanted &= named(run, only)
    return tuple(
        script.revision
        for script in run
        if script.revision in wanted and (files is None or script.path in files)
    )
