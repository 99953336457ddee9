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
    return span(name.display())


def span(text: str) -> str:
    """*text* as code on one line, whatever signs it has."""
    line = cell(text)
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence, pad = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def prose(text: str) -> str:
    """What somebody wrote, on one line: it may be emphasised, but is no HTML and no heading."""
    line = cell(text).replace("<", "&lt;")
    return re.sub(r"^(?=(#{1,6}|[-+*]|>+)\s|```|~~~)", r"\\", line)


def cell(text: str) -> str:
    """*text* on one line of a table; a bar would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")
