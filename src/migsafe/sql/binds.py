"""Placeholders of SQLAlchemy and of drivers, replaced so that offsets stay what they are."""

from __future__ import annotations

import re

# What may hold a colon or a percent sign without being a placeholder comes first.
_PLACEHOLDER = re.compile(
    r"""
    (?P<kept> \bE'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
        | \$(?P<tag>[A-Za-z_\w]*)\$.*?\$(?P=tag)\$ )
    | (?P<list> \bIN\s* (?P<spare> \s) )?
      (?P<bind> (?<![:\w\\]):[A-Za-z_]\w*(?!\w|:(?!:)) | %\([^()]*\)s | %s )
    | (?P<percent> %% )
    | (?P<escaped> (?:\\:)+ )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def fill(text: str) -> str:
    """*text* with ``$1`` in place of ``:name``, ``%s`` and ``%(name)s``, of the same length.

    After IN a list stands in their place. ``%%`` and SQLAlchemy's ``\\:`` lose their escape.
    """
    return _PLACEHOLDER.sub(_filled, text)


def _filled(match: re.Match[str]) -> str:
    if match["kept"] is not None:
        return match[0]
    if match["bind"] is None:
        sign = match[0][-1]
        return (sign * match[0].count(sign, 0 if match["escaped"] else 1)).ljust(len(match[0]))
    if match["list"] is None:
        return "$1".ljust(len(match[0]))
    before = match["list"][: -len(match["spare"])]
    return (before + "(0)").ljust(len(match[0]))
