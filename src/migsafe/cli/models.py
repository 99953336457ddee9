"""`migsafe models`: lint, draw, document, verify and extend the schema design."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migsafe.cli.models_new import mixins_command, new_command
from migsafe.cli.models_verify import verify_command

if TYPE_CHECKING:
    from migsafe.config import Settings
    from migsafe.models import Design, DesignRule, Review

_PROFILES = ("recommended", "audit", "strict")  # migsafe.models.Profile


def _source(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and the option that say which design is meant."""
    argument = click.argument("target", metavar="[MODULE:METADATA]", required=False)
    option = click.option("--url", metavar="URL", help="The database to look at; it is only read.")
    return argument(option(command))


@click.group("models")
def command() -> None:
    """Lint, draw, document, verify and extend a schema design.

    The design is what the models promise: MODULE:METADATA names a MetaData, a declarative base or
    SQLModel, as in shop.models:metadata, and no database is needed. Or it is what a database has:
    --url postgresql://localhost/shop.
    """


@command.command("lint")
@_source
@click.option(
    "--profile",
    type=click.Choice(_PROFILES),
    help="audit and strict have further rules.  [default: recommended]",
)
@click.option("--select", multiple=True, metavar="RULES", help="Use only these: MS802,MS81,…")
@click.option("--ignore", multiple=True, metavar="RULES", help="Do not use these.")
@click.option(
    "-f", "--format", "format_", default="text", show_default=True,
    type=click.Choice(["text", "json"]),
)  # fmt: skip
def lint_command(
    target: str | None,
    url: str | None,
    profile: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    format_: str,
) -> int:
    """Say what is weak in a schema design.

    With both MODULE:METADATA and --url the database is judged, and findings are shown at the lines
    of the models. A finding is accepted by a comment at the column or the class:
    # migsafe: ignore[MS802] nobody deletes users

    Exit code 1 means findings, 2 that the models or the database could not be read.
    """
    from migsafe.config import load_settings
    from migsafe.models import lint
    from migsafe.models.findings import as_json, as_text

    settings = load_settings(Path.cwd())
    wanted = profile or settings.models.profile
    rules = _rules(settings, wanted, _words(select), _words(ignore))
    design = replace(_design(target, url), settings=settings.models)
    review = _leveled(lint(design, rules), settings)
    if format_ == "json":
        click.echo(as_json(review, Path.cwd()))
    else:
        for line in as_text(review, Path.cwd()):
            click.echo(line)
    return 1 if review.findings else 0


@command.command("diagram")
@_source
@click.option("--revision", metavar="REV", help="The schema that the migrations make up to REV.")
@click.option("--diff", "changed", metavar="REV", help="Colour what the migration REV changes.")
@click.option(
    "-f", "--format", "format_", type=click.Choice(["mermaid", "svg", "html"]),
    help="By default what the name of FILE ends with, or mermaid.",
)  # fmt: skip
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write to this file."
)
def diagram_command(
    target: str | None,
    url: str | None,
    revision: str | None,
    changed: str | None,
    format_: str | None,
    output: Path | None,
) -> int:
    """Draw a schema design as an entity-relationship diagram.

    html is one file with zoom and search, in which a click on a table shows its neighbours; svg is
    a picture of the same. mermaid is a text that GitHub, GitLab and many editors show as a picture
    when it is in a ```mermaid block of a Markdown file.

    REV is as Alembic has it: an id or its beginning, head, a branch label.
    """
    from migsafe.models.diagram import drawing, mermaid, page, svg

    if sum(given is not None for given in (target or url, revision, changed)) > 1:
        raise click.UsageError("--revision and --diff stand for a design; name no other.")
    before = None
    if revision is None and changed is None:
        design, title = _design(target, url), target or "Database"
    else:
        before, design = _of_history(revision, changed)
        title = f"Revision {revision or changed}"
    drawn = drawing(design, before)
    endings = {".svg": "svg", ".html": "html", ".htm": "html"}
    kind = format_ or endings.get(output.suffix.lower() if output else "", "mermaid")
    text = {"html": lambda: page(drawn, title), "svg": lambda: svg(drawn).text}.get(
        kind, lambda: mermaid(drawn)
    )()
    if output is None:
        click.echo(text, nl=False)
    else:
        _write(output, text)
    return 0


