"""One column's way from a type to another, with its default taken along, both ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from alembic.autogenerate.render import renderers
from alembic.operations import ops

from migsafe.autogen.enum_operations import retyped
from migsafe.autogen.found import Found
from migsafe.autogen.operations import execute_lines
from migsafe.autogen.wanted import default_text, native_enum, type_ref
from migsafe.catalog import Enum
from migsafe.names import Name
from migsafe.pgtypes import TypeRef

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


_LITERAL = re.compile(r"(?P<text>E?'(?:[^']|'')*')::[^']*\Z")


class ConvertColumnOp(ops.AlterTableOp):
    """Give a column another type; *old* and *new* are (type, default) with the default as SQL."""

    def __init__(
        self,
        table: Name,
        column: str,
        old: tuple[TypeRef, str | None],
        new: tuple[TypeRef, str | None],
    ):
        super().__init__(table.name, schema=table.schema)
        self.table = table
        self.column_name = column
        self.old = old
        self.new = new

    def reverse(self) -> ConvertColumnOp:
        """The way back."""
        return ConvertColumnOp(self.table, self.column_name, self.new, self.old)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """What `alembic check` prints."""
        return (
            "modify_type",
            self.schema,
            self.table_name,
            self.column_name,
            str(self.old[0]),
            str(self.new[0]),
        )


def conversion(
    context: AutogenContext, state: Found, op: ops.AlterColumnOp
) -> ConvertColumnOp | Literal[False] | None:
    """Return what replaces the type change of *op*.

    False says that the types are the same, None that Alembic's own operation is right.
    """
    live = state.catalog.tables.get(state.name(op.table_name, op.schema))
    column = live.column(op.column_name) if live is not None else None
    wanted = context.table_key_to_table.get(
        f"{op.schema}.{op.table_name}" if op.schema else op.table_name
    )
    if live is None or column is None or wanted is None or op.modify_type is None:
        return None
    enum = native_enum(op.modify_type, state.dialect)
    new = type_ref(op.modify_type, state.dialect)
    if new is None or (enum is None and not isinstance(state.catalog.type(column.type.name), Enum)):
        return None
    if not new.is_builtin:
        new = TypeRef(state.name(new.name.name, new.name.schema), new.modifiers, new.dimensions)
    if new == column.type:
        return False
    default = column.default
    if default is not None and op.modify_server_default is not False:
        default = default_text(op.modify_server_default, state.dialect)
        op.modify_server_default = False
    elif default is not None and (literal := _LITERAL.match(default)):
        default = literal["text"]  # The cast names the old type.
    return ConvertColumnOp(
        state.written(live.name), column.name, (column.type, column.default), (new, default)
    )


@renderers.dispatch_for(ConvertColumnOp)
def _render_convert(context: AutogenContext, op: ConvertColumnOp) -> list[str]:
    dropped = op.old[1] is not None
    return execute_lines(
        retyped(op.table, op.column_name, str(op.new[0]), op.new[1], via_text(op.old[0]), dropped)
    )


def via_text(type_: TypeRef) -> str:
    """Return the type in between, as no enum has a cast to another one."""
    return "text[]" if type_.dimensions else "text"
