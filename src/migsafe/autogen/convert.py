"""One column's way from a type to another and back, with its default and its views."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.autogenerate.render import renderers
from alembic.operations import ops

from migsafe.autogen.computed import declared
from migsafe.autogen.dependents import (
    Aside,
    ColumnKey,
    dependents,
    dependents_of_replaced,
    drop_generated,
    generated_again,
    generated_columns,
)
from migsafe.autogen.found import Found
from migsafe.autogen.labels import mapped_label, retyped
from migsafe.autogen.operations import execute_lines
from migsafe.autogen.wanted import collation, default_text, type_ref
from migsafe.catalog import Catalog, Column, Enum, Table
from migsafe.names import Name, quote_ident
from migsafe.pgtypes import TypeRef

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

Mapped = tuple[Mapping[str, str | None], Mapping[str, str | None]]
NOTHING_MAPPED: Mapped = (MappingProxyType({}), MappingProxyType({}))
_LITERAL = re.compile(r"(?P<text>E?'(?:[^']|'')*')::[^']*\Z")
_TEXTS = frozenset({"text", "varchar", "bpchar", "name"})


class ConvertColumnOp(ops.AlterTableOp):
    """Give a column another type; *old* and *new* are (type, default) with the default as SQL.

    *aside* and *back* are what depends on the column, as it comes back when it has the new type and
    when it has the old one. *enum* says that one of the types is an enum, which has casts to and
    from text alone; *mapped* which values become which, and on the way back.
    """

    def __init__(
        self,
        table: Name,
        column: str,
        old: tuple[TypeRef, str | None],
        new: tuple[TypeRef, str | None],
        aside: tuple[Aside, ...] = (),
        back: tuple[Aside, ...] = (),
        *,
        enum: bool = False,
        collations: tuple[str | None, str | None] = (None, None),
        mapped: Mapped = NOTHING_MAPPED,
    ):
        super().__init__(table.name, schema=table.schema)
        self.table = table
        self.column_name = column
        self.old = old
        self.new = new
        self.aside = aside
        self.back = back
        self.enum = enum
        self.collations = collations
        self.mapped = mapped

    def reverse(self) -> ConvertColumnOp:
        """The way back."""
        turned = (self.new, self.old, self.back, self.aside)
        return ConvertColumnOp(
            self.table,
            self.column_name,
            *turned,
            enum=self.enum,
            collations=(self.collations[1], self.collations[0]),
            mapped=(self.mapped[1], self.mapped[0]),
        )

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """What `alembic check` prints."""
        types = (str(self.old[0]), str(self.new[0]))
        return ("modify_type", self.schema, self.table_name, self.column_name, *types)

    def by_way_of_text(self) -> tuple[ConvertColumnOp, ConvertColumnOp]:
        """Return this in two: to text, and from text on."""
        text = TypeRef(Name("pg_catalog", "text"), (), self.old[0].dimensions)
        between = (text, None)
        up, back = (
            (tuple(Aside(a.drop, ()) for a in way), tuple(Aside("", a.create) for a in way))
            for way in (self.aside, self.back)
        )
        first = (self.old, between, up[0], back[1])
        last = (between, self.new, up[1], back[0])
        return (
            ConvertColumnOp(self.table, self.column_name, *first, enum=True),
            ConvertColumnOp(self.table, self.column_name, *last, enum=True, mapped=self.mapped),
        )

    @property
    def cast(self) -> str:
        """What follows a value to make it one of the new type, "" where PostgreSQL casts it."""
        return self.using.removeprefix(str(Name(None, self.column_name)))

    @property
    def using(self) -> str:
        """The expression after USING, "" where PostgreSQL casts by itself.

        One value becomes an array of it, an array that one value; several stop it, as no value.
        """
        old, new = self.old[0], self.new[0]
        name = str(Name(None, self.column_name))
        text = "::text" if self.enum else ""
        if new.dimensions and not old.dimensions:
            value = mapped_label(f"{name}{text}", self.mapped[0])
            return f"CASE WHEN {name} IS NOT NULL THEN ARRAY[{value}]::{new} END"
        if old.dimensions and not new.dimensions and (self.enum or not needs_cast(new)):
            value = f"CASE WHEN cardinality({name}) > 1 THEN {name}::text ELSE {name}[1]::text END"
            return f"({value})::{new}"
        if self.enum:
            array = "[]" * old.dimensions
            return f"{mapped_label(f'{name}::text{array}', self.mapped[0], array=array)}::{new}"
        explicit = needs_cast(old) and not needs_cast(new)
        truth = TypeRef.builtin("bool")
        return f"{name}::{new}" if explicit or truth in (old.element, new.element) else ""


def needs_cast(type_: TypeRef) -> bool:
    """Whether values of *type_* become others by an explicit cast only."""
    return type_.name.name in _TEXTS and type_.is_builtin and not type_.dimensions


def same(state: Found, wanted: TypeRef, live: TypeRef) -> bool:
    """Whether a type of the metadata is that of the database, which may be an extension's."""
    if wanted.name.schema is None:
        return wanted == TypeRef(Name(None, live.name.name), live.modifiers, live.dimensions)
    return wanted == live


