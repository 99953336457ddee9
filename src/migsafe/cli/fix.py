"""`migsafe fix`: migrations that are not released yet, rewritten in their safe form."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migsafe.errors import MigsafeError

if TYPE_CHECKING:
    from migsafe.capture import Location, Migration
    from migsafe.config import Settings
    from migsafe.fix import Outcome


def _duration(text: str | None) -> str | None:
    """*text* if it is a duration; raises click.BadParameter otherwise."""
    if text is None or re.fullmatch(r"\d+\s*(ms|s|min)", text):
        return text
    raise click.BadParameter(f"{text!r} is no duration like 5s or 500ms")


@click.command("fix")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--diff", "only_diff", is_flag=True, help="Print what would change, write nothing.")
@click.option(
    "--unsafe-fixes",
    is_flag=True,
    help="Take in fixes after which somebody has to look at the rows, and missing downgrades.",
)
@click.option(
    "-f",
    "--format",
    "format_",
    default="text",
    show_default=True,
    type=click.Choice(("text", "json")),
)
@click.option("--select", multiple=True, metavar="RULES", help="Fix only these: MS101,MS2,…")
@click.option("--ignore", multiple=True, metavar="RULES", help="Do not fix these.")
@click.option(
    "--lock-timeout",
    metavar="DURATION",
    callback=lambda ctx, param, value: _duration(value),
    help="In what is rewritten, wait this long for locks that stop others, as in 5s.  [default: "
    "lock_timeout in [tool.migsafe.autogenerate]]",
)
@click.option(
    "--base",
    metavar="GITREF",
    help="What is in GITREF is released.  [default: origin/HEAD, origin/main, main …]",
)
@click.option("--released", is_flag=True, help="Rewrite what is released, too.")
@click.option(
    "--postgres", type=click.IntRange(14, 18), help="The oldest PostgreSQL they will run on."
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Use this pyproject.toml.",
)
def command(
    paths: tuple[Path, ...],
    only_diff: bool,
    format_: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    postgres: int | None,
    config: Path | None,
    **chosen: Any,
) -> int:
    """Rewrite migrations so that they block nobody for long.

    PATHS is a folder of migrations, a project, or single files of one history; without it the
    alembic.ini (or pyproject.toml) here or above says where they are.

    Comments and layout stay. A file is written only after it was checked again: its findings are
    gone, it ends in the same schema, and its downgrade leads back as before. Revisions that the
    base branch has already are left alone, as databases may have run them.

    Exit code 1 means that something can be fixed (--diff) or was left, 2 that something could not
    be read.
    """
    from migsafe.capture import find_history
    from migsafe.cli.check import _settings, _words

    location = find_history(paths)
    settings = _settings(location, config, _words(select), _words(ignore))
    settings = replace(settings, target_version=postgres or settings.target_version)
    outcome = worked_out(location, settings, **chosen)
    if not only_diff:
        _write(outcome)
    _show(outcome, format_, only_diff)
    return 1 if outcome.left or (only_diff and outcome.changes) else 0


def fix_first(targets: Sequence[tuple[Location, Settings]], base: str | None) -> None:
    """Fix the histories *targets* where they are, and say so on standard error."""
    for location, settings in targets:
        outcome = worked_out(location, settings, base=base)
        from migsafe.fix.reporting import as_text

        _write(outcome)
        click.echo(as_text(outcome, Path.cwd(), written=True), nl=False, err=True)


def worked_out(
    location: Location,
    settings: Settings,
    *,
    unsafe_fixes: bool = False,
    lock_timeout: str | None = None,
    base: str | None = None,
    released: bool = False,
) -> Outcome:
    """What fixing the history at *location* gives; raises MigsafeError without libcst."""
    from migsafe.check.selection import rules_of
    from migsafe.rule import Severity

    try:
        from migsafe.fix import fix
    except ModuleNotFoundError as error:
        if error.name != "libcst":
            raise
        message = "migsafe fix needs libcst: pip install 'alembic-migsafe[fix]'"
        raise MigsafeError(message) from error
    only = _choice(location, base, released)
    outcome = fix(
        location, rules_of(settings), settings,
        only=only, unsafe=unsafe_fixes,
        lock_timeout=lock_timeout or settings.autogenerate.lock_timeout,
    )  # fmt: skip
    least = Severity(settings.min_severity).rank
    left = tuple(one for one in outcome.left if one.finding.severity.rank <= least)
    return replace(outcome, left=left)


def _choice(location: Location, base: str | None, released: bool) -> Callable[[Migration], bool]:
    """Which migrations may be rewritten; raises MigsafeError for a named one that is released."""
    known = frozenset[Path]() if released else _released(location, base)
    named = frozenset(path.resolve() for path in location.selected)
    for path in sorted(named & known):
        message = "it is released, as the base branch has it; --released rewrites it all the same"
        raise MigsafeError(message, file=path)

    def is_wanted(migration: Migration) -> bool:
        path = migration.path.resolve()
        return (not named or path in named) and path not in known

    return is_wanted


def _released(location: Location, base: str | None) -> frozenset[Path]:
    from migsafe.check.selection import base_branch, in_base

    found: set[Path] = set()
    for folder in location.versions:
        try:
            found |= in_base(base or base_branch(folder), folder)
        except MigsafeError as error:
            where = f"--base {base}: {error.message}" if base else f"{error.message}; without git"
            message = f"{where}, --released says that all may be rewritten"
            raise MigsafeError(message, file=folder) from error
    return frozenset(found)


def _write(outcome: Outcome) -> None:
    from migsafe.fix.files import write

    write(outcome.changes)


def _show(outcome: Outcome, format_: str, only_diff: bool) -> None:
    from migsafe.fix.files import unified
    from migsafe.fix.reporting import as_json, as_text

    if format_ == "json":
        click.echo(as_json(outcome, Path.cwd(), written=not only_diff), nl=False)
        return
    for line in unified(outcome.changes, Path.cwd()) if only_diff else ():
        click.echo(line, nl=False)
    text = as_text(outcome, Path.cwd(), written=not only_diff)
    click.echo(text, nl=False, err=only_diff)
