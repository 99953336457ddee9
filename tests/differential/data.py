"""Rows written and read, sessions, and several statements in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from .case import Case, listed
from .world import WORLD


def cases() -> Iterator[Case]:
    """All of them, in one set-up."""
    for statements in listed("data"):
        yield Case(WORLD, statements)