def _of_history(revision: str | None, changed: str | None) -> tuple[Design | None, Design]:
    """What to compare with, and the design to draw, of the migrations in this folder."""
    from migsafe.config import load_settings
    from migsafe.models.revisions import around, at_revision

    here = Path.cwd()
    settings = load_settings(here)
    if changed is not None:
        return around(here, settings, changed)
    assert revision is not None
    return None, at_revision(here, settings, revision)


@command.command("document")
@_source
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write the pages to this folder.",
)  # fmt: skip
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 if a page in DIR is out of date."
)
def document_command(target: str | None, url: str | None, output: Path | None, check: bool) -> int:
    """Describe a schema design in Markdown.

    Columns and why they have their types, constraints, what each index is for (the key, foreign key
    or question it serves), queries that are ready to run, and the migrations that made it so, if
    there is an alembic.ini. README.md lists all tables with a diagram and the enum types, tables/
    has a page for each. Without DIR all pages are printed. The same design always gives the same
    text.
    """
    from migsafe.config import load_settings
    from migsafe.models.document import differences, pages, stale
    from migsafe.models.revisions import stories

    if check and output is None:
        raise click.UsageError("--check compares with a folder: say which one with -o DIR.")
    settings = load_settings(Path.cwd())
    design = replace(_design(target, url), settings=settings.models)
    wanted = pages(design, stories(Path.cwd(), settings))
    if output is None:
        click.echo("\n".join(wanted.values()), nl=False)
        return 0
    if check:
        found = differences(wanted, output)
        for sentence in found:
            click.echo(f"{output.as_posix()}/{sentence}")
        return 1 if found else 0
    for name, text in wanted.items():
        _write(output / name, text)
    for name in stale(wanted, output):
        (output / name).unlink()
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise click.FileError(str(path), error.strerror or "cannot be written") from error


def _design(target: str | None, url: str | None) -> Design:
    from migsafe.errors import ConfigError
    from migsafe.models import Design, live_catalog, load_metadata, wanted_catalog

    if target is None and url is None:
        raise ConfigError(
            "whose design? name the models as MODULE:METADATA, as in shop.models:metadata, "
            "or a database by --url"
        )
    metadata = None if target is None else load_metadata(target)
    if url is not None:
        return Design(live_catalog(url), metadata)
    assert metadata is not None
    return Design(wanted_catalog(metadata), metadata)


def _words(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.strip() for text in given for word in text.split(",") if word.strip())


def _rules(
    settings: Settings, profile: str, select: tuple[str, ...], ignore: tuple[str, ...]
) -> tuple[DesignRule, ...]:
    """The rules to ask; settings speak of all rules, so that words about others are passed over."""
    from migsafe.models import Profile
    from migsafe.models.lint import chosen, matches
    from migsafe.models.rules import load_design_rules

    rules = load_design_rules()
    ignored = [word for word in settings.ignore if any(matches(rule, word) for rule in rules)]
    return chosen(rules, Profile(profile), select=select, ignore=(*ignore, *ignored))


def _leveled(review: Review, settings: Settings) -> Review:
    """The review with the project's severities, without what it does not want to hear."""
    from migsafe.rule import Severity

    least = Severity(settings.min_severity).rank
    levels = settings.severity
    findings = []
    for finding in review.findings:
        wanted = levels.get(finding.rule, levels.get(finding.name))
        leveled = replace(finding, severity=Severity(wanted)) if wanted else finding
        if leveled.severity.rank <= least:
            findings.append(leveled)
    return replace(review, findings=tuple(findings))


command.add_command(new_command)
command.add_command(mixins_command)
command.add_command(verify_command)
