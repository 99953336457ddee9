"""The text report in colours, for a terminal."""

from __future__ import annotations

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
    """Print *report* to the terminal; rich leaves out colours where NO_COLOR is set."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for line in lines(report, root, min(console.width, WIDTH)):
        pieces = [(piece.text, _STYLES[piece.style]) for piece in line]
        console.print(Text.assemble(*pieces), soft_wrap=True)
