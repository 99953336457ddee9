"""What reading a call of an operation gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from migsafe.capture.model import Operation
from migsafe.capture.written.values import Final, NotWritten

Sent = tuple[Operation, Sequence[str]]
"""An operation, and the statements that it sends."""
Naming = dict[str, str]
Read = Callable[[Sequence[Any], Mapping[str, Any], Naming], Sent]


def plain(name: Any) -> str | None:
    """A name as it is given, for what is remembered."""
    return name.text if type(name) is Final else name


def text_of(value: Any) -> str:
    """*value*, which is a name given as a text."""
    if type(value) is not str:
        raise NotWritten("a name that is no text")
    return value
