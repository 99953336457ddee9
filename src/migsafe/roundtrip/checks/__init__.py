"""What can be asked of a whole history, besides the trip of each of its revisions."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator

from migsafe.roundtrip.checks import (
    at_once,
    busy,
    chain,
    models,
    offline,
    other_schema,
    unprivileged,
)
from migsafe.roundtrip.checks.subject import Check, NotApplicable, Subject
from migsafe.roundtrip.model import Verdict

__all__ = [
    "CHECKS",
    "DEFAULT",
    "FROM_RELEASE",
    "NAMES",
    "OF_REVISIONS",
    "Subject",
    "described",
    "judge",
    "judged",
]

CHECKS: tuple[Check, ...] = (
    chain.SINGLE_HEAD,
    chain.CONNECTED,
    at_once.FROM_EMPTY,
    at_once.FROM_RELEASE,
    at_once.IDEMPOTENT,
    models.MODELS,
    offline.OFFLINE,
    unprivileged.UNPRIVILEGED,
    other_schema.OTHER_SCHEMA,
    busy.BUSY,
)

OF_REVISIONS = {
    "downgrade": "each downgrade gives back the schema that was there before",
    "re-upgrade": "each revision can be upgraded again, and ends where it did",
    "data": "each revision keeps the data of tables that hold rows",
}
"""The checks that are parts of every revision's trip, and what they prove."""

DEFAULT = ("downgrade", "re-upgrade")
"""What is checked when nobody says otherwise."""

FROM_RELEASE = at_once.FROM_RELEASE.name
NAMES = (*OF_REVISIONS, *(check.name for check in CHECKS))


def described() -> Iterator[tuple[str, str]]:
    """Every check's name, and what it proves."""
    yield from OF_REVISIONS.items()
    for check in CHECKS:
        yield check.name, check.proves


def judged(subject: Subject, names: Collection[str]) -> Iterator[Verdict]:
    """The verdicts of those checks of the whole history that *names* has, in our order.

    Raises as `migsafe.roundtrip.roundtrip` when the project cannot be run at all.
    """
    for check in CHECKS:
        if check.name in names:
            yield judge(subject, check)


def judge(subject: Subject, check: Check) -> Verdict:
    """What *check* says."""
    began = time.perf_counter()
    try:
        problems = tuple(check.problems(subject))
        result = "failed" if problems else "ok"
    except NotApplicable as error:
        problems, result = (str(error),), "not applicable"
    finally:
        subject.project.roles.drop()
    return Verdict(check.name, result, problems, round(time.perf_counter() - began, 3))
