"""Expressions of the catalog in the words a person would have used, and with the same tree."""

from __future__ import annotations

import re

_LABEL = r"'(?:[^']|'')*'::character varying"
# PostgreSQL stores `p IN ('a', 'b')` on varchar in a form that it does not reproduce when it reads
# its own text of it: written back as IN it comes out the same again.
_ANY = re.compile(
    r"""\((?P<column>\w+|"(?:[^"]|"")+")\)::text (?P<test>= ANY|<> ALL) """
    rf"\(\(ARRAY\[(?P<labels>{_LABEL}(?:, {_LABEL})*)\]\)::text\[\]\)"
)


def readable(expression: str) -> str:
    """Return *expression* (the server's text) so that it is stored as the same text again."""
    return _ANY.sub(_in, expression)


def _in(match: re.Match[str]) -> str:
    labels = match["labels"].replace("::character varying", "")
    test = "IN" if match["test"] == "= ANY" else "NOT IN"
    return f"{match['column']} {test} ({labels})"
