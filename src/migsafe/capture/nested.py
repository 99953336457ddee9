"""Folders inside of a folder of migrations, which a project adds by its own code."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_REVISION = re.compile(rb"^revision\b[^=\n]*=\s*['\"]([^'\"]+)['\"]", re.M)
_PARENTS = re.compile(rb"^down_revision\b[^=\n]*=\s*(\([^)]*\)|\[[^\]]*\]|[^\n#]*)", re.M)
_TEXT = re.compile(rb"['\"]([^'\"]+)['\"]")


def goes_on_inside(folders: Iterable[Path]) -> bool:
    """Whether the history in *folders* goes on in folders inside of them.

    Projects with a folder for each release name them to Alembic when they run it
    (``config.set_main_option("version_locations", …)``), and no file says so. They do when
    something inside follows a revision of the folder itself, and all inside fits the chain; other
    folders inside are archives.
    """
    folders = tuple(folders)
    inner = [path for folder in folders for path in _inside(folder)]
    if not inner:
        return False
    outer = [_header(path) for folder in folders for path in folder.glob("*.py")]
    known = [revision for revision, _ in outer if revision]
    found = [header for header in map(_header, inner) if header[0]]
    every = [*known, *(revision for revision, _ in found)]
    parents = {parent for _, above in found for parent in above}
    return len(set(every)) == len(every) and parents <= set(every) and not parents.isdisjoint(known)


def _inside(folder: Path) -> Iterator[Path]:
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in sorted(names):
        if name != "__pycache__" and not name.endswith((".py", ".pyc")):
            yield from sorted((folder / name).rglob("*.py"))


def _header(path: Path) -> tuple[bytes, tuple[bytes, ...]]:
    """The revision in *path* and those it follows, by the look of the text."""
    try:
        text = path.read_bytes()
    except OSError:
        return b"", ()
    revision, parents = _REVISION.search(text), _PARENTS.search(text)
    above = tuple(_TEXT.findall(parents[1])) if parents else ()
    return revision[1] if revision else b"", above
