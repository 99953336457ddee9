"""Effects of statements: predicted here, measured in `migsafe.measure`, judged in `migsafe.rules`."""

from __future__ import annotations

from migsafe.effects.model import (
    Cost,
    Effects,
    Failure,
    Removal,
    Restriction,
    TransactionNeed,
)

__all__ = ["Cost", "Effects", "Failure", "Removal", "Restriction", "TransactionNeed"]
