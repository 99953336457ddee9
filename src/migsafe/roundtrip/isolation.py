"""The process as it was, after a project's env.py and migrations ran in it."""

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


@contextmanager
def inside(location: Location) -> Iterator[None]:
    """Work from the project's root, as Alembic would, and undo what its code did to the process.

    Its modules are forgotten, so that another project's modules of the same names are found next;
    unless some were loaded before, as in the project's own tests: a module that is loaded twice
    defines its tables twice.
    """
    modules, path, variables = dict(sys.modules), list(sys.path), dict(os.environ)
    folder = Path.cwd()
    at_home = _is_home(location)
    with _logging_kept():
        os.chdir(location.root)
        try:
            yield
        finally:
            os.chdir(folder)
            sys.path[:] = path
            restore_variables(variables)
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
