"""Text → statements with their place: splitting, comments, placeholders, never an exception."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from migsafe.errors import SqlError
from migsafe.sql import _pg, binds, procedural
from migsafe.sql.commands import Unrecognised
from migsafe.sql.forms import alike
from migsafe.sql.lower import lower
from migsafe.sql.parts import Comment, Parsed, Statement
from migsafe.values import replace

_COMMENTS = ("SQL_COMMENT", "C_COMMENT")
_BLANK = re.compile(r"\s*")
_SPACE = " \t\n\r\f\v"  # what PostgreSQL's scanner takes for a space


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[Parsed, ...]:
    """The statements of *text*, each with its place in it; none for a blank text.

    Raises nothing: what cannot be read is a Parsed whose statement is Unrecognised and says why.
    Placeholders (``:name``, ``%s``, ``%(name)s``) are read as parameters.
    """
    plain = _plain(text)
    if plain is not None:
        return plain
    try:
        tokens = _pg.scan(text)
    except SqlError as error:
        return _whole(text, error)
    comments = [token for token in tokens if token.kind in _COMMENTS]
    if len(comments) == len(tokens):
        return ()
    place = _Places(text)
    found = [_parsed(place, span, statement) for span, statement in _statements(text, tokens)]
    return tuple(_commented(place, found, comments)) if comments else tuple(found)


def _plain(text: str) -> tuple[Parsed, ...] | None:
    """The statement of a *text* that is plainly one without comments, None if it may be more.

    Most texts are, and scanning them takes as long as parsing.
    """
    sql = text.strip(_SPACE).removesuffix(";").rstrip(_SPACE)
    if not sql or ";" in sql or "--" in sql or "/*" in sql:
        return None
    statement = alike(sql) or _one(sql)
    if statement is None:
        return None
    start = text.index(sql)
    return (_looked_into(sql, start, text.count("\n", 0, start) + 1, statement),)


def _one(sql: str) -> Statement | None:
    try:
        nodes = _pg.statements(sql)
    except SqlError:
        return None
    return _lowered(nodes[0]) if len(nodes) == 1 else None


def _whole(text: str, error: SqlError) -> tuple[Parsed, ...]:
    """The text as one statement that was not understood; blank in front is no part of it."""
    start = _skip(text)
    if start == len(text):
        return ()
    line = text.count("\n", 0, start) + 1
    return (Parsed(text[start:].rstrip(), start, line, Unrecognised(error.message)),)


def _skip(text: str) -> int:
    match = _BLANK.match(text)
    return match.end() if match else 0


class _Places:
    """From offsets in bytes, which the parser speaks of, to characters and lines."""

    def __init__(self, text: str):
        self.text = text
        self.encoded = text.encode()
        self.ascii = len(self.encoded) == len(text)
        self.breaks = [match.start() for match in re.finditer("\n", text)]

    def character(self, offset: int) -> int:
        return offset if self.ascii else len(self.encoded[:offset].decode(errors="ignore"))

    def line(self, character: int) -> int:
        return bisect.bisect_left(self.breaks, character) + 1

    def slice(self, start: int, end: int) -> str:
        return self.encoded[start:end].decode(errors="replace")


def _statements(text: str, tokens: list[_pg.Token]) -> Iterator[tuple[tuple[int, int], Statement]]:
    """Each statement with its first and last byte; split first when the text fails as a whole."""
    spans = list(split(tokens))
    nodes, failure = [], None
    try:
        nodes = _pg.statements(text, tokens)
    except SqlError as error:
        failure = error
    if len(nodes) == len(spans):
        for span, node in zip(spans, nodes, strict=True):
            yield span, _lowered(node)
        return
    encoded = text.encode()
    if len(spans) == 1 and failure is not None and not isinstance(failure, _pg.ParseFailure):
        yield spans[0], Unrecognised(failure.message)
        return
    for start, end in spans:
        yield (start, end), _single(encoded[start:end].decode(errors="replace"))


def _single(sql: str) -> Statement:
    """The one statement of *sql*, as it is or with its placeholders filled in."""
    try:
        nodes = _pg.statements(sql)
    except SqlError as error:
        filled = binds.fill(sql)
        if not isinstance(error, _pg.ParseFailure) or filled == sql:
            return Unrecognised(error.message)
        try:
            nodes = _pg.statements(filled)
        except SqlError:
            return Unrecognised(error.message)
    if len(nodes) != 1:
        return Unrecognised("the text is not one statement")
    return _lowered(nodes[0])


def _lowered(node: Any) -> Statement:
    try:
        return lower(node.stmt)
    except SqlError as error:
        return Unrecognised(error.message, node.stmt.WhichOneof("node"))
    except RecursionError:
        return Unrecognised("the statement nests too deep", node.stmt.WhichOneof("node"))


def split(tokens: list[_pg.Token]) -> Iterator[tuple[int, int]]:
    """First and last byte of each statement, without the semicolon and comments around it.

    A semicolon inside parentheses (CREATE RULE) or BEGIN ATOMIC … END does not end a statement.
    """
    nesting, inside = 0, 0
    first: int | None = None
    end = 0
    previous = ""
    for token in tokens:
        kind = token.kind
        if kind in _COMMENTS:
            continue
        if kind == "ASCII_59" and nesting <= 0 and not inside:
            if first is not None:
                yield first, end
            first, nesting = None, 0
            continue
        nesting += (kind == "ASCII_40") - (kind == "ASCII_41")
        inside += _atomic(kind, previous, inside)
        first, end, previous = (token.start if first is None else first), token.end, kind
    if first is not None:
        yield first, end


def _atomic(kind: str, previous: str, inside: int) -> int:
    """By how much *kind* changes the depth of BEGIN ATOMIC bodies and the CASEs in them."""
    if kind == "ATOMIC" and previous == "BEGIN_P":
        return 1
    if inside and kind == "CASE":
        return 1
    return -1 if inside and kind == "END_P" else 0


def _parsed(place: _Places, span: tuple[int, int], statement: Statement) -> Parsed:
    start = place.character(span[0])
    return _looked_into(place.slice(*span), start, place.line(start), statement)


def _looked_into(sql: str, start: int, line: int, statement: Statement) -> Parsed:
    parsed = Parsed(sql, start, line, statement)
    try:
        return procedural.look_into(parsed, parse)
    except RecursionError:
        return replace(parsed, statement=Unrecognised("blocks inside blocks nest too deep"))


def _commented(place: _Places, found: list[Parsed], comments: list[_pg.Token]) -> Iterator[Parsed]:
    """*found* with its comments: those on the line where a statement ends belong to it."""
    placed = []
    for token in comments:
        start = place.character(token.start)
        placed.append((start, Comment(place.slice(token.start, token.end), place.line(start))))
    ends = [parsed.start + len(parsed.sql) for parsed in found]
    lasts = [place.line(end - 1) for end in ends]
    owners = [_owner(start, comment, ends, lasts) for start, comment in placed]
    for index, parsed in enumerate(found):
        own = (c for (_, c), owner in zip(placed, owners, strict=True) if owner == index)
        yield replace(parsed, comments=tuple(own))


def _owner(start: int, comment: Comment, ends: list[int], lasts: list[int]) -> int:
    following = bisect.bisect_left(ends, start + 1)
    if following and (following == len(ends) or lasts[following - 1] == comment.line):
        return following - 1
    return following
