"""Calls as Python source, broken into lines as formatters do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

WIDTH = 88


@dataclass(frozen=True)
class Call:
    """A call of *function*; arguments are code or calls, keyword arguments have a *keyword*.

    A dictionary is a call without a function, with braces for *brackets*.
    """

    function: str
    arguments: tuple[Code, ...] = ()
    keyword: str = ""
    brackets: str = "()"

    def __str__(self) -> str:
        return f"{self.head}{', '.join(map(str, self.arguments))}{self.brackets[1]}"

    @property
    def head(self) -> str:
        """What stands before the arguments."""
        return f"{self.keyword}{'=' if self.keyword else ''}{self.function}{self.brackets[0]}"


Code: TypeAlias = "str | Call"


def call(function: str, *arguments: Code | None, **keywords: Code | None) -> Call:
    """A call; arguments that are None are left out."""
    given = [argument for argument in arguments if argument is not None]
    for name, value in keywords.items():
        if isinstance(value, Call):
            given.append(replace(value, keyword=name))
        elif value is not None:
            given.append(f"{name}={value}")
    return Call(function, tuple(given))


def lines(code: Code, *, before: str = "", after: str = "", indent: int = 4) -> Iterator[str]:
    """The lines of *code*, with *before* and *after* around it, none longer than can be helped."""
    space = " " * indent
    flat = f"{space}{before}{code}{after}"
    if len(flat) <= WIDTH or isinstance(code, str) or not code.arguments:
        yield flat
        return
    yield f"{space}{before}{code.head}"
    yield from _inside(code, indent + 4)
    yield f"{space}{code.brackets[1]}{after}"


def _inside(code: Call, indent: int) -> Iterator[str]:
    flat = " " * indent + ", ".join(map(str, code.arguments))
    if len(flat) <= WIDTH and code.function:
        yield flat
        return
    for argument in code.arguments:
        yield from lines(argument, after=",", indent=indent)


def items(codes: Sequence[Code], *, before: str, indent: int = 4) -> Iterator[str]:
    """A tuple of *codes*, which are not none."""
    space = " " * indent
    flat = f"{space}{before}({codes[0]},)"
    if len(codes) == 1 and len(flat) <= WIDTH:
        yield flat
        return
    yield f"{space}{before}("
    for code in codes:
        yield from lines(code, after=",", indent=indent + 4)
    yield f"{space})"


def joined(text: str) -> str:
    """*text* with the heads of functions on one line where they fit."""

    def one_line(found: re.Match[str]) -> str:
        line = f"{found[1]}({found[2]}){found[3]}"
        return line if len(line) <= WIDTH else found[0]

    return re.sub(r"^( *(?:async )?def \w+)\(\n +(.+)\n *\)( -> .+:)$", one_line, text, flags=re.M)


def quoted(text: str) -> str:
    """*text* as a Python literal in double quotes, where that needs no more escapes."""
    single = repr(f'"{text}')[2:-1]  # a double quote at the front makes repr take single ones
    if text.count('"') > text.count("'"):
        return f"'{single}'"
    double = single.replace("\\'", "'").replace('"', '\\"')
    return f'"{double}"'
