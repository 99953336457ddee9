"""What depends on an object: what goes with it, and what keeps it unless CASCADE is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from migsafe.catalog import (
    Catalog,
    Column,
    Composite,
    Constraint,
    ConstraintKind,
    Domain,
    Index,
    Range,
    Table,
    View,
)
from migsafe.fold.resolve import extension_types
from migsafe.fold.texts import calls, literal_names, mentioned
from migsafe.names import Name
from migsafe.pgtypes import TypeRef

GENERATED_KEEPS_SINCE = 15


class Thing(NamedTuple):
    """An object: its *kind* (a collection of Catalog, or a part of a table), key and part."""

    kind: str
    key: object
    part: str = ""


class Dependent(NamedTuple):
    """*thing* goes silently with what it depends on, or only by CASCADE when *keeps*."""

    thing: Thing
    keeps: bool


KEYS = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE, ConstraintKind.EXCLUDE)


def dependents(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    """The objects that depend directly on *thing*."""
    finder = _FINDERS.get(thing.kind)
    if finder is not None:
        yield from finder(catalog, thing)


def _kept(kind: str, key: object, part: str = "") -> Dependent:
    return Dependent(Thing(kind, key, part), keeps=True)


def _goes(kind: str, key: object, part: str = "") -> Dependent:
    return Dependent(Thing(kind, key, part), keeps=False)


# -- relations ---------------------------------------------------------------------------------


def _of_table(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    name = thing.key
    assert isinstance(name, Name)
    for index in catalog.indexes_of(name):
        yield _goes("indexes", index.name)
    for sequence in catalog.sequences_of(name):
        yield _goes("sequences", sequence.name)
    for other, key in catalog.references_to(name):
        if other.name != name:
            yield _kept("constraint", other.name, key.name)
    for child in catalog.children_of(name):
        yield Dependent(Thing("tables", child.name), keeps=child.partition_of != name)
    for statistics in catalog.statistics.values():
        if statistics.table == name:
            yield _goes("statistics", statistics.name)
    for publication in catalog.publications.values():
        if any(t.table == name for t in publication.tables):
            yield _goes("publication table", publication.name, str(name))
    yield from _readers(catalog, name, None)
    yield from _of_row_type(catalog, name)


def _readers(catalog: Catalog, name: Name, column: str | None) -> Iterator[Dependent]:
    """Views and SQL-standard functions that read the relation *name*, or its *column*."""
    for view in catalog.views_using(name, column):
        yield _kept("views", view.name)
    for key, function in catalog.functions.items():
        if any(r == name and column in (None, c) for r, c in function.uses):
            yield _kept("functions", key)


def _of_row_type(catalog: Catalog, name: Name) -> Iterator[Dependent]:
    for table, column in catalog.columns_of_type(name):
        if table.name != name:
            yield _kept("column", table.name, column.name)
    yield from _functions_of_type(catalog, name)


def _functions_of_type(catalog: Catalog, name: Name) -> Iterator[Dependent]:
    for key, function in catalog.functions.items():
        texts = [*function.arguments, function.returns or ""]
        if any(_is_type(text, name) for text in texts):
            yield _kept("functions", key)


def _is_type(text: str, name: Name) -> bool:
    if name.name not in text:
        return False
    try:
        return TypeRef.parse(text.removeprefix("SETOF ")).name == name
    except ValueError:
        return False


def _of_view(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    name = thing.key
    assert isinstance(name, Name)
    for index in catalog.indexes_of(name):
        yield _goes("indexes", index.name)
    yield from _readers(catalog, name, None)
    yield from _of_row_type(catalog, name)


def _of_sequence(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    for table in catalog.tables.values():
        for column in table.columns:
            named = literal_names(column.default)
            if any(catalog.relation(n) is catalog.sequences.get(thing.key) for n in named):  # type: ignore[call-overload]
                yield _kept("default", table.name, column.name)


def _of_index(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    index = catalog.indexes.get(thing.key)  # type: ignore[call-overload]
    if not isinstance(index, Index):
        return
    for other in catalog.indexes.values():
        if other.parent == index.name:
            yield _goes("indexes", other.name)
            if other.constraint is not None:
                yield _goes("constraint", other.table, other.constraint)


# -- parts of tables ---------------------------------------------------------------------------


def _of_constraint(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    table = catalog.tables.get(thing.key)  # type: ignore[call-overload]
    constraint = table.constraint(thing.part) if table else None
    if table is None or constraint is None or constraint.kind not in KEYS:
        return
    if constraint.index is not None:
        yield _goes("indexes", Name(table.name.schema, constraint.index))
    for other, key in catalog.references_to(table.name):
        if _enforced_by(catalog, key, constraint, table):
            yield _kept("constraint", other.name, key.name)


def _enforced_by(catalog: Catalog, key: Constraint, target: Constraint, table: Table) -> bool:
    """Whether the foreign *key* needs *target*; of equal keys it took the primary key first."""
    if set(key.referenced_columns) != set(target.columns):
        return False
    fitting = [
        c for c in table.constraints if c.kind in KEYS and set(c.columns) == set(target.columns)
    ]
    fitting.sort(key=lambda c: c.kind is not ConstraintKind.PRIMARY_KEY)
    return fitting[0] is target


def _of_column(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    table = catalog.tables.get(thing.key)  # type: ignore[call-overload]
    if table is None:
        return
    column = thing.part
    for index in catalog.indexes_of(table.name):
        if column not in columns_of_index(index, table):
            continue
        if index.constraint is None:
            yield _goes("indexes", index.name)
        else:
            served = Thing("constraint", table.name, index.constraint)
            yield Dependent(served, keeps=_only_in_text(index, column))
    for constraint in table.constraints:
        if column in constraint.columns:
            yield _goes("constraint", table.name, constraint.name)
    for other, key in catalog.references_to(table.name):
        if column in key.referenced_columns:
            yield _kept("constraint", other.name, key.name)
    for sequence in catalog.sequences_of(table.name):
        if sequence.owned_by == (table.name, column):
            yield _goes("sequences", sequence.name)
    for statistics in catalog.statistics.values():
        texts = " , ".join(statistics.expressions)
        if statistics.table == table.name and (
            column in statistics.columns or mentioned(texts, [column])
        ):
            yield _goes("statistics", statistics.name)
    yield from _parts_reading(catalog, table, column)
    yield from _readers(catalog, table.name, column)


def _only_in_text(index: Index, column: str) -> bool:
    """An EXCLUDE with an expression keeps the columns that only the expression reads."""
    plain = {key.column for key in index.keys} | set(index.include)
    return column not in plain


def _parts_reading(catalog: Catalog, table: Table, column: str) -> Iterator[Dependent]:
    """Triggers, policies, generated columns and publications that name *column*."""
    for trigger in table.triggers:
        if column in trigger.columns or mentioned(trigger.when, [column]):
            yield _kept("trigger", table.name, trigger.name)
    for policy in table.policies:
        if mentioned(policy.using, [column]) or mentioned(policy.check, [column]):
            yield _kept("policy", table.name, policy.name)
    for rule in table.rules:
        if mentioned(rule.definition, [column]):
            yield _kept("rule", table.name, rule.name)
    for other in table.columns:
        if other.generated is not None and mentioned(other.generated.expression, [column]):
            keeps = catalog.major >= GENERATED_KEEPS_SINCE
            yield Dependent(Thing("column", table.name, other.name), keeps)
    for publication in catalog.publications.values():
        for published in publication.tables:
            named = column in published.columns or mentioned(published.where, [column])
            if published.table == table.name and named:
                yield _kept("publication table", publication.name, str(table.name))


def columns_of_index(index: Index, table: Table | View) -> frozenset[str]:
    """All columns that *index* needs, those of expressions and of the predicate too."""
    names = [c.name if isinstance(c, Column) else c[0] for c in table.columns]
    found = {key.column for key in index.keys if key.column} | set(index.include)
    for text in (index.predicate, *(key.expression for key in index.keys)):
        found |= set(mentioned(text, names))
    return frozenset(found)


# -- types, functions, schemas, extensions -----------------------------------------------------


def _of_type(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    name = thing.key
    assert isinstance(name, Name)
    for table, column in catalog.columns_of_type(name):
        yield _kept("column", table.name, column.name)
    for other in catalog.types.values():
        if isinstance(other, Domain) and other.base.name == name:
            yield _kept("types", other.name)
        if isinstance(other, Range) and other.subtype.name == name:
            yield _kept("types", other.name)
        if isinstance(other, Composite):
            for attribute, ref, _ in other.attributes:
                if ref.name == name:
                    yield _kept("attribute", other.name, attribute)
    for view in catalog.views.values():
        if any(ref.name == name for _, ref in view.columns):
            yield _kept("views", view.name)
    yield from _functions_of_type(catalog, name)


def _of_function(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    function = catalog.functions.get(thing.key)  # type: ignore[call-overload]
    if function is None:
        return
    if len([f for f in catalog.functions.values() if f.name == function.name]) > 1:
        return
    relations: list[Table | View] = [*catalog.tables.values(), *catalog.views.values()]
    for relation in relations:
        for trigger in relation.triggers:
            if trigger.function == function.name:
                yield _kept("trigger", relation.name, trigger.name)
    for table in catalog.tables.values():
        yield from _callers_in(catalog, table, function.name)
    for view in catalog.views.values():
        if _calls(catalog, view.definition, function.name):
            yield _kept("views", view.name)
    for index in catalog.indexes.values():
        texts = (index.predicate, *(key.expression for key in index.keys))
        if any(_calls(catalog, text, function.name) for text in texts):
            yield _kept("indexes", index.name)


def _callers_in(catalog: Catalog, table: Table, name: Name) -> Iterator[Dependent]:
    for column in table.columns:
        if _calls(catalog, column.default, name):
            yield _kept("default", table.name, column.name)
        if column.generated and _calls(catalog, column.generated.expression, name):
            yield _kept("column", table.name, column.name)
    for constraint in table.constraints:
        if _calls(catalog, constraint.expression, name):
            yield _kept("constraint", table.name, constraint.name)
    for policy in table.policies:
        if _calls(catalog, policy.using, name) or _calls(catalog, policy.check, name):
            yield _kept("policy", table.name, policy.name)


def _calls(catalog: Catalog, text: str | None, name: Name) -> bool:
    if text is None or name.name not in text:
        return False
    return any(
        called == name or (called == Name(None, name.name) and name.schema in catalog.search_path)
        for called in calls(text)
    )


def _of_schema(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    for kind in ("tables", "views", "sequences", "types", "statistics", "collations"):
        for name in getattr(catalog, kind):
            if name.schema == thing.key:
                yield _kept(kind, name)
    for key in catalog.functions:
        if key[0].schema == thing.key:
            yield _kept("functions", key)
    for extension in catalog.extensions.values():
        if extension.schema == thing.key:
            yield _kept("extensions", extension.name)


def _of_extension(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    extension = catalog.extensions.get(str(thing.key))
    if extension is None:
        return
    for word in extension_types(extension.name):
        yield from _of_type(catalog, Thing("types", Name(extension.schema, word)))


def closure(catalog: Catalog, roots: Iterable[Thing]) -> tuple[set[Thing], bool]:
    """Everything that goes when *roots* go, and whether CASCADE has to be said for it."""
    silent = set(roots)
    found = set(silent)
    waiting = list(found)
    kept: set[Thing] = set()
    while waiting:
        for dependent, keeps in dependents(catalog, waiting.pop()):
            (kept if keeps else silent).add(dependent)
            if dependent not in found:
                found.add(dependent)
                waiting.append(dependent)
    tables = {thing.key for thing in silent if thing.kind == "tables"}
    parts = {t for t in kept if t.kind in _PARTS and t.key in tables}
    return found, bool(kept - silent - parts)


_PARTS = ("column", "constraint", "default", "trigger", "policy", "rule")
_FINDERS = {
    "tables": _of_table,
    "views": _of_view,
    "sequences": _of_sequence,
    "indexes": _of_index,
    "constraint": _of_constraint,
    "column": _of_column,
    "types": _of_type,
    "functions": _of_function,
    "schemas": _of_schema,
    "extensions": _of_extension,
}
