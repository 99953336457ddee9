"""The enum types that the metadata names, in columns and by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.util import CommandError

from migsafe.autogen.found import Found, wanted_tables
from migsafe.autogen.wanted import metadata_only_enums, native_enum
from migsafe.catalog import Enum
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


_MEMO = "migsafe.enums"


@dataclass(frozen=True)
class WantedEnum:
    """An enum of the metadata; *owned* unless it says `create_type=False`."""

    enum: Enum
    owned: bool


def wanted_enums(context: AutogenContext, state: Found) -> dict[Name, WantedEnum]:
    """Return the native enums of the metadata by name; they are collected once in a run.

    Raises CommandError when two of one name differ.
    """
    memo: dict[str, Any] = context.migration_context.impl.memo
    if _MEMO not in memo:
        memo[_MEMO] = _collected(context, state)
    result: dict[Name, WantedEnum] = memo[_MEMO]
    return result


def _collected(context: AutogenContext, state: Found) -> dict[Name, WantedEnum]:
    wanted: dict[Name, WantedEnum] = {}
    for type_ in _enum_types(context, state):
        name = state.name(str(type_.name), type_.schema)
        if not filtered(context, state, name):
            continue
        enum = Enum(name, tuple(str(label) for label in type_.enums))
        known = wanted.get(name)
        mine = WantedEnum(enum, getattr(type_, "create_type", True))
        if known is None or (mine.owned and not known.owned):
            wanted[name] = mine
        elif known.enum != enum and known.owned == mine.owned:
            raise CommandError(
                f"the enum {name.display()} has two definitions in the metadata, with the labels "
                f"{', '.join(known.enum.labels)} and {', '.join(enum.labels)}: make them equal, "
                "or give one of them another name"
            )
    return dict(sorted(wanted.items()))


def metadatas(context: AutogenContext) -> list[sa.MetaData]:
    """Return what env.py gave as `target_metadata`, one or more, as a list."""
    given: Any = context.metadata
    return list(given) if isinstance(given, (list, tuple)) else [given]


def filtered(context: AutogenContext, state: Found, name: Name) -> bool:
    """Whether `include_name` lets the enum *name* through; it is asked for the kind "type"."""
    parents: Any = {"schema_name": None if name.schema == state.schema else name.schema}
    return context.run_name_filters(name.name, "type", parents)  # type: ignore[arg-type]


def _enum_types(context: AutogenContext, state: Found) -> Iterator[sa.Enum]:
    for table in wanted_tables(context):
        for column in table.columns:
            enum = native_enum(column.type, state.dialect)
            if enum is not None and context.run_object_filters(
                column, column.name, "column", False, None
            ):
                yield enum
    for metadata in metadatas(context):
        yield from (e for e in metadata_only_enums(metadata) if e.native_enum and e.name)
