"""Arguments of a call that is read, each by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from migsafe.capture.written.values import NotWritten


class Signature:
    """The parameters that are known: *positional* ones, the first *required*, and *keywords*.

    Any other argument is `NotWritten`, and so are those whose value is not of the kind asked for.
    """

    def __init__(self, positional: str, keywords: str = "", required: int = 0):
        self._positional = tuple(positional.split())
        self._known = frozenset((*self._positional, *keywords.split()))
        self._required = self._positional[:required]

    def bind(self, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments by name; those that are not given are missing."""
        if len(arguments) > len(self._positional):
            raise NotWritten("too many arguments")
        values = dict(zip(self._positional, arguments, strict=False)) if arguments else {}
        for name, value in keywords.items():
            if name not in self._known:
                raise NotWritten(f"the argument {name}")
            if name in values:
                raise NotWritten("an argument given twice")
            values[name] = value
        for name in self._required:
            if name not in values:
                raise NotWritten("an argument is missing")
        return values


def flag(value: Any) -> bool:
    """*value*, which is True or False."""
    if value is True or value is False:
        return bool(value)
    raise NotWritten("a flag that is no constant")


def optional_flag(value: Any) -> bool | None:
    """*value*, which is True, False or None."""
    return None if value is None else flag(value)


def number(value: Any) -> int | None:
    """*value*, which is a whole number that is not negative, or None."""
    if value is None or (type(value) is int and value >= 0):
        return value
    raise NotWritten("a number that is no constant")


def names(value: Any) -> tuple[str, ...]:
    """*value*, a list of different names."""
    if type(value) not in (list, tuple) or not value or len(set(map(repr, value))) < len(value):
        raise NotWritten("no list of names")
    if any(type(one) is not str or not one for one in value):
        raise NotWritten("a name that is no text")
    return tuple(value)
