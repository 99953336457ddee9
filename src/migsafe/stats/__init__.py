"""How large the tables of a database are and how much they are used, and what follows from it."""

from __future__ import annotations

from migsafe.stats.durations import Estimate, estimate
from migsafe.stats.model import IndexStats, Stats, TableStats
from migsafe.stats.written import as_json, load_stats

__all__ = [
    "Estimate",
    "IndexStats",
    "Stats",
    "TableStats",
    "as_json",
    "estimate",
    "load_stats",
]
