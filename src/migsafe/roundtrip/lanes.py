"""Where the revisions of a history stand in a drawing: one lane for each branch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence


def lanes(order: Sequence[str], needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The lane of each revision, from 0; a branch goes on in its own until it is merged.

    *order* has every revision behind those that it *needs*.
    """
    to_come = Counter(one for revision in order for one in needs.get(revision, ()))
    ends: list[str | None] = []  # by lane the revision where it ends so far, if it will go on
    found: dict[str, int] = {}
    for revision in order:
        before = needs.get(revision, ())
        fitting = (
            *(lane for lane, end in enumerate(ends) if end in before),
            *(lane for lane, end in enumerate(ends) if end is None),
            len(ends),
        )
        found[revision] = fitting[0]
        ends[fitting[0] : fitting[0] + 1] = [revision]
        to_come.subtract(before)
        ends = [end if end is not None and to_come[end] > 0 else None for end in ends]
    return found
