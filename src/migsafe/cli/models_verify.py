"""`migsafe models verify`: prove what the models promise on a throwaway PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from migsafe.cli.progress import progress_bar

if TYPE_CHECKING:
    from migsafe.capture import Location
    from migsafe.models.verify import Verification


@click.command("verify")
@click.argument("target", metavar="MODULE:METADATA")
@click.option(
    "--schemas", multiple=True, metavar="MODULE",
    help="Pydantic schemas to compare, too: TaskCreate and TaskUpdate for Task.",
)  # fmt: skip
@click.option(
    "--migrations/--no-migrations",
    default=None,
    help="Compare with what the migrations make; by default if there are any.",
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
@click.option("--verbose", "-v", is_flag=True, help="Show what was proved, too.")
@click.option(
    "-f", "--format", "format_", default="text", show_default=True,
    type=click.Choice(["text", "json"]),
)  # fmt: skip
def verify_command(
    target: str,
    schemas: tuple[str, ...],
    migrations: bool | None,
    major: int | None,
    server_url: str | None,
    verbose: bool,
    format_: str,
) -> int:
    """Prove what the models promise on a throwaway PostgreSQL.

    For every constraint a row that must be refused, and by which; each relationship loaded both
    ways; each index asked for by the query it is for; the limits of SQLModel fields and of Pydantic
    schemas compared with those of the database; and the database that the migrations make compared
    with the models.

    Schemas are looked for beside the models, in MODULE with all below it, and in the package that
    is set in pyproject.toml. TaskCreate, UpdateTask and TaskSchema speak of Task.

    Exit code 1 means findings, 2 that the models or migrations could not be run.
    """
    from migsafe.models.verify.report import as_json, as_text

    found = _verified(target, schemas, _location(migrations), server_url, major)
    if format_ == "json":
        click.echo(as_json(found))
    else:
        for line in as_text(found, every=verbose):
            click.echo(line)
    return 1 if found.findings else 0


def _verified(
    target: str,
    schemas: tuple[str, ...],
    location: Location | None,
    server_url: str | None,
    major: int | None,
) -> Verification:
    from migsafe.config import load_settings
    from migsafe.models import load_metadata
    from migsafe.models.verify import verify
    from migsafe.server import start

    metadata = load_metadata(target)
    project = load_settings(location.root if location else Path.cwd())
    settings = project.server
    url, major = server_url or settings.url, major or settings.major
    if not schemas and project.models.schemas is not None:
        schemas = (project.models.schemas,)
    with (
        progress_bar() as bar,
        start(provider=settings.provider, url=url, major=major, progress=bar.say) as server,
    ):
        return verify(metadata, server, location=location, schemas=schemas, progress=bar.advance)


def _location(wanted: bool | None) -> Location | None:
    """The project's migrations; None if there are none and none are asked for."""
    from migsafe.capture import find_history
    from migsafe.errors import ConfigError, HistoryError

    if wanted is False:
        return None
    try:
        return find_history([])
    except (ConfigError, HistoryError):
        if wanted:
            raise
        return None
