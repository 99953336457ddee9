"""`migsafe.objects`: what `migsafe.declare` attaches to the metadata, compared and written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from alembic.util import CommandError

from migsafe import declare
from migsafe.autogen.alembic_utils import keep_ours
from migsafe.autogen.domains import column_domains, forsaken, keep_apart, render_domain
from migsafe.autogen.enum_types import metadatas
from migsafe.autogen.found import Found, found, notice
from migsafe.autogen.leaving import flat
from migsafe.autogen.object_kinds import Wanted, wanted
from migsafe.autogen.object_reading import live_value, read
from migsafe.autogen.object_steps import Change, steps_of
from migsafe.autogen.object_views import affected, warn_of_lost_columns
from migsafe.autogen.owned import unwanted
from migsafe.autogen.placing import remove_empty
from migsafe.autogen.rendering import render_types_with

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Put the operations on declared objects around those of *upgrade_ops*."""
    state = found(context)
    every = list(_declared(context, state))
    names = {one.name for one in every if isinstance(one.item, declare.Domain)}
    every[:0] = [one for one in column_domains(context, state) if one.name not in names]
    render_types_with(context, render_domain)
    keep_apart(state, upgrade_ops.ops)
    remove_empty(upgrade_ops)
    changes = list(_changes(context, state, every))
    known = {id(change.live) for change in changes if change.gone}
    for one, live in forsaken(state, upgrade_ops.ops, every):
        if id(live) not in known:
            changes.append(Change(one, live=live, gone=True))
    ours = [(one, None) for one in every] + [(c.one, c.live) for c in changes if c.gone]
    keep_ours(upgrade_ops, ours)
    changes = affected(state, changes, upgrade_ops)
    warn_of_lost_columns(state, changes, upgrade_ops)
    if not changes:
        return
    dropped = {change.dropping for change in changes if change.is_dropped_first}
    for op in flat(upgrade_ops.ops):
        for side in ("aside", "back"):
            kept = tuple(a for a in getattr(op, side, ()) if a.drop not in dropped)
            if hasattr(op, side):
                setattr(op, side, kept)
    front, back = steps_of(state, _ordered(changes), upgrade_ops)
    upgrade_ops.ops[:] = [*front, *upgrade_ops.ops, *back]


def _declared(context: AutogenContext, state: Found) -> Iterator[Wanted]:
    for metadata in metadatas(context):
        for item in declare.of(metadata).declared:
            try:
                one = wanted(item, str(metadata.schema or state.schema))
            except ValueError as error:
                raise CommandError(str(error)) from error
            thing: Any = item
            kind: Any = one.kind.lower().replace(" ", "_")
            if context.run_object_filters(thing, one.name.name, kind, False, None):
                yield one


def _changes(context: AutogenContext, state: Found, every: list[Wanted]) -> Iterator[Change]:
    assert context.connection is not None
    matched = []
    for one, result in zip(every, read(context.connection, state.catalog, every), strict=True):
        live = live_value(state.catalog, one, result.value)
        matched.append(live)
        if result.same is None:
            notice(f"{one.display()} could not be compared: this role may create nothing here")
            continue
        change = Change(one, result.value, live, same=result.same, in_place=result.in_place)
        if not result.same or change.comments:
            yield change
    for one, live in unwanted(context, state, every, matched):
        yield Change(one, live=live, gone=True)


def _ordered(changes: list[Change]) -> list[Change]:
    """Order what is created by who names whom; else as declared."""
    left, ordered = list(changes), []
    while left:
        free = [c for c in left if not any(_names(c, o) for o in left if o is not c)] or left[:1]
        ordered += free
        left = [c for c in left if c not in free]
    return ordered


def _names(change: Change, other: Change) -> bool:
    """Whether the text of *change* names *other*."""
    if change.one.is_attached is False and other.one.is_attached:
        return False
    if other.one.table is not None and not other.one.is_attached:
        return False
    name = re.escape(other.one.name.name)
    return re.search(rf"(?<![\w$]){name}(?![\w$])", change.text) is not None
