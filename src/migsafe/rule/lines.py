"""Where things are in a migration file."""

from __future__ import annotations

import re
from pathlib import Path


def line_of(path: Path, pattern: str) -> int:
    """The first line of *path* that matches *pattern*, counted from 1; 1 when none does."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 1
    match = re.search(pattern, text, re.M)
    return text.count("\n", 0, match.start()) + 1 if match else 1


def function_line(path: Path, name: str) -> int:
    """The line of the function *name*, or 1."""
    return line_of(path, rf"^(?:async )?def {name}\b")
