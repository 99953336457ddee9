"""Creating, dropping and changing enum types, as operations that render to plain alembic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops

from migsafe.autogen.creation import commented, granted
from migsafe.autogen.operations import execute_lines
from migsafe.catalog import Enum
from migsafe.names import Name, quote_literal

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class CreateEnumOp(ops.MigrateOperation):
    """Create an enum type; *enum.name* is written as it stands."""

    def __init__(self, enum: Enum):
        self.enum = enum

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


@dataclass(frozen=True)
class EnumColumn:
    """A column of the type: whether it is an array, its default, whether it is no heir's copy."""

    table: Name
    name: str
    array: bool
    default: str | None
    own: bool


@dataclass(frozen=True)
class Rebuild:
    """What stands in the way of a new type in the place of an old one.

    Attributes:
        before: statements that put dependent objects aside.
        columns: the columns of the type, with the defaults to put back.
        after: statements that put the dependent objects back.
        refusal: why it cannot be done, or None.
    """

    before: tuple[str, ...] = ()
    columns: tuple[EnumColumn, ...] = ()
    after: tuple[str, ...] = ()
    refusal: str | None = None


class ChangeLabelsOp(ops.MigrateOperation):
    """Give an enum other labels: by ADD VALUE where that is enough, else by a new type.

    *up* and *down* say what depends on the type where it has to be replaced.
    """

    def __init__(self, name: Name, old: Enum, labels: tuple[str, ...], up: Rebuild, down: Rebuild):
        self.name = name
        self.old = old
        self.labels = labels
        self.up = up
        self.down = down

    @property
    def only_adds(self) -> bool:
        """Whether all labels stay, in their order."""
        kept = tuple(label for label in self.labels if label in self.old.labels)
        return kept == self.old.labels

    def reverse(self) -> ChangeLabelsOp:
        """The old labels again."""
        new = replace(self.old, labels=self.labels)
        return ChangeLabelsOp(self.name, new, self.old.labels, self.down, self.up)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """What `alembic check` prints."""
        return ("modify_enum", str(self.name), list(self.old.labels), list(self.labels))


@renderers.dispatch_for(CreateEnumOp)
def _render_create(context: AutogenContext, op: CreateEnumOp) -> list[str]:
    lines = [f"{enum_call(context, op.enum)}.create(op.get_bind(), checkfirst=True)"]
    if op.enum.comment:
        comment = f"COMMENT ON TYPE {op.enum.name} IS {quote_literal(op.enum.comment)}"
        lines += execute_lines(comment)
    return lines


@renderers.dispatch_for(DropEnumOp)
def _render_drop(context: AutogenContext, op: DropEnumOp) -> list[str]:
    return execute_lines(f"DROP TYPE IF EXISTS {op.enum.name}")


@renderers.dispatch_for(ChangeLabelsOp)
def _render_change(context: AutogenContext, op: ChangeLabelsOp) -> list[str]:
    if op.only_adds:
        lines = [line for sql in added_values(op) for line in execute_lines(sql)]
        return ["with op.get_context().autocommit_block():", *lines, ""]
    if op.up.refusal:
        return [f"raise NotImplementedError({op.up.refusal!r})"]
    hint = list(_rename_hint(op))
    return [*hint, *(line for sql in rebuilt(op) for line in execute_lines(sql))]


def _rename_hint(op: ChangeLabelsOp) -> Iterator[str]:
    """Yield a remark where one label took another's place: nobody but the author can tell."""
    pairs = [(old, new) for old, new in zip(op.old.labels, op.labels, strict=False) if old != new]
    if len(op.old.labels) != len(op.labels) or len(pairs) != 1:
        return
    old, new = pairs[0]
    rename = f"ALTER TYPE {op.name} RENAME VALUE {quote_literal(old)} TO {quote_literal(new)}"
    yield f"# If the value {old!r} is called {new!r} now, put this in the place of what follows;"
    yield "# it keeps the rows and rewrites nothing (downgrade: the other way round):"
    yield f"# {execute_lines(rename)[0]}" if len(rename) < 80 else f"# {rename}"


