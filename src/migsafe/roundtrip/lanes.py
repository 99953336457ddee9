"""Where the revisions of a history stand in a drawing: one lane for each branch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def lanes(order: Iterable[str], needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The lane of each revision, from 0; a branch goes on in its own until it is merged.

    *order* has every revision behind those that it *needs*.
    """
    order = list(order)
    left = dict.fromkeys(order, 0)  # how many that need it are still to come
    for revision in order:
        for needed in needs.get(revision, ()):
            if needed in left:
                left[needed] += 1
    ends: list[str | None] = []  # by lane the revision where it ends so far
    found: dict[str, int] = {}
    for revision in run:
        needed = [one for one in needs.get(revision, ()) if one in found]
        own = [lane for lane, end in enumerate(ends) if end in needed]
        free = [lane for lane, end in enumerate(ends) if end is None]
        lane = next(iter(own), next(iter(free), len(ends)))
        if lane == len(ends):
            ends.append(None)
        found[revision] = lane
        ends[lane] = revision
        for one in needed:
            left[one] -= 1
        for other, end in enumerate(ends):
            if end is not None and end != revision and not left[end]:
                ends[other] = None
        if not left[revision]:
            ends[lane] = None
    return found
