"""MS110: rows are read or changed while a lock of an earlier statement keeps others out."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule
from migsafe.rule.held import works_under_lock
from migsafe.rule.words import listed, shown
from migsafe.sql.ast import Delete, Insert, Merge, Update, ValidateConstraint

_VERBS = {Update: "updating", Delete: "deleting from", Merge: "merging into", Insert: "filling"}


class WorkUnderLock(Rule):
    """A statement that takes long runs while the transaction holds a lock that stops others.

    Locks are kept until commit. An `ADD COLUMN` alone is over at once; followed by an `UPDATE` of
    all rows in the same transaction it keeps everybody out until the last row is written. `NOT
    VALID` and `VALIDATE CONSTRAINT` in one transaction gain nothing for the same reason.
    """

    code = "MS110"
    grows = True
    bad = (
        """
        op.add_column("users", sa.Column("plan", sa.Text()))
        op.execute("UPDATE users SET plan = 'free'")
        """,
        """
        op.execute("ALTER TABLE users ADD CONSTRAINT ck_age CHECK (age >= 0) NOT VALID")
        op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_age")
        """,
    )
    good = (
        """
        op.add_column("users", sa.Column("plan", sa.Text()))
        op.execute("UPDATE users SET plan = 'free' WHERE id = 1")
        """,
        'op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_name")',
    )
    setup = "ALTER TABLE users ADD CONSTRAINT ck_users_name CHECK (name <> '') NOT VALID;"
    safe_way = (
        "Do it in a revision of its own, after the one that takes the lock is committed "
        "(transaction_per_migration=True in env.py). Change rows in batches, outside of the "
        "migration or in an autocommit_block()."
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        held = works_under_lock(step, effects, context)
        if not held:
            return
        worst = max(held, key=lambda lock: lock.mode.strength)
        tables = [lock.table for lock in held if lock.mode is worst.mode]
        yield (
            f"{_work(step, effects)} while the transaction holds {worst.mode.value} on "
            f"{shown(tables)} since line {worst.step.line}: {worst.kinds} wait until it is done"
        )


def _work(step: Step, effects: Effects) -> str:
    statement = step.statement
    if isinstance(statement, Update | Delete | Merge | Insert):
        return f"{_VERBS[type(statement)]} {statement.table.display()}"
    names = [
        action.name
        for action in getattr(statement, "actions", ())
        if isinstance(action, ValidateConstraint)
    ]
    return f"validating {listed(names)}" if names else f"reading all of {shown(effects.scans)}"
