"""`migsafe.enums`: enum types are created before use, changed, and dropped after their last use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.dialects import postgresql

from migsafe.autogen import rebuild
from migsafe.autogen.enum_operations import (
    ChangeLabelsOp,
    CreateEnumOp,
    DropEnumOp,
    enum_call,
)
from migsafe.autogen.enum_types import WantedEnum, wanted_enums
from migsafe.autogen.found import Found, found
from migsafe.autogen.leaving import leaving
from migsafe.autogen.placing import remove_empty
from migsafe.autogen.rendering import render_types_with
from migsafe.catalog import Composite, Domain, Enum
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Add the operations on enum types to *upgrade_ops*."""
    state = found(context)
    render_types_with(context, _render_type)
    wanted = wanted_enums(context, state)
    changes = list(_changed(context, state, wanted, upgrade_ops))
    rebuilt = [change for change in changes if not change.only_adds]
    gone = list(_dropped(state, wanted, upgrade_ops))
    operations = upgrade_ops.ops
    if rebuilt:
        drops, rest = rebuild.split_at_drops(operations)
        operations = [*drops, *rebuilt, *rest]
    added = [change for change in changes if change.only_adds]
    upgrade_ops.ops[:] = [*added, *_created(state, wanted), *operations, *gone]
    remove_empty(upgrade_ops)


def _created(state: Found, wanted: dict[Name, WantedEnum]) -> Iterator[CreateEnumOp]:
    for name, mine in wanted.items():
        if mine.owned and name not in state.catalog.types:
            yield CreateEnumOp(replace(mine.enum, name=state.written(name)))


def _changed(
    context: AutogenContext,
    state: Found,
    wanted: dict[Name, WantedEnum],
    upgrade_ops: ops.UpgradeOps,
) -> Iterator[ChangeLabelsOp]:
    for name, mine in wanted.items():
        old = state.catalog.types.get(name)
        if not mine.owned or not isinstance(old, Enum) or old.labels == mine.enum.labels:
            continue
        added = not set(old.labels) - set(mine.enum.labels)
        up, down = rebuild.both_ways(context, state, old, [] if added else upgrade_ops.ops)
        yield ChangeLabelsOp(state.written(name), old, mine.enum.labels, up, down)


def _dropped(
    state: Found, wanted: dict[Name, WantedEnum], upgrade_ops: ops.UpgradeOps
) -> Iterator[DropEnumOp]:
    gone = leaving(state, upgrade_ops.ops)
    for name, enum in sorted(state.catalog.types.items()):
        if not isinstance(enum, Enum) or name in wanted:
            continue
        users = set(rebuild.users(state.catalog, name))
        if users & gone and users <= gone and not _used_elsewhere(state, name):
            yield DropEnumOp(replace(enum, name=state.written(name)))


def _used_elsewhere(state: Found, name: Name) -> bool:
    """Whether anything but columns of tables is made of the type."""
    for other in state.catalog.types.values():
        if isinstance(other, Domain) and other.base.name == name:
            return True
        if isinstance(other, Composite) and any(t.name == name for _, t, _ in other.attributes):
            return True
    return any(
        name.name in word
        for function in state.catalog.functions.values()
        for word in (*function.arguments, function.returns or "")
    )


def _render_type(type_: Any, context: AutogenContext) -> str | None:
    if not isinstance(type_, sa.Enum) or not type_.native_enum or not type_.name:
        return None
    if not isinstance(type_, postgresql.ENUM) and getattr(type_, "_variant_mapping", None):
        return None
    name = Name(type_.schema, type_.name)
    enum = Enum(name, tuple(str(label) for label in type_.enums))
    return enum_call(context, enum, extra=", create_type=False")
