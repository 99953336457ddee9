"""MS604: one transaction stops many tables."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.rule import Context, Rule, Severity
from migsafe.rule.words import shown

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
        locked: dict[int | None, dict[object, int]] = {}
        for step, effects in context.earlier:
            if step.autocommit:
                continue
            tables = locked.setdefault(step.transaction, {})
            for name, kinds in effects.blocks().items():
                if "reads" in kinds and context.start and name in context.start.tables:
                    tables.setdefault(name, step.line)
        for tables in locked.values():
            if len(tables) >= _MANY:
                names = shown(tables)  # type: ignore[arg-type]
                yield max(tables.values()), f"one transaction stops reads of {names} until commit"
