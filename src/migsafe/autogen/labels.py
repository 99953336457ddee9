"""Giving an enum other labels: by adding them, or by a new type in the place of the old one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops

from migsafe.autogen.creation import commented, granted
from migsafe.autogen.operations import do_block, execute_lines, remarks
from migsafe.autogen.rendering import in_foreign_transaction
from migsafe.catalog import Enum
from migsafe.names import Name, quote_ident, quote_literal

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


_KEPT = (
    "env.py begins the transaction itself, so this is not committed before all is done: until\n"
    "then PostgreSQL lets nothing use a new value."
)


@dataclass(frozen=True)
class EnumColumn:
    """A column of the type: whether it is an array, its default, whether it is no heir's copy.

    *type* and *held* are set where it is of another type, made of the enum: that type, and the
    labels in it as an SQL array of text.
    """

    table: Name
    name: str
    array: bool
    default: str | None
    own: bool
    type: str | None = None
    held: str | None = None


@dataclass(frozen=True)
class Rebuild:
    """What stands in the way of a new type in the place of an old one.

    Attributes:
        before: statements that put dependent objects aside.
        columns: the columns of the type, with the defaults to put back.
        dropped: statements that drop what is made of the type, when no column is of it any more.
        between: statements that create again what is made of the type.
        after: statements that put the dependent objects back.
        mapped: the labels that take the place of those that go, None for NULL.
        refusal: why it cannot be done, or None.
        aside: the name of the old type while both are there.
    """

    before: tuple[str, ...] = ()
    columns: tuple[EnumColumn, ...] = ()
    dropped: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    mapped: Mapping[str, str | None] = field(default_factory=dict)
    refusal: str | None = None
    aside: str = ""


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
    def refusal(self) -> str | None:
        """Why this cannot be done in this direction, or None."""
        return None if self.only_adds else self.up.refusal

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


@renderers.dispatch_for(ChangeLabelsOp)
def _render_change(context: AutogenContext, op: ChangeLabelsOp) -> list[str]:
    if op.only_adds:
        lines = [line for sql in added_values(op) for line in execute_lines(sql)]
        if in_foreign_transaction(context):
            return [*remarks(_KEPT), *lines]
        return ["with op.get_context().autocommit_block():", *lines, ""]
    if op.refusal:
        return [f"raise NotImplementedError({op.refusal!r})"]
    hint = [line for text in (*_rename_hint(op), *_rewrite_hint(op)) for line in remarks(text)]
    return [*hint, *(line for sql in rebuilt(op) for line in execute_lines(sql))]


def _rename_hint(op: ChangeLabelsOp) -> Iterator[str]:
    """Yield a remark where one label took another's place: nobody but the author can tell."""
    pairs = [(old, new) for old, new in zip(op.old.labels, op.labels, strict=False) if old != new]
    if len(op.old.labels) != len(op.labels) or len(pairs) != 1:
        return
    old, new = pairs[0]
    rename = f"ALTER TYPE {op.name} RENAME VALUE {quote_literal(old)} TO {quote_literal(new)}"
    yield f"If the value {old!r} is called {new!r} now, put this in the place of what follows;"
    yield "it keeps the rows and rewrites nothing (downgrade: the other way round):"
    yield " ".join(line.strip() for line in execute_lines(rename))


def _rewrite_hint(op: ChangeLabelsOp) -> Iterator[str]:
    """Yield a remark on what the new type costs, and how to do without."""
    own = [column for column in op.up.columns if column.own]
    if not own:
        return
    tables = ", ".join(sorted({column.table.display() for column in own}))
    labels = ", ".join(quote_literal(label) for label in op.labels)
    new = Name(op.name.schema, suffixed(op.name.name, "_new"))
    column, name = own[0], quote_ident(suffixed(own[0].name, "_new"))
    old = quote_ident(column.name)
    suffix = "[]" * column.array
    yield f"This rewrites {tables}; meanwhile nobody can read or write there. If that takes too"
    yield "long, expand and contract in migrations of their own, in the place of what follows:"
    yield f"  1. CREATE TYPE {new} AS ENUM ({labels}); for each column of {op.name}, as here:"
    yield f"     ALTER TABLE {column.table} ADD COLUMN {name} {new}{suffix}, and a trigger BEFORE"
    yield f"     INSERT OR UPDATE that sets NEW.{name} := NEW.{old}::text{suffix}::{new}{suffix};"
    yield "  2. fill it in batches, each committed; build its indexes CONCURRENTLY;"
    yield f"  3. drop the trigger and {old}, rename {name} to {old}, drop {op.name} and rename"
    yield f"     {new} to {quote_ident(op.name.name)}, in one short transaction."


def added_values(op: ChangeLabelsOp) -> Iterator[str]:
    """Yield one `ALTER TYPE … ADD VALUE` a new label, in its place, and defaults to restore."""
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
    for now, then in zip(op.down.columns, op.up.columns, strict=True):
        if now.default != then.default:  # The rebuild that is undone has changed it.
            change = f"SET DEFAULT {then.default}" if then.default is not None else "DROP DEFAULT"
            yield f"ALTER TABLE {then.table} ALTER COLUMN {Name(None, then.name)} {change}"


