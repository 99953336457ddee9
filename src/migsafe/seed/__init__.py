"""Synthetic rows that satisfy a catalog's constraints, written by the server itself."""

from __future__ import annotations

from migsafe.seed.fill import Seeding, seed
from migsafe.seed.hostile import Hostile

__all__ = ["Hostile", "Seeding", "seed"]
