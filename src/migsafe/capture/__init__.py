"""versions/ → migrations with every statement each will emit, without a database."""

from __future__ import annotations

from migsafe.capture.history import TIME_LIMIT, capture, read_scripts
from migsafe.capture.location import Location, find_history
from migsafe.capture.model import Environment, Frame, History, Migration, Problem, Step

__all__ = [
    "TIME_LIMIT",
    "Environment",
    "Frame",
    "History",
    "Location",
    "Migration",
    "Problem",
    "Step",
    "capture",
    "find_history",
    "read_scripts",
]
