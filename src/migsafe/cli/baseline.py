"""`migsafe baseline`: an old project's findings, so that only new ones count."""

from __future__ import annotations

from pathlib import Path

import click

from migsafe.cli.check import command as check


@click.command("baseline")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("migsafe-baseline.json"),
    show_default=True,
    help="Write to this file.",
)
@click.pass_context
def command(context: click.Context, paths: tuple[Path, ...], output: Path) -> int:
    """Write down what `migsafe check` finds today.

    With baseline = "FILE" in [tool.migsafe], whose path is that of pyproject.toml, only findings
    that are not in the file count. It is the same as migsafe check --write-baseline FILE.
    """
    code: int = context.invoke(check, paths=paths, write_baseline=output)
    return code
