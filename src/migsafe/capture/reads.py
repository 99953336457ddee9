"""Which files a piece of work opens to read, so that its result can be kept until one changes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.machinery import all_suffixes
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

from migsafe.cache import NAMES_IN


class Reads:
    """Notes every file that is opened, but for those of Python and of installed packages."""

    def __init__(self) -> None:
        self._noted: list[set[str]] = []

    @contextmanager
    def noted(self) -> Iterator[set[str]]:
        """The paths opened inside, complete when the block has ended."""
        found: set[str] = set()
        self._noted.append(found)
        try:
            yield found
        finally:
            self._noted.pop()
            paths = {_source(os.path.abspath(path)) for path in found}
            found.clear()
            found.update(path for path in paths if not _is_installed(path))

    def note(self, paths: Iterable[str]) -> None:
        """Note files that another process has opened on behalf of this one."""
        for found in self._noted:
            found.update(paths)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The audit hook: as little as can be, as it is asked hundreds of times for a migration."""
        if event == "open" and self._noted and not isinstance(arguments[0], int):
            self.note_path(arguments[0])

    def note_path(self, path: object, *, names: bool = False) -> None:
        """Note a file that code depends on, or the *names* in a folder."""
        if not self._noted or not isinstance(path, str | bytes | os.PathLike):
            return
        name = os.fsdecode(path)
        if names:
            name += NAMES_IN
        if not os.path.isabs(name):  # the folder may be another one by the end
            name = os.path.abspath(name)
        for found in self._noted:
            found.add(name)

    def note_missing(self, module: str, folders: Iterable[object]) -> None:
        """Note the files of which one, in one of *folders*, would be a *module* not found there."""
        name = module.rpartition(".")[2]
        for folder in folders:
            if isinstance(folder, str):
                for ending in ("", f"{os.sep}__init__.py", *all_suffixes()):
                    self.note_path(os.path.join(folder or os.curdir, name) + ending)


def _source(path: str) -> str:
    """The module that a compiled file was made from; Python has looked at its date alone."""
    if not path.endswith(".pyc"):
        return path
    try:
        return source_from_cache(path)
    except ValueError:  # compiled without a source beside it
        return path


def _is_installed(path: str) -> bool:
    return path.startswith(_known_folders()) or "-packages" in path


@lru_cache(maxsize=1)
def _known_folders() -> tuple[str, ...]:
    return (str(Path(__file__).parent.parent), str(Path(os.__file__).parent), "/dev/", "/proc/")


@lru_cache(maxsize=1)
def reads() -> Reads:
    """The one for this process, as an audit hook can never be removed again."""
    found = Reads()
    sys.addaudithook(found.hook)
    return found
