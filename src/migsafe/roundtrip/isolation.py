"""A process that is the project's while its env.py and migrations run, and nobody's else's."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migsafe.capture import Location
from migsafe.capture.imports import installed
from migsafe.capture.isolation import restore_modules, restore_variables
from migsafe.capture.sites import is_library


class Surroundings:
    """What a project's code finds around it: working directory, `sys.path` and environment.

    They are kept from one visit to the next, as modules that stay loaded have relied on them.
    """

    def __init__(self, location: Location) -> None:
        self._folder = location.root
        self._path = list(sys.path)
        self._variables = dict(os.environ)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Work from the project's root, as Alembic would; then all is as it was before."""
        folder, path, variables = Path.cwd(), list(sys.path), dict(os.environ)
        with _logging_kept():
            os.chdir(self._folder)
            sys.path[:] = self._path
            restore_variables(self._variables)
            try:
                yield
            finally:
                self._path, self._variables = list(sys.path), dict(os.environ)
                os.chdir(folder)
                sys.path[:] = path
                restore_variables(variables)


@contextmanager
def modules_forgotten(location: Location) -> Iterator[None]:
    """Forget the project's modules at the end, so that another project's are not mixed with them.

    Unless some were loaded before, as in the project's own tests: a module that is loaded twice
    defines its tables twice.
    """
    modules = dict(sys.modules)
    at_home = _is_home(location)
    try:
        yield
    finally:
        if not at_home:
            restore_modules(modules)


def _is_home(location: Location) -> bool:
    """Whether this process has loaded modules of the project already."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return any(
        Path(file).is_relative_to(location.root)
        for file in files
        if file and not installed(file) and not is_library(file)
    )


@contextmanager
def _logging_kept() -> Iterator[None]:
    """Undo ``fileConfig()``, which env.py calls as a rule: it drops handlers, disables loggers."""
    root = logging.getLogger()
    known = root.manager.loggerDict.values()
    loggers = [root, *(one for one in known if isinstance(one, logging.Logger))]
    kept = [(one, one.level, one.disabled, one.propagate, list(one.handlers)) for one in loggers]
    try:
        yield
    finally:
        for logger, level, disabled, propagate, handlers in kept:
            logger.setLevel(level)
            logger.disabled = disabled
            logger.propagate = propagate
            logger.handlers[:] = handlers