def rebuilt(op: ChangeLabelsOp) -> Iterator[str]:
    """Yield the statements that put a type with other labels in the place of the old one."""
    aside = Name(op.name.schema, op.up.aside)
    labels = ", ".join(quote_literal(label) for label in op.labels)
    gone = tuple(label for label in op.old.labels if label not in op.labels)
    own = [column for column in op.up.columns if column.own]
    yield from _guards(op, own, gone)
    yield from op.up.before
    for column in op.down.columns:  # What is to be put back on the way back is there now.
        if column.default is not None:
            yield f"ALTER TABLE {column.table} ALTER COLUMN {Name(None, column.name)} DROP DEFAULT"
    yield from _through_text(op, own)
    yield f"ALTER TYPE {op.name} RENAME TO {Name(None, aside.name)}"
    yield f"CREATE TYPE {op.name} AS ENUM ({labels})"
    for column in own:
        if column.type is None:
            type_ = f"{op.name}{'[]' * column.array}"
            using = f"USING {_converted(column, op.up.mapped)}::{type_}"
            yield retyped(column.table, column.name, type_, using)
    yield f"DROP TYPE {aside}"
    yield from commented(f"TYPE {op.name}", op.old.comment)
    yield from granted(f"TYPE {op.name}", op.old.acl, op.old.owner)
    yield from op.up.between
    for column in own:
        if column.type is not None:
            using = f"USING {_converted(column, op.up.mapped)}::{column.type}"
            yield retyped(column.table, column.name, column.type, using)
    for column in op.up.columns:
        if column.default is not None:
            yield (
                f"ALTER TABLE {column.table} ALTER COLUMN {Name(None, column.name)} "
                f"SET DEFAULT {column.default}"
            )
    yield from op.up.after


def _through_text(op: ChangeLabelsOp, own: list[EnumColumn]) -> Iterator[str]:
    """Yield what frees the types made of the enum, which are dropped before it is replaced."""
    for column in own:
        if column.type is not None:
            text = f"text{'[]' * column.array}"
            yield retyped(
                column.table, column.name, text, f"USING {Name(None, column.name)}::{text}"
            )
    yield from op.up.dropped


def _converted(column: EnumColumn, mapped: Mapping[str, str | None]) -> str:
    """Return the column as text, with other labels where it is declared so."""
    name = str(Name(None, column.name))
    plain = column.type is None or column.held == f"ARRAY[{name}::text]"
    if not plain and not column.array:
        mapped = {}
    array = "[]" * column.array
    return mapped_label(f"{name}::text{array}", mapped, array=array)


def mapped_label(text: str, mapped: Mapping[str, str | None], *, array: str = "") -> str:
    """Return the SQL *text*, a label or with *array* several, *mapped* to others."""
    if array:
        for old, new in mapped.items():
            text = f"array_replace({text}, {_literal(old)}, {_literal(new)})"
        return text
    if not mapped:
        return text
    cases = " ".join(f"WHEN {_literal(old)} THEN {_literal(new)}" for old, new in mapped.items())
    return f"(CASE {text} {cases} ELSE {text} END)"


def _literal(label: str | None) -> str:
    return "NULL" if label is None else quote_literal(label)


def _guards(op: ChangeLabelsOp, own: list[EnumColumn], gone: tuple[str, ...]) -> Iterator[str]:
    """Yield what stops with a message when rows hold a label that goes and is not mapped."""
    for column in own:
        labels = tuple(label for label in gone if label not in op.up.mapped)
        if column.held is not None and column.held.startswith("ARRAY[("):
            labels = gone  # A label inside of a value cannot be exchanged.
        if labels:
            yield _guard(op, column, labels)


def _guard(op: ChangeLabelsOp, column: EnumColumn, gone: tuple[str, ...]) -> str:
    """Return a block that stops with a message when rows hold a label that is to go."""
    name = Name(None, column.name)
    listed = ", ".join(quote_literal(label) for label in gone)
    if column.held is not None or column.array:
        test = f"{column.held or f'{name}::text[]'} && ARRAY[{listed}]"
    else:
        test = f"{name}::text = ANY (ARRAY[{listed}])"
    message = (
        f"{column.table.display()}.{column.name} still holds {', '.join(gone)}, which the enum "
        f"{op.name} is to lose: update these rows before, in this migration or an earlier one"
    )
    return do_block(
        f"IF EXISTS (SELECT FROM {column.table} WHERE {test}) THEN "
        f"RAISE EXCEPTION USING MESSAGE = {quote_literal(message)}; END IF;"
    )


def retyped(
    table: Name,
    column: str,
    type_: str,
    using: str,
    default: str | None = None,
    *,
    drop: bool = False,
) -> str:
    """Return the `ALTER TABLE` that gives *column* another type.

    *using* is the clause USING, "" for none; *drop* says that a default is in the way, *default* is
    the one to set.
    """
    name = Name(None, column)
    steps = [f"ALTER COLUMN {name} DROP DEFAULT"] if drop else []
    steps.append(f"ALTER COLUMN {name} TYPE {type_} {using}".rstrip())
    if default is not None:
        steps.append(f"ALTER COLUMN {name} SET DEFAULT {default}")
    return f"ALTER TABLE {table} " + ", ".join(steps)


def suffixed(name: str, suffix: str) -> str:
    """Return *name* with *suffix*, cut so that PostgreSQL keeps all of it."""
    room = 63 - len(suffix)  # NAMEDATALEN - 1, in bytes
    return name.encode()[:room].decode(errors="ignore") + suffix
