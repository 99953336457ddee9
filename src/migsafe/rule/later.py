"""What comes later in the same migration and takes the edge off a drop or rename."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.capture.model import Step
from migsafe.names import Name
from migsafe.sql.ast import (
    CreateComposite,
    CreateDomain,
    CreateEnum,
    CreateFunction,
    CreateRange,
    CreateSequence,
    CreateTable,
    CreateTableAs,
    CreateView,
    Rename,
)

_CREATIONS = (
    CreateComposite,
    CreateDomain,
    CreateEnum,
    CreateFunction,
    CreateRange,
    CreateSequence,
    CreateTable,
    CreateTableAs,
    CreateView,
)


def comes_back(name: Name, steps: Iterable[Step]) -> bool:
    """Whether one of *steps* creates something called *name*, or gives that name to something."""
    for step in steps:
        statement = step.statement
        if isinstance(statement, _CREATIONS) and _same(statement.name, name):
            return True
        if isinstance(statement, Rename) and _makes(statement, name):
            return True
    return False


def _makes(statement: Rename, name: Name) -> bool:
    is_whole = statement.sub_name is None and statement.new_name == name.name
    return is_whole and _near(statement.name, name)


def _same(written: Name, name: Name) -> bool:
    return written.name == name.name and _near(written, name)


def _near(written: Name, name: Name) -> bool:
    return None in (written.schema, name.schema) or written.schema == name.schema
