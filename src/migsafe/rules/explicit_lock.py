"""MS113: LOCK TABLE stops others by intention."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.rule.words import blocked, shown
from migsafe.sql.ast import Lock


class ExplicitLock(Rule):
    """An explicit lock keeps others out until the transaction ends.

    `LOCK TABLE` without a mode takes ACCESS EXCLUSIVE, which stops even SELECT. Name the weakest
    mode that does, and set a lock_timeout before.
    """

    code = "MS113"
    severity = Severity.WARNING
    looks_at = (Lock,)
    bad = ('op.execute("LOCK TABLE users")', 'op.execute("LOCK TABLE users IN SHARE MODE")')
    good = ('op.execute("LOCK TABLE users IN SHARE UPDATE EXCLUSIVE MODE")',)
    safe_way = (
        "Name the weakest mode that does, such as SHARE UPDATE EXCLUSIVE against other schema "
        "changes, and SET LOCAL lock_timeout before."
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        if not isinstance(step.statement, Lock):
            return
        tables = [name for name, kinds in effects.blocks().items() if "writes" in kinds]
        if tables:
            kinds = blocked(effects, tables)
            yield f"LOCK TABLE blocks {kinds} of {shown(tables)} until the transaction ends"
