"""Which objects depend on a column: indexes, constraints, views, triggers and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migsafe.catalog import Catalog, Constraint, Index, Table, Trigger, View
from migsafe.names import Name
from migsafe.sql.expressions import column_refs
from migsafe.sql.parts import Expression


def columns_in(*texts: str | None) -> frozenset[str]:
    """The columns that the expressions *texts* name."""
    found: set[str] = set()
    for text in texts:
        if text:
            found |= column_refs(Expression(text))
    return frozenset(found)


def key_columns(index: Index) -> frozenset[str]:
    """The columns that are keys of *index* by themselves."""
    return frozenset(key.column for key in index.keys if key.column)


def computed_columns(index: Index) -> frozenset[str]:
    """The columns that *index* mentions in expressions and its predicate."""
    return columns_in(*index.texts)


def index_uses(index: Index, column: str) -> bool:
    """Whether *index* goes when *column* goes."""
    plain = column in key_columns(index) or column in index.include
    return plain or column in computed_columns(index)


def constraint_uses(constraint: Constraint, column: str) -> bool:
    """Whether *constraint* is about *column*."""
    return column in constraint.columns or column in columns_in(constraint.expression)


def trigger_uses(trigger: Trigger, column: str) -> bool:
    """Whether *trigger* names *column* in UPDATE OF or WHEN."""
    return column in trigger.columns or column in columns_in(trigger.when)


def rule_uses(definition: str, column: str) -> bool:
    """Whether a rule, by its definition, reads *column* of its table, as OLD or NEW."""
    name = rf'\b(old|new)\.("?){re.escape(column)}\2(?!\w)'
    return re.search(name, definition, re.IGNORECASE) is not None


def generated_from(table: Table, column: str) -> Iterator[str]:
    """The generated columns of *table* that are computed from *column*."""
    for other in table.columns:
        if other.generated and column in columns_in(other.generated.expression):
            yield other.name


def partition_key_columns(table: Table) -> frozenset[str]:
    """The columns in the partition key of *table*, which is text such as ``RANGE (k)``."""
    key = table.partition_key or ""
    inside = key[key.find("(") + 1 : key.rfind(")")]
    return columns_in(f"ROW({inside})") if inside else frozenset()


def fixed_by(catalog: Catalog, table: Table, column: str) -> Iterator[str]:
    """The objects that forbid a new type for *column*: they hold its old type in stored form."""
    for view in catalog.views_using(table.name, column):
        yield f"view {view.name.display()}"
    for rule in table.rules:
        if rule_uses(rule.definition, column):
            yield f"rule {rule.name}"
    for trigger in table.triggers:
        if trigger_uses(trigger, column):
            yield f"trigger {trigger.name}"
    for policy in table.policies:
        if column in columns_in(policy.using, policy.check):
            yield f"policy {policy.name}"
    for function in catalog.functions.values():
        if (table.name, column) in function.uses:
            yield f"function {function.name.display()}"
    for publication in catalog.publications.values():
        for published in publication.tables:
            named = column in published.columns or column in columns_in(published.where)
            if published.table == table.name and named:
                yield f"publication {publication.name}"


def drop_needs_cascade(catalog: Catalog, table: Table, column: str) -> Iterator[str]:
    """The objects that keep *column* from being dropped without CASCADE."""
    yield from fixed_by(catalog, table, column)
    if not [c for c in table.constraints if c.index and column in c.columns]:
        return  # no foreign key can rely on it
    for other, foreign_key in catalog.references_to(table.name):
        goes = other.name == table.name and column in foreign_key.columns
        if not goes and column in foreign_key.referenced_columns:
            yield f"constraint {foreign_key.name} on table {other.name.display()}"


def views_over(catalog: Catalog, relation: Name, column: str | None = None) -> Iterator[View]:
    """Views that read *relation* (or its *column*), directly or through other views."""
    seen: set[Name] = set()
    waiting = list(catalog.views_using(relation, column))
    while waiting:
        view = waiting.pop(0)
        if view.name not in seen:
            seen.add(view.name)
            yield view
            waiting += catalog.views_using(view.name)


def row_type_users(catalog: Catalog, name: Name) -> Iterator[str]:
    """The columns, as ``table.column``, whose type is *name*, the row type of a table or not."""
    for table, column in catalog.columns_of_type(name):
        yield f"{table.name.display()}.{column.name}"


def typed_tables(catalog: Catalog, name: Name) -> Iterator[Table]:
    """The tables that were made OF the composite type *name*."""
    return (table for table in catalog.tables.values() if table.of_type == name)
