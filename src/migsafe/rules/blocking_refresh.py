"""MS112: a materialised view is filled while nobody can read it."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity, code
from migsafe.sql.ast import RefreshMatView


class BlockingRefresh(Rule):
    """Refreshing a materialised view blocks its readers for as long as its query runs.

    `REFRESH MATERIALIZED VIEW` holds ACCESS EXCLUSIVE on the view. With `CONCURRENTLY` readers go
    on; that needs a unique index on plain columns of the view.
    """

    code = "MS112"
    severity = Severity.WARNING
    grows = True
    looks_at = (RefreshMatView,)
    bad = ('op.execute("REFRESH MATERIALIZED VIEW totals")',)
    good = ('op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY totals")',)
    setup = """
    CREATE MATERIALIZED VIEW totals AS SELECT user_id, sum(amount) AS sum FROM orders GROUP BY 1;
    CREATE UNIQUE INDEX ux_totals ON totals (user_id);
    """

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not isinstance(statement, RefreshMatView) or statement.concurrently:
            return
        view = context.catalog.view(statement.name)
        populated = view is None or view.populated
        waiting = any("reads" in kinds for kinds in effects.blocks().values())
        if populated and (waiting or effects.unknown):
            yield f"refreshing {statement.name.display()} blocks its readers until it is done"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        statement = step.statement
        assert isinstance(statement, RefreshMatView)
        return code.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {statement.name.display()}")
