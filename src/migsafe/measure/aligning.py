"""Recorded statements matched with captured steps, and what both say together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from migsafe.capture import Step
from migsafe.effects import Effects, TransactionNeed
from migsafe.locks import LockMode
from migsafe.measure.recorder import Record
from migsafe.names import Name
from migsafe.session import Session
from migsafe.sql.ast import Delete, Insert, Merge, Select, Truncate, Update

# Parameters are spelled as each driver likes.
_PLACEHOLDER = re.compile(r"%\(\w+\)s|%s|(?<!:):\w+|\$\d+(?:::[\w ]+)?")
# How they find their rows is the planner's choice, and it chooses by the size of tables. TRUNCATE
# builds the indexes of a table that it has emptied, which counts as a scan.
_PLANNED = (Delete, Insert, Merge, Select, Truncate, Update)


@dataclass(frozen=True)
class Difference:
    """Something about *step* that was measured otherwise than it was predicted."""

    step: Step
    message: str

    def __str__(self) -> str:
        return f"{self.step.file.name}:{self.step.line}: {self.message}"


def align(steps: Sequence[Step], records: Sequence[Record]) -> Iterator[tuple[Step, Effects]]:
    """The steps that were recorded, each with its effects, in order."""
    wanted = [_key(step.sql) for step in steps]
    found = [_key(record.sql) for record in records]
    for block in SequenceMatcher(None, wanted, found, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            yield steps[block.a + offset], records[block.b + offset].effects


def judged(step: Step, session: Session, measured: Effects, predicted: Effects) -> Effects:
    """What rules judge: the measurement, and the prediction for what cannot be measured.

    That is a mode that the transaction holds already, a failure that depends on rows, what running
    code may no longer do, and the plans of statements on tables that are much larger elsewhere.
    """
    if _fails_as_it_may(measured, predicted):
        return predicted
    held = session.transaction.locks if session.transaction else {}
    locks = {name: set(modes) for name, modes in measured.locks.items()}
    for name, modes in predicted.locks.items():
        again = modes & held.get(name, frozenset())
        if again:
            locks.setdefault(name, set()).update(again)
    fails = measured.fails
    if fails is None and predicted.fails is not None and not predicted.fails.certain:
        fails = predicted.fails
    return replace(
        measured,
        locks={name: frozenset(modes) for name, modes in sorted(locks.items())},
        scans=predicted.scans if isinstance(step.statement, _PLANNED) else measured.scans,
        waits_for=measured.waits_for or predicted.waits_for,
        removes=predicted.removes,
        restricts=predicted.restricts,
        fails=fails,
        index_of={**predicted.index_of, **measured.index_of},
    )


def differences(
    step: Step, session: Session, measured: Effects, predicted: Effects
) -> Iterator[Difference]:
    """Where the prediction, as far as there is one, and the measurement disagree."""
    if predicted.unknown is not None:
        return
    if measured.fails is not None:
        if not _has_sqlstate(predicted, measured.fails.sqlstate):
            yield Difference(step, f"fails with {measured.fails.sqlstate}: {measured.fails.why}")
        return
    if predicted.fails is not None and predicted.fails.certain:
        yield Difference(step, f"succeeds, though {predicted.fails.why}")
        return
    yield from (Difference(step, text) for text in _locks(session, measured, predicted))
    for kind in ("scans", "rewrites", "rebuilds", "builds"):
        if kind == "scans" and isinstance(step.statement, _PLANNED):
            continue
        seen, said = getattr(measured, kind), getattr(predicted, kind)
        if seen != said:
            yield Difference(step, f"{kind} {_names(seen)}, predicted {_names(said)}")


def _fails_as_it_may(measured: Effects, predicted: Effects) -> bool:
    """Whether rows made it fail that need not be there; a statement that fails shows no more."""
    failure = predicted.fails
    return (
        measured.fails is not None
        and failure is not None
        and not failure.certain
        and failure.sqlstate == measured.fails.sqlstate
    )


def _has_sqlstate(effects: Effects, sqlstate: str) -> bool:
    return effects.fails is not None and effects.fails.sqlstate == sqlstate


def _locks(session: Session, measured: Effects, predicted: Effects) -> Iterator[str]:
    held = session.transaction.locks if session.transaction else {}
    for name in sorted({*measured.locks, *predicted.locks}):
        seen = measured.locks.get(name, frozenset())
        said = predicted.locks.get(name, frozenset()) - held.get(name, frozenset())
        if measured.transaction is TransactionNeed.REFUSED:
            # What it takes after the last wait of a phase cannot be seen.
            said &= seen
        if name not in session.catalog.tables and name not in session.catalog.views:
            # Which indexes and sequences a look-up opens differs between minor versions.
            seen, said = seen - {LockMode.ACCESS_SHARE}, said - {LockMode.ACCESS_SHARE}
        if seen != said:
            yield f"locks {name.display()} {_modes(seen)}, predicted {_modes(said)}"


def _key(sql: str) -> str:
    return " ".join(_PLACEHOLDER.sub("?", sql.replace("%%", "%")).split()).rstrip("; ")


def _names(names: frozenset[Name]) -> str:
    return ", ".join(name.display() for name in sorted(names)) or "none"


def _modes(modes: frozenset[LockMode]) -> str:
    return ", ".join(mode.value for mode in sorted(modes, key=lambda m: m.strength)) or "none"
