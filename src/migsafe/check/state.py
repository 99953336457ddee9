"""What is kept of a history between two runs, and how it is read again without trusting it."""

from __future__ import annotations

import dataclasses
import datetime
import gc
import io
import pathlib
import pickle
from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import Enum
from importlib import import_module
from typing import Any

from migsafe.capture.model import Environment, History, Migration, Step
from migsafe.capture.schema import Schema
from migsafe.capture.script import Header
from migsafe.check.model import Verdict
from migsafe.names import Name
from migsafe.session import Session
from migsafe.values import dataclass, replace


class Forgotten(Exception):
    """A rule asks for something that is not kept; the history has to be captured anew."""


class Lost:
    """Stands for the values bound to a statement, which can be any objects and are not kept."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Forgotten(name)


class Watched(History):
    """A history that knows whether a rule about steps has *asked* for it.

    Such a verdict may change with any other file, so it cannot be kept.
    """

    def __init__(self, history: History):
        object.__setattr__(self, "history", history)
        object.__setattr__(self, "asked", False)

    def __getattribute__(self, name: str) -> Any:
        own = object.__getattribute__
        if name in _HISTORY:
            object.__setattr__(self, "asked", True)
            return getattr(own(self, "history"), name)
        return own(self, name)

    history: History
    asked: bool


@dataclass(frozen=True)
class Mark:
    """The state behind some migration: for the rules, for the capture, and what existed so far."""

    session: Session
    schema: Schema
    known: frozenset[Name]


@dataclass(frozen=True)
class Kept:
    """A history as it was captured and judged.

    Attributes:
        files: path and digest of each migration file, in the order in which they run.
        headers, migrations, verdicts: what was read, captured and found; in the same order. No
            verdict for a migration that was not judged.
        marks: by number of migrations, the state behind them.
        environment: what env.py said.
        reads: other files that were opened, with their digests.
        folders: folders from which modules were imported, with a digest of the names in them.
        starts_empty: see `Assumptions`.
    """

    files: tuple[tuple[str, str], ...] = ()
    headers: tuple[Header, ...] = ()
    migrations: tuple[Migration, ...] = ()
    verdicts: tuple[Verdict | None, ...] = ()
    marks: Mapping[int, Mark] = field(default_factory=dict)
    environment: Environment = field(default_factory=Environment)
    reads: Mapping[str, str | None] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    starts_empty: bool = True


def with_schemas(after: Kept, done: int, before: Kept) -> Kept:
    """*after* with the schemas behind its marks; those of the first *done* are known *before*."""
    schema = before.marks[done].schema.snapshot()
    marks = dict(after.marks)
    for number, migration in enumerate(after.migrations[done:], done + 1):
        add((migration,), schema)
        if number in marks:
            marks[number] = replace(marks[number], schema=schema.snapshot())
    return replace(after, marks=marks)


def add(migrations: Iterable[Migration], schema: Schema) -> None:
    """Take into *schema* what the upgrades of *migrations* do."""
    for migration in migrations:
        for step in migration.upgrade:
            schema.add(step.statement)


def is_marked(number: int, last: int) -> bool:
    """Whether the state behind *number* of *last* migrations is kept.

    The nearer to the end, the more often: it is the newest migrations that are still edited.
    """
    distance = last - number
    return distance & (distance - 1) == 0 or number == 0


def to_bytes(kept: Kept) -> bytes:
    """*kept* as bytes; bound values are left out."""
    migrations = tuple(
        replace(m, upgrade=_bare(m.upgrade), downgrade=_bare(m.downgrade)) for m in kept.migrations
    )
    names = [field.name for field in dataclasses.fields(Header)]
    headers = tuple(Header(**{name: getattr(h, name) for name in names}) for h in kept.headers)
    return pickle.dumps(replace(kept, migrations=migrations, headers=headers), protocol=5)


def from_bytes(data: bytes) -> Kept | None:
    """What `to_bytes` wrote; None when *data* is anything else.

    Only migsafe's own values are made from it, so it cannot make anything happen.
    """
    collecting = gc.isenabled()
    gc.disable()  # it would go through all these new objects again and again
    try:
        found = _Reader(io.BytesIO(data)).load()
    except Exception:  # whatever a damaged file makes of the machine that reads it
        return None
    finally:
        if collecting:
            gc.enable()
    return found if isinstance(found, Kept) else None


def _bare(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(_without_foreign(step) for step in steps)


def _without_foreign(step: Step) -> Step:
    """*step* with a stand-in for its bound values."""
    if step.parameters is None or type(step.parameters) is Lost:
        return step
    return replace(step, parameters=Lost())


class _Reader(pickle.Unpickler):
    """Makes values of migsafe's dataclasses and enumerations, paths and dates; nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return _PLAIN[module, name]
        if module.startswith("migsafe.") and "." not in name:
            found = getattr(import_module(module), name, None)
            if isinstance(found, type) and found.__module__ == module and _is_value(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not kept")


def _is_value(found: type) -> bool:
    return (
        dataclasses.is_dataclass(found)
        or issubclass(found, Enum | tuple)
        or found in (Schema, Lost)
    )


_HISTORY = frozenset(f.name for f in dataclasses.fields(History))
_PLAIN: Mapping[tuple[str, str], Any] = {
    ("builtins", "frozenset"): frozenset,
    ("builtins", "set"): set,
    ("datetime", "date"): datetime.date,
    **{("pathlib", name): getattr(pathlib, name) for name in ("PosixPath", "WindowsPath")},
    **{("pathlib._local", name): getattr(pathlib, name) for name in ("PosixPath", "WindowsPath")},
}
