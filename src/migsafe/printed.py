"""Whole answers of a command, kept until anything they were made from changes."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from migsafe.cache import Store, digest, file_digest, installation, python_names
from migsafe.values import dataclass


@dataclass(frozen=True)
class Printed:
    """What a command printed, and its exit code."""

    text: str
    code: int


class Question:
    """A command with all that is known before it runs: options, settings and migration files.

    The day counts, as an ignore can have a last one. Other files are known only when it has run
    once: they are kept with its answer. *files* has the digests of the migration files by path.
    """

    def __init__(self, store: Store, files: Iterable[Path], *options: object):
        self._store = store
        self.files = {str(path): file_digest(path) for path in files}
        today = datetime.date.today().isoformat()
        self._key = digest(
            "printed", installation(), today, os.getcwd(), self.files, *map(repr, options)
        )

    def answer(self) -> Printed | None:
        """The answer to the same question, if nothing it was made from has changed."""
        found = self._store.get(self._key)
        if found is None:
            return None
        try:
            entry = json.loads(found)
            fresh = is_fresh(entry["files"], entry["folders"])
            return Printed(str(entry["text"]), int(entry["code"])) if fresh else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def keep(self, printed: Printed, opened: Iterable[str], folders: Iterable[Path]) -> None:
        """Keep the answer, which was made from the files *opened* and the modules in *folders*."""
        # What this run has taken from the cache says nothing that its files do not say.
        own = os.path.join(os.path.abspath(self._store.folder), "")
        others = sorted(
            path for path in set(opened) if path not in self.files and not path.startswith(own)
        )
        entry = {
            "text": printed.text,
            "code": printed.code,
            "files": {path: file_digest(path) for path in others},
            "folders": surroundings(folders),
        }
        self._store.put(self._key, json.dumps(entry).encode())


def surroundings(folders: Iterable[Path]) -> dict[str, str]:
    """*folders* in which modules are looked for, with a digest of the names in them."""
    return {str(folder): digest(python_names(folder)) for folder in folders}


def is_fresh(files: Mapping[str, str | None], folders: Mapping[str, str]) -> bool:
    """Whether the *files* and the names in the *folders* still have these digests."""
    return all(file_digest(path) == known for path, known in files.items()) and all(
        digest(python_names(folder)) == known for folder, known in folders.items()
    )
