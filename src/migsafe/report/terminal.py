"""The text report in colours, for a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from migsafe.check import Report
from migsafe.report.text_format import WIDTH, lines

_STYLES = {
    "plain": "",
    "error": "bold red",
    "warning": "bold yellow",
    "info": "bold blue",
    "place": "bold",
    "code": "cyan",
    "mark": "red",
    "dim": "dim",
}


def show(report: Report, root: Path) -> None:
    """Print *report* to the terminal."""
    sys.stdout.write(coloured(report, root))


def coloured(report: Report, root: Path) -> str:
    """*report* for this terminal; rich leaves out colours where NO_COLOR is set."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    with console.capture() as captured:
        for line in lines(report, root, min(console.width, WIDTH)):
            pieces = [(piece.text, _STYLES[piece.style]) for piece in line]
            console.print(Text.assemble(*pieces), soft_wrap=True)
    return captured.get()
