"""Progress of long work on a terminal; nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Bar:
    """Shows how far the work is, on standard error, when that is a terminal."""

    def __init__(self, progress: Any | None) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None) if progress is not None else None

    def say(self, text: str) -> None:
        """Show what is being done."""
        if self._progress is not None:
            self._progress.update(self._task, description=text)

    def advance(self, done: int, total: int, text: str) -> None:
        """Show that *done* of *total* parts are done, and which is next."""
        if self._progress is not None:
            self._progress.update(self._task, completed=done, total=total, description=text)


@contextmanager
def progress_bar() -> Iterator[Bar]:
    """A progress bar for the time of the block; it does nothing where nobody would see it."""
    if not sys.stderr.isatty():
        yield Bar(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bar(progress)
