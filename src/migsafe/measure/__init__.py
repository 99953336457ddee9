"""Effects of statements, measured on a PostgreSQL server that really runs them."""

from __future__ import annotations

from migsafe.effects import Effects
from migsafe.measure.measurer import Measurer

__all__ = ["Measurer", "measure"]


def measure(url: str, sql: str, *, setup: str = "") -> Effects:
    """Execute *setup*, then measure the one statement *sql*, on the throwaway database *url*.

    Raises ServerError when the set-up fails or the server cannot be used.
    """
    with Measurer(url) as measurer:
        measurer.execute(setup)
        return measurer.measure(sql)
