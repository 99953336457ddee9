"""A design as Markdown: a page of all tables and a page for each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from migsafe.models.document.overview import overview
from migsafe.models.document.table import page
from migsafe.models.rule import Design
from migsafe.names import Name

MARK = "<!-- Written by migsafe models document: changes made here are lost. -->"
FIRST = "README.md"
_FOLDER = "tables"

Pages = Mapping[str, str]
Story = Sequence[tuple[str, str]]


def pages(design: Design, stories: Mapping[Name, Story] | None = None) -> Pages:
    """The pages by their path in the folder, the overview first; the same design, the same text.

    *stories* are the migrations of tables, each with its revision and what it says of itself.
    """
    files = _files(design)
    found = {FIRST: _text(overview(design, files))}
    for table in design.tables():
        story = (stories or {}).get(table.name, ())
        found[files[table.name]] = _text(page(design, table, files, story))
    return found


def differences(wanted: Pages, folder: Path) -> tuple[str, ...]:
    """What in *folder* is not as *wanted*, one sentence for each file; () if nothing."""
    return tuple(_differences(wanted, folder))


def _differences(wanted: Pages, folder: Path) -> Iterator[str]:
    for path, text in wanted.items():
        try:
            found = (folder / path).read_text(encoding="utf-8")
        except FileNotFoundError:
            yield f"{path} is missing"
            continue
        if found != text:
            yield f"{path} is out of date"
    yield from (f"{path} is of no table" for path in stale(wanted, folder))


def stale(wanted: Pages, folder: Path) -> tuple[str, ...]:
    """Pages in *folder* that were written by an earlier run, for tables that are gone."""
    there = sorted((folder / _FOLDER).glob("*.md"))
    names = [f"{_FOLDER}/{path.name}" for path in there if _is_ours(path)]
    return tuple(name for name in names if name not in wanted)


def _is_ours(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().rstrip("\n") == MARK


def _files(design: Design) -> dict[Name, str]:
    """A file for each table; names that a file system holds for one get numbers."""
    files: dict[Name, str] = {}
    taken: dict[str, int] = {}
    for table in design.tables():
        shown = table.name.display().replace('"', "")
        name = re.sub(r"[^\w.-]", "_", shown)
        count = taken[name.casefold()] = taken.get(name.casefold(), 0) + 1
        files[table.name] = f"{_FOLDER}/{name}{f'-{count}' if count > 1 else ''}.md"
    return files


def _text(lines: Iterable[str]) -> str:
    return "\n".join((MARK, "", *lines)) + "\n"
