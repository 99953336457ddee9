"""What capturing makes of the histories of open projects, and whether it is what Alembic sends.

    python benchmarks/real_histories.py [--keep FOLDER] [NAME …]

fetches the projects into a temporary folder, captures every revision, and
upgrades a throwaway PostgreSQL with those that can run here, revision by revision, comparing what
is sent with what was captured. The result is `docs/histories.md`; with names, of projects, it is
printed. It takes some minutes.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import sqlalchemy as sa
from real_projects import PROJECTS, Project, fetched, run

from migsafe.capture import Migration, capture, find_history
from migsafe.capture.imports import Imports
from migsafe.server import sqlalchemy_url, start
from migsafe.sql import Unrecognised

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "histories.md"
sys.path.insert(0, str(ROOT / "tests"))
from sent import differences, upgraded  # noqa: E402


@dataclass
class Counts:
    """What became of one history; the numbers are revisions but for *statements*."""

    name: str
    revisions: int = 0
    statements: int = 0
    unread: int = 0
    whole: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    placeholders: int = 0
    compared: Compared | None = None


@dataclass
class Compared:
    """The upgrade of a real server: revisions that it reached, those that sent what was captured.

    *different* are revisions with the first difference, *ended* is what ended the upgrade.
    """

    reached: int
    equal: int
    sent: int
    different: list[tuple[str, str, str]]
    ended: str


def counts(project: Project, folder: Path) -> Counts:
    """Capture the history of *project*, the package in *folder*, and count."""
    history = capture(find_history([folder / project.folder]))
    found = Counts(project.name, len(history.migrations))
    every: Counter[str] = Counter()
    for migration in history.migrations:
        steps = (*migration.upgrade, *migration.downgrade)
        found.statements += len(steps)
        found.unread += sum(isinstance(step.statement, Unrecognised) for step in steps)
        reasons = set(_reasons(migration))
        found.whole += not reasons
        every.update(reasons)
        found.placeholders += any(p.kind == "import" for p in migration.problems)
    found.reasons.update(every)
    return found


def _reasons(migration: Migration) -> Iterator[str]:
    """Why not every statement of *migration* is known, in few words."""
    for problem in migration.problems:
        if problem.kind in ("error", "timeout"):
            stopped = problem.message.removeprefix("stops with ").removeprefix("an error: ")
            stopped = stopped.partition(":")[0].partition(" needs ")[0]
            yield f"{stopped} in {problem.direction}()"


def compared(project: Project, folder: Path, url: str) -> Compared:
    """Upgrade the database at *url* with the history, and compare."""
    location = find_history([folder / project.folder])
    history = capture(location)
    os.chdir(location.root)
    sys.meta_path.append(Imports((location.root, *location.search, *location.versions)))
    if project.first is not None:
        module, _, path = project.first.partition(":")
        metadata = importlib.import_module(module)
        for name in path.split("."):
            metadata = getattr(metadata, name)
        metadata.create_all(sa.create_engine(sqlalchemy_url(url)))
    done = upgraded(location, url, history.environment.naming)
    named = {migration.revision: migration for migration in history.migrations}
    different = []
    for revision, sent in done.sent.items():
        pair = next(differences(named[revision], sent), None)
        if pair is not None:
            different.append((revision, *pair))
    equal = len(done.sent) - len(different)
    ended = f"{done.failed}: {done.error}" if done.failed else ""
    return Compared(len(done.sent), equal, sum(map(len, done.sent.values())), different, ended)


def measured(project: Project, folder: Path) -> Counts:
    """The counts of *project*, each part in a process of its own: modules would meet."""
    site = fetched(project, folder)
    number = str(PROJECTS.index(project))
    me = [sys.executable, __file__, "--part", number, str(site)]
    found = Counts(**json.loads(run(me)))
    if project.runs:
        with start(provider="embedded") as server, server.database() as url:
            found.compared = Compared(**json.loads(run([*me, url])))
    return found


def part(number: int, site: str, url: str | None = None) -> None:
    """Print one part of the work as JSON."""
    project = PROJECTS[number]
    if project.installed:
        sys.path.append(site)
    sys.path.append(str(Path(site).parent / "extras"))
    said = sys.stdout
    with open(os.devnull, "w") as sys.stdout:
        found = counts(project, Path(site)) if url is None else compared(project, Path(site), url)
    json.dump(asdict(found), said)


# -- the page ------------------------------------------------------------------------------------


def page(found: Sequence[Counts]) -> Iterator[str]:
    """The lines of the page about the histories *found*."""
    yield "# Real histories"
    yield ""
    yield "`python benchmarks/real_histories.py` fetches these projects from the package index or"
    yield "from GitHub, captures every revision in both directions, and makes this page. Nothing of"
    yield "a project is kept here, and of most nothing is installed that they need."
    yield ""
    yield "*Captured* revisions run to their end; for each of the others the reason is a finding"
    yield "(MS902) with its line, listed below. *Unread* are statements of which is known only why"
    yield "they cannot be read (MS901): most would be made by operations, functions and models that"
    yield "are not installed. *Placeholders* counts revisions that import what is not installed."
    yield ""
    yield "| History | Revisions | Statements | Unread | Captured | Others | Placeholders |"
    yield "|---|---|---|---|---|---|---|"
    for one in found:
        others = one.revisions - one.whole
        yield (
            f"| {one.name} | {one.revisions} | {one.statements} | {one.unread} "
            f"| {one.whole} | {others} "
            f"| {one.placeholders} |"
        )
    yield ""
    yield from _upgrades(found)
    yield from _why(found)


def _upgrades(found: Sequence[Counts]) -> Iterator[str]:
    yield "## What an upgrade sends"
    yield ""
    yield "An empty PostgreSQL 18 is upgraded, each revision by a run of its own as in production,"
    yield "and every statement that reaches the driver is compared with the captured one: same"
    yield "statements, same order. Left out are the version table, reflection by SQLAlchemy, the"
    yield "drivers' spelling of parameters, and statements that only run where a query finds rows."
    yield "Migrations that look at tables which the application makes before its history (mlflow's"
    yield "first ones) find them on a server, and not in a capture. Modules that are not installed"
    yield "are placeholders on both sides."
    yield ""
    yield "| History | Revisions run | Statements sent | Same | Different |"
    yield "|---|---|---|---|---|"
    ran = [(one, one.compared) for one in found if one.compared is not None]
    for one, upgrade in ran:
        different = len(upgrade.different)
        yield f"| {one.name} | {upgrade.reached} | {upgrade.sent} | {upgrade.equal} | {different} |"
    yield ""
    for one, upgrade in ran:
        if upgrade.ended:
            yield f"{one.name} ends at {upgrade.ended}."
            yield ""
        for revision, captured, sent in upgrade.different:
            yield f"- {one.name} {revision}: captured `{captured[:200]}`, sent `{sent[:200]}`"
        if upgrade.different:
            yield ""


def _why(found: Sequence[Counts]) -> Iterator[str]:
    yield "## Why revisions are not known in full"
    yield ""
    yield "Most often the code fails in production as well: `drop_constraint(None)`, names that a"
    yield "newer SQLAlchemy no longer has. The rest computes with models that were not installed."
    yield ""
    for one in found:
        if one.reasons:
            said = sorted(one.reasons.items(), key=lambda item: (-item[1], item[0]))
            yield f"- {one.name}: {', '.join(f'{count} {reason}' for reason, count in said)}"


def main() -> None:
    """Measure the named projects, or all, and print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="projects; the page is printed then")
    parser.add_argument("--keep", metavar="FOLDER", help="fetch into this folder, or find it there")
    arguments = parser.parse_args()
    names = arguments.names
    wanted = [p for p in PROJECTS if not names or p.place in names]
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(arguments.keep or folder).absolute()
        found = [measured(project, kept) for project in wanted]
    text = "\n".join(page(found)) + "\n"
    if names:
        print(text)
    else:
        PAGE.write_text(text)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--part"]:
        part(int(sys.argv[2]), *sys.argv[3:])
    else:
        main()
