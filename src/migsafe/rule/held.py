"""Locks of earlier statements that a transaction still holds when the next one runs."""

from __future__ import annotations

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.locks import LockMode
from migsafe.names import Name
from migsafe.rule.model import Context
from migsafe.rule.rows import is_bounded
from migsafe.rule.words import held_up, strongest
from migsafe.sql.ast import Analyze, Delete, Insert, Merge, Select, Update
from migsafe.values import dataclass


@dataclass(frozen=True)
class Held:
    """A lock that keeps others from reading or writing *table*, and the step that took it."""

    table: Name
    mode: LockMode
    kinds: str
    step: Step


def held_locks(context: Context) -> tuple[Held, ...]:
    """The locks that stop readers or writers, the strongest of each table, in order of tables."""
    found: dict[Name, Held] = {}
    for step, effects in context.same_transaction:
        for table, kinds in effects.blocks().items():
            if "writes" not in kinds or context.catalog.relation(table) is None:
                continue
            mode = strongest(effects.locks.get(table, {LockMode.ACCESS_EXCLUSIVE}))
            words = "reads and writes" if "reads" in kinds else "writes"
            known = found.get(table)
            if known is None or known.mode.strength < mode.strength:
                found[table] = Held(table, mode, words, step)
    return tuple(found[table] for table in sorted(found))


def works_under_lock(step: Step, effects: Effects, context: Context) -> tuple[Held, ...]:
    """The held locks that last longer because *step* takes as long as its tables are large.

    Empty for a step that blocks writers of those tables itself: that is a finding of its own.
    """
    if context.session.transaction is None or not context.earlier:
        return ()
    statement = step.statement
    if isinstance(statement, Update | Delete | Merge):
        takes_long = bool(effects.locks) and not is_bounded(statement, context.catalog)
    elif isinstance(statement, Insert | Select):
        takes_long = bool(effects.scans) and not is_bounded(statement, context.catalog)
    elif isinstance(statement, Analyze):
        takes_long = False  # it reads a sample
    else:
        takes_long = bool(effects.scans) and not held_up(effects)
    return held_locks(context) if takes_long else ()
