"""What a project's settings ask of a trip, as arguments of `roundtrip`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from migsafe.capture import Location
from migsafe.roundtrip.checks import FROM_RELEASE
from migsafe.roundtrip.release import released_at
from migsafe.settings import Settings


def arguments(location: Location, settings: Settings, checks: Collection[str]) -> dict[str, Any]:
    """Keyword arguments for `migsafe.roundtrip.roundtrip` of the history at *location*.

    *checks* are those to make. Raises HistoryError for a release that git does not know.
    """
    asked = settings.roundtrip
    is_wanted = FROM_RELEASE in checks
    return {
        "checks": frozenset(checks),
        "keep_going": asked.keep_going,
        "seconds": asked.timeout,
        "seeds": seeds_of(location, settings),
        "released": released_at(location, asked.release) if is_wanted else None,
    }


def seeds_of(location: Location, settings: Settings) -> Path:
    """The folder with rows of the project's own; it need not be there."""
    home = settings.path.parent if settings.path is not None else location.root
    return home / settings.roundtrip.seeds