def enum_call(context: AutogenContext, enum: Enum, *, extra: str = "") -> str:
    """Return the `postgresql.ENUM(…)` that stands for *enum* in a script."""
    context.imports.add("from sqlalchemy.dialects import postgresql")
    labels = "".join(f"{label!r}, " for label in enum.labels)
    schema = f", schema={enum.name.schema!r}" if enum.name.schema else ""
    return f"postgresql.ENUM({labels}name={enum.name.name!r}{schema}{extra})"


def added_values(op: ChangeLabelsOp) -> Iterator[str]:
    """Yield one `ALTER TYPE … ADD VALUE` a new label, each in its place."""
    present = list(op.old.labels)
    for position, label in enumerate(op.labels):
        if label in present:
            continue
        if not position:
            place = f" BEFORE {quote_literal(present[0])}" if present else ""
        elif op.labels[position - 1] == present[-1]:
            place = ""
        else:
            place = f" AFTER {quote_literal(op.labels[position - 1])}"
        present.insert(position, label)
        yield f"ALTER TYPE {op.name} ADD VALUE IF NOT EXISTS {quote_literal(label)}{place}"


def rebuilt(op: ChangeLabelsOp) -> Iterator[str]:
    """Yield the statements that put a type with other labels in the place of the old one."""
    aside = Name(op.name.schema, aside_name(op.name.name))
    labels = ", ".join(quote_literal(label) for label in op.labels)
    gone = tuple(label for label in op.old.labels if label not in op.labels)
    own = [column for column in op.up.columns if column.own]
    if gone:
        yield from (_guard(op, column, gone) for column in own)
    yield from op.up.before
    for column in op.down.columns:  # What is to be put back on the way back is there now.
        if column.default is not None:
            yield f"ALTER TABLE {column.table} ALTER COLUMN {Name(None, column.name)} DROP DEFAULT"
    yield f"ALTER TYPE {op.name} RENAME TO {Name(None, aside.name)}"
    yield f"CREATE TYPE {op.name} AS ENUM ({labels})"
    for column in own:
        suffix = "[]" * column.array
        type_ = f"{op.name}{suffix}"
        using = f"::text{suffix}::{type_}"
        yield retyped(column.table, column.name, type_, None, using, has_default=False)
    for column in op.up.columns:
        if column.default is not None:
            yield (
                f"ALTER TABLE {column.table} ALTER COLUMN {Name(None, column.name)} "
                f"SET DEFAULT {column.default}"
            )
    yield f"DROP TYPE {aside}"
    yield from commented(f"TYPE {op.name}", op.old.comment)
    yield from granted(f"TYPE {op.name}", op.old.acl, op.old.owner)
    yield from op.up.after


def _guard(op: ChangeLabelsOp, column: EnumColumn, gone: tuple[str, ...]) -> str:
    """Return a block that stops with a message when rows hold a label that is to go."""
    name = Name(None, column.name)
    listed = ", ".join(quote_literal(label) for label in gone)
    labels = f"{name}::text[] && ARRAY" if column.array else f"{name}::text = ANY (ARRAY"
    test = f"{labels}[{listed}]" + ")" * (not column.array)
    message = (
        f"{column.table.display()}.{column.name} still holds {', '.join(gone)}, which the enum "
        f"{op.name} is to lose: update these rows before, in this migration or an earlier one"
    )
    return (
        f"DO $$ BEGIN IF EXISTS (SELECT FROM {column.table} WHERE {test}) THEN "
        f"RAISE EXCEPTION USING MESSAGE = {quote_literal(message)}; END IF; END $$"
    )


def retyped(
    table: Name, column: str, type_: str, default: str | None, using: str, has_default: bool
) -> str:
    """Return the `ALTER TABLE` that gives *column* another type.

    *using* is what follows the column's name in USING, "" for none; *has_default* says that a
    default is in the way, *default* is the one to set.
    """
    name = Name(None, column)
    steps = [f"ALTER COLUMN {name} DROP DEFAULT"] if has_default else []
    steps.append(f"ALTER COLUMN {name} TYPE {type_}" + (f" USING {name}{using}" if using else ""))
    if default is not None:
        steps.append(f"ALTER COLUMN {name} SET DEFAULT {default}")
    return f"ALTER TABLE {table} " + ", ".join(steps)


def aside_name(name: str) -> str:
    """Return the name that a type has while its successor is being put in its place."""
    suffix = "__old"
    room = 63 - len(suffix)  # NAMEDATALEN - 1, in bytes
    return name.encode()[:room].decode(errors="ignore") + suffix
