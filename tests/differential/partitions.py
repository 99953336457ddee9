"""Partitions that come, go and are split up, and inheritance."""

from __future__ import annotations

from collections.abc import Iterator

from .case import Case, listed
from .world import WORLD


def cases() -> Iterator[Case]:
    """All of them, in one set-up."""
    for statements in listed("partitions"):
        yield Case(WORLD, statements)
