"""Up, down and up again on a throwaway PostgreSQL: does a downgrade give back what was there?"""

from __future__ import annotations

from migsafe.roundtrip.model import Result, Summary, Trip, Verdict
from migsafe.roundtrip.release import released_at
from migsafe.roundtrip.ride import Ride, riding
from migsafe.roundtrip.selection import selected
from migsafe.roundtrip.trip import roundtrip

__all__ = [
    "Result",
    "Ride",
    "Summary",
    "Trip",
    "Verdict",
    "released_at",
    "riding",
    "roundtrip",
    "selected",
]
