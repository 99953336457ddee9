"""What has to be out of the way because a declared object or a column of a view changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from alembic.operations import ops

from migsafe import declare
from migsafe.autogen.found import notice
from migsafe.autogen.leaving import dropped, leaving
from migsafe.autogen.object_kinds import Wanted
from migsafe.autogen.object_steps import Change
from migsafe.catalog import Catalog, Function, View
from migsafe.values import replace

if TYPE_CHECKING:
    from migsafe.autogen.found import Found


def affected(state: Found, changes: list[Change], upgrade_ops: ops.UpgradeOps) -> list[Change]:
    """Return *changes* with all that depends on those that are dropped first.

    A view whose columns the script drops or retypes cannot be replaced in place either.
    """
    leaves = leaving(state, upgrade_ops.ops)
    known = {_key(c.one): c for c in (_apart(c, leaves) for c in changes)}
    left = [c for c in known.values() if c.is_dropped_first or (c.gone and c.live is not None)]
    while left:
        for one, live in _over(state.catalog, left.pop().live):
            old = known.get(_key(one))
            if old is None or not (old.is_dropped_first or old.gone):
                new = Change(one, live=live, moved=True, same=True)
                if old is not None:
                    new = replace(old, in_place=False, moved=old.same)
                known[_key(one)] = new
                left.append(new)
    return list(known.values())


def _key(one: Wanted) -> tuple[Any, ...]:
    signature = getattr(one.item, "signature", None)
    return (one.kind, one.name, one.table, signature)


def _apart(change: Change, leaves: set[Any]) -> Change:
    if isinstance(change.live, View) and change.in_place and change.live.uses & leaves:
        return replace(change, in_place=False)
    return change


def _over(catalog: Catalog, live: Any) -> Iterator[tuple[Wanted, Any]]:
    """Yield what depends on *live*, a view or function."""
    if isinstance(live, View):
        for view in catalog.views_using(live.name):
            yield named(view), view
    elif isinstance(live, Function):
        call = re.compile(rf'(?<![\w$."]){re.escape(str(live.name))}\(')
        for view in catalog.views.values():
            if call.search(view.definition):
                yield named(view), view
        holders: list[Any] = [*catalog.tables.values(), *catalog.views.values()]
        for holder in holders:
            for trigger in holder.triggers:
                if trigger.function == live.name and not trigger.inherited:
                    item = declare.Trigger(trigger.name, holder.name.name, "", "")
                    yield Wanted(item, replace_name(holder, trigger.name), holder.name), trigger
            for policy in getattr(holder, "policies", ()):
                if call.search(f"{policy.using} {policy.check}"):
                    policy_item = declare.Policy(policy.name, holder.name.name, "")
                    name = replace_name(holder, policy.name)
                    yield Wanted(policy_item, name, holder.name), policy


def replace_name(holder: Any, name: str) -> Any:
    """Return *name* in the schema of *holder*."""
    return holder.name._replace(name=name)


def named(view: View) -> Wanted:
    """Return the live *view* as an object with its names."""
    kind = declare.MaterializedView if view.materialized else declare.View
    return Wanted(kind(view.name.name, ""), view.name)


def warn_of_lost_columns(
    state: Found, changes: Iterable[Change], upgrade_ops: ops.UpgradeOps
) -> None:
    """Say which views read columns that the script drops, since PostgreSQL will refuse that."""
    away = {c.one.name for c in changes if c.is_dropped_first or c.gone}
    lost = dropped(state, upgrade_ops.ops)
    for view in sorted(state.catalog.views.values(), key=lambda v: v.name):
        read = sorted(f"{table.display()}.{column}" for table, column in view.uses & lost)
        if read and view.name not in away:
            notice(
                f"the view {view.name.display()} reads {', '.join(read)}, which this script drops: "
                "PostgreSQL will refuse that; declare the view as it is to be, or drop it before"
            )
