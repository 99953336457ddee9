"""A trip as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from migsafe.roundtrip.model import Result, Trip


def as_text(trip: Trip) -> Iterator[str]:
    """The lines for a person: what is wrong first, then one line of counts."""
    for result in trip.results:
        yield from _result(result)
    yield from _counts(trip)


def _counts(trip: Trip) -> Iterator[str]:
    summary = trip.summary
    if not summary.revisions:
        yield "There are no revisions to try."
        return
    if trip.untried:
        yield f"Not tried, as they come after it: {', '.join(trip.untried)}."
    counts = [f"{_several(summary.revisions)} on PostgreSQL {trip.major}"]
    counts.append(f"{summary.failed} wrong" if summary.failed else "all restored")
    if summary.irreversible:
        counts.append(f"{summary.irreversible} irreversible on purpose")
    if summary.benign:
        counts.append(f"{summary.benign} restored but for differences nobody would mind")
    yield "; ".join(counts) + "."


def as_markdown(trip: Trip) -> Iterator[str]:
    """A table for a comment on a pull request, and below it what is wrong."""
    yield "| revision | file | result | seconds |"
    yield "|---|---|---|---:|"
    for result in trip.results:
        told = f"**{_steps(result)}**" if result.failed else _steps(result)
        cells = (f"`{result.revision}`", result.file.name, told, f"{result.seconds:.1f}")
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    for result in trip.results:
        if details := list(_details(result)):
            yield ""
            yield f"`{result.file.name}`"
            yield ""
            for detail in details:
                yield f"- {detail}"
    yield ""
    yield from _counts(trip)


def _several(revisions: int) -> str:
    return f"{revisions} revision{'s' if revisions != 1 else ''}"


def problem(result: Result) -> Iterator[str]:
    """What is wrong with one revision: a heading, then every difference, loss and error."""
    yield f"{result.file.name}: {_steps(result)}"
    yield from _details(result)


def _result(result: Result) -> Iterator[str]:
    mark = "FAILED" if result.failed else "ok    "
    yield f"{mark} {result.revision}  {result.file.name}  {_steps(result)}"
    for line in _details(result):
        yield f"         {line}"


def _details(result: Result) -> Iterator[str]:
    yield from result.differences
    for loss in result.data_loss:
        yield f"data lost: {loss}"
    yield from filter(None, (result.error, result.data_error))
    for loss in result.accepted:
        yield f"data lost, as the migration says: {loss}"
    yield from result.by_data
    yield from result.notes


def _steps(result: Result) -> str:
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
            "error": result.error,
            "notes": list(result.notes),
            "seconds": result.seconds,
        }
        for result in trip.results
    ]
    document = {
        "version": 1,
        "postgres": trip.major,
        "revisions": revisions,
        "untried": list(trip.untried),
        "summary": asdict(trip.summary),
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _relative(path: Path, folder: Path) -> str:
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.as_posix()
