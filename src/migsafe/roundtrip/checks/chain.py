"""Checks of the chain of revisions, which need no database."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture import read_scripts
from migsafe.capture.graph import ordered
from migsafe.capture.script import Script
from migsafe.errors import HistoryError
from migsafe.roundtrip.checks.subject import Check, Subject


def _heads(subject: Subject) -> Iterator[str]:
    _, heads = ordered(read_scripts(subject.project.location))
    if len(heads) > 1:
        yield f"the history has {len(heads)} heads: {', '.join(heads)}; alembic merge joins them"


def _orphans(subject: Subject) -> Iterator[str]:
    """A second history in the same folder, unless a branch label says that it is meant."""
    try:
        run, _ = ordered(read_scripts(subject.project.location))
    except HistoryError as error:
        yield str(error)
        return
    groups = list(_groups(run))
    for group in groups[1:]:
        if not any(script.branch_labels for script in group):
            names = ", ".join(script.revision for script in group)
            yield (
                f"{group[0].path.name}: no other revision leads to {names}; give it a "
                "down_revision, or branch_labels if it is a history of its own"
            )


def _groups(run: tuple[Script, ...]) -> Iterator[list[Script]]:
    """The parts of a history that nothing connects, the largest first."""
    first = {script.revision: script.revision for script in run}
    place = {script.revision: number for number, script in enumerate(run)}

    def first_of(revision: str) -> str:
        while first[revision] != revision:
            revision = first[revision]
        return revision

    for script in run:
        for needed in (*script.down_revisions, *script.depends_on):
            earlier, later = sorted(
                (first_of(needed), first_of(script.revision)), key=place.__getitem__
            )
            first[later] = earlier
    groups: dict[str, list[Script]] = {}
    for script in run:
        groups.setdefault(first_of(script.revision), []).append(script)
    yield from sorted(groups.values(), key=len, reverse=True)


SINGLE_HEAD = Check("single-head", "the history has one head", _heads)
CONNECTED = Check("connected", "no revision is an orphan, and there is no circle", _orphans)
