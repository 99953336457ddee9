"""Putting items into a call, a dict or a list, in the way in which its items are laid out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from migsafe.values import dataclass

_WIDTH = 99
_STEP = " " * 4


@dataclass(frozen=True)
class Item:
    """What is there: from *start* to *end* in the text, and the name it goes by."""

    name: str | None
    start: int
    end: int
    positional: bool = False


@dataclass(frozen=True)
class Insertion:
    """The text that is to stand between *start* and *end*."""

    start: int
    end: int
    text: str


def apply(text: str, insertions: Iterable[Insertion]) -> str:
    """Return *text* with all *insertions*, which do not overlap."""
    for one in sorted(insertions, key=lambda one: one.start, reverse=True):
        text = text[: one.start] + one.text + text[one.end :]
    return text


def added(
    text: str,
    span: tuple[int, int],
    items: Sequence[Item],
    new: Sequence[str],
    *,
    last: bool = False,
) -> Insertion:
    """Return what puts *new* among *items* of the bracket that ends with *span* in *text*.

    A bracket with an item on each line gets lines, before its last item, so that comments stay
    where they are. One whose items share lines is opened up if need be. With *last*, and after what
    is positional, new items come at the end.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    close = span[1] - 1
    if not items:
        return Insertion(close, close, ", ".join(new))
    final = items[-1]
    start = text.rfind("\n", 0, final.start) + 1
    alone = not text[start : final.start].strip()
    after = last or final.positional
    if alone and after:
        lines = "".join(f",{newline}{text[start : final.start]}{one}" for one in new)
        return Insertion(final.end, final.end, lines)
    if alone:
        lines = "".join(f"{one},{newline}{text[start : final.start]}" for one in new)
        return Insertion(final.start, final.start, lines)
    together = "".join(f", {one}" for one in new)
    first = items[0].start
    short = close + 1 - start + len(together) <= _WIDTH and "\n" not in text[first:close]
    if last or short or "#" in text[first:close]:
        return Insertion(final.end, final.end, together)
    return _opened(text, items, new, close, newline)


def _opened(
    text: str, items: Sequence[Item], new: Sequence[str], close: int, newline: str
) -> Insertion:
    """The whole inside of the bracket, an item a line."""
    first = items[0].start
    opening = max(text.rfind(bracket, 0, first) for bracket in "([{")
    line = text[text.rfind("\n", 0, opening) + 1 :]
    indent = re.match(r"[ \t]*", line)[0]  # type: ignore[index]
    there = [text[item.start : item.end] for item in items]
    starred = len(there) - sum(1 for one in there if one.startswith("**"))
    every = [*there[:starred], *new, *there[starred:]]
    inside = "".join(f"{newline}{indent}{_STEP}{one}," for one in every)
    return Insertion(opening + 1, close, f"{inside}{newline}{indent}")
