"""What depends on an enum type, and how it is put aside while another takes the type's place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from migsafe.autogen.enum_operations import Rebuild
from migsafe.autogen.found import Found
from migsafe.autogen.leaving import ColumnKey
from migsafe.catalog import Catalog, Enum
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def users(catalog: Catalog, type_: Name) -> Iterator[ColumnKey]:
    """Yield the columns of that type, or of arrays of it."""
    for table, column in catalog.columns_of_type(type_):
        yield table.name, column.name


def both_ways(
    context: AutogenContext, state: Found, old: Enum, new: Enum
) -> tuple[Rebuild, Rebuild]:
    """Return what a new type in the place of *old* meets, on the way up and on the way down."""
    columns = tuple(
        (state.written(table.name), column.name, column.type.dimensions > 0, column.default)
        for table, column in state.catalog.columns_of_type(old.name)
        if not column.inherited
    )
    whole = Rebuild(columns=columns)
    return whole, whole
