"""Upgrade a live database: lock timeout, retries, and the name of who blocks whom."""

from __future__ import annotations

from migsafe.guard.connections import Guard
from migsafe.guard.upgrade import Limits, Outcome, Plan, plan, upgrade

__all__ = ["Guard", "Limits", "Outcome", "Plan", "plan", "upgrade"]
