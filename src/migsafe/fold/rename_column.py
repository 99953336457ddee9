"""ALTER … RENAME COLUMN: the column's new name in all that mentions it."""

from __future__ import annotations

from migsafe.catalog import (
    Catalog,
    Column,
    Constraint,
    Generated,
    Index,
    Policy,
    Table,
    Trigger,
    View,
)
from migsafe.fold.refusal import Refused
from migsafe.fold.texts import rename_columns
from migsafe.names import Name
from migsafe.values import replace


def rename_column(catalog: Catalog, table: Table, old: str, new: str) -> Catalog:
    """The catalog with the column *old* of *table*, and of its children, called *new*."""
    column = table.column(old)
    if column is None or table.column(new) is not None:
        raise Refused(f"{table.name} cannot rename {old} to {new}")
    if column.inherited and not any(True for p in _parents(catalog, table) if p.column(new)):
        raise Refused(f"{old} is inherited")
    catalog = catalog.with_table(_renamed_table(table, old, new))
    for index in catalog.indexes_of(table.name):
        catalog = catalog.with_index(_renamed_index(index, old, new))
    catalog = _renamed_references(catalog, table.name, old, new)
    catalog = _renamed_uses(catalog, table.name, old, new)
    for child in catalog.children_of(table.name):
        if child.column(old) is not None:
            catalog = rename_column(catalog, child, old, new)
    return catalog


def _parents(catalog: Catalog, table: Table) -> list[Table]:
    names = [table.partition_of] if table.partition_of else list(table.inherits)
    return [catalog.tables[name] for name in names if name in catalog.tables]


def _named(columns: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if column == old else column for column in columns)


def _text(text: str | None, old: str, new: str) -> str | None:
    return None if text is None else rename_columns(text, {old: new})


def _renamed_table(table: Table, old: str, new: str) -> Table:
    constraints = (_renamed_constraint(c, old, new) for c in table.constraints)
    return replace(
        table,
        columns=tuple(_renamed_in_column(c, old, new) for c in table.columns),
        constraints=tuple(constraints),
        triggers=tuple(_renamed_trigger(t, old, new) for t in table.triggers),
        policies=tuple(_renamed_policy(p, old, new) for p in table.policies),
        partition_key=_text(table.partition_key, old, new),
    )


def _renamed_in_column(column: Column, old: str, new: str) -> Column:
    if column.name == old:
        column = replace(column, name=new)
    if column.generated is None:
        return column
    text = rename_columns(column.generated.expression, {old: new})
    return replace(column, generated=Generated(text, column.generated.stored))


def _renamed_constraint(constraint: Constraint, old: str, new: str) -> Constraint:
    columns = _named(constraint.columns, old, new)
    if constraint.expression is not None:
        columns = tuple(sorted(columns))
    return replace(
        constraint,
        columns=columns,
        expression=_text(constraint.expression, old, new),
        on_delete_columns=_named(constraint.on_delete_columns, old, new),
    )


def _renamed_trigger(trigger: Trigger, old: str, new: str) -> Trigger:
    return replace(
        trigger,
        columns=_named(trigger.columns, old, new),
        when=_text(trigger.when, old, new),
    )


def _renamed_policy(policy: Policy, old: str, new: str) -> Policy:
    return replace(policy, using=_text(policy.using, old, new), check=_text(policy.check, old, new))


def _renamed_index(index: Index, old: str, new: str) -> Index:
    keys = (
        replace(
            key,
            column=new if key.column == old else key.column,
            expression=_text(key.expression, old, new),
        )
        for key in index.keys
    )
    return replace(
        index,
        keys=tuple(keys),
        include=_named(index.include, old, new),
        predicate=_text(index.predicate, old, new),
    )


def _renamed_references(catalog: Catalog, name: Name, old: str, new: str) -> Catalog:
    """Foreign keys that point at the column, sequences it owns, statistics, publications."""
    for table, key in list(catalog.references_to(name)):
        columns = _named(key.referenced_columns, old, new)
        changed = catalog.tables[table.name].with_constraint(
            replace(key, referenced_columns=columns)
            if table.name != name
            else replace(
                catalog.tables[name].constraint(key.name) or key, referenced_columns=columns
            )
        )
        catalog = catalog.with_table(changed)
    for sequence in catalog.sequences_of(name):
        if sequence.owned_by == (name, old):
            owned = replace(sequence, owned_by=(name, new))
            catalog = catalog.having("sequences", sequence.name, owned)
    for statistics in list(catalog.statistics.values()):
        if statistics.table == name:
            texts = tuple(rename_columns(e, {old: new}) for e in statistics.expressions)
            columns = tuple(sorted(_named(statistics.columns, old, new)))
            changed_statistics = replace(statistics, columns=columns, expressions=texts)
            catalog = catalog.having("statistics", statistics.name, changed_statistics)
    return _renamed_publications(catalog, name, old, new)


def _renamed_publications(catalog: Catalog, name: Name, old: str, new: str) -> Catalog:
    for publication in list(catalog.publications.values()):
        tables = tuple(
            replace(t, columns=_named(t.columns, old, new), where=_text(t.where, old, new))
            if t.table == name
            else t
            for t in publication.tables
        )
        catalog = catalog.having(
            "publications", publication.name, replace(publication, tables=tables)
        )
    return catalog


def _renamed_uses(catalog: Catalog, name: Name, old: str, new: str) -> Catalog:
    """Views and SQL-standard functions that read the column go on reading it."""
    for view in catalog.views_using(name, old):
        uses = view.uses - {(name, old)} | {(name, new)}
        catalog = catalog.having("views", view.name, replace(view, uses=uses))
    for key, function in list(catalog.functions.items()):
        if (name, old) in function.uses:
            uses = function.uses - {(name, old)} | {(name, new)}
            catalog = catalog.having("functions", key, replace(function, uses=uses))
    return catalog


def rename_view_column(catalog: Catalog, view: View, old: str, new: str) -> Catalog:
    """The catalog with the column *old* of a view called *new*."""
    names = [name for name, _ in view.columns]
    if old not in names or new in names:
        raise Refused(f"{view.name} cannot rename {old} to {new}")
    columns = tuple((new if name == old else name, ref) for name, ref in view.columns)
    details = tuple(replace(c, name=new) if c.name == old else c for c in view.details)
    view = replace(view, columns=columns, details=details)
    catalog = catalog.having("views", view.name, view)
    for index in catalog.indexes_of(view.name):
        catalog = catalog.with_index(_renamed_index(index, old, new))
    return _renamed_uses(catalog, view.name, old, new)
