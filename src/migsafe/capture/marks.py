"""Marks in a statement for what a placeholder was built into it; such a statement is not known."""

from __future__ import annotations

import re

_BEGIN = "/* not known: "
_MARKED = re.compile(rf"{re.escape(_BEGIN)}(.*?) \*/")


def marked(name: str) -> str:
    """What stands in a statement for the placeholder called *name*."""
    return f"{_BEGIN}{name} */"


def not_known(sql: str) -> str | None:
    """Why *sql* is not known; None when no placeholder was built into it."""
    if _BEGIN not in sql:
        return None
    names = dict.fromkeys(_MARKED.findall(sql))
    return f"what {', '.join(names)} stands for is not known"
