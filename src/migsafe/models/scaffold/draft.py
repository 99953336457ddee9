"""A new model before anything is written: its files, its migration, and how that was tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from migsafe.capture import Location
from migsafe.check import Report
from migsafe.config import Settings
from migsafe.errors import ConfigError
from migsafe.models.findings import Review
from migsafe.models.lint import chosen, lint
from migsafe.models.rule import Design, Profile
from migsafe.models.rules import load_design_rules
from migsafe.models.scaffold import files as texts
from migsafe.models.scaffold.blueprint import Blueprint
from migsafe.models.scaffold.layout import Layout, base_of, layout_of
from migsafe.models.scaffold.migration import Writer, climb, target_metadata, verdict
from migsafe.models.scaffold.overlay import imported, overlaid
from migsafe.models.scaffold.registering import Insertion, registration
from migsafe.models.scaffold.request import Request, blueprint_of, missing_mixins
from migsafe.models.wanted import wanted_catalog
from migsafe.roundtrip import Result, Ride
from migsafe.server import Server

if TYPE_CHECKING:
    from sqlalchemy import MetaData

    from migsafe.roundtrip.project import Project

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Draft:
    """What `migsafe models new` would write.

    Attributes:
        files: new files with their texts, the migration last.
        insertion: the line to add to a file that is there.
        trip: the migration up, down and up again.
        report: what the checker says about the migration.
        review: what the design rules say about the new table.
        caught_up: whether the models were ahead of the migrations before.
    """

    plan: Blueprint
    files: dict[Path, str]
    insertion: Insertion | None
    trip: Result
    report: Report
    review: Review
    caught_up: bool

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not (self.trip.failed or self.report.findings or self.review.findings)


def draft(
    location: Location,
    server: Server,
    request: Request,
    settings: Settings,
    progress: Progress = lambda done, total, revision: None,
) -> Draft:
    """Work out a new model of the project at *location*, and try its migration on *server*.

    Nothing is written to the project. Raises ConfigError when the request does not fit it,
    HistoryError when its migrations do not run.
    """
    from migsafe.roundtrip.project import boarding

    request = request.settled(settings.models)
    with (
        TemporaryDirectory(prefix="migsafe-models-") as temporary,
        boarding(location, server, may_be_empty=True) as project,
        ExitStack() as room,
    ):
        folder = Path(temporary).resolve()
        ride = Ride(project, room)
        climb(ride, progress)
        metadata = target_metadata(project)
        plan, layout = _planned(location, request, settings, metadata, ride)
        files = dict(_files(plan, layout))
        insertion = registration(plan, layout, location)
        (folder / "versions").mkdir()
        writer = Writer(project, ride, folder / "versions")
        caught_up = writer.catch_up()
        with project.aboard(), overlaid(folder / "modules", layout.root, files):
            imported(plan.model)
            review = _review(metadata, plan)
        script = writer.write(plan.table, request.revision)
        path = Path(script.path)
        trip = writer.trip(script)
        home = _versions(project) / path.name
        report = verdict(location, path, home, settings)
        files[home] = path.read_text(encoding="utf-8")
    return Draft(plan, files, insertion, trip, report, review, caught_up)


def _versions(project: Project) -> Path:
    """The folder of the newest migration."""
    scripts = project.runner.scripts
    known = [Path(scripts.get_revision(head).path) for head in scripts.get_heads()]
    folders = project.location.versions
    return next((path.parent for path in known if path.parent in folders), folders[0])


def _planned(
    location: Location, request: Request, settings: Settings, metadata: MetaData, ride: Ride
) -> tuple[Blueprint, Layout]:
    found = base_of(metadata, request.style)
    if found is None:
        kind = {"sqlmodel": "SQLModel", "sqlalchemy": "declarative base"}.get(request.style or "")
        raise ConfigError(
            f"env.py's target_metadata belongs to no {kind or 'declarative base or SQLModel'} that "
            "a model could inherit from; `migsafe models mixins` writes one"
        )
    style, base = found
    layout = layout_of(base, location, settings.models)
    plan = blueprint_of(request, metadata, style, base, layout)
    _check_references(plan, ride)
    return plan, layout


def _check_references(plan: Blueprint, ride: Ride) -> None:
    """Raise ConfigError when migrations make no table of what the new one refers to."""
    for reference in plan.references.values():
        schema, _, table = reference.table.rpartition(".")
        names = [name for name in ride.catalog.tables if name.name == table]
        if not reference.is_own and not any(schema in ("", name.schema) for name in names):
            raise ConfigError(
                f"no migration makes the table {reference.table}, which the new one refers to; "
                "write that first: alembic revision --autogenerate"
            )


def _files(plan: Blueprint, layout: Layout) -> Iterator[tuple[Path, str]]:
    """The new files but the migration, packages that are missing included."""
    if missing_mixins(plan, layout.path(plan.mixins_module)):
        text = texts.rendered("mixins.py.mako", is_sqlmodel=plan.is_sqlmodel)
        yield layout.path(plan.mixins_module), text
    for module, text in (
        (plan.model, texts.model(plan)),
        (plan.schemas, texts.schemas(plan)),
        (plan.repository, texts.repository(plan)),
    ):
        for package in _packages(module):
            init = layout.path(f"{package}.__init__")
            if not init.parent.is_dir():
                yield init, ""
        yield new_file(layout.path(module)), text
    yield new_file(layout.tests / f"test_{plan.snake}.py"), texts.test(plan)


def _packages(module: str) -> Iterator[str]:
    """``a.b.c`` → a, a.b."""
    parts = module.split(".")
    yield from (".".join(parts[:count]) for count in range(1, len(parts)))


def new_file(path: Path) -> Path:
    """*path*, if there is no such file yet; else ConfigError."""
    if path.exists():
        raise ConfigError("it is there already, and nothing is overwritten", file=path)
    return path


def _review(metadata: MetaData, plan: Blueprint) -> Review:
    """What the recommended design rules say about the new table."""
    design = Design(wanted_catalog(metadata), metadata)
    review = lint(design, chosen(load_design_rules(), Profile.RECOMMENDED))
    ours = [f for f in review.findings if f.table is not None and f.table.name == plan.table]
    return replace(review, findings=tuple(replace(f, file=None, line=None) for f in ours), tables=1)
