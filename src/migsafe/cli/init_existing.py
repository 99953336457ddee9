"""`migsafe init --existing`: the plugin in the env.py of a project that is there."""

from __future__ import annotations

import sys
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from migsafe.errors import ConfigError, MigsafeError

if TYPE_CHECKING:
    from migsafe.capture import Location
    from migsafe.fix.model import FileChange

_SECTION = """\
[tool.migsafe]
# The oldest PostgreSQL that the migrations will run on.
target-version = {version}
"""
_AUTOGENERATE = """
[tool.migsafe.autogenerate]
"""
_PLAIN = """\
# env.py begins a transaction by itself, and then no step can run outside of one.
online = false
"""
_LIMITED = """\
# env.py sets none: what waits for a lock in a migration makes everybody behind it wait.
lock_timeout = "5s"
"""


def enable(directory: Path | None, *, yes: bool) -> int:
    """Edit env.py and pyproject.toml of the project in *directory*, or here.

    The diff is shown first. Returns the exit code: 0 for done or nothing to do, 1 when the edit was
    not wanted. Raises ConfigError for what is not understood; then nothing is written.
    """
    from migsafe.capture import find_history

    location = find_history([directory] if directory is not None else [])
    changes = list(_changes(location))
    if not changes:
        click.echo(f"{_shown(_env(location))} has the plugin already; nothing to do.")
        return 0
    from migsafe.fix.files import unified, write

    for line in unified(changes, Path.cwd()):
        click.echo(line, nl=False)
    if not yes and not (sys.stdin.isatty() and click.confirm("Write this?")):
        click.echo("Nothing is written; --yes writes it.")
        return 1
    write(changes)
    click.echo(f"Written: {', '.join(_shown(change.path) for change in changes)}.")
    click.echo("Next: migsafe check, then: alembic revision --autogenerate")
    return 0


def _env(location: Location) -> Path:
    if location.env is None:
        folder = location.script_location or location.versions[0]
        raise ConfigError("there is no env.py; name the folder that has it", file=folder)
    return location.env


def _changes(location: Location) -> Iterator[FileChange]:
    """Yield what is to be written; raises ConfigError where that is not certain to work."""
    try:
        from migsafe.autogen.enabling import enabled
    except ModuleNotFoundError as error:
        if error.name != "libcst":
            raise
        message = "migsafe init --existing needs libcst: pip install 'alembic-migsafe[fix]'"
        raise MigsafeError(message) from error
    from migsafe.fix.model import FileChange

    path = _env(location)
    text, encoding = _read(path)
    found = enabled(text, path)
    if found.text != text:
        yield FileChange(path, path.read_bytes(), found.text.encode(encoding))
    yield from _settings(location, path, found.own_transaction)


def _read(path: Path) -> tuple[str, str]:
    try:
        with path.open("rb") as file:
            encoding, _ = tokenize.detect_encoding(file.readline)
        return path.read_bytes().decode(encoding), encoding
    except (OSError, SyntaxError, ValueError) as error:
        raise ConfigError(f"it cannot be read: {error}", file=path) from error


def _settings(location: Location, env: Path, own: int | None) -> Iterator[FileChange]:
    """Yield the change of pyproject.toml, unless one here or above has a [tool.migsafe].

    *own* is the line where *env* begins a transaction by itself, if it does.
    """
    from migsafe.config import OLDEST, load_settings, parse_settings
    from migsafe.fix.model import FileChange

    there = load_settings(location.root)
    if there.path is not None:
        if own is not None and there.autogenerate.online:
            click.echo(
                f"{_shown(env)}:{own} begins a transaction by itself, and then no step can run "
                f"outside of one: set online = false in [tool.migsafe.autogenerate] of "
                f"{_shown(there.path)}, or let Alembic begin it.",
                err=True,
            )
        return
    path = next(_projects(location.root), location.root / "pyproject.toml")
    before = path.read_bytes() if path.exists() else None
    section = _SECTION.format(version=OLDEST)
    further = _PLAIN if own is not None else "" if _limits_locks(location) else _LIMITED
    section += further and _AUTOGENERATE + further
    text = (before or b"").decode("utf-8")
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    after = text + gap + section.replace("\n", newline)
    parse_settings(_parsed(after, path), path)
    yield FileChange(path, before, after.encode("utf-8"))


def _limits_locks(location: Location) -> bool:
    from migsafe.capture.environment import read_environment

    return read_environment(location).lock_timeout


def _projects(folder: Path) -> Iterator[Path]:
    for one in (folder, *folder.parents):
        if (one / "pyproject.toml").is_file():
            yield one / "pyproject.toml"
        if (one / ".git").exists():
            return


def _parsed(text: str, path: Path) -> dict[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        section: dict[str, object] = tomllib.loads(text)["tool"]["migsafe"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise ConfigError(f"[tool.migsafe] cannot be added: {error}", file=path) from error
    return section


def _shown(path: Path) -> str:
    paths: Sequence[Path] = (path.resolve(), Path.cwd().resolve())
    return str(paths[0].relative_to(paths[1])) if paths[0].is_relative_to(paths[1]) else str(path)
