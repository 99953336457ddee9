"""What SQLAlchemy keeps in sets, in the order in which it was made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def in_order() -> Iterator[None]:
    """Let tables made meanwhile keep the order of their indexes and constraints.

    In sets, they stand by their addresses: one ``op.create_table()`` would send its statements in
    another order in each run, and two runs of one migration could not be compared.
    """
    from sqlalchemy import Column, Table

    kept = (
        (Table, "indexes"),
        (Table, "constraints"),
        (Column, "constraints"),
        (Column, "foreign_keys"),
    )
    for owner, name in kept:
        setattr(owner, name, _ordered(name))
    try:
        yield
    finally:
        for owner, name in kept:
            delattr(owner, name)


def _ordered(name: str) -> property:
    """An attribute that stores each set given to it with its order, in the instance as before."""
    from sqlalchemy.util import OrderedSet

    def read(self: Any) -> Any:
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    def write(self: Any, value: Any) -> None:
        self.__dict__[name] = OrderedSet(value) if type(value) is set else value

    return property(read, write)
