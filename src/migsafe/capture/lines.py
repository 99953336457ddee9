"""Functions of a migration by the look of their lines: most are like lines that were read before.

A history calls few operations in few ways. Python parses a line, or an argument with its lines,
once, with a name in the place of each text; of others that look the same only the texts are put in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from migsafe.capture.sites import Source

_TEXT = "migsafe_text"
# A text without escapes, or a comment; a search is quick where its first letters are few.
_TOKEN = re.compile(
    r"""("[^"\n]+"|'[^'\n]+'|\#[^\n]*
    |\""{2}[^"]*(?:"(?!"")[^"]*)*"{3}|''{2}[^']*(?:'(?!'')[^']*)*'{3}|""|'')""",
    re.VERBOSE,
)
_LONG_QUOTES = ('"""', "'''")
_UNUSUAL = ("\\", "\t", "\f", _TEXT)
_FUNCTION = re.compile(r"def (upgrade|downgrade)\(\)(?: -> None)?:")
_INDENT = 4
_MOST_BLOCKS = 2  # in one another: Python has a limit, and no more are read
_MOST_NODES = 1000  # fewer than any Python compiles in one another
_ANY = "_"
# All that is read of expressions. Much else Python refuses in some places, or when it compiles.
_READ = frozenset(
    getattr(ast, name)
    for name in "Add And Attribute BinOp BoolOp Call Compare Constant Dict Eq In List Load Name "
    "Not NotEq NotIn Or Tuple USub UnaryOp keyword".split()
)


class Shape(NamedTuple):
    """A call in which names, the *slots*, stand for texts; the node is not to be changed.

    *keywords* are the names of its arguments that have one.
    """

    node: ast.Call
    slots: tuple[str, ...]
    keywords: frozenset[str | None]


class Called(NamedTuple):
    """A call in the lines from *line* to *end_line*, in pieces with the texts of each.

    Its function is that of the first; its arguments are those of all, one after the other.
    """

    line: int
    end_line: int
    pieces: Sequence[tuple[Shape, Sequence[str]]]


class Block(NamedTuple):
    """What is *called*, one after the other, in the block of what *opened* gives as *name*."""

    opened: Called
    name: str | None
    body: Body


Body = list[Called | Block]
Functions = dict[str, Body]
"""What each function calls, one call after the other; nothing else is in it."""


class _Look(NamedTuple):
    """A line without its texts and comments: *depth* brackets are opened in it and not closed."""

    indent: int
    code: str
    depth: int
    texts: int
    further_lines: int


_Line = tuple[int, _Look, Sequence[str]]
"""A line with its number and its texts."""


class _OtherLook(Exception):
    """The lines are not of the look that is known here."""


@lru_cache(maxsize=2)
def functions_of(source: Source) -> Functions | None:
    """The functions behind the head of *source*; None where its tree has to be asked."""
    if source.head is None or not source.shape:
        return None
    text, end = source.text, source.head.end
    rest = text[end:]
    if any(sign in rest for sign in _UNUSUAL):
        return None
    try:
        return _functions(_lines(rest, text.count("\n", 0, end) + 1))
    except _OtherLook:
        return None


def _lines(rest: str, number: int) -> Iterator[_Line]:
    """The lines of *rest* that are not blank; the first has this *number*."""
    parts = _TOKEN.split(rest)
    texts: list[str] = []
    for at in range(1, len(parts), 2):
        token = parts[at]
        if token[:3] in _LONG_QUOTES:
            texts.append(token[3:-3])
            parts[at] = _TEXT + "\f" * token.count("\n")
        elif token[0] == "#":
            parts[at] = ""
        else:
            texts.append(token[1:-1])
            parts[at] = _TEXT
    start = 0
    for line in "".join(parts).split("\n"):
        look = _look(line)
        if look is None:
            number += 1
            continue
        end = start + look.texts
        yield number, look, texts[start:end]
        start = end
        number += 1 + look.further_lines


@lru_cache(maxsize=4096)
def _look(line: str) -> _Look | None:
    """How *line* looks; None when it is blank."""
    code = line.strip(" \f")
    if not code:
        return None
    depth = sum(map(code.count, "([{")) - sum(map(code.count, ")]}"))
    indent = len(line) - len(line.lstrip(" "))
    return _Look(indent, code, depth, code.count(_TEXT), line.count("\f"))


def _functions(lines: Iterator[_Line]) -> Functions:
    found: Functions = {}
    bodies: list[Body] = []  # of a function, and of the blocks around the next line
    is_empty = False
    for line in lines:
        number, look, texts = line
        depth, more = divmod(look.indent, _INDENT)
        if more or depth > len(bodies) or (is_empty and depth < len(bodies)):
            raise _OtherLook
        del bodies[depth:]
        is_empty = look.code[-1] == ":"
        if not depth:
            header = _FUNCTION.fullmatch(look.code)
            if header is None or header[1] in found:
                raise _OtherLook
            bodies.append(found.setdefault(header[1], []))
        elif is_empty:
            if depth > _MOST_BLOCKS:
                raise _OtherLook
            shape, name = _opened(look.code)
            block = Block(Called(number, number, [(shape, texts)]), name, [])
            bodies[-1].append(block)
            bodies.append(block.body)
        elif look.code not in ("pass", _TEXT):
            bodies[-1].append(_called(line, lines))
    if is_empty:
        raise _OtherLook
    return found


def _called(line: _Line, lines: Iterator[_Line]) -> Called:
    """The call that begins with *line*; those of its further *lines* are taken."""
    first, look, texts = line
    if not look.depth:
        return Called(first, first + look.further_lines, [(_shape(look.code), texts)])
    if look.depth != 1 or look.code[-1] not in "(,":
        raise _OtherLook
    pieces = [(_shape(f"{look.code})"), texts)]
    codes: list[str] = []
    depth, texts = 0, []
    for number, look, more in lines:
        depth += look.depth
        if not depth and not codes and look.code[-1] == ",":
            pieces.append((_arguments(look.code), more))  # as most are
            continue
        codes.append(look.code)
        texts += more
        if depth < 0:
            if depth != -1 or look.code[-1] != ")":
                raise _OtherLook
            code = "\n".join(codes)[:-1]
            if code:
                pieces.append((_arguments(code), texts))
            _require_order(pieces)
            return Called(first, number + look.further_lines, pieces)
        if not depth and look.code[-1] == ",":
            pieces.append((_arguments("\n".join(codes)), texts))
            codes, texts = [], []
    raise _OtherLook


def _require_order(pieces: Sequence[tuple[Shape, Sequence[str]]]) -> None:
    """Arguments with names come last, each once; Python refuses others."""
    named: frozenset[str | None] = frozenset()
    for shape, _ in pieces:
        if named and (shape.node.args or not named.isdisjoint(shape.keywords)):
            raise _OtherLook
        if shape.keywords:
            named |= shape.keywords


@lru_cache(maxsize=2048)
def _arguments(code: str) -> Shape:
    """The shape of a call with the arguments *code*."""
    shape = _shape(f"{_ANY}({code})")
    if type(shape.node.func) is not ast.Name or shape.node.func.id != _ANY:
        raise _OtherLook
    return shape


@lru_cache(maxsize=2048)
def _shape(code: str) -> Shape:
    """The shape of the call *code*, which is the whole expression from its first letter on."""
    if code[0] == "(":
        raise _OtherLook
    return _shape_of(_parsed(code, "eval").body, code)


@lru_cache(maxsize=256)
def _opened(code: str) -> tuple[Shape, str | None]:
    """The shape of the call that opens a block with the line *code*, and the name it gives."""
    (node,) = _parsed(f"{code} pass", "exec").body
    if type(node) is not ast.With or len(node.items) > 1:
        raise _OtherLook
    named = node.items[0].optional_vars
    if named is not None and type(named) is not ast.Name:
        raise _OtherLook
    return _shape_of(node.items[0].context_expr, code), named.id if named else None


def _parsed(code: str, mode: str) -> Any:
    try:
        return ast.parse(code, mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _OtherLook from None


def _shape_of(node: ast.expr, code: str) -> Shape:
    """The call *node* with names for the texts in *code*."""
    nodes = list(ast.walk(node))
    found = [one for one in nodes if type(one) is ast.Name and one.id == _TEXT]
    if type(node) is not ast.Call or len(found) != code.count(_TEXT):
        raise _OtherLook
    if not _READ.issuperset(map(type, nodes)) or not code.isascii():  # names have other forms
        raise _OtherLook
    if len(nodes) > _MOST_NODES:
        raise _OtherLook
    if "\f" in code[: node.func.end_col_offset]:  # the line then depends on Python's version
        raise _OtherLook
    keywords = [_keywords(one) for one in nodes if type(one) is ast.Call]
    found.sort(key=lambda name: (name.lineno, name.col_offset))
    for number, name in enumerate(found):
        name.id = str(number)
    return Shape(node, tuple(name.id for name in found), keywords[0])


def _keywords(call: ast.Call) -> frozenset[str | None]:
    names = frozenset(keyword.arg for keyword in call.keywords)
    if None in names or len(names) < len(call.keywords):
        raise _OtherLook
    return names
