"""Findings as text for people and in the formats that other programs read."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from migsafe.errors import ConfigError

if TYPE_CHECKING:
    from migsafe.check import Report

FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit", "markdown", "html")
"""The names of the formats; the module of the same name holds ``render``."""

_MODULES = {name: f"{name}_format" for name in FORMATS}


def render(report: Report, name: str, root: Path) -> str:
    """Write *report* in the format *name*, with file paths relative to *root*.

    The text always ends with a line break and is the same for the same report. Raises ConfigError
    for a format that does not exist.
    """
    if name not in _MODULES:
        raise ConfigError(f"there is no format {name!r}; choose one of {', '.join(FORMATS)}")
    module: ModuleType = importlib.import_module(f"migsafe.report.{_MODULES[name]}")
    rendered: str = module.render(report, root)
    return rendered
