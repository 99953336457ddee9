"""Tables and code of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from migsafe.names import Name


def grid(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The lines of a table."""
    yield f"| {' | '.join(heads)} |".replace("|  |", "| |")
    yield "|" + " --- |" * len(heads)
    for row in rows:
        yield re.sub(r"\|  (?=\|)", "| ", f"| {' | '.join(row)} |")


def code(name: Name) -> str:
    """*name* as code."""
    return f"`{cell(name.display())}`"


def cell(text: str) -> str:
    """*text* on one line of a table; a bar would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")
