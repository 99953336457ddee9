"""A cache of answers on disk: found by the content of what they were made from, never trusted.

It imports nothing of weight, as a run that finds its answer here does nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.machinery import all_suffixes
from pathlib import Path

from migsafe.values import dataclass

LIMIT = 200 * 2**20
"""Bytes that all entries may take; the ones not used for longest go first."""

_MAGIC = b"migsafe cache 1\n"
_DIGEST = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """``MIGSAFE_CACHE``, or the folder for migsafe among the user's caches."""
    named = os.environ.get("MIGSAFE_CACHE")
    if named:
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home()), "migsafe", "cache")
    default = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return Path(os.environ.get("XDG_CACHE_HOME") or default) / "migsafe"


@dataclass(frozen=True)
class Store:
    """Entries by key in *folder*; it is safe to use by several processes at once.

    An entry that is damaged, cut short or another program's is none. A folder that cannot be
    written makes the store forgetful, nothing else. *limit* is in bytes.
    """

    folder: Path
    limit: int = LIMIT

    def get(self, key: str) -> bytes | None:
        """What was put under *key*, or None."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        start = len(_MAGIC) + _DIGEST
        body = data[start:]
        if data[:start] != _head(key, body):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return body

    def put(self, key: str, body: bytes) -> None:
        """Keep *body* under *key*; whoever reads meanwhile sees the old entry or the new one."""
        import tempfile

        path = self._path(key)
        temporary = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            with open(handle, "wb") as file:
                file.write(_head(key, body) + body)
            os.replace(temporary, path)
        except OSError:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
            return
        self._prune()

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key[2:]

    def _prune(self) -> None:
        entries = sorted(self._entries(), reverse=True)
        total = 0
        for _, size, path in entries:
            total += size
            if total > self.limit:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """When each entry was used last, its size in bytes and its path."""
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(OSError):
                found = path.stat()
                yield found.st_mtime, found.st_size, path


def _head(key: str, body: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(key.encode() + b"\0" + body).digest()


# -- fingerprints --------------------------------------------------------------------------------


def digest(*parts: object) -> str:
    """One key for *parts*, whose ``repr`` has to tell them apart."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


NAMES_IN = os.sep + "*"
"""At the end of a path it means the names in a folder."""


def file_digest(path: Path | str) -> str | None:
    """The digest of a file's content, or of the `NAMES_IN` a folder; None when it is not there.

    A folder, and what else cannot be read, goes by its kind.
    """
    if str(path).endswith(NAMES_IN):
        names = _listed(str(path)[: -len(NAMES_IN)] or os.sep)
        return digest(sorted(name for name in names if name != "__pycache__"))
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except (OSError, ValueError):
        return _kind(path)


def _kind(path: Path | str) -> str | None:
    try:
        return oct(stat.S_IFMT(os.stat(path).st_mode))
    except (OSError, ValueError):
        return None


def python_names(folder: Path | str) -> tuple[str, ...]:
    """The modules and packages in *folder*, on which depends what an import finds."""
    suffixes = tuple(all_suffixes())
    try:
        with os.scandir(folder) as entries:
            return tuple(sorted(e.name for e in entries if _is_importable(e, suffixes)))
    except OSError:
        return ()


def _is_importable(entry: os.DirEntry[str], suffixes: tuple[str, ...]) -> bool:
    """Whether it has the name of a module, or is a folder that can be a package without a file."""
    name = entry.name
    if name.startswith(".") or name == "__pycache__":
        return False
    return name.endswith(suffixes) or (name.isidentifier() and entry.is_dir())


@lru_cache(maxsize=1)
def installation() -> str:
    """What runs: Python, migsafe and the packages that are installed, each by version.

    A migsafe that is no installed package, as in a checkout, goes by its files.
    """
    folders = [f for f in dict.fromkeys(sys.path) if f.endswith(("site-packages", "dist-packages"))]
    packages = [e for f in folders for e in _listed(f) if e.endswith((".dist-info", ".egg-info"))]
    package = Path(__file__).parent
    own = () if str(package.parent) in folders else tuple(_sources(package))
    return digest(sys.version, sys.platform, sorted(packages), own)


def _listed(folder: str) -> Iterable[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return ()


def _sources(package: Path) -> Iterator[tuple[str, str | None]]:
    for folder, folders, files in os.walk(package):
        folders[:] = sorted(f for f in folders if f != "__pycache__")
        for file in sorted(files):
            if file.endswith(".py"):
                path = os.path.join(folder, file)
                yield path, file_digest(path)
