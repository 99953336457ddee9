"""Columns that give their place to new ones of another type, and what has to come along."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from alembic.operations import ops

from migsafe.autogen.convert import ConvertColumnOp
from migsafe.autogen.dependents import Aside, ColumnKey, dependents
from migsafe.autogen.found import Found
from migsafe.autogen.wanted import type_ref
from migsafe.catalog import Catalog, Column, Constraint, ConstraintKind, Index, Table
from migsafe.fold.rename_column import rename_column
from migsafe.names import Name, quote_ident
from migsafe.pgtypes import TypeRef
from migsafe.sql.online import fitting

_WIDER = {
    "int2": frozenset({"int4", "int8", "numeric", "float4", "float8"}),
    "int4": frozenset({"int8", "numeric", "float8"}),
    "int8": frozenset({"numeric"}),
    "float4": frozenset({"float8"}),
    "date": frozenset({"timestamp"}),
}


@dataclass(frozen=True)
class Exchange:
    """A column of *table* whose place is taken by one of *type*, called *new* until then.

    *written* is the type as SQL, with its collation; *default* is that of the new column, *cast*
    what follows the old one where its values do not become the new ones by assignment.
    """

    table: Table
    column: Column
    new: str
    type: TypeRef
    written: str
    default: str | None
    cast: str = ""

    @property
    def key(self) -> ColumnKey:
        """The column's place in the catalog."""
        return self.table.name, self.column.name

    @property
    def always_fits(self) -> bool:
        """Whether every value of the old type is one of the new type."""
        old, new = self.column.type.element, self.type.element
        wider = _WIDER.get(old.name.name, frozenset()) | {"text"}
        return new.name.name in wider and not new.modifiers


@dataclass(frozen=True)
class Twin:
    """An index or constraint over a new column: *temporary* is its name until the exchange.

    Of a key both *index* and *constraint* are there. *table* is the one that it is on.
    """

    table: Name
    name: str
    temporary: str
    index: Index | None = None
    constraint: Constraint | None = None


@dataclass
class Plan:
    """Columns that are exchanged at once; *catalog* has no more what the script drops.

    *taken* are names that something has, or is to have.
    """

    state: Found
    catalog: Catalog
    exchanges: list[Exchange]
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.taken |= {name.name for name in (*self.catalog.tables, *self.catalog.indexes)}
        self.taken |= {c.name for t in self.catalog.tables.values() for c in t.constraints}
        renamed = self.catalog
        for each in self.exchanges:
            table = renamed.tables[each.table.name]
            renamed = rename_column(renamed, table, each.column.name, each.new)
        self.twins = tuple(self._twins(renamed))

    @property
    def keys(self) -> set[ColumnKey]:
        """The columns as they are now."""
        return {each.key for each in self.exchanges}

    @property
    def tables(self) -> dict[Name, list[Exchange]]:
        """The exchanges by table, both in order."""
        found: dict[Name, list[Exchange]] = {}
        for each in self.exchanges:
            found.setdefault(each.table.name, []).append(each)
        return found

    def aside(self) -> list[Aside]:
        """What must be away during the exchange: views, triggers, policies, rules, functions."""
        found = dependents(self.catalog, self.keys, replaced=self.keys)
        return [aside for aside in found if not aside.drop.startswith(("ALTER", "DROP INDEX"))]

    @property
    def stopped(self) -> set[Name]:
        """The tables that nobody can use while the columns change places."""
        return {each.table.name for each in self.exchanges} | set(self._linked())

    def groups(self) -> list[Plan]:
        """Return a plan for each set of tables that foreign keys or views keep together."""
        groups: list[tuple[set[Any], list[Exchange]]] = []
        for name, exchanges in self.tables.items():
            alone = Plan(self.state, self.catalog, exchanges)
            ties: set[Any] = {name, *alone._linked(), *(a.drop for a in alone.aside())}
            tied = [group for group in groups if group[0] & ties]
            groups = [group for group in groups if group not in tied]
            for group in tied:
                ties |= group[0]
                exchanges = [*group[1], *exchanges]
            groups.append((ties, exchanges))
        taken: set[str] = set()
        return [Plan(self.state, self.catalog, group, taken) for _, group in groups]

    def _linked(self) -> Iterator[Name]:
        """Yield the tables at both ends of foreign keys that are exchanged."""
        for twin in self.twins:
            if twin.constraint is not None and twin.constraint.references is not None:
                yield twin.table
                yield twin.constraint.references

    def temporary(self, name: str, suffix: str = "_new") -> str:
        """Return a name like *name* that nothing has."""
        count, chosen = 1, fitting(name, suffix)
        while chosen in self.taken:
            count += 1
            chosen = fitting(name, f"{suffix}{count}")
        self.taken.add(chosen)
        return chosen

    def _twins(self, renamed: Catalog) -> Iterator[Twin]:
        """Yield what the renaming touches: indexes, CHECK, and foreign keys last."""
        for name, index in sorted(renamed.indexes.items()):
            if index != self.catalog.indexes[name]:
                owner = renamed.tables[index.table]
                constraint = owner.constraint(index.constraint) if index.constraint else None
                temporary = self.temporary(name.name)
                yield Twin(index.table, name.name, temporary, index, constraint)
        for kind in (ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY):
            for owner in sorted(renamed.tables.values(), key=lambda t: t.name):
                known = self.catalog.tables[owner.name]
                for constraint in owner.constraints_of(kind):
                    if constraint != known.constraint(constraint.name):
                        temporary = self.temporary(constraint.name)
                        twin = (constraint.name, temporary, None, constraint)
                        yield Twin(owner.name, *twin)


def exchange(op: Any, state: Found) -> Exchange | None:
    """Return what takes the place of the column that *op* gives another type."""
    table = state.catalog.tables.get(state.name(op.table_name, op.schema))
    column = table.column(str(op.column_name)) if table is not None else None
    if table is None or column is None:
        return None
    new, count = fitting(column.name, "_new"), 1
    while table.column(new) is not None:
        count += 1
        new = fitting(column.name, f"_new{count}")
    if isinstance(op, ConvertColumnOp):
        collation = f" COLLATE {quote_ident(op.collations[1])}" if op.collations[1] else ""
        written = f"{op.new[0]}{collation}"
        return Exchange(table, column, new, op.new[0], written, op.new[1], op.cast)
    type_ = type_ref(op.modify_type, state.dialect)
    if type_ is None:
        return None
    return Exchange(table, column, new, type_, str(type_), column.default)


def taken_out(
    operations: Sequence[ops.MigrateOperation], state: Found, keys: Collection[ColumnKey]
) -> list[ops.MigrateOperation]:
    """Take the type changes of *keys* out of *operations*, and return them in their order."""
    found: list[ops.MigrateOperation] = []
    for op in operations:
        if isinstance(op, ops.OpContainer):
            inner = taken_out(op.ops, state, keys)
            op.ops[:] = [one for one in op.ops if not any(one is each for each in inner)]
            found += inner
        elif is_retyping(op) and key_of(op, state) in keys:
            found.append(op)
    return found


def is_retyping(op: Any) -> bool:
    """Whether *op* gives a column another type."""
    return isinstance(op, ConvertColumnOp) or (
        isinstance(op, ops.AlterColumnOp) and op.modify_type is not None
    )


def key_of(op: Any, state: Found) -> ColumnKey:
    """The column that *op* is about, as the catalog names it."""
    return state.name(op.table_name, op.schema), str(op.column_name)
