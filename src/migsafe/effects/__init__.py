"""Effects of statements: predicted here, measured in `measure`, judged in `rules`."""

from __future__ import annotations

from migsafe.effects.advance import advance, begin, commit, rollback
from migsafe.effects.model import (
    Cost,
    Effects,
    Failure,
    Removal,
    Restriction,
    TransactionNeed,
)
from migsafe.effects.predict import predict, run, run_inside

__all__ = [
    "Cost",
    "Effects",
    "Failure",
    "Removal",
    "Restriction",
    "TransactionNeed",
    "advance",
    "begin",
    "commit",
    "predict",
    "rollback",
    "run",
    "run_inside",
]
