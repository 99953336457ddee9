"""Which revisions of a history the last release had."""

from __future__ import annotations

import subprocess
from pathlib import Path

from migsafe.capture import Location, read_scripts
from migsafe.capture.graph import ordered
from migsafe.errors import HistoryError


def released_at(location: Location, reference: str | None = None) -> frozenset[str] | None:
    """The revisions that were there at the git commit *reference*, and all before them.

    Without one the last tag is taken; None when there is none, or no git. Raises HistoryError for
    a reference that git does not know.
    """
    root = location.root
    found = reference or _git(root, "describe", "--tags", "--abbrev=0")
    if found is None:
        return None
    commit = f"{found.strip()}^{{commit}}"
    top = _git(root, "rev-parse", "--show-toplevel")
    listed = _git(root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    if listed is None or top is None:
        if reference is None:
            return None
        raise HistoryError(f"git does not know the release {reference!r}")
    files = {(Path(top.strip()) / name).resolve() for name in listed.split("\0")}
    run, _ = ordered(read_scripts(location))
    released: set[str] = set()
    for script in reversed(run):
        if script.path.resolve() in files or script.revision in released:
            released |= {script.revision, *script.down_revisions, *script.depends_on}
    return frozenset(released)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout
