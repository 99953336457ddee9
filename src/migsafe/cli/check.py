"""`migsafe check`: what each migration does to other sessions, to data and to running code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from migsafe.report import FORMATS
from migsafe.rule import Severity

if TYPE_CHECKING:
    from migsafe.capture import Location, Migration
    from migsafe.check import Report
    from migsafe.config import Settings

_SEVERITIES = [severity.value for severity in Severity]


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-f", "--format", "format_", default="text", show_default=True, type=click.Choice(FORMATS)
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@click.option(
    "--min-severity",
    type=click.Choice(_SEVERITIES),
    help="Leave out findings less grave than this.  [default: warning]",
)
@click.option("--select", multiple=True, metavar="RULES", help="Use only these: MS101,MS2,…")
@click.option("--ignore", multiple=True, metavar="RULES", help="Do not use these.")
@click.option("--since", metavar="GITREF", help="Judge only files new or changed since GITREF.")
@click.option("--staged", is_flag=True, help="Judge only files staged for the next commit.")
@click.option(
    "--write-baseline",
    type=click.Path(path_type=Path),
    help="Write the findings to this file; with baseline in the settings only new ones count.",
)
@click.option(
    "--postgres", type=click.IntRange(14, 18), help="The oldest PostgreSQL they will run on."
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Use this pyproject.toml.",
)
def command(
    paths: tuple[Path, ...],
    format_: str,
    output: Path | None,
    min_severity: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    since: str | None,
    staged: bool,
    write_baseline: Path | None,
    postgres: int | None,
    config: Path | None,
) -> int:
    """Judge migrations without a database.

    PATHS is a folder of migrations, a project, or single files of one history; without it the
    alembic.ini (or pyproject.toml) here or above says where they are. Files that are not named are
    still read, as the schema comes from them.

    A finding is accepted by a comment at its line, its function or the top of its file, in Python
    or in SQL:  # migsafe: ignore[MS101] the table is small

    Exit code 1 means findings, 2 that something could not be read.
    """
    from migsafe.capture import find_history

    location = find_history(paths)
    settings = _settings(location, config, _words(select), _words(ignore))
    settings = replace(
        settings,
        target_version=postgres or settings.target_version,
        min_severity=min_severity or settings.min_severity,
    )
    if write_baseline is not None:
        return _write_baseline(judged(location, replace(settings, baseline=None)), write_baseline)
    report = judged(location, settings, since=since, staged=staged)
    report = report.at_least(Severity(settings.min_severity))
    _show(report, format_, output)
    return 1 if report.findings else 0


def _settings(
    location: Location, config: Path | None, select: tuple[str, ...], ignore: tuple[str, ...]
) -> Settings:
    """The project's settings, with the rules that the command line names."""
    from migsafe.config import load_settings

    found = load_settings(config.parent if config else location.root)
    return replace(found, select=select or found.select, ignore=(*found.ignore, *ignore))


def judged(
    location: Location, settings: Settings, *, since: str | None = None, staged: bool = False
) -> Report:
    """What all rules say about the history at *location*, or about what git says is new in it."""
    from migsafe.capture import capture
    from migsafe.check import check
    from migsafe.check.selection import changed_since, rules_of
    from migsafe.check.selection import staged as staged_files

    changed = None
    if since is not None or staged:
        of_folder = staged_files if since is None else partial(changed_since, since)
        folders = (of_folder(folder) for folder in location.versions)
        changed = frozenset(path for folder in folders for path in folder)
    history = capture(location, major=settings.target_version)
    only = _choice(location, changed)
    return check(history, rules_of(settings), settings, only=only)


def _choice(location: Location, changed: frozenset[Path] | None) -> Callable[[Migration], bool]:
    """Which migrations to report: those that were named, and are among the *changed* ones."""
    named = frozenset(path.resolve() for path in location.selected)

    def is_wanted(migration: Migration) -> bool:
        path = migration.path.resolve()
        return (not named or path in named) and (changed is None or path in changed)

    return is_wanted


def _write_baseline(report: Report, path: Path) -> int:
    from migsafe.check.baseline import write_baseline

    write_baseline(report.findings, path)
    click.echo(f"{len(report.findings)} findings written to {path}.")
    return 0


def _words(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.strip() for text in given for word in text.split(",") if word.strip())


def _show(report: Report, format_: str, output: Path | None) -> None:
    from migsafe.report import render

    root = Path.cwd()
    if output is not None:
        try:
            output.write_text(render(report, format_, root), encoding="utf-8")
        except OSError as error:
            raise click.FileError(str(output), error.strerror or "cannot be written") from error
    elif format_ == "text" and sys.stdout.isatty():
        from migsafe.report.terminal import show

        show(report, root)
    else:
        click.echo(render(report, format_, root), nl=False)
