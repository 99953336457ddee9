"""Type changes that write a table anew, as a chain of revisions in which nobody waits.

The first makes new columns and lets a trigger write them, the second fills them and builds on them
what is built on the old ones, the third lets them change places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.operations import ops
from alembic.util import CommandError

from migsafe.autogen.dependents import ColumnKey
from migsafe.autogen.exchange import Exchange, Plan, exchange, is_retyping, key_of, taken_out
from migsafe.autogen.exchange_limits import limits, meddling, shares, unfitting
from migsafe.autogen.exchange_steps import built, exchanged, expanded
from migsafe.autogen.following import Part
from migsafe.autogen.leaving import flat
from migsafe.autogen.online_columns import LockTimeoutOps, RemarkedOps, rewrites
from migsafe.autogen.operations import AutocommitOps, SqlOp, StepsOps
from migsafe.autogen.placing import remove_empty
from migsafe.autogen.rebuild import without
from migsafe.autogen.stretches import limited
from migsafe.catalog import Catalog
from migsafe.config import Settings
from migsafe.errors import ConfigError
from migsafe.names import Name
from migsafe.stats import Stats, load_stats

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

    from migsafe.autogen.found import Found

Operations = list[ops.MigrateOperation]
_BEFORE = "before the new code"
_ANY = "when all code works with the new type"
_FILLING = (
    "The old rows get their values some thousand at a time; then what is built on the old columns\n"
    "is built on the new ones, while others work."
)
_EXCHANGE = (
    "The columns change places, which takes a moment; whatever runs has to read and write the new\n"
    "type by now. If a lock is not to be had in time, run the migration again."
)
_MANY = 3  # see rule MS604
_TOGETHER = "migsafe: ignore[MS113, MS604] tables that foreign keys or views tie change together"
_BACK = "The way back writes all rows anew; nobody can read or write them meanwhile."


@dataclass(frozen=True)
class Choice:
    """The columns to exchange, and why others keep their place."""

    exchanges: tuple[Exchange, ...] = ()
    reasons: Mapping[ColumnKey, str] = field(default_factory=dict)


def choice(
    context: AutogenContext, state: Found, operations: Operations, settings: Settings
) -> Choice:
    """Return which type changes of *operations* become a chain.

    Those of tables that the statistics of the project know to be small do not: writing such a
    table anew takes no time, and three revisions would.
    """
    asked = [op for op in flat(operations) if is_retyping(op) and rewrites(op, state)]
    if settings.autogenerate.type_changes != "chain" or not asked:
        return Choice()
    stats, catalog = _stats(settings), without(state, list(flat(operations)))
    found: dict[ColumnKey, Exchange] = {}
    reasons: dict[ColumnKey, str] = {}
    for op in asked:
        made = exchange(op, state)
        if made is None or made.table.name not in catalog.tables:
            continue
        if stats is not None and _is_small(made.table.name, stats, settings):
            continue
        against = next(limits(made, op, catalog), None)
        if against is None and meddling(context, state, made, operations):
            against = "other steps of this script speak of it"
        if against is None:
            found[made.key] = made
        else:
            reasons[made.key] = against
    shared = {key_of(op, state) for op in flat(operations) if shares(op)}
    while apart := dict(_apart(found, catalog, shared)):
        reasons |= apart
        found = {key: each for key, each in found.items() if key not in apart}
    return Choice(tuple(found.values()), reasons)


def _apart(
    found: Mapping[ColumnKey, Exchange], catalog: Catalog, shared: Set[ColumnKey]
) -> Iterator[tuple[ColumnKey, str]]:
    """Yield the columns that cannot be exchanged unless others are; *shared* go all or none."""
    for each, why in unfitting(tuple(found.values()), catalog):
        yield each.key, why
    if not shared <= found.keys():
        for key in shared & found.keys():
            yield key, "what depends on it depends on another column that changes, too"


def _stats(settings: Settings) -> Stats | None:
    if settings.stats is None:
        return None
    folder = settings.path.parent if settings.path else Path.cwd()
    try:
        return load_stats(folder / settings.stats)
    except ConfigError as error:
        raise CommandError(str(error)) from error


def _is_small(table: Name, stats: Stats, settings: Settings) -> bool:
    known = stats.of(table)
    return known is not None and not settings.small.is_reached(known.bytes, known.rows)


def chained(
    state: Found,
    chosen: Choice,
    script: ops.MigrationScript,
    *,
    timeout: str | None,
    lock_timeout: str | None,
) -> tuple[list[SqlOp], list[Part]]:
    """Take the type changes that are *chosen* out of *script*.

    Returns what its first revision does instead, and the parts that follow. *timeout* is how long
    the exchange may wait for a lock, *lock_timeout* how long other steps may; None where the
    session says so, or nobody.
    """
    if not chosen.exchanges:
        return [], []
    upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    catalog = without(state, list(flat(upgrade.ops)))
    plans = Plan(state, catalog, list(chosen.exchanges)).groups()
    apart = len({name for plan in plans for name in plan.tables}) >= _MANY
    first: list[SqlOp] = []
    building: list[ops.MigrateOperation] = []
    undoing: list[ops.MigrateOperation] = []
    changes: list[Part] = []
    for plan in plans:
        taken_out(upgrade.ops, state, plan.keys)
        back = taken_out(downgrade.ops, state, plan.keys)
        made, steps = list(expanded(plan, apart=apart)), list(built(plan))
        undoing[:0] = [step.reverse() for step in reversed(steps) if step.down]
        first += made
        building += steps
        again = RemarkedOps(StepsOps([], [*back, *made]), _BACK)
        changes.append(_change(plan, timeout, [again, _block(steps, lock_timeout, _FILLING)]))
    remove_empty(upgrade)
    remove_empty(downgrade)
    build = _block(building, lock_timeout, _FILLING)
    return first, [Part(_BEFORE, [build], [_block(undoing, lock_timeout)]), *changes]


def _change(plan: Plan, timeout: str | None, back: Operations) -> Part:
    """Return the part in which the columns of *plan* change places."""
    steps: Operations = [LockTimeoutOps(timeout)] if timeout else []
    if len(plan.stopped) >= _MANY:
        tables = ", ".join(str(plan.state.written(name)) for name in sorted(plan.stopped))
        lock = SqlOp("", [f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"], [])
        steps.append(RemarkedOps(lock, _TOGETHER))
    return Part(_ANY, [RemarkedOps(StepsOps([], [*steps, *exchanged(plan)]), _EXCHANGE)], back)


def _block(
    steps: Sequence[ops.MigrateOperation], lock_timeout: str | None, remark: str | None = None
) -> ops.MigrateOperation:
    block = AutocommitOps([], list(limited(steps, lock_timeout)))
    return block if remark is None else RemarkedOps(block, remark)
