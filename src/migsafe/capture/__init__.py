"""versions/ → migrations with every statement each will emit, without a database.

The names are imported when they are used: to find a history takes no parser.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from migsafe.capture.history import TIME_LIMIT, capture, read_scripts
    from migsafe.capture.location import Location, find_history
    from migsafe.capture.model import (
        EnumGiven,
        Environment,
        Frame,
        History,
        Migration,
        Operation,
        Problem,
        Step,
    )

__all__ = [
    "TIME_LIMIT",
    "EnumGiven",
    "Environment",
    "Frame",
    "History",
    "Location",
    "Migration",
    "Operation",
    "Problem",
    "Step",
    "capture",
    "find_history",
    "read_scripts",
]
_MODULES = {
    "history": ("TIME_LIMIT", "capture", "read_scripts"),
    "location": ("Location", "find_history"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = next((module for module, names in _MODULES.items() if name in names), "model")
    return getattr(importlib.import_module(f"migsafe.capture.{module}"), name)
