"""What must be out of the way while the type of some columns changes, and how it comes back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from migsafe.autogen import creation
from migsafe.catalog import (
    Catalog,
    Column,
    Constraint,
    ConstraintKind,
    Function,
    Index,
    Table,
    View,
)
from migsafe.names import Name, quote_ident

ColumnKey = tuple[Name, str]
_REBUILT_BY_SERVER = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)


@dataclass(frozen=True)
class Aside:
    """One object: the statement that takes it away, those that give it back.

    *blocks* unless PostgreSQL itself takes the object along when a column gets another type.
    """

    drop: str
    create: tuple[str, ...]
    blocks: bool = True


def dependents(
    catalog: Catalog,
    columns: set[ColumnKey],
    types: frozenset[Name] = frozenset(),
    replaced: Set[ColumnKey] = frozenset(),
) -> list[Aside]:
    """Return what depends on *columns*, or names one of *types*, in the order of dropping.

    Plain indexes, PRIMARY KEY and UNIQUE are not among them, since ALTER TYPE rebuilds those; but
    on the columns *replaced* they are.
    """
    generated = set(generated_columns(catalog, columns, types))
    found = _all_but_columns(catalog, columns | generated, generated | replaced, types)
    return [*found[0], *_generated(catalog, generated), *found[1]]


def dependents_of_replaced(catalog: Catalog, columns: set[ColumnKey]) -> list[Aside]:
    """Return what depends on *columns*, which are dropped and added again: plain indexes too."""
    found = _all_but_columns(catalog, columns, columns, frozenset())
    return [*found[0], *found[1]]


def _all_but_columns(
    catalog: Catalog, columns: set[ColumnKey], replaced: Set[ColumnKey], types: frozenset[Name]
) -> tuple[list[Aside], list[Aside]]:
    """Return what comes before generated columns and what after them, in the order of dropping.

    Functions that read columns come before the views they may read, those that only take or return
    the types after everything that may call them.
    """
    reading = [f for f in catalog.functions.values() if f.uses]
    calling = [f for f in catalog.functions.values() if not f.uses]
    found = [*_functions(reading, columns, types), *_views(catalog, columns, types)]
    found += foreign_keys(catalog, columns)
    found += _rules(catalog, columns, types)
    tables = {table for table, _ in columns} if not types else set(catalog.tables)
    for name in sorted(tables & set(catalog.tables)):
        mine = {column for owner, column in columns if owner == name}
        other = {column for owner, column in replaced if owner == name}
        found += _of_table(catalog, catalog.tables[name], Touched(mine, other, types))
    return found, list(_functions(calling, columns, types))


def generated_columns(
    catalog: Catalog, columns: set[ColumnKey], types: frozenset[Name] = frozenset()
) -> Iterator[ColumnKey]:
    """Yield the generated columns that are computed from *columns*, or by way or as of *types*."""
    for name in {table for table, _ in columns} if not types else catalog.tables:
        touched = Touched({column for owner, column in columns if owner == name}, set(), types)
        for column in catalog.tables[name].columns:
            if column.generated is not None and (
                column.type.name in types or touched.by(column.generated.expression)
            ):
                yield name, column.name


def mentions(text: str | None, columns: Iterable[str]) -> bool:
    """Whether *text* names one of *columns*; rather yes than no."""
    if text is None:
        return False
    return any(
        re.search(rf"(?<![\w$]){re.escape(quote_ident(column))}(?![\w$])", text)
        for column in columns
    )


def names_type(text: str | None, types: Iterable[Name]) -> bool:
    """Whether *text* names one of *types*, as the catalog writes them: with the schema."""
    return text is not None and any(
        re.search(rf"(?<![\w$.\"]){re.escape(str(type_))}(?![\w$\"])", text) for type_ in types
    )


@dataclass(frozen=True)
class Touched:
    """What changes of one table: its columns, those of them that are replaced, types it names."""

    columns: set[str]
    replaced: set[str]
    types: frozenset[Name] = frozenset()

    def by(self, *texts: str | None) -> bool:
        """Whether one of the expressions *texts* has to be out of the way."""
        return any(mentions(t, self.columns) or names_type(t, self.types) for t in texts)


def _views(
    catalog: Catalog, columns: set[ColumnKey], types: frozenset[Name] = frozenset()
) -> list[Aside]:
    """Views over *columns* and the views over those, the last ones first."""
    ordered: list[View] = []

    def visit(view: View) -> None:
        for other in catalog.views_using(view.name):
            visit(other)
        if view not in ordered:
            ordered.append(view)

    for view in sorted(catalog.views.values(), key=lambda v: v.name):
        if any(use in columns for use in view.uses) or names_type(view.definition, types):
            visit(view)
    return [
        Aside(
            f"DROP {'MATERIALIZED ' * view.materialized}VIEW IF EXISTS {view.name}",
            tuple(creation.create_view(view, catalog.indexes_of(view.name))),
        )
        for view in ordered
    ]


def _functions(
    functions: Iterable[Function], columns: set[ColumnKey], types: frozenset[Name]
) -> Iterator[Aside]:
    for function in sorted(functions, key=lambda f: (f.name, f.arguments)):
        if function.kind == "a":
            continue  # It has no definition that a server would read.
        of_type = names_type(signature(function), types)
        of_type = of_type or (bool(function.uses) and names_type(function.body, types))
        if function.definition and (of_type or function.uses & columns):
            kind = "PROCEDURE" if function.kind == "p" else "FUNCTION"
            drop = f"DROP {kind} IF EXISTS {function.name}({', '.join(function.arguments)})"
            yield Aside(drop, tuple(creation.create_function(function)))


def signature(function: Function) -> str:
    """Return what names the types that *function* is made of: parameters, defaults, results too."""
    head = (function.definition or "").partition("\n LANGUAGE ")[0]
    return " ".join((*function.arguments, function.returns or "", head))


def _rules(catalog: Catalog, columns: set[ColumnKey], types: frozenset[Name]) -> Iterator[Aside]:
    """Rules may speak of any table: those of all tables that name one of the columns."""
    touched = Touched({column for _, column in columns}, set(), types)
    for name in sorted(catalog.tables):
        for rule in catalog.tables[name].rules:
            if touched.by(rule.definition):
                drop = f"DROP RULE IF EXISTS {quote_ident(rule.name)} ON {name}"
                yield Aside(drop, tuple(creation.create_rule(rule, name)))


def _of_table(catalog: Catalog, table: Table, touched: Touched) -> Iterator[Aside]:
    for trigger in table.triggers:
        named = touched.columns & set(trigger.columns)
        if (named or touched.by(trigger.when)) and not trigger.inherited:
            drop = f"DROP TRIGGER IF EXISTS {quote_ident(trigger.name)} ON {table.name}"
            yield Aside(drop, tuple(creation.create_trigger(trigger, table.name)))
    for policy in table.policies:
        if touched.by(policy.using, policy.check):
            drop = f"DROP POLICY IF EXISTS {quote_ident(policy.name)} ON {table.name}"
            yield Aside(drop, tuple(creation.create_policy(policy, table.name)))
    for index in catalog.indexes_of(table.name):
        if index.constraint is None and index.parent is None and _is_bound(index, touched):
            create = tuple(creation.create_index(index))
            yield Aside(f"DROP INDEX IF EXISTS {index.name}", create, blocks=False)
    for constraint in table.constraints:
        if constraint.local and _is_in_the_way(catalog, table, constraint, touched):
            yield _constraint(catalog, table, constraint)


def _is_bound(index: Index, touched: Touched) -> bool:
    plain = {key.column for key in index.keys} | set(index.include)
    expressions = (key.expression for key in index.keys)
    return bool(plain & touched.replaced) or touched.by(index.predicate, *expressions)


def _is_in_the_way(
    catalog: Catalog, table: Table, constraint: Constraint, touched: Touched
) -> bool:
    if constraint.kind is ConstraintKind.CHECK:
        return touched.by(constraint.expression)
    if constraint.kind is ConstraintKind.EXCLUDE:
        index = _index_of(catalog, table, constraint)
        return index is not None and _is_bound(index, touched)
    return constraint.kind in _REBUILT_BY_SERVER and bool(
        set(constraint.columns) & touched.replaced
    )


def _index_of(catalog: Catalog, table: Table, constraint: Constraint) -> Index | None:
    return catalog.indexes.get(Name(table.name.schema, constraint.index or ""))


def _constraint(catalog: Catalog, table: Table, constraint: Constraint) -> Aside:
    name = quote_ident(constraint.name)
    body = creation.constraint_body(constraint, _index_of(catalog, table, constraint))
    comment = creation.commented(f"CONSTRAINT {name} ON {table.name}", constraint.comment)
    return Aside(
        f"ALTER TABLE {table.name} DROP CONSTRAINT IF EXISTS {name}",
        (f"ALTER TABLE {table.name} ADD CONSTRAINT {name} {body}", *comment),
        blocks=False,
    )


def foreign_keys(catalog: Catalog, columns: set[ColumnKey]) -> Iterator[Aside]:
    """Yield the foreign keys from or to one of *columns*."""
    for name in sorted(catalog.tables):
        table = catalog.tables[name]
        for constraint in table.constraints_of(ConstraintKind.FOREIGN_KEY):
            local = {(name, column) for column in constraint.columns}
            there = {(constraint.references, column) for column in constraint.referenced_columns}
            if constraint.local and (local | there) & columns:
                yield _constraint(catalog, table, constraint)


def _generated(catalog: Catalog, generated: set[ColumnKey]) -> Iterator[Aside]:
    for table, name in sorted(generated):
        column = catalog.tables[table].column(name)
        if column is not None and not column.inherited:
            yield Aside(drop_generated(table, name), tuple(generated_again(table, column)))


def drop_generated(table: Name, column: str) -> str:
    """Return the statement that takes the generated *column* away."""
    return f"ALTER TABLE {table} DROP COLUMN IF EXISTS {quote_ident(column)}"


def generated_again(table: Name, column: Column) -> Iterator[str]:
    """Yield the statements that add the generated *column* to *table*."""
    assert column.generated is not None
    stored = "STORED" if column.generated.stored else "VIRTUAL"
    collation = f" COLLATE {column.collation}" if column.collation is not None else ""
    null = " NOT NULL" if column.not_null else ""
    yield (
        f"ALTER TABLE {table} ADD COLUMN {quote_ident(column.name)} {column.type}{collation} "
        f"GENERATED ALWAYS AS ({column.generated.expression.strip()}) {stored}{null}"
    )
    yield from creation.commented(f"COLUMN {table}.{quote_ident(column.name)}", column.comment)
    yield from creation.granted(f"TABLE {table}", column.acl, None, column.name)
