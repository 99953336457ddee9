"""Checks that upgrade all revisions in one go, as a deployment does."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.roundtrip.checks.subject import (
    Check,
    NotApplicable,
    Subject,
    differences,
)


def _from_empty(subject: Subject) -> Iterator[str]:
    """One transaction may be too little: a new enum value cannot be used in the one it is made."""
    if isinstance(subject.whole, str):
        yield subject.whole
    elif subject.stepwise is not None:
        for difference in differences(subject.stepwise, subject.whole):
            yield f"upgraded at once: {difference}"


def _from_release(subject: Subject) -> Iterator[str]:
    if subject.released is None:
        raise NotApplicable("no release is known: there is no git tag, and none is named")
    before = [revision for revision in subject.order if revision in subject.released]
    after = [revision for revision in subject.order if revision not in subject.released]
    if not before:
        raise NotApplicable("the last release has no migrations")
    project = subject.project
    with project.aboard(), project.database() as url:
        for when, revisions in (("to", before), ("from", after)):
            if not revisions:
                continue
            told = subject.told(lambda: project.runner.upgrade(*revisions))  # noqa: B023
            if told:
                yield f"the upgrade {when} the last release fails: {told}"
                return
        found = subject.catalog(url)
    if not isinstance(subject.whole, str):
        for difference in differences(subject.whole, found):
            yield f"upgraded from the last release: {difference}"


def _idempotent(subject: Subject) -> Iterator[str]:
    """The env.py of a project does more than migrations at times."""
    project = subject.project
    with project.aboard(), project.database() as url:
        told = subject.told(lambda: project.runner.upgrade(*subject.order))
        if told:
            raise NotApplicable(f"the history cannot be upgraded at once: {told}")
        before = subject.catalog(url)
        told = subject.told(project.runner.heads)
        if told:
            yield f"a second run fails: {told}"
            return
        for difference in differences(before, subject.catalog(url)):
            yield f"after a second run: {difference}"


FROM_EMPTY = Check("from-empty", "an empty database can be upgraded in one go", _from_empty)
FROM_RELEASE = Check(
    "from-release", "the schema of the last release can be upgraded in one go", _from_release
)
IDEMPOTENT = Check("idempotent", "a second run at the head changes nothing", _idempotent)
