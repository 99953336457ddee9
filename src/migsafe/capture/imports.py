"""Loading migrations whose imports may be missing, broken or slow."""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import os
import sys
import types
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from migsafe.capture.deadline import Expired
from migsafe.capture.model import Problem
from migsafe.capture.placeholders import PlaceholderModule
from migsafe.capture.reads import reads
from migsafe.capture.script import Script
from migsafe.capture.sites import Source, is_library
from migsafe.capture.statements import statements
from migsafe.capture.statics import definitions, is_guarded, members_of

_OS = (os.__file__, "<frozen os>")
_REPLACED = 30
"""So many modules of a project are tried one by one before whole packages are given up."""


class Imports(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds placeholders for modules that the project cannot import; put it in `sys.meta_path`.

    Only for imports that the project's own code makes and does not itself guard with a ``try``:
    a library's optional import has to fail as ever.
    """

    def __init__(self, project: Sequence[Path]):
        self._project = tuple(str(folder.resolve()) for folder in project)
        self._failed: dict[str, str] = {}
        self._modules: dict[Path, types.ModuleType] = {}
        self._elsewhere: set[str] = set()
        self._definitions = lru_cache(maxsize=64)(definitions)

    # -- loading a migration ----------------------------------------------------------------

    def load(self, script: Script) -> types.ModuleType:
        """Run the body of *script* anew; should that fail, the module of an earlier run is used.

        The second body of some modules fails (a table defined twice on shared metadata), while
        state left by a first run breaks others.
        """
        module = types.ModuleType(f"{script.path.stem}_py")
        module.__file__ = str(script.path)
        sys.modules[module.__name__] = module
        try:
            exec(script.code(), vars(module))
        except Exception:
            if script.path not in self._modules:
                raise
            return self._modules[script.path]
        self._modules[script.path] = module
        return module

    def replace_failed(self, source: Source, error: BaseException) -> bool:
        """Whether *error* came out of an import in *source*, and a module is replaced for it.

        First the innermost module of the project that fails, so that those around it keep their
        real values; after many of those, or when time ran out, the one that *source* imports.
        """
        frames = list(_frames(error))
        own = [n for n, frame in enumerate(frames) if frame[0].co_filename == source.filename]
        direct = [name for name, line in source.imported if own and line == frames[own[-1]][1]]
        if not direct or not _is_import(frames[own[-1] + 1 :]):
            return False
        failing = [
            str(names["__name__"])
            for code, _, names in frames[own[-1] + 1 :]
            if code.co_name == "<module>" and self._is_project(code.co_filename)
        ]
        if isinstance(error, Expired) or len(self._failed) >= _REPLACED:
            failing = failing[:1]
        candidates = [*failing[-1:], *direct]
        missing = next((name for name in candidates if name not in self._failed), None)
        if missing is None:
            return False
        self._forget(missing, error)
        if missing not in direct:
            self._elsewhere.add(missing)
        return True

    def complete(self, error: BaseException) -> bool:
        """Whether *error* came for want of what is there in production, and now is here.

        A module that the application has imported elsewhere (``sa.orm`` after ``import sqlalchemy
        as sa``), or a variable of the environment that the migration itself reads.
        """
        if isinstance(error, KeyError):
            return _set_variable(error)
        package, name = getattr(error, "obj", None), getattr(error, "name", None)
        if not isinstance(error, AttributeError) or not isinstance(package, types.ModuleType):
            return False
        inner = f"{package.__name__}.{name}"
        file = str(getattr(package, "__file__", None))
        if inner in sys.modules or not (is_library(file) or self._is_project(file)):
            return False
        try:
            importlib.import_module(inner)
        except Exception as reason:
            if is_library(file) or isinstance(reason, ModuleNotFoundError):
                return False
            self._forget(inner, reason)
            importlib.import_module(inner)
        return True

    def _forget(self, missing: str, error: BaseException) -> None:
        """A placeholder will stand for the module *missing* from now on."""
        self._failed[missing] = _said(error)
        for loaded in [m for m in sys.modules if m == missing or m.startswith(f"{missing}.")]:
            del sys.modules[loaded]

    def forget_orphans(self, before: Collection[str]) -> None:
        """Forget modules that came after *before* and whose package is gone again.

        When the import of a package does not come to its end, Python keeps those inside that it
        has imported, and a second import of the package would never make them its members.
        """
        for name in sorted(sys.modules.keys() - set(before)):
            above = name.rpartition(".")[0]
            if above and above not in sys.modules:
                del sys.modules[name]

    def problems(self, source: Source, direction: str) -> Iterator[Problem]:
        """A problem for each import in *source* that got a placeholder, and one for all behind."""
        for name, line in (*source.imported, *self._members(source)):
            if isinstance(sys.modules.get(name), PlaceholderModule):
                why = self._failed.get(name)
                said = f"failed ({why})" if why else "is not installed"
                message = f"the module {name} {said}; a placeholder stands in for it"
                self._elsewhere.discard(name)
                yield Problem("import", message, source.path, line, direction)
        if self._elsewhere:
            line = next((at for _, at in source.imported), 1)
            names = ", ".join(sorted(self._elsewhere))
            message = f"modules it imports need {names}; placeholders stand in for them"
            self._elsewhere.clear()
            yield Problem("import", message, source.path, line, direction)

    def _members(self, source: Source) -> Iterator[tuple[str, int]]:
        """The failed modules that *source* imports out of their packages, with the line."""
        inner = (name.rpartition(".") for name in self._failed)
        if not any(above and name in source.text for above, _, name in inner):
            return
        for node in statements(source.tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = (f"{node.module}.{alias.name}" for alias in node.names)
                yield from ((name, node.lineno) for name in names if name in self._failed)

    # -- the finder ---------------------------------------------------------------------------

    def find_spec(
        self, fullname: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Claim *fullname* when it is to be replaced; other finders came first, or failed."""
        reads().note_missing(fullname, [p for p in path or sys.path if not installed(str(p))])
        frame = _importer()
        importer = frame.f_code.co_filename if frame else ""
        line = frame.f_lineno if frame else 0
        above = fullname.rpartition(".")[0]
        if not isinstance(sys.modules.get(above), PlaceholderModule) and (
            not self._is_project(importer) or is_guarded(importer, line)
        ):
            return None
        if not self._is_migration(importer):
            self._elsewhere.add(fullname.partition(".")[0])
        return importlib.machinery.ModuleSpec(fullname, self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """A module with what the source of the real one says, if there is such a source."""
        parent = sys.modules.get(spec.name.rpartition(".")[0])
        real = importlib.machinery.PathFinder.find_spec(
            spec.name, getattr(parent, "__path__", None)
        )
        path = real.submodule_search_locations if real else None
        source = real.origin if real and (real.origin or "").endswith(".py") else None
        members = members_of(self._definitions(Path(source))) if source else {}
        return PlaceholderModule(spec.name, members, path or ())

    def exec_module(self, module: types.ModuleType) -> None:
        """A placeholder has no body."""

    def failed(self) -> FailedImports:
        """A finder for the modules that failed; it has to come first in `sys.meta_path`."""
        return FailedImports(self, self._failed)

    def _is_project(self, filename: str) -> bool:
        if is_library(filename):
            return False
        if self._is_migration(filename):
            return True
        return not installed(filename) and str(Path(filename).resolve()).startswith(self._project)

    def _is_migration(self, filename: str) -> bool:
        module = sys.modules.get(f"{Path(filename).stem}_py")
        return module is not None and module.__file__ == filename


class FailedImports(importlib.abc.MetaPathFinder):
    """Finds placeholders for modules whose own import failed."""

    def __init__(self, imports: Imports, failed: dict[str, str]):
        self._imports = imports
        self._failed = failed

    def find_spec(
        self, fullname: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Claim *fullname* if it failed before."""
        if fullname not in self._failed:
            return None
        return importlib.machinery.ModuleSpec(fullname, self._imports)


def installed(filename: str) -> bool:
    """Whether *filename* lies among the installed packages."""
    return "site-packages" in filename or "dist-packages" in filename


def importing(error: BaseException) -> bool:
    """Whether *error* came while the body of an installed module was being run."""
    return any(
        code.co_name == "<module>" and installed(code.co_filename) for code, _, _ in _frames(error)
    )


def _set_variable(error: KeyError) -> bool:
    """Set the variable that a migration looked up in the environment and did not find."""
    codes = [code for code, _, _ in _frames(error)][-2:]
    if len(codes) < 2 or codes[1].co_filename not in _OS or is_library(codes[0].co_filename):
        return False
    os.environ[str(error.args[0])] = "1"
    return True


def _is_import(frames: Sequence[tuple[types.CodeType, int, dict[str, Any]]]) -> bool:
    """Whether *frames*, those behind a line with an import, are of the import.

    And not of another statement in the line. Python leaves its own frames out of the traceback.
    """
    if not frames:
        return True
    code = frames[0][0]
    return code.co_name in ("<module>", "__getattr__") or "importlib" in code.co_filename


def _importer() -> types.FrameType | None:
    """The frame whose import statement is being carried out."""
    frame: types.FrameType | None = sys._getframe(1)
    own = (__file__, importlib.__file__)
    while frame is not None and (
        frame.f_code.co_filename in own or frame.f_code.co_filename.startswith("<frozen importlib")
    ):
        frame = frame.f_back
    return frame


def _frames(error: BaseException) -> Iterator[tuple[types.CodeType, int, dict[str, Any]]]:
    """The frames of a traceback, outermost first: code, line and global names."""
    traceback = error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        yield frame.f_code, traceback.tb_lineno, frame.f_globals
        traceback = traceback.tb_next


def _said(error: BaseException) -> str:
    if isinstance(error, Expired):
        return "it does not end"
    text = first_line(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def first_line(error: BaseException) -> str:
    """The first line of a foreign error's text; empty when it cannot say it."""
    try:
        return str(error).strip().partition("\n")[0]
    except Exception:
        return ""
