"""The process as it was before: modules, paths, environment and streams, after foreign code ran."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from migsafe.capture.imports import Imports, installed
from migsafe.capture.sites import is_library

_LIBRARIES = ("alembic", "sqlalchemy")


@contextmanager
def swapped(owner: Any, **values: Any) -> Iterator[None]:
    """Give attributes of *owner* other values for a while."""
    before = {name: getattr(owner, name) for name in values}
    for name, value in values.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(owner, name, value)


class Swaps:
    """Other values for attributes of modules and classes while foreign code runs inside."""

    def __init__(self, *swaps: tuple[Any, Mapping[str, Any]]):
        self._swaps = [
            (vars(owner), owner, name, value, getattr(owner, name))
            for owner, values in swaps
            for name, value in values.items()
        ]

    def __enter__(self) -> Swaps:
        self.renew()
        return self

    def __exit__(self, *error: object) -> None:
        for _, owner, name, _, before in self._swaps:
            setattr(owner, name, before)

    def renew(self) -> None:
        """Give the attributes these values again, whatever they have now."""
        for attributes, owner, name, value, _ in self._swaps:
            if attributes.get(name) is not value:
                setattr(owner, name, value)


class _Silence(io.StringIO):
    """A stream that one migration cannot close for the next."""

    def close(self) -> None:
        """Stay open."""


@contextmanager
def isolated(imports: Imports, root: Path, path: Sequence[Path]) -> Iterator[None]:
    """Run what is inside from *root* with *path* first in `sys.path`; then undo its traces.

    Modules of the project and placeholders are forgotten; those of Python and of installed
    packages stay, as few of them can be imported twice.
    """
    modules = dict(sys.modules)
    variables = dict(os.environ)
    folder = Path.cwd()
    silence = _Silence()
    with (
        _finders(imports.failed(), imports),
        swapped(
            sys,
            path=[*map(str, path), *sys.path],
            dont_write_bytecode=True,
            stdin=_Silence(),
        ),
        contextlib.redirect_stdout(silence),
        contextlib.redirect_stderr(silence),
    ):
        os.chdir(root)
        try:
            yield
        finally:
            os.chdir(folder)
            restore_modules(modules)
            restore_variables(variables)


class Footing:
    """What one migration finds, and the next has to find again: the folder and the libraries."""

    def __init__(self, root: Path):
        self._root = root
        self._depth = sys.getrecursionlimit()
        self._libraries = {
            name: module
            for name, module in sys.modules.items()
            if name.partition(".")[0] in _LIBRARIES
        }

    def restore(self) -> None:
        """Undo what a migration did to them."""
        os.chdir(self._root)
        sys.setrecursionlimit(self._depth)
        if any(sys.modules.get(name) is not self._libraries[name] for name in _LIBRARIES):
            sys.modules.update(self._libraries)


@contextmanager
def _finders(first: Any, last: Any) -> Iterator[None]:
    """Ask *first* before, and *last* after all others that find modules.

    What installed packages add meanwhile stays, as they do: importlib_metadata takes the finder of
    distributions away from Python, and without its own no version could be found any more.
    """
    before = sys.meta_path
    sys.meta_path = [first, *before, last]
    try:
        yield
    finally:
        added = [f for f in sys.meta_path if f not in (first, last, *before)]
        sys.meta_path = before
        sys.meta_path[:0] = [finder for finder in added if _stays(finder)]


def _stays(finder: object) -> bool:
    name = getattr(finder, "__module__", None)
    module = sys.modules.get(name) if isinstance(name, str) else None
    return module is not None and _is_installed(module)


def restore_variables(before: dict[str, str]) -> None:
    """Give the environment the variables that it had *before*."""
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    changed = {name: value for name, value in before.items() if os.environ.get(name) != value}
    os.environ.update(changed)


def restore_modules(before: dict[str, Any]) -> None:
    """Forget the modules that came after *before*, unless they are Python's or installed."""
    for name in [name for name in sys.modules if name not in before]:
        if not _is_installed(sys.modules[name]):
            del sys.modules[name]
    sys.modules.update(before)


def _is_installed(module: object) -> bool:
    """Whether *module* belongs to Python or to an installed package."""
    spec = _attribute(module, "__spec__")
    origin = getattr(spec, "origin", None) or _attribute(module, "__file__")
    if origin is None:
        if spec is None or isinstance(getattr(spec, "loader", None), Imports):
            return False
        return all(is_library(folder) or installed(folder) for folder in _folders(module))
    if origin in ("built-in", "frozen"):
        return True
    return is_library(str(origin)) or installed(str(origin))


def _folders(module: object) -> list[str]:
    """The folders of a package, the only thing that one without an ``__init__.py`` tells."""
    try:
        return [str(folder) for folder in _attribute(module, "__path__") or ()]
    except KeyError:  # the package around it is forgotten, and it went by that one
        return [""]


def _attribute(module: object, name: str) -> Any:
    """An attribute of what stands in `sys.modules`: any object, with a will of its own."""
    try:
        return getattr(module, name, None)
    except Exception:
        return None
