"""MS604: one transaction stops many tables."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.effects import Effects
from migsafe.names import Name
from migsafe.rule import Context, Rule, Severity
from migsafe.rule.words import shown
from migsafe.sql.ast import Lock

_MANY = 3


class SeveralLockedTables(Rule):
    """One transaction collects locks that stop the readers of three tables or more.

    Each lock waits for the longest query on its table while the ones before are held, so one slow
    query stops them all. Another transaction that takes them in another order ends in a deadlock.
    """

    code = "MS604"
    severity = Severity.WARNING
    downgrade_severity = Severity.INFO
    bad = (
        'op.execute("LOCK TABLE users, orders, visits")',
        """
        op.add_column("users", sa.Column("city", sa.Text()))
        op.add_column("orders", sa.Column("city", sa.Text()))
        op.add_column("visits", sa.Column("city", sa.Text()))
        """,
    )
    good = (
        """
        op.add_column("users", sa.Column("city", sa.Text()))
        op.add_column("users", sa.Column("street", sa.Text()))
        """,
    )
    setup = "CREATE TABLE visits (id bigint PRIMARY KEY);"
    safe_way = (
        "One revision for each table, with transaction_per_migration=True and a lock_timeout."
    )

    def check_migration(self, context: Context) -> Iterator[tuple[int, str]]:
        if len(context.earlier) < _MANY and not _lists_tables(context):
            return  # other statements count for one table each
        stopped: dict[int | None, dict[Name, int]] = {}
        for step, effects in context.earlier:
            if step.autocommit:
                continue
            tables = stopped.setdefault(step.transaction, {})
            own = [name for name in _stopped(effects, context) if name not in tables]
            counted = own if isinstance(step.statement, Lock) else own[:1]
            tables.update((name, step.line) for name in counted)
        for tables in stopped.values():
            if len(tables) >= _MANY:
                line = max(tables.values())
                yield line, f"one transaction stops reads of {shown(tables)} until commit"


def _lists_tables(context: Context) -> bool:
    return any(isinstance(step.statement, Lock) for step, _ in context.earlier)


def _stopped(effects: Effects, context: Context) -> list[Name]:
    """The tables whose readers wait for a statement; one that does more is a finding by itself."""
    gone = {removal.relation for removal in effects.removes if removal.kind == "table"}
    known = context.start.tables if context.start else {}
    if known.keys().isdisjoint(effects.locks) and not effects.index_of:
        return []
    found = (name for name, kinds in effects.blocks().items() if "reads" in kinds)
    return [name for name in found if name in known and name not in gone]
