"""`migsafe check`: what each migration does to other sessions, to data and to running code."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from migsafe.config import SEVERITIES
from migsafe.report import FORMATS

if TYPE_CHECKING:
    from migsafe.cache import Store
    from migsafe.capture import Location, Migration
    from migsafe.check import Report
    from migsafe.config import Settings
    from migsafe.printed import Printed


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-f", "--format", "format_", default="text", show_default=True, type=click.Choice(FORMATS)
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@click.option(
    "--min-severity",
    type=click.Choice(SEVERITIES),
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
@click.option("--no-cache", is_flag=True, help="Keep nothing, and use nothing that was kept.")
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
    no_cache: bool,
) -> int:
    """Judge migrations without a database.

    PATHS is a folder of migrations, a project, or single files of one history; without it the
    alembic.ini (or pyproject.toml) here or above says where they are. Files that are not named are
    still read, as the schema comes from them.

    A finding is accepted by a comment at its line, its function or the top of its file, in Python
    or in SQL:  # migsafe: ignore[MS101] the table is small

    Exit code 1 means findings, 2 that something could not be read.
    """
    from migsafe.cache import Store, cache_folder
    from migsafe.capture import find_history

    location = find_history(paths)
    settings = _settings(location, config, _words(select), _words(ignore))
    settings = _with(settings, postgres, min_severity)
    store = None if no_cache else Store(cache_folder())
    if write_baseline is not None:
        known = replace(settings, baseline=None)
        return _write_baseline(judged(location, known, store=store), write_baseline)
    look = _look(format_, output)
    printed = _printed(location, settings, look, store=store, since=since, staged=staged)
    _write(printed.text, output)
    return printed.code


def _settings(
    location: Location, config: Path | None, select: tuple[str, ...], ignore: tuple[str, ...]
) -> Settings:
    """The project's settings, with the rules that the command line names."""
    from migsafe.config import load_settings

    found = load_settings(config.parent if config else location.root)
    return replace(found, select=select or found.select, ignore=(*found.ignore, *ignore))


def _with(settings: Settings, postgres: int | None, min_severity: str | None) -> Settings:
    """*settings* with what else the command line says."""
    return replace(
        settings,
        target_version=postgres or settings.target_version,
        min_severity=min_severity or settings.min_severity,
    )


def _look(format_: str, output: Path | None) -> tuple[str, ...]:
    """The format, and what else decides how the text looks: the terminal that it is for."""
    if format_ != "text" or output is not None or not sys.stdout.isatty():
        return (format_,)
    width = shutil.get_terminal_size().columns
    names = ("NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM", "COLUMNS", "LINES")
    return ("terminal", str(width), *(f"{name}={os.environ.get(name)}" for name in names))


def _printed(
    location: Location,
    settings: Settings,
    look: tuple[str, ...],
    *,
    store: Store | None,
    since: str | None,
    staged: bool,
) -> Printed:
    """The text to print: that of an earlier run if nothing has changed since."""
    from migsafe.capture.location import migration_files

    if store is None or since is not None or staged:
        return _rendered(
            judged(location, settings, store=store, since=since, staged=staged), look, settings
        )
    from migsafe.printed import Question

    files = migration_files(location.versions, recursive=location.recursive)
    question = Question(store, files, location, settings, look)
    answer = question.answer()
    if answer is not None:
        return answer
    from migsafe.capture.reads import reads

    with reads().noted() as opened:
        printed = _rendered(judged(location, settings, store=store), look, settings)
    question.keep(printed, opened, location.folders)
    return printed


def _rendered(report: Report, look: tuple[str, ...], settings: Settings) -> Printed:
    from migsafe.printed import Printed
    from migsafe.report import render
    from migsafe.rule import Severity

    report = report.at_least(Severity(settings.min_severity))
    if look[0] == "terminal":
        from migsafe.report.terminal import coloured

        text = coloured(report, Path.cwd())
    else:
        text = render(report, look[0], Path.cwd())
    return Printed(text, 1 if report.findings else 0)


def judged(
    location: Location,
    settings: Settings,
    *,
    store: Store | None = None,
    since: str | None = None,
    staged: bool = False,
) -> Report:
    """What all rules say about the history at *location*, or about what git says is new in it.

    With a *store*, what is known from the last run is not worked out again.
    """
    from migsafe.capture import capture
    from migsafe.check import check
    from migsafe.check.kept import check_kept
    from migsafe.check.selection import changed_since, released_since, rules_of
    from migsafe.check.selection import staged as staged_files

    changed = None
    if since is not None or staged:
        of_folder = staged_files if since is None else partial(changed_since, since)
        folders = (of_folder(folder) for folder in location.versions)
        changed = frozenset(path for folder in folders for path in folder)
    released: dict[Path, str] = {}
    for folder in location.versions if since is not None else ():
        released.update(released_since(str(since), folder))
    only = _choice(location, changed)
    rules = rules_of(settings)
    if store is not None:
        return check_kept(location, rules, settings, store, only=only, released=released)
    history = capture(location, major=settings.target_version)
    return check(history, rules, settings, only=only, released=released)


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


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False, color=True if sys.stdout.isatty() else None)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(output), error.strerror or "cannot be written") from error
