"""`migsafe roundtrip`: every revision up, down and up again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migsafe.cli.progress import progress_bar

if TYPE_CHECKING:
    from migsafe.capture import Location
    from migsafe.config import Settings
    from migsafe.roundtrip import Trip


@click.command("roundtrip")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--only", multiple=True, metavar="REVISION", help="Try only this revision.")
@click.option("--from", "first", metavar="REVISION", help="Try this revision and those after it.")
@click.option("--to", "last", metavar="REVISION", help="Try this revision and those before it.")
@click.option(
    "--since", metavar="COMMIT", help="Try the revisions that are new since this git commit."
)
@click.option(
    "--data/--no-data",
    default=None,
    help="Try each revision with rows in all tables, too; off by default.",
)
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="NAME",
    help="Check this, too; `all` for everything. See docs/roundtrip.md for the names.",
)
@click.option(
    "--keep-going",
    is_flag=True,
    default=None,
    help="Pass over a revision that cannot be upgraded, and try those behind it all the same.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long an upgrade or a downgrade may take; 60 by default, 0 for no limit.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="In how many processes, each with a server of its own; by default as many as pay.",
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
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "markdown", "html"]), default="text"
)
def command(
    path: Path | None,
    only: tuple[str, ...],
    first: str | None,
    last: str | None,
    since: str | None,
    major: int | None,
    server_url: str | None,
    format_: str,
    **asked: Any,
) -> int:
    """Run every revision up, down and up again on a throwaway PostgreSQL, and compare the schemas.

    PATH is a folder with migrations, one of them, a project or an alembic.ini; without it the
    alembic.ini or [tool.alembic] around the current folder is used. The project's env.py is used
    when there is one; whatever database it names, its connections are led to the throwaway one.
    """
    from migsafe.capture import find_history
    from migsafe.check.selection import changed_since
    from migsafe.config import load_settings
    from migsafe.roundtrip import roundtrip, selected
    from migsafe.server import start

    location = find_history([path] if path else [])
    files = changed_since(since, location.root) if since is not None else None
    chosen = selected(location, only=only, first=first, last=last, files=files)
    settings = load_settings(location.root)
    given = settings.server
    url, major = server_url or given.url, major or given.major
    where: dict[str, Any] = {"provider": given.provider, "image": given.image}
    with progress_bar() as bar, start(url=url, major=major, progress=bar.say, **where) as server:
        arguments = _arguments(location, settings, **asked)
        trip = roundtrip(location, server, only=chosen, progress=bar.advance, **arguments)
    _show(trip, format_)
    return 0 if trip.summary.clean else 1


def _arguments(
    location: Location,
    settings: Settings,
    data: bool | None,
    checks: tuple[str, ...],
    keep_going: bool | None,
    timeout: float | None,
    jobs: int | None,
) -> dict[str, Any]:
    """What the settings say, and on top of them the command line."""
    from migsafe.roundtrip.asked import arguments

    found = arguments(location, settings, _checks(settings, data, checks))
    if keep_going is not None:
        found["keep_going"] = keep_going
    if timeout is not None:
        found["seconds"] = timeout
    found["jobs"] = settings.roundtrip.jobs if jobs is None else jobs
    return found


def _checks(settings: Settings, data: bool | None, asked: tuple[str, ...]) -> frozenset[str]:
    """The checks of the settings, with those *asked* for besides."""
    from migsafe.roundtrip.checks import DEFAULT, NAMES

    for name in asked:
        if name != "all" and name not in NAMES:
            told = f"{name!r} is none of: all, {', '.join(NAMES)}"
            raise click.BadParameter(told, param_hint="--check")
    usual = DEFAULT if settings.roundtrip.checks is None else settings.roundtrip.checks
    checks = frozenset((*usual, *(NAMES if "all" in asked else asked)))
    if data is None:
        return checks
    return checks | {"data"} if data else checks - {"data"}


def _show(trip: Trip, format_: str) -> None:
    from migsafe.roundtrip import render

    if format_ == "json":
        click.echo(render.as_json(trip, Path.cwd()))
        return
    if format_ == "html":
        from migsafe.roundtrip.page import as_html

        click.echo(as_html(trip), nl=False)
        return
    for line in render.as_markdown(trip) if format_ == "markdown" else render.as_text(trip):
        click.echo(line)
