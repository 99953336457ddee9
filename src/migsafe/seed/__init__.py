"""Synthetic rows that satisfy a catalog's constraints, written by the server itself."""

from __future__ import annotations

from migsafe.seed.fill import Seeding, seed

__all__ = ["Seeding", "seed"]
