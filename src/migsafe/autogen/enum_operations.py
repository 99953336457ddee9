"""Creating and dropping enum types, as operations that render to plain alembic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops

from migsafe.autogen.creation import commented, granted
from migsafe.autogen.operations import execute_lines, remarks
from migsafe.catalog import Enum

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class CreateEnumOp(ops.MigrateOperation):
    """Create an enum type; *enum.name* is written as it stands, *hint* above it as a remark."""

    def __init__(self, enum: Enum, hint: tuple[str, ...] = ()):
        self.enum = enum
        self.hint = hint

    def reverse(self) -> DropEnumOp:
        """Drop it again."""
        return DropEnumOp(self.enum)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """What `alembic check` prints."""
        return ("add_enum", str(self.enum.name), list(self.enum.labels))


class DropEnumOp(ops.MigrateOperation):
    """Drop an enum type; *enum* is what its way back creates."""

    def __init__(self, enum: Enum):
        self.enum = enum

    def reverse(self) -> CreateEnumOp:
        """Create it again."""
        return CreateEnumOp(self.enum)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """What `alembic check` prints."""
        return ("remove_enum", str(self.enum.name))


@renderers.dispatch_for(CreateEnumOp)
def _render_create(context: AutogenContext, op: CreateEnumOp) -> list[str]:
    enum = op.enum
    lines = [line for text in op.hint for line in remarks(text)]
    lines.append(f"{enum_call(context, enum)}.create(op.get_bind(), checkfirst=True)")
    for sql in commented(f"TYPE {enum.name}", enum.comment):
        lines += execute_lines(sql)
    for sql in granted(f"TYPE {enum.name}", enum.acl, enum.owner):
        lines += execute_lines(sql)
    return lines


@renderers.dispatch_for(DropEnumOp)
def _render_drop(context: AutogenContext, op: DropEnumOp) -> list[str]:
    return execute_lines(f"DROP TYPE IF EXISTS {op.enum.name}")


def enum_call(context: AutogenContext, enum: Enum, *, extra: str = "") -> str:
    """Return the `postgresql.ENUM(…)` that stands for *enum* in a script."""
    context.imports.add("from sqlalchemy.dialects import postgresql")
    labels = "".join(f"{label!r}, " for label in enum.labels)
    schema = f", schema={enum.name.schema!r}" if enum.name.schema else ""
    return f"postgresql.ENUM({labels}name={enum.name.name!r}{schema}{extra})"
