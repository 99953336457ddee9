"""A value that nobody knows, for rows that are made up: whatever is done to it, it goes on."""

from __future__ import annotations

from typing import Any


class StandIn(str):
    """Text that is also a number, a row and an object; every part of it is another stand-in.

    Its text is ``1``, so it can be read as a number and put into SQL.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(self)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key) if isinstance(key, slice) else StandIn(self)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return StandIn(self)

    def items(self) -> list[tuple[StandIn, StandIn]]:
        """As of a mapping with one item."""
        return [(self, self)]

    def __int__(self) -> int:
        return 1

    __index__ = __int__

    def __float__(self) -> float:
        return 1.0

    def __add__(self, other: Any) -> Any:
        return super().__add__(other) if isinstance(other, str) else 1 + other

    def __radd__(self, other: Any) -> Any:
        return other + 1

    def __sub__(self, other: Any) -> Any:
        return 1 - other

    def __rsub__(self, other: Any) -> Any:
        return other - 1

    def __mul__(self, other: Any) -> Any:
        return other

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return 1 / other

    def __floordiv__(self, other: Any) -> Any:
        return 1 // other

    def __lt__(self, other: Any) -> bool:
        return super().__lt__(other) if isinstance(other, str) else other > 1

    def __gt__(self, other: Any) -> bool:
        return super().__gt__(other) if isinstance(other, str) else other < 1

    def __le__(self, other: Any) -> bool:
        return super().__le__(other) if isinstance(other, str) else other >= 1

    def __ge__(self, other: Any) -> bool:
        return super().__ge__(other) if isinstance(other, str) else other <= 1
