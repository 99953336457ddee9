"""A trip as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from migsafe.roundtrip.model import Result, Trip, Verdict


def as_text(trip: Trip) -> Iterator[str]:
    """The lines for a person: what is wrong first, then one line of counts."""
    for result in trip.results:
        yield from _result(result)
    for verdict in trip.checks:
        yield from _verdict(verdict)
    yield from counts(trip)


def counts(trip: Trip) -> Iterator[str]:
    """What was not tried, and one line of counts."""
    summary = trip.summary
    if not summary.revisions and not trip.checks:
        yield "There are no revisions to try."
        return
    if trip.untried:
        yield f"Not tried, as they come after it: {', '.join(trip.untried)}."
    found = [f"{_several(summary.revisions)} on PostgreSQL {trip.major}"]
    found.append(f"{summary.failed} wrong" if summary.failed else "all restored")
    if summary.irreversible:
        found.append(f"{summary.irreversible} irreversible on purpose")
    if summary.benign:
        found.append(f"{summary.benign} restored but for differences nobody would mind")
    if trip.checks:
        of_all = f"{len(trip.checks)} checks of the whole history"
        found.append(f"{summary.checks} of {of_all} failed" if summary.checks else of_all)
    yield "; ".join(found) + "."


def as_markdown(trip: Trip) -> Iterator[str]:
    """A table for a comment on a pull request, and below it what is wrong."""
    yield "| revision | file | result | seconds |"
    yield "|---|---|---|---:|"
    for result in trip.results:
        told = f"**{steps(result)}**" if result.failed else steps(result)
        cells = (f"`{result.revision}`", result.file.name, told, f"{result.seconds:.1f}")
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    for result in trip.results:
        if found := list(details(result)):
            yield ""
            yield f"`{result.file.name}`"
            yield ""
            for detail in found:
                yield f"- {detail}"
    for verdict in trip.checks:
        yield ""
        yield f"{verdict.name}: {verdict.result}"
        yield ""
        for problem in verdict.problems:
            yield f"- {problem}"
    yield ""
    yield from counts(trip)


def _several(revisions: int) -> str:
    return f"{revisions} revision{'s' if revisions != 1 else ''}"


def problem(result: Result) -> Iterator[str]:
    """What is wrong with one revision: a heading, then every difference, loss and error."""
    yield f"{result.file.name}: {steps(result)}"
    yield from details(result)


def _result(result: Result) -> Iterator[str]:
    mark = "FAILED" if result.failed else "ok    "
    yield f"{mark} {result.revision}  {result.file.name}  {steps(result)}"
    for line in details(result):
        yield f"         {line}"


def _verdict(verdict: Verdict) -> Iterator[str]:
    mark = {"ok": "ok    ", "failed": "FAILED"}.get(verdict.result, "-     ")
    yield f"{mark} {verdict.name}{': not applicable' if mark[0] == '-' else ''}"
    for line in verdict.problems:
        yield f"         {line}"


def details(result: Result) -> Iterator[str]:
    """Every difference, loss and error of one revision, and what else is told of it."""
    yield from result.differences
    for loss in result.data_loss:
        yield f"data lost: {loss}"
    yield from filter(None, (result.error, result.data_error))
    for loss in result.accepted:
        yield f"data lost, as the migration says: {loss}"
    yield from result.by_data
    yield from result.notes


def steps(result: Result) -> str:
    """What became of one revision, in a few words."""
    if result.up == "error":
        return "the upgrade fails"
    if result.down == "error":
        return "the downgrade fails"
    if result.down == "irreversible":
        return "irreversible on purpose"
    if result.reup == "error":
        return "the second upgrade fails"
    if result.restored == "no":
        return "the downgrade does not give back the schema"
    if result.differences:
        return "the second upgrade makes another schema"
    if result.data_error is not None:
        return "fails with rows in the tables"
    if result.data_loss:
        return "loses data"
    return "restored" if result.restored == "exact" else "restored, " + "; ".join(result.benign)


def as_json(trip: Trip, relative_to: Path) -> str:
    """The documented JSON, version 1; paths relative to *relative_to*."""
    revisions = [
        {
            "revision": result.revision,
            "file": _relative(result.file, relative_to),
            "up": result.up,
            "down": result.down,
            "restored": result.restored,
            "reup": result.reup,
            "differences": list(result.differences),
            "data_loss": list(result.data_loss),
            "data_loss_accepted": list(result.accepted),
            "data_error": result.data_error,
            "depends_on_data": list(result.by_data),
            "error": result.error or result.data_error,
            "notes": list(result.notes),
            "seconds": result.seconds,
        }
        for result in trip.results
    ]
    document = {
        "version": 1,
        "postgres": trip.major,
        "revisions": revisions,
        "checks": [asdict(verdict) for verdict in trip.checks],
        "untried": list(trip.untried),
        "summary": asdict(trip.summary),
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _relative(path: Path, folder: Path) -> str:
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.as_posix()
