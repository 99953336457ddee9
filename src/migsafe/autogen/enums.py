"""`migsafe.enums`: enum types are created before use, changed, and dropped after their last use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.dialects import postgresql

from migsafe.autogen import rebuild
from migsafe.autogen.convert import ConvertColumnOp
from migsafe.autogen.crossing import free_foreign_keys
from migsafe.autogen.declared import Declared
from migsafe.autogen.derived import is_used_elsewhere
from migsafe.autogen.enum_operations import CreateEnumOp, DropEnumOp, enum_call
from migsafe.autogen.enum_types import WantedEnum, filtered, wanted_enums
from migsafe.autogen.found import Found, found
from migsafe.autogen.labels import ChangeLabelsOp
from migsafe.autogen.leaving import flat, leaving
from migsafe.autogen.likely import likely_renames
from migsafe.autogen.placing import remove_empty
from migsafe.autogen.renames import RenameOp
from migsafe.autogen.renaming import rename_declared, renamed, take_back
from migsafe.autogen.rendering import render_types_with
from migsafe.catalog import Enum
from migsafe.names import Name, quote_ident

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def prepare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Rename what is declared as renamed, so that it is compared under its new names."""
    rename_declared(context)


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Add the operations on enum types to *upgrade_ops*."""
    state = found(context)
    render_types_with(context, _render_type)
    wanted = wanted_enums(context, state)
    listed = list(flat(upgrade_ops.ops))
    conversions = [op for op in listed if isinstance(op, ConvertColumnOp)]
    free_foreign_keys(state, rebuild.without(state, listed), conversions)
    changes = list(_changed(context, state, wanted, upgrade_ops))
    rebuilt = [change for change in changes if not change.only_adds]
    gone = list(_dropped(context, state, wanted, upgrade_ops))
    operations = upgrade_ops.ops
    if rebuilt:
        to_text = list(rebuild.by_way_of_text(state, {op.old.name for op in rebuilt}, upgrade_ops))
        drops, rest = rebuild.split_at_drops(operations)
        operations = [*drops, *to_text, *rebuilt, *rest]
    added = [change for change in changes if change.only_adds]
    created = _created(state, wanted, gone)
    remarks = likely_renames(state, operations)
    upgrade_ops.ops[:] = [*remarks, *_renamed(context), *added, *created, *operations, *gone]
    remove_empty(upgrade_ops)
    take_back(context)


def _renamed(context: AutogenContext) -> Iterator[RenameOp]:
    renames = renamed(context).renames
    if renames:
        yield RenameOp(renames)


def _created(
    state: Found, wanted: dict[Name, WantedEnum], gone: list[DropEnumOp]
) -> Iterator[CreateEnumOp]:
    for name, mine in wanted.items():
        if mine.owned and name not in state.catalog.types:
            alike = [op.enum.name for op in gone if op.enum.labels == mine.enum.labels]
            hint = tuple(_rename_hint(alike, state.written(name)))
            yield CreateEnumOp(replace(mine.enum, name=state.written(name)), hint)


def _rename_hint(alike: list[Name], name: Name) -> Iterator[str]:
    """Yield a remark on a type with the same labels that goes: it may have got another name."""
    if len(alike) != 1:
        return
    yield f"If {name} is {alike[0]} under another name, put this in the place of creating it,"
    yield "converting columns and dropping the other (downgrade: the other way round):"
    if alike[0].schema != name.schema and name.schema is not None:
        yield f'op.execute("ALTER TYPE {alike[0]} SET SCHEMA {quote_ident(name.schema)}")'
        alike = [Name(name.schema, alike[0].name)]
    if alike[0].name != name.name:
        yield f'op.execute("ALTER TYPE {alike[0]} RENAME TO {quote_ident(name.name)}")'


def _changed(
    context: AutogenContext,
    state: Found,
    wanted: dict[Name, WantedEnum],
    upgrade_ops: ops.UpgradeOps,
) -> Iterator[ChangeLabelsOp]:
    declared = renamed(context).declared
    for name, mine in wanted.items():
        old = state.catalog.types.get(name)
        if not mine.owned or not isinstance(old, Enum) or old.labels == mine.enum.labels:
            continue
        labels = mine.enum.labels
        added = tuple(label for label in labels if label in old.labels) == old.labels
        up, down = rebuild.both_ways(
            state, old, labels, [] if added else upgrade_ops.ops, declared.get(name, Declared())
        )
        yield ChangeLabelsOp(state.written(name), old, labels, up, down)


def _dropped(
    context: AutogenContext,
    state: Found,
    wanted: dict[Name, WantedEnum],
    upgrade_ops: ops.UpgradeOps,
) -> Iterator[DropEnumOp]:
    gone = leaving(state, upgrade_ops.ops)
    for name, enum in sorted(state.catalog.types.items()):
        if not isinstance(enum, Enum) or name in wanted or not filtered(context, state, name):
            continue
        users = set(rebuild.users(state.catalog, name))
        # Who owns the type but not the tables is another application.
        ours = any(state.catalog.tables[table].owner == enum.owner for table, _ in users & gone)
        if ours and users <= gone and not is_used_elsewhere(state.catalog, name):
            yield DropEnumOp(replace(enum, name=state.written(name)))


def _render_type(type_: Any, context: AutogenContext) -> str | None:
    if isinstance(type_, sa.ARRAY) and (inner := _render_type(type_.item_type, context)):
        # Alembic takes the labels of the inner type for a regular expression.
        prefix = context.opts["sqlalchemy_module_prefix"]
        dimensions = f", dimensions={type_.dimensions}" if type_.dimensions is not None else ""
        return f"{prefix}ARRAY({inner}{dimensions})"
    if not isinstance(type_, sa.Enum) or not type_.native_enum or not type_.name:
        return None
    if not isinstance(type_, postgresql.ENUM) and getattr(type_, "_variant_mapping", None):
        return None
    name = Name(type_.schema, type_.name)
    enum = Enum(name, tuple(str(label) for label in type_.enums))
    return enum_call(context, enum, extra=", create_type=False")
