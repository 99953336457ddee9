"""Files of fixed migrations: what new ones are called, how they differ, how they are written."""

from __future__ import annotations

import contextlib
import datetime
import difflib
import io
import os
import re
import shutil
import tempfile
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path

from migsafe.capture.location import Location
from migsafe.errors import MigsafeError
from migsafe.fix.model import FileChange

_WRITABLE = 0o222
_CREATED = re.compile(r"^\s*Create Date:\s*(\S.*?)\s*$", re.M)


def new_path(location: Location, beside: Path, revision: str, message: str) -> Path:
    """Where Alembic would put a revision made when the one in the file *beside* was."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(
        str(location.ini) if location.ini else None,
        toml_file=str(location.toml) if location.toml else None,
    )
    folder = location.script_location or beside.parent
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    has_folders = "/" in script.file_template or os.sep in script.file_template
    above = [one for one in location.versions if beside.resolve().is_relative_to(one.resolve())]
    top = max(above, key=lambda one: len(one.parts), default=beside.parent)
    parent = top if has_folders else beside.parent
    return script._rev_path(parent, revision, message, _created(beside))


def _created(path: Path) -> datetime.datetime:
    match = _CREATED.search(path.read_text(encoding="utf-8", errors="replace"))
    if match:
        with contextlib.suppress(ValueError):
            return datetime.datetime.fromisoformat(match[1])
    return datetime.datetime.fromtimestamp(path.stat().st_mtime)


def unified(changes: Sequence[FileChange], folder: Path) -> Iterator[str]:
    """The lines of a unified diff of *changes*, with paths relative to *folder*."""
    for change in changes:
        name = os.path.relpath(change.path, folder)
        before, after = _text(change.before or b""), _text(change.after)
        old = f"a/{name}" if change.before is not None else "/dev/null"
        lines = difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), old, f"b/{name}"
        )
        for line in lines:
            yield line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"


def _text(data: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding, "replace")


def write(changes: Sequence[FileChange]) -> None:
    """Write all of *changes*, or none.

    Raises MigsafeError when a file has changed since it was read, or cannot be written.
    """
    with contextlib.ExitStack() as stack:
        staged: list[tuple[Path, FileChange]] = []
        try:
            for change in changes:
                _unchanged(change)
                staged.append((_staged(change, stack), change))
            _swap(staged)
        except OSError as error:
            raise MigsafeError(
                f"nothing was written: {error.strerror}", file=error.filename
            ) from error


def _unchanged(change: FileChange) -> None:
    is_there = change.path.exists()
    if is_there and not change.path.stat().st_mode & _WRITABLE:
        raise MigsafeError("it is read-only; nothing was written", file=change.path)
    now = change.path.read_bytes() if is_there else None
    if now != change.before:
        raise MigsafeError("it has changed meanwhile; nothing was written", file=change.path)


def _staged(change: FileChange, stack: contextlib.ExitStack) -> Path:
    """A file beside the one to be written, with its text and its mode."""
    path = change.path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".migsafe", dir=path.parent)
    staged = Path(name)
    stack.callback(staged.unlink, missing_ok=True)
    with os.fdopen(handle, "wb") as file:
        file.write(change.after)
        file.flush()
        os.fsync(file.fileno())
    if change.before is not None:
        shutil.copymode(path, staged)
    else:
        staged.chmod(0o666 & ~_umask())
    return staged


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _swap(staged: Sequence[tuple[Path, FileChange]]) -> None:
    """Put the staged files in their places; when that fails, what was there comes back."""
    done: list[FileChange] = []
    try:
        for path, change in staged:
            os.replace(path, change.path.resolve())
            done.append(change)
    except OSError:
        for change in done:
            if change.before is None:
                change.path.unlink(missing_ok=True)
            else:
                change.path.write_bytes(change.before)
        raise
