"""`migsafe stats`: how large the tables of a database are, for `migsafe check --stats`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("stats")
@click.argument("url")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
def command(url: str, output: Path | None) -> None:
    """Print sizes and use of the tables of the database at URL as JSON.

    One statement reads PostgreSQL's catalog and counters, in a session that cannot write: names,
    sizes and estimated rows of tables and indexes, how often they were read and changed. No row of
    a table is read.

    `migsafe check --stats FILE`, or stats = "FILE" in [tool.migsafe], judges migrations by it.
    """
    from migsafe.stats import as_json
    from migsafe.stats.query import read_stats

    text = as_json(read_stats(url))
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(output), error.strerror or "cannot be written") from error
