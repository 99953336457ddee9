"""`migsafe init`: a new migrations folder with the plugin enabled."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from migsafe.errors import ConfigError


def templates_directory() -> Path:
    """The folder with the templates: inside the installed package, or at the top of a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "alembic_templates"
    return installed if installed.is_dir() else package.parent.parent / "alembic_templates"


def template_names() -> list[str]:
    """The names that ``--template`` takes."""
    return sorted(path.name for path in templates_directory().iterdir() if path.is_dir())


def _print_templates(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(str(templates_directory()))
        context.exit()


@click.command("init")
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@click.option(
    "-t",
    "--template",
    default="generic",
    show_default=True,
    type=click.Choice(template_names()),
    help="The kind of project.",
)
@click.option(
    "--templates",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_templates,
    help="Print the folder of the templates: alembic init -t takes one of it, too.",
)
@click.option(
    "--compose",
    is_flag=True,
    help="Write a compose.yaml with PostgreSQL, and .env.example with its settings, too.",
)
@click.option(
    "--existing",
    is_flag=True,
    help="Enable the plugin in a project that is there. DIRECTORY may be left out.",
)
@click.option("-y", "--yes", is_flag=True, help="With --existing: write without asking.")
def command(
    directory: Path | None, template: str, compose: bool, existing: bool, yes: bool
) -> int | None:
    """Create the migrations folder DIRECTORY and an alembic.ini beside it.

    env.py has the plugin enabled, a naming convention, one transaction a revision and a lock
    timeout; each new revision is checked when it is written. Existing files are never overwritten.

    With --existing the env.py of a project gets the plugin, and its pyproject.toml a section
    [tool.migsafe]. The diff is shown first. Exit code 1 means that it was not written, 2 that
    env.py is not understood; then it is unchanged.
    """
    if existing:
        from migsafe.cli.init_existing import enable

        return enable(directory, yes=yes)
    if directory is None:
        raise click.UsageError("Missing argument 'DIRECTORY'.")
    _create(directory, template)
    if compose:
        _write_compose()
    click.echo(f"Next: put the MetaData of your models into {directory / 'env.py'},")
    if template == "async" and find_spec("greenlet") is None:
        click.echo("install what async drivers need: pip install 'sqlalchemy[asyncio]'")
    if compose:
        click.echo("start the database: cp .env.example .env; docker compose up --wait")
    click.echo('set DATABASE_URL, then: alembic revision --autogenerate -m "first tables"')
    return None


def _create(directory: Path, template: str) -> None:
    import argparse
    import contextlib
    import io

    from alembic import command as alembic
    from alembic import util
    from alembic.config import Config

    class TemplatesConfig(Config):
        def get_template_directory(self) -> str:
            return str(templates_directory())

    if directory.is_dir() and any(directory.iterdir()):
        raise ConfigError(f"{directory} exists and is not empty; choose another folder")
    ini, toml = Path("alembic.ini"), Path("pyproject.toml")
    before = {path: path.read_bytes() if path.exists() else None for path in (ini, toml)}
    quiet = argparse.Namespace(quiet=True)
    config = TemplatesConfig(ini, toml_file=toml, stdout=io.StringIO(), cmd_opts=quiet)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            alembic.init(config, str(directory), template=template)
    except (util.CommandError, OSError, ValueError) as error:
        raise ConfigError(f"{directory} could not be created: {error}") from error
    files = [ini]
    if (templates_directory() / template / "pyproject.toml.mako").exists():
        files.append(toml)
    made = [path for path in files if before[path] is None]
    click.echo(f"Created {' and '.join(map(str, [directory, *made]))}.")
    for path in files:
        if before[path] is None:
            continue
        if path.read_bytes() != before[path]:
            click.echo(f"{path} was there already and has a section [tool.alembic] now.")
        elif path == ini and toml in files:
            click.echo(f"{path} was there already and is unchanged.")
        else:
            click.echo(f"{path} was there already and is unchanged; set its script_location.")


def _write_compose() -> None:
    """Write what starts PostgreSQL and what says where it is, unless they are there."""
    for name, source in (("compose.yaml", "compose.yaml"), (".env.example", "env.example")):
        try:
            with Path(name).open("x", encoding="utf-8") as file:
                file.write((templates_directory() / source).read_text(encoding="utf-8"))
        except FileExistsError:
            click.echo(f"{name} was there already and is unchanged.")
        except OSError as error:
            raise ConfigError(f"cannot be written: {error.strerror}", file=name) from error
        else:
            click.echo(f"Created {name}.")
