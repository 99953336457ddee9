"""MS108: an EXCLUDE constraint builds its index while the table stands still."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, parts
from migsafe.sql.ast import AddConstraint, ConstraintKind


class BlockingExclusion(Rule):
    """Adding EXCLUDE builds an index while reads and writes of the table wait.

    There is no online way: an exclusion constraint can be neither NOT VALID nor made from an
    index that exists. On a large table create a new table with the constraint, copy the rows in
    batches, and swap the names.
    """

    code = "MS108"
    grows = True
    looks_at = (AddConstraint,)
    bad = (
        """
        op.create_exclude_constraint(
            "ex_bookings", "bookings", (sa.column("during"), "&&"), using="gist"
        )
        """,
    )
    good = (
        """
        op.create_table("slots", sa.Column("during", postgresql.TSRANGE()))
        op.execute("ALTER TABLE slots ADD EXCLUDE USING gist (during WITH &&)")
        """,
    )
    setup = """
    CREATE TABLE bookings (id bigint, during tsrange);
    INSERT INTO bookings
        SELECT n, tsrange(timestamp '2024-01-01' + n * interval '1 day',
            timestamp '2024-01-01' + (n + 1) * interval '1 day') FROM generate_series(1, 100) n;
    """
    safe_way = (
        "There is no online way. On a large table, create a new table with the constraint, copy "
        "the rows in batches and swap the names; on a small one set a lock_timeout and accept it."
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for part in parts(step, effects, context, AddConstraint):
            constraint = part.action.constraint
            if constraint.kind is ConstraintKind.EXCLUDE and part.effects.scans and part.is_felt:
                name = constraint.name or "the exclusion constraint"
                yield (
                    f"adding {name} builds an index on {part.table.display()} "
                    "while its reads and writes wait"
                )
