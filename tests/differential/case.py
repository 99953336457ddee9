"""One case: statements that run in one transaction on top of a set-up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STATEMENTS = Path(__file__).parent / "statements"


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


def listed(name: str) -> Iterator[tuple[str, ...]]:
    """The cases in `statements/name.txt`: one a line, its statements parted by ``;;``."""
    for line in (STATEMENTS / f"{name}.txt").read_text().splitlines():
        yield tuple(line.split(" ;; "))


def words(text: str) -> list[str]:
    """The words of *text*, of which quoted ones may hold blanks."""
    return re.findall(r'(?:"[^"]*"|[^\s"])+', text)
