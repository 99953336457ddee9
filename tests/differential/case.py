"""One case: statements that run in one transaction on top of a set-up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """Statements *sql*, run in one transaction after *setup*, with *settings* made before."""

    setup: str
    sql: tuple[str, ...]
    settings: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The statements on one line."""
        return "; ".join((*self.settings, *self.sql))
