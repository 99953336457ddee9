"""MS109: a statement stops a table that it does not name."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.locks import LockMode
from migsafe.names import Name
from migsafe.rule import Context, Rule, Severity
from migsafe.rule.words import shown
from migsafe.sql.ast import AlterTable, CreateTable, DropConstraint


class LockOnOtherTable(Rule):
    """Dropping a foreign key blocks reads and writes of the table it refers to.

    Both tables have triggers for the key, so dropping it takes ACCESS EXCLUSIVE on both. The locks
    are taken one after the other: while the second is waited for, the first is held already. In
    the same way a new partition takes ACCESS EXCLUSIVE on its parent.
    """

    code = "MS109"
    severity = Severity.WARNING
    looks_at = (CreateTable, DropConstraint)
    bad = (
        'op.drop_constraint("fk_visits_user", "visits", type_="foreignkey")',
        """
        op.execute("CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (200) TO (300)")
        """,
    )
    good = (
        'op.drop_constraint("ck_visits", "visits", type_="check")',
        """
        op.execute("CREATE TABLE events_2 (LIKE events INCLUDING ALL)")
        op.execute("ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (200) TO (300)")
        """,
    )
    setup = """
    CREATE TABLE visits (user_id bigint CONSTRAINT fk_visits_user REFERENCES users (id),
        CONSTRAINT ck_visits CHECK (user_id > 0));
    CREATE TABLE events (id bigint NOT NULL) PARTITION BY RANGE (id);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (200);
    """
    safe_way = (
        "Set a short lock_timeout and retry, one such statement in a transaction, so that a busy "
        "table is never waited for while the other one is held. For a partition: create the table "
        "by itself and ATTACH PARTITION, which leaves the parent usable."
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if isinstance(statement, CreateTable) and statement.partition_of:
            what, own = f"creating {statement.name.display()}", {statement.name}
        elif isinstance(statement, AlterTable) and _drops_constraint(statement):
            what = "dropping " + ", ".join(
                a.name for a in statement.actions if isinstance(a, DropConstraint)
            )
            found = context.catalog.table(statement.name)
            own = {found.name if found else statement.name}
        else:
            return
        if others := _stopped(effects, context) - own:
            yield f"{what} also blocks reads and writes of {shown(others)}"


def _drops_constraint(statement: AlterTable) -> bool:
    return any(isinstance(action, DropConstraint) for action in statement.actions)


def _stopped(effects: Effects, context: Context) -> set[Name]:
    """The tables that nobody can read meanwhile, and that the transaction had not stopped yet."""
    held = context.session.transaction.locks if context.session.transaction else {}
    return {
        name
        for name, modes in effects.locks.items()
        if LockMode.ACCESS_EXCLUSIVE in modes
        and LockMode.ACCESS_EXCLUSIVE not in held.get(name, ())
        and name in context.catalog.tables
    }
