"""`migsafe check`: what each migration does to other sessions, to data and to running code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migsafe.cli.choosing import Choice, choosing, from_standard_input
from migsafe.config import SEVERITIES
from migsafe.report import FORMATS
from migsafe.values import dataclass, replace

if TYPE_CHECKING:
    from migsafe.cache import Store
    from migsafe.capture import Location
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
@choosing
@click.option(
    "--write-baseline",
    type=click.Path(path_type=Path),
    help="Write the findings to this file; with baseline in the settings only new ones count.",
)
@click.option(
    "--postgres", type=click.IntRange(14, 18), help="The oldest PostgreSQL they will run on."
)
@click.option(
    "--stats",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Sizes of tables, from migsafe stats; severities follow them.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Use this pyproject.toml.",
)
@click.option("--no-cache", is_flag=True, help="Keep nothing, and use nothing that was kept.")
@click.option("--fix", "fixes", is_flag=True, help="First rewrite what migsafe fix would.")
def command(
    paths: tuple[Path, ...],
    format_: str,
    output: Path | None,
    min_severity: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    write_baseline: Path | None,
    postgres: int | None,
    stats: Path | None,
    config: Path | None,
    no_cache: bool,
    fixes: bool,
    **chosen: Any,
) -> int:
    """Judge migrations without a database.

    PATHS is a folder of migrations, a project, or single files; without it the alembic.ini (or
    pyproject.toml) here or above says where they are. Files that are not named are still read, as
    the schema comes from them. With - standard input has the names of files, as in
    git diff --name-only main | migsafe check -

    REVISION is as in Alembic: an id or its beginning, head, a branch label, +1, -2.

    A finding is accepted by a comment at its line, its function or the top of its file, in Python
    or in SQL:  # migsafe: ignore[MS101] the table is small

    Exit code 1 means findings, 2 that something could not be read.
    """
    run = _Run(format_, output, None if no_cache else _store(), Choice.of(**chosen))
    targets = []
    for location in _locations(paths):
        settings = _settings(location, config, _words(select), _words(ignore))
        targets.append((location, _with(settings, postgres, min_severity, stats)))
    _fix(targets if fixes else (), chosen.get("since"))
    if write_baseline is not None:
        return _write_baseline(run, targets, write_baseline)
    printed = _printed(run, targets)
    _write(printed.text, output)
    return printed.code


def _fix(targets: Sequence[Target], base: str | None) -> None:
    if targets:
        from migsafe.cli.fix import fix_first

        fix_first(targets, base)


Target = tuple["Location", "Settings"]


@dataclass(frozen=True)
class _Run:
    """What the command line says besides the histories and their settings."""

    format: str
    output: Path | None
    store: Store | None
    choice: Choice


def _store() -> Store:
    from migsafe.cache import Store, cache_folder

    return Store(cache_folder())


def _locations(paths: tuple[Path, ...]) -> list[Location]:
    """The histories that *paths* mean; none when standard input names no migration."""
    from migsafe.capture.location import find_histories

    if paths != (Path("-"),):
        return find_histories(paths)
    text = sys.stdin.read()
    names = text.split("\0" if "\0" in text else "\n")
    given = list(from_standard_input([name.strip() for name in names if name.strip()], Path.cwd()))
    return find_histories(given) if given else []


def _settings(
    location: Location, config: Path | None, select: tuple[str, ...], ignore: tuple[str, ...]
) -> Settings:
    """The project's settings, with the rules that the command line names."""
    from migsafe.config import load_settings

    found = load_settings(config.parent if config else location.root)
    return replace(found, select=select or found.select, ignore=(*found.ignore, *ignore))


def _with(
    settings: Settings, postgres: int | None, min_severity: str | None, stats: Path | None
) -> Settings:
    """*settings* with what else the command line says."""
    return replace(
        settings,
        target_version=postgres or settings.target_version,
        min_severity=min_severity or settings.min_severity,
        stats=str(stats.resolve()) if stats else settings.stats,
    )


def _look(format_: str, output: Path | None) -> tuple[str, ...]:
    """The format, and what else decides how the text looks: the terminal that it is for."""
    if format_ != "text" or output is not None or not sys.stdout.isatty():
        return (format_,)
    import shutil

    width = shutil.get_terminal_size().columns
    names = ("NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM", "COLUMNS", "LINES")
    return ("terminal", str(width), *(f"{name}={os.environ.get(name)}" for name in names))


def _printed(run: _Run, targets: Sequence[Target]) -> Printed:
    """The text to print: that of an earlier run if nothing has changed since."""
    look = _look(run.format, run.output)
    if run.store is None or len(targets) != 1 or not run.choice.is_all:
        return _rendered(_judged_together(run, targets), look)
    from migsafe.capture.location import migration_files
    from migsafe.capture.reads import reads
    from migsafe.printed import Question

    [(location, settings)] = targets
    files = migration_files(location.versions, recursive=location.recursive)
    question = Question(run.store, files, location, settings, look)
    answer = question.answer()
    if answer is not None:
        return answer
    with reads().noted() as opened:
        printed = _rendered(_judged_together(run, targets, question.files), look)
    question.keep(printed, opened, location.folders)
    return printed


def _rendered(report: Report, look: tuple[str, ...]) -> Printed:
    from migsafe.printed import Printed
    from migsafe.report import render

    if look[0] == "terminal":
        from migsafe.report.terminal import coloured

        text = coloured(report, Path.cwd())
    else:
        text = render(report, look[0], Path.cwd())
    return Printed(text, 1 if report.findings else 0)


def _judged_together(
    run: _Run, targets: Sequence[Target], digests: Mapping[str, str | None] | None = None
) -> Report:
    """What is to be shown of all histories; *digests* of their files that are known already."""
    from migsafe.check import Report
    from migsafe.rule import Severity

    reports = []
    for location, settings in targets:
        least = Severity(settings.min_severity)
        notes = least is Severity.INFO
        found = judged(
            location, settings, store=run.store, choice=run.choice, digests=digests, notes=notes
        )
        reports.append(found.at_least(least))
    return Report.of(reports)


def judged(
    location: Location,
    settings: Settings,
    *,
    store: Store | None = None,
    choice: Choice | None = None,
    digests: Mapping[str, str | None] | None = None,
    notes: bool = True,
) -> Report:
    """What all rules say about the revisions of *location* that *choice* means.

    With a *store*, what is known from the last run is not worked out again; *digests* are those of
    files that have just been read, by path. Without *notes*, findings of severity INFO may be
    missing.
    """
    from migsafe.check.kept import check_kept
    from migsafe.check.selection import rules_of

    choice = choice or Choice()
    only, released = choice.wanted(location), choice.released(location)
    rules = rules_of(settings)
    return check_kept(
        location, rules, settings, store, only=only, released=released, digests=digests, notes=notes
    )


def _write_baseline(run: _Run, targets: Sequence[Target], path: Path) -> int:
    from migsafe.check.baseline import write_baseline

    findings = [
        finding
        for location, settings in targets
        for finding in judged(
            location, replace(settings, baseline=None), store=run.store, choice=run.choice
        ).findings
    ]
    write_baseline(findings, path)
    click.echo(f"{len(findings)} findings written to {path}.")
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