def resolved(state: Found, type_: TypeRef, enums: Set[Name] = frozenset()) -> TypeRef:
    """Return *type_* with its schema, where it is one of the catalog's or of the new *enums*."""
    if type_.is_builtin or type_.name.schema is not None:
        return type_
    here = state.name(type_.name.name, None)
    if here in state.catalog.types or here in enums:
        return TypeRef(here, type_.modifiers, type_.dimensions)
    return type_


def conversion(
    state: Found,
    catalog: Catalog,
    live: Table,
    wanted: sa.Column[Any],
    op: ops.AlterColumnOp | None,
    enums: frozenset[Name],
    mapped: Mapping[Name, Mapped],
) -> ConvertColumnOp | None:
    """Return how the column of *live* becomes as *wanted*, or None where the types are the same.

    *catalog* has no more what the script drops; *op* is Alembic's operation on the column, if any,
    whose default is taken over; *enums* are those of the metadata, *mapped* what becomes theirs.
    """
    column = live.column(str(wanted.name))
    asked = type_ref(wanted.type, state.dialect)
    if column is None or asked is None:
        return None
    new = resolved(state, asked, enums)
    collations = (
        column.collation.name if column.collation is not None else None,
        collation(wanted.type, state.dialect),
    )
    if same(state, new, column.type) and (collations[0] == collations[1] or column.generated):
        return None
    name = state.name(new.name.name, new.name.schema)
    of_enum = name in enums or isinstance(catalog.types.get(column.type.name), Enum)
    aside = list(_in_the_way(catalog, (live.name, column.name)))
    again, given = _declared(state, live, wanted.table), TypeRef(name, new.modifiers)
    return ConvertColumnOp(
        state.written(live.name),
        column.name,
        (_written(state, column.type), column.default),
        (_written(state, new), _default(state, column, op, wanted.server_default, of_enum=of_enum)),
        tuple(again.get(a.drop) or retold(a, column.type, given) for a in aside),
        tuple(aside),
        enum=of_enum,
        collations=collations,
        mapped=mapped.get(name, NOTHING_MAPPED),
    )


def _in_the_way(catalog: Catalog, key: ColumnKey) -> Iterator[Aside]:
    """Yield what must be away, and what goes along with generated columns that must be."""
    computed = set(generated_columns(catalog, {key}))
    along = {aside.drop for aside in dependents_of_replaced(catalog, computed)}
    for aside in dependents(catalog, {key}):
        if aside.blocks or aside.drop in along:
            yield aside


def _declared(state: Found, live: Table, table: sa.Table) -> dict[str, Aside]:
    """Return the generated columns of *table* as the models have them, by what drops them."""
    found = {}
    for column in table.columns:
        there = live.column(str(column.name))
        if column.computed is not None and there is not None and there.generated is not None:
            again = tuple(generated_again(live.name, declared(state, column, there)))
            drop = drop_generated(live.name, there.name)
            found[drop] = Aside(drop, again)
    return found


def retold(aside: Aside, old: TypeRef, new: TypeRef) -> Aside:
    """Return *aside* with the constants of an enum *old* written as those of *new*."""
    if old.is_builtin:
        return aside
    cast = rf"::{re.escape(str(old.name))}(?![\w$\"])"
    told = tuple(re.sub(cast, lambda _: f"::{new.element}", sql) for sql in aside.create)
    return Aside(aside.drop, told, aside.blocks)


def _written(state: Found, type_: TypeRef) -> TypeRef:
    return TypeRef(state.written(type_.name), type_.modifiers, type_.dimensions)


def _default(
    state: Found, column: Column, op: ops.AlterColumnOp | None, wanted: Any, *, of_enum: bool
) -> str | None:
    default = column.default
    if default is None:
        return None
    if of_enum and isinstance(wanted, sa.DefaultClause):
        default = default_text(wanted, state.dialect)  # Constants in the old one are of its type.
        if op is not None:
            op.modify_server_default = False
    elif op is not None and op.modify_server_default is not False:
        default = default_text(op.modify_server_default, state.dialect)
        op.modify_server_default = False
    elif literal := _LITERAL.match(default):
        default = literal["text"]  # The cast names the old type.
    return default


def is_needed(op: ConvertColumnOp) -> bool:
    """Whether Alembic's own operation would not do, in one of the two directions."""
    texts = needs_cast(op.old[0]) and op.old[0].name == op.new[0].name
    return bool(
        op.aside
        or op.enum
        or op.using
        or op.reverse().using
        or any(op.collations)
        or (op.old[1] is not None and not texts)
    )


@renderers.dispatch_for(ConvertColumnOp)
def _render_convert(context: AutogenContext, op: ConvertColumnOp) -> list[str]:
    statement = retyped(
        op.table,
        op.column_name,
        str(op.new[0]) + (f" COLLATE {quote_ident(op.collations[1])}" if op.collations[1] else ""),
        f"USING {op.using}" if op.using else "",
        op.new[1],
        drop=op.old[1] is not None,
    )
    back = [sql for aside in reversed(op.aside) for sql in aside.create]
    drops = [aside.drop for aside in op.aside if aside.drop]
    statements = [*drops, statement, *back]
    return [line for sql in statements for line in execute_lines(sql)]
