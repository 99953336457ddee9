"""`migsafe trace`: what each migration does, measured on a throwaway PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from migsafe.cli.progress import progress_bar
from migsafe.report import FORMATS
from migsafe.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migsafe.capture import History, Location, Migration
    from migsafe.check import Report
    from migsafe.config import Settings
    from migsafe.trace import Trace


@click.command("trace")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-f", "--format", "format_", default="text", show_default=True, type=click.Choice(FORMATS)
)
@click.option(
    "--min-severity",
    type=click.Choice([severity.value for severity in Severity]),
    help="Leave out findings less grave than this.  [default: warning]",
)
@click.option(
    "--postgres",
    "major",
    type=click.IntRange(14, 18),
    help="The PostgreSQL major version; any that is there by default.",
)
@click.option(
    "--server-url",
    metavar="URL",
    help="A server on which databases may be created, in place of a throwaway one.",
)
def command(
    paths: tuple[Path, ...],
    format_: str,
    min_severity: str | None,
    major: int | None,
    server_url: str | None,
) -> int:
    """Judge migrations like `migsafe check`, by what they really do on a throwaway PostgreSQL.

    PATHS is a folder of migrations, a project, or single files of one history, as with `migsafe
    check`. Alembic runs every revision up, down and up again with the project's env.py, and each
    statement is measured: its locks, and what it reads, rewrites and rebuilds. Tables hold the rows
    that the migrations themselves insert, so a failure that other rows would cause is predicted.

    Where a measurement is not what was predicted, that is said behind the findings (with other
    formats than text on standard error).

    Exit code 1 means findings, 2 that something could not be read or run.
    """
    from migsafe.capture import find_history
    from migsafe.config import load_settings
    from migsafe.errors import HistoryError
    from migsafe.report import render

    location = find_history(paths)
    settings = load_settings(location.root)
    settings = replace(settings, min_severity=min_severity or settings.min_severity)
    report, history, traced = _traced(location, settings, major, server_url)
    report = report.at_least(Severity(settings.min_severity))
    click.echo(render(report, format_, Path.cwd()), nl=False)
    for line in _remarks(traced):
        click.echo(line, err=format_ != "text")
    for migration in history.migrations:
        if error := traced.failures.get((migration.revision, "upgrade")):
            message = f"the upgrade could not be run, nor what follows: {error}"
            raise HistoryError(message, file=migration.path)
    if any(_is_fault(direction, error) for (_, direction), error in traced.failures.items()):
        return 2
    return 1 if report.findings else 0


def _traced(
    location: Location, settings: Settings, major: int | None, server_url: str | None
) -> tuple[Report, History, Trace]:
    from migsafe.capture import capture
    from migsafe.check import check
    from migsafe.check.selection import rules_of
    from migsafe.server import start
    from migsafe.trace import trace

    server_settings = settings.server
    named = frozenset(path.resolve() for path in location.selected)

    def is_wanted(migration: Migration) -> bool:
        return not named or migration.path.resolve() in named

    with (
        progress_bar() as bar,
        start(
            provider=server_settings.provider,
            url=server_url or server_settings.url,
            major=major or server_settings.major,
            image=server_settings.image,
            progress=bar.say,
        ) as server,
    ):
        settings = replace(settings, target_version=server.major)
        history = capture(location, major=server.major)
        traced = trace(location, history, server, only=is_wanted, progress=bar.advance)
    report = check(
        history,
        rules_of(settings),
        settings,
        effects_of=traced.effects_of,
        only=is_wanted,
    )
    return report, history, traced


def _is_fault(direction: str, error: str) -> bool:
    """Whether a downgrade ended otherwise than by saying that there is none."""
    return direction == "downgrade" and not error.startswith(NotImplementedError.__name__)


def _remarks(traced: Trace) -> Iterator[str]:
    """What the run itself has shown."""
    for (revision, direction), error in traced.failures.items():
        if direction != "upgrade":
            yield f"The {direction} of {revision} ended in {error}"
    if traced.unmeasured:
        yield f"Statements that were not executed, and are predicted: {traced.unmeasured}"
    if traced.differences:
        yield "Measured otherwise than predicted:"
        yield from (f"  {difference}" for difference in traced.differences)
