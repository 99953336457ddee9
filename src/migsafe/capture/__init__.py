"""versions/ → migrations with every statement each will emit, without a database."""

from __future__ import annotations

from migsafe.capture.model import Environment, Frame, History, Migration, Problem, Step

__all__ = ["Environment", "Frame", "History", "Migration", "Problem", "Step"]
