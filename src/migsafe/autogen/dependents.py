"""What must be out of the way while the type of some columns changes, and how it comes back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from migsafe.autogen import creation
from migsafe.catalog import (
    Catalog,
    Column,
    Constraint,
    ConstraintKind,
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


def dependents(catalog: Catalog, columns: set[ColumnKey], type_: Name) -> list[Aside]:
    """Return what depends on *columns*, which are of *type_*, in the order of dropping.

    Plain indexes, PRIMARY KEY and UNIQUE are not among them: ALTER TYPE rebuilds those.
    """
    generated = set(generated_columns(catalog, columns))
    every = columns | generated
    found = [*_views(catalog, every), *_functions(catalog, columns, type_)]
    for name in sorted({table for table, _ in every}):
        table = catalog.tables[name]
        mine = {column for owner, column in every if owner == name}
        replaced = {column for owner, column in generated if owner == name}
        found += _of_table(catalog, table, mine, replaced)
    return [*found, *_foreign_keys(catalog, columns), *_generated(catalog, generated)]


def dependents_of_replaced(catalog: Catalog, columns: set[ColumnKey]) -> list[Aside]:
    """Return what depends on *columns*, which are dropped and added again: plain indexes too."""
    found = [*_views(catalog, columns), *_functions(catalog, columns, Name(None, ""))]
    for name in sorted({table for table, _ in columns} & set(catalog.tables)):
        mine = {column for owner, column in columns if owner == name}
        found += _of_table(catalog, catalog.tables[name], mine, mine)
    return [*found, *_foreign_keys(catalog, columns)]


def generated_columns(catalog: Catalog, columns: set[ColumnKey]) -> Iterator[ColumnKey]:
    """Yield the generated columns that are computed from *columns*."""
    for name in {table for table, _ in columns}:
        mine = {column for owner, column in columns if owner == name}
        for column in catalog.tables[name].columns:
            if column.generated is not None and mentions(column.generated.expression, mine):
                yield name, column.name


def mentions(text: str | None, columns: Iterable[str]) -> bool:
    """Whether *text* names one of *columns*; rather yes than no."""
    if text is None:
        return False
    return any(
        re.search(rf"(?<![\w$]){re.escape(quote_ident(column))}(?![\w$])", text)
        for column in columns
    )


def _views(catalog: Catalog, columns: set[ColumnKey]) -> list[Aside]:
    """Views over *columns* and the views over those, the last ones first."""
    ordered: list[View] = []

    def visit(view: View) -> None:
        for other in catalog.views_using(view.name):
            visit(other)
        if view not in ordered:
            ordered.append(view)

    for view in sorted(catalog.views.values(), key=lambda v: v.name):
        if any(use in columns for use in view.uses):
            visit(view)
    return [
        Aside(
            f"DROP {'MATERIALIZED ' * view.materialized}VIEW IF EXISTS {view.name}",
            tuple(creation.create_view(view, catalog.indexes_of(view.name))),
        )
        for view in ordered
    ]


def _functions(catalog: Catalog, columns: set[ColumnKey], type_: Name) -> list[Aside]:
    found = []
    for function in sorted(catalog.functions.values(), key=lambda f: (f.name, f.arguments)):
        texts = " ".join((*function.arguments, function.returns or ""))
        of_type = re.search(rf"(?<![\w$.]){re.escape(str(type_))}(?![\w$])", texts)
        if function.definition and (of_type or function.uses & columns):
            kind = "PROCEDURE" if function.kind == "p" else "FUNCTION"
            drop = f"DROP {kind} IF EXISTS {function.name}({', '.join(function.arguments)})"
            found.append(Aside(drop, tuple(creation.create_function(function))))
    return found


def _of_table(
    catalog: Catalog, table: Table, columns: set[str], replaced: set[str]
) -> Iterator[Aside]:
    for trigger in table.triggers:
        touched = columns & set(trigger.columns) or mentions(trigger.when, columns)
        if touched and not trigger.inherited:
            drop = f"DROP TRIGGER IF EXISTS {quote_ident(trigger.name)} ON {table.name}"
            yield Aside(drop, tuple(creation.create_trigger(trigger, table.name)))
    for policy in table.policies:
        if mentions(policy.using, columns) or mentions(policy.check, columns):
            drop = f"DROP POLICY IF EXISTS {quote_ident(policy.name)} ON {table.name}"
            yield Aside(drop, tuple(creation.create_policy(policy, table.name)))
    for index in catalog.indexes_of(table.name):
        if (
            index.constraint is None
            and index.parent is None
            and _is_bound(index, columns, replaced)
        ):
            create = tuple(creation.create_index(index))
            yield Aside(f"DROP INDEX IF EXISTS {index.name}", create, blocks=False)
    for constraint in table.constraints:
        if constraint.local and _is_in_the_way(catalog, table, constraint, columns, replaced):
            yield _constraint(catalog, table, constraint)


def _is_bound(index: Index, columns: set[str], replaced: set[str]) -> bool:
    plain = {key.column for key in index.keys} | set(index.include)
    return (
        bool(plain & replaced)
        or mentions(index.predicate, columns)
        or any(mentions(key.expression, columns) for key in index.keys)
    )


def _is_in_the_way(
    catalog: Catalog, table: Table, constraint: Constraint, columns: set[str], replaced: set[str]
) -> bool:
    if constraint.kind is ConstraintKind.CHECK:
        return mentions(constraint.expression, columns)
    if constraint.kind is ConstraintKind.EXCLUDE:
        index = _index_of(catalog, table, constraint)
        return index is not None and _is_bound(index, columns, replaced)
    return constraint.kind in _REBUILT_BY_SERVER and bool(set(constraint.columns) & replaced)


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


def _foreign_keys(catalog: Catalog, columns: set[ColumnKey]) -> Iterator[Aside]:
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
            yield Aside(
                f"ALTER TABLE {table} DROP COLUMN IF EXISTS {quote_ident(name)}",
                tuple(generated_again(table, column)),
            )


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
