"""What depends on a column or a constraint of a table."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Catalog, Constraint, ConstraintKind, Index, Table
from migsafe.fold.texts import mentioned
from migsafe.fold.things import KEYS, Dependent, Thing, goes, kept, readers
from migsafe.names import Name

GENERATED_KEEPS_SINCE = 15


def of_constraint(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    table = catalog.tables.get(thing.key)  # type: ignore[call-overload]
    constraint = table.constraint(thing.part) if table else None
    if table is None or constraint is None or constraint.kind not in KEYS:
        return
    if constraint.index is not None:
        yield goes("indexes", Name(table.name.schema, constraint.index))
    for other, key in catalog.references_to(table.name):
        if _enforced_by(catalog, key, constraint, table):
            yield kept("constraint", other.name, key.name)


def _enforced_by(catalog: Catalog, key: Constraint, target: Constraint, table: Table) -> bool:
    """Whether the foreign *key* needs *target*; of equal keys it took the primary key first."""
    if set(key.referenced_columns) != set(target.columns):
        return False
    fitting = [
        c for c in table.constraints if c.kind in KEYS and set(c.columns) == set(target.columns)
    ]
    fitting.sort(key=lambda c: c.kind is not ConstraintKind.PRIMARY_KEY)
    return fitting[0] is target


def of_column(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    table = catalog.tables.get(thing.key)  # type: ignore[call-overload]
    if table is None:
        return
    column = thing.part
    for index in catalog.indexes_of(table.name):
        if not _needs(index, column):
            continue
        if index.constraint is None:
            yield goes("indexes", index.name)
        else:
            served = Thing("constraint", table.name, index.constraint)
            yield Dependent(served, keeps=_only_in_text(index, column))
    for constraint in table.constraints:
        if column in constraint.columns:
            yield goes("constraint", table.name, constraint.name)
    for other, key in catalog.references_to(table.name):
        if column in key.referenced_columns:
            yield kept("constraint", other.name, key.name)
    for sequence in catalog.sequences_of(table.name):
        if sequence.owned_by == (table.name, column):
            yield goes("sequences", sequence.name)
    for statistics in catalog.statistics.values():
        texts = " , ".join(statistics.expressions)
        if statistics.table == table.name and (
            column in statistics.columns or mentioned(texts, [column])
        ):
            yield goes("statistics", statistics.name)
    yield from _parts_reading(catalog, table, column)
    yield from readers(catalog, table.name, column)


def _needs(index: Index, column: str) -> bool:
    """Whether *index* needs *column*, maybe for an expression or the predicate."""
    if not _only_in_text(index, column):
        return True
    return any(mentioned(text, [column]) for text in index.texts)


def _only_in_text(index: Index, column: str) -> bool:
    """An EXCLUDE with an expression keeps the columns that only the expression reads."""
    return column not in index.include and column not in [key.column for key in index.keys]


def _parts_reading(catalog: Catalog, table: Table, column: str) -> Iterator[Dependent]:
    """Triggers, policies, generated columns and publications that name *column*."""
    for trigger in table.triggers:
        if column in trigger.columns or mentioned(trigger.when, [column]):
            yield kept("trigger", table.name, trigger.name)
    for policy in table.policies:
        if mentioned(policy.using, [column]) or mentioned(policy.check, [column]):
            yield kept("policy", table.name, policy.name)
    for rule in table.rules:
        if mentioned(rule.definition, [column]):
            yield kept("rule", table.name, rule.name)
    for other in table.columns:
        if other.generated is not None and mentioned(other.generated.expression, [column]):
            keeps = catalog.major >= GENERATED_KEEPS_SINCE
            yield Dependent(Thing("column", table.name, other.name), keeps)
    for publication in catalog.publications.values():
        for published in publication.tables:
            named = column in published.columns or mentioned(published.where, [column])
            if published.table == table.name and named:
                yield kept("publication table", publication.name, str(table.name))
