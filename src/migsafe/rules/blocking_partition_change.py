"""MS114: a partition comes or goes while its parent stands still."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity, code, parts
from migsafe.rule.words import shown
from migsafe.sql.ast import AttachPartition, DetachPartition


class BlockingPartitionChange(Rule):
    """Attaching or detaching a partition stops tables that are in use.

    `DETACH PARTITION` takes ACCESS EXCLUSIVE on the parent. `ATTACH PARTITION` leaves the parent
    usable, but reads all rows of the new partition under ACCESS EXCLUSIVE unless a valid CHECK
    proves that they belong there, and takes ACCESS EXCLUSIVE on a DEFAULT partition, which stops
    all reads through the parent.
    """

    code = "MS114"
    severity = Severity.WARNING
    grows = True
    looks_at = (AttachPartition, DetachPartition)
    bad = (
        'op.execute("ALTER TABLE events DETACH PARTITION events_1")',
        'op.execute("ALTER TABLE events ATTACH PARTITION loose FOR VALUES FROM (200) TO (300)")',
    )
    good = (
        'op.execute("ALTER TABLE events ATTACH PARTITION proven FOR VALUES FROM (300) TO (400)")',
        """
        with op.get_context().autocommit_block():
            op.execute("ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY")
        """,
    )
    setup = """
    CREATE TABLE events (id bigint NOT NULL) PARTITION BY RANGE (id);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (200);
    CREATE TABLE loose (id bigint NOT NULL);
    INSERT INTO loose VALUES (250);
    CREATE TABLE proven (id bigint NOT NULL, CHECK (id >= 300 AND id < 400));
    INSERT INTO proven VALUES (350);
    """

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for detached in parts(step, effects, context, DetachPartition):
            if not detached.action.concurrently and "reads" in effects.blocks().get(
                detached.table, ()
            ):
                name = detached.action.partition.display()
                yield f"detaching {name} blocks reads and writes of {detached.table.display()}"
        for attached in parts(step, effects, context, AttachPartition):
            own = attached.effects
            stopped = [t for t in own.scans if "reads" in own.blocks().get(t, ())]
            if stopped:
                name = attached.action.partition.display()
                yield f"attaching {name} reads all of {shown(stopped)} while its readers wait"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        for detached in parts(step, effects, context, DetachPartition):
            sql = (
                f"ALTER TABLE {detached.table.display()} "
                f"DETACH PARTITION {detached.action.partition.display()} CONCURRENTLY"
            )
            return code.autocommit(code.execute(sql))
        return (
            "Before attaching, add to the new partition a CHECK of the partition's bounds and IS "
            "NOT NULL as NOT VALID, and VALIDATE it in a later revision; then nothing is read. "
            "Give the DEFAULT partition a valid CHECK that excludes the new bounds."
        )
