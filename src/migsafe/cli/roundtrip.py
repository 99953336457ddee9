"""`migsafe roundtrip`: every revision up, down and up again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from migsafe.cli.progress import progress_bar

if TYPE_CHECKING:
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
    default=False,
    help="Try each revision with rows in all tables, too; off by default.",
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
    "--format", "format_", type=click.Choice(["text", "json", "markdown"]), default="text"
)
def command(
    path: Path | None,
    only: tuple[str, ...],
    first: str | None,
    last: str | None,
    since: str | None,
    data: bool,
    major: int | None,
    server_url: str | None,
    format_: str,
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
    settings = load_settings(location.root).server
    url, major = server_url or settings.url, major or settings.major
    with (
        progress_bar() as bar,
        start(provider=settings.provider, url=url, major=major, progress=bar.say) as server,
    ):
        trip = roundtrip(location, server, only=chosen, data=data, progress=bar.advance)
    _show(trip, format_)
    return 1 if trip.summary.failed else 0


def _show(trip: Trip, format_: str) -> None:
    from migsafe.roundtrip import render

    if format_ == "json":
        click.echo(render.as_json(trip, Path.cwd()))
        return
    for line in render.as_markdown(trip) if format_ == "markdown" else render.as_text(trip):
        click.echo(line)
