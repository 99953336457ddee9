"""The head of a migration file by the look of its lines: most files begin alike."""

from __future__ import annotations

import ast
import re
import unicodedata
from functools import lru_cache

from migsafe.values import dataclass

HEADER = ("revision", "down_revision", "depends_on", "branch_labels")

# Comments, a docstring, imports and the header, each value in its line.
_COMMENT = r"[ \t]*(?:\#.*)?\n"
_DOC = r'"""(?P<doc>[^"\\]*)"""'
_IMPORT = r"""(?:from|import)[ ][^\n()\\;"'\#]*(?:\([\w\s,]*\))?"""
_VALUE = r"""(?:None|'[^\n'\\]*'|"[^\n"\\]*")"""
_ASSIGNED = rf"""(({"|".join(HEADER)})[ ]*(?::[^\n=\#"'\\;]*)?=[ ]*)({_VALUE})"""
_HEAD = re.compile(
    rf"(?:{_COMMENT})*(?:{_DOC}{_COMMENT})?(?P<lines>(?:(?:{_IMPORT}|{_ASSIGNED})?{_COMMENT})*)"
)
_ASSIGNMENT = re.compile(rf"^{_ASSIGNED}", re.M)
_MENTION = re.compile(rf"\b(?:{'|'.join(HEADER)})\b")


@dataclass(frozen=True)
class Head:
    """The imports and the header of a file, when nothing behind them touches the header.

    *constants* are the values of all names of the header, *line* is that of the revision, *doc* the
    title. Its lines end at the character *end*, which is the first of another line; *shape* is
    these lines with None for every value of the header: many files have the same.
    """

    constants: dict[str, str | None]
    line: int
    doc: str
    shape: str
    end: int


def read_head(text: str) -> Head | None:
    """The head of *text*; None where anything else may change what it says."""
    head = _HEAD.match(text)
    if head is None or "\0" in text:
        return None
    start, end = head.start("lines"), head.end()
    rest = text[end:]
    if not rest.isascii():
        rest = unicodedata.normalize("NFKC", rest)  # Python reads names in this form
    if any(name in rest for name in HEADER) and _MENTION.search(rest):
        return None
    constants: dict[str, str | None] = dict.fromkeys(HEADER)
    line, at = 1, start
    shape: list[str] = []
    for found in _ASSIGNMENT.finditer(text, start, end):
        before, name, value = found.groups()
        shape += text[at : found.start()], before, "None"
        at = found.end()
        constants[name] = None if value == "None" else value[1:-1]
        if name == "revision":
            line = text.count("\n", 0, found.start()) + 1
    doc = (head["doc"] or "").expandtabs().strip().partition("\n")[0]
    shape.append(text[at:end])
    return Head(constants, line, doc, "".join(shape), end) if constants["revision"] else None


@lru_cache(maxsize=64)
def parsed_shape(shape: str) -> ast.Module | None:
    """The tree of the *shape* of a head, None when it is not Python; it is not to be changed."""
    try:
        return ast.parse(shape)
    except (SyntaxError, ValueError):
        return None
