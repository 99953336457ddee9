"""`migsafe models new` and `migsafe models mixins`: write a model and all that goes with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from migsafe.cli.progress import progress_bar

if TYPE_CHECKING:
    from migsafe.models.scaffold import Draft, Request

_STYLES = ("sqlmodel", "sqlalchemy")


@click.command("new")
@click.argument("name")
@click.option("--fields", required=True, metavar="TEXT", help="As in the example above.")
@click.option("--style", type=click.Choice(_STYLES), help="That of the other models by default.")
@click.option("--mixins", default="", metavar="NAMES", help="Of uuid,timestamps,soft-delete.")
@click.option("--table", metavar="NAME", help="The table; the plural of NAME by default.")
@click.option("--session", type=click.Choice(("sync", "async")), help="That of the repository.")
@click.option("--rev-id", metavar="ID", help="The id of the revision.")
@click.option("--dry-run", is_flag=True, help="Show all files and write none.")
def new_command(
    name: str,
    fields: str,
    style: str | None,
    mixins: str,
    table: str | None,
    session: str | None,
    rev_id: str | None,
    dry_run: bool,
) -> int:
    """Write a model, its schemas, repository, migration and test into the project.

    \b
    migsafe models new Task --mixins timestamps --fields "title:str(200),
        status:enum(pending,done)=pending, tags:list[str]:gin, due:datetime?,
        owner:ref(users):cascade, meta:jsonb, price:numeric(10,2)>=0"

    The migration is written by autogenerate in a throwaway PostgreSQL that has all migrations, is
    checked, and run up, down and up again. No file is overwritten.

    Exit code 1 means that the migration or the design has findings, 2 that nothing was written.
    """
    from migsafe.models.scaffold import Request, write

    wanted = tuple(word.strip() for word in mixins.split(",") if word.strip())
    request = Request(name, fields, wanted, style, table, session, rev_id)
    found = _drafted(request)
    _show(found, dry_run=dry_run)
    if found.trip.failed:
        click.echo("\nNothing is written: the migration does not stand the round trip.")
        return 2
    if not dry_run:
        write(found.files, found.insertion)
    return 0 if found.is_clean else 1


def _drafted(request: Request) -> Draft:
    from migsafe.capture import find_history
    from migsafe.config import load_settings
    from migsafe.models.scaffold import draft
    from migsafe.server import start

    location = find_history([])
    settings = load_settings(location.root)
    chosen = settings.server
    with (
        progress_bar() as bar,
        start(
            provider=chosen.provider, url=chosen.url, major=chosen.major, progress=bar.say
        ) as server,
    ):
        return draft(location, server, request, settings, bar.advance)


def _show(found: Draft, *, dry_run: bool) -> None:
    """The files (with *dry_run* all of their text), and what was found."""
    from migsafe.models.findings import as_text
    from migsafe.report import render
    from migsafe.report.parts import place
    from migsafe.roundtrip import render as trips

    here = Path.cwd()
    for path, text in found.files.items():
        click.echo(f"+ {place(path, here)}")
        if dry_run and text:
            click.echo("".join(f"    {line}\n" if line else "\n" for line in text.splitlines()))
    if found.insertion is not None:
        added = found.insertion
        click.echo(f"~ {place(added.path, here)}:{added.after + 1}\n    + {added.line}")
    if found.caught_up:
        click.echo(
            "\nThe models also differ from the migrations elsewhere; that is not in this revision:"
            "\n  alembic revision --autogenerate"
        )
    if found.trip.failed:
        click.echo("\n" + "\n".join(trips.problem(found.trip)))
    else:
        click.echo("\nThe migration went up, down and up again.")
    if found.report.findings:
        click.echo("\n" + render(found.report, "text", here), nl=False)
    if found.review.findings:
        click.echo("\n" + "\n".join(as_text(found.review, here)))


@click.command("mixins")
@click.option("--package", metavar="MODULE", help="The package of the models, as app.models.")
@click.option("--style", type=click.Choice(_STYLES), help="sqlalchemy by default.")
@click.option("--session", type=click.Choice(("sync", "async")), help="async adds asyncpg.")
@click.option("--dry-run", is_flag=True, help="Show all files and write none.")
def mixins_command(
    package: str | None, style: str | None, session: str | None, dry_run: bool
) -> int:
    """Write the modules that models build on: base, mixins and sessions.

    \b
    base.py     the base class, with a naming convention for constraints
    mixins.py   UUIDKey, Timestamps and SoftDelete
    session.py  engines and sessions: psycopg, asyncpg, and without a pool for serverless

    Files that are there stay as they are.
    """
    from migsafe.config import load_settings
    from migsafe.models.scaffold import write
    from migsafe.models.scaffold.foundation import foundation
    from migsafe.report.parts import place

    settings = load_settings(Path.cwd()).models
    files = foundation(
        Path.cwd(),
        package or settings.package,
        style or settings.style or "sqlalchemy",
        is_async=(session or settings.session) == "async",
    )
    for path, text in files.items():
        kept = path.exists()
        click.echo(f"{'=' if kept else '+'} {place(path, Path.cwd())}")
        if dry_run and not kept:
            click.echo("".join(f"    {line}\n" if line else "\n" for line in text.splitlines()))
    if not dry_run:
        write({path: text for path, text in files.items() if not path.exists()})
    return 0
