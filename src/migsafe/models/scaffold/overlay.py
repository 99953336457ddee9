"""New modules of a project, importable before they are in its folders."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from migsafe.errors import ConfigError


@contextmanager
def overlaid(folder: Path, root: Path, files: Mapping[Path, str]) -> Iterator[None]:
    """Write *files*, which are to be below *root*, below *folder*, where imports then find them.

    Modules that come from there are forgotten at the end.
    """
    for path, text in files.items():
        if path.is_relative_to(root):
            copy = folder / path.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(text, encoding="utf-8")
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.path.append(str(folder))
    importlib.invalidate_caches()
    extended: list[tuple[Any, str]] = []
    try:
        for package in _packages(folder):
            extended += _extend(package, folder)
        yield
    finally:
        sys.dont_write_bytecode = before
        sys.path[:] = [one for one in sys.path if one != str(folder)]
        for module, place in extended:
            module.__path__ = [one for one in module.__path__ if one != place]
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(f"{folder}/"):
                del sys.modules[name]


def _packages(folder: Path) -> Iterator[str]:
    """The packages that get a new module, outer ones first."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            yield ".".join(path.relative_to(folder).parts)


def _extend(package: str, folder: Path) -> Iterator[tuple[Any, str]]:
    module = imported(package)
    path = str(folder.joinpath(*package.split(".")))
    if path not in module.__path__:
        module.__path__ = [*module.__path__, path]
        yield module, path


def imported(name: str) -> Any:
    """The module *name* of the project; ConfigError when it does not import."""
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        first = (str(error).strip() or "no reason given").splitlines()[0]
        raise ConfigError(f"{name} does not import: {type(error).__name__}: {first}") from error
