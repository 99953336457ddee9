"""Drivers of PostgreSQL whose connections Python does not see: libpq opens them without it."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# What each function that opens a connection is called, by its module; the drivers themselves look
# it up there for each connection.
_CONNECTING = {"psycopg2": "_connect", "psycopg.generators": "connect"}


class Drivers(importlib.abc.MetaPathFinder):
    """Calls *ask* before a driver connects; it may raise."""

    def __init__(self, ask: Callable[[str], None]):
        self._ask = ask
        self._originals: list[tuple[types.ModuleType, Any]] = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Inside, drivers that are imported, or will be, ask before they connect."""
        for name in _CONNECTING:
            if name in sys.modules:
                self.watch(sys.modules[name])
        sys.meta_path.insert(0, self)
        try:
            yield
        finally:
            sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]
            for module, original in self._originals:
                setattr(module, _CONNECTING[module.__name__], original)
            self._originals.clear()

    def find_spec(
        self, fullname: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module of a driver, as Python finds it."""
        if fullname not in _CONNECTING:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self)
        return spec

    def watch(self, module: types.ModuleType) -> None:
        """Let the driver of *module* ask."""
        name = _CONNECTING[module.__name__]
        original = getattr(module, name, None)
        if original is None:
            return

        def connect(*args: Any, **keywords: Any) -> Any:
            self._ask(module.__name__.partition(".")[0])
            return original(*args, **keywords)

        self._originals.append((module, original))
        setattr(module, name, connect)


class _Loader(importlib.abc.Loader):
    """Loads as another does, and has the module watched."""

    def __init__(self, loader: Any, drivers: Drivers):
        self._loader = loader
        self._drivers = drivers

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        module: types.ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._drivers.watch(module)
