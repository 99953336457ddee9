"""What depends on an object: what goes with it, and what keeps it unless CASCADE is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migsafe.catalog import (
    Catalog,
    Composite,
    Domain,
    Index,
    Range,
    Table,
    View,
)
from migsafe.catalog.marks import Kind
from migsafe.fold.parts import of_column, of_constraint
from migsafe.fold.resolve import extension_types
from migsafe.fold.texts import calls, literal_names
from migsafe.fold.things import Dependent, Thing, goes, kept, readers
from migsafe.names import Name
from migsafe.pgtypes import TypeRef


def dependents(catalog: Catalog, thing: Thing) -> Iterable[Dependent]:
    """The objects that depend directly on *thing*."""
    finder = _FINDERS.get(thing.kind)
    return () if finder is None else finder(catalog, thing)


# -- relations ---------------------------------------------------------------------------------


def _of_table(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    name = thing.key
    assert isinstance(name, Name)
    for index in catalog.indexes_of(name):
        yield goes("indexes", index.name)
    for sequence in catalog.sequences_of(name):
        yield goes("sequences", sequence.name)
    for other, key in catalog.references_to(name):
        if other.name != name:
            yield kept("constraint", other.name, key.name)
    above = catalog.tables.get(catalog.tables[name].partition_of or name)
    while above is not None and above.name != name:
        for other, key in catalog.references_to(above.name):
            if other.name != name:
                yield kept("constraint", other.name, key.name)
        above = catalog.tables.get(above.partition_of) if above.partition_of else None
    for child in catalog.children_of(name):
        yield Dependent(Thing("tables", child.name), keeps=child.partition_of != name)
    for statistics in catalog.statistics.values():
        if statistics.table == name:
            yield goes("statistics", statistics.name)
    for publication in catalog.publications.values():
        if any(t.table == name for t in publication.tables):
            yield goes("publication table", publication.name, str(name))
    yield from readers(catalog, name, None)
    yield from _of_row_type(catalog, name)


def _of_row_type(catalog: Catalog, name: Name) -> Iterator[Dependent]:
    for table, column in catalog.columns_of_type(name):
        if table.name != name:
            yield kept("column", table.name, column.name)
    yield from _functions_of_type(catalog, name)


def _functions_of_type(catalog: Catalog, name: Name) -> Iterator[Dependent]:
    for key, function in catalog.functions.items():
        if name.name not in function.signature:
            continue
        texts = [*function.arguments, function.returns or ""]
        if any(_is_type(text, name) for text in texts):
            yield kept("functions", key)


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
        yield goes("indexes", index.name)
    yield from readers(catalog, name, None)
    yield from _of_row_type(catalog, name)


def _of_sequence(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    assert isinstance(thing.key, Name)
    word = thing.key.name
    tables = catalog.marked("tables", word) + catalog.marked("tables", Kind.QUOTING)
    for table in {table.name: table for table in tables}.values():
        for column in table.defaulted_columns:
            text = column.default or ""
            # A name with quotes may be spelled differently.
            if word not in text and '"' not in text:
                continue
            named = literal_names(text)
            if any(catalog.relation(n) is catalog.sequences.get(thing.key) for n in named):
                yield kept("default", table.name, column.name)


def _of_index(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    index = catalog.indexes.get(thing.key)  # type: ignore[call-overload]
    if not isinstance(index, Index):
        return
    for other in catalog.parts_of(index.name):
        yield goes("indexes", other.name)
        if other.constraint is not None:
            yield goes("constraint", other.table, other.constraint)


# -- types, functions, schemas, extensions -----------------------------------------------------


def _of_type(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    name = thing.key
    assert isinstance(name, Name)
    for table, column in catalog.columns_of_type(name):
        yield kept("column", table.name, column.name)
    for typed in catalog.tables.values():
        if typed.of_type == name:
            yield kept("tables", typed.name)
    for other in catalog.types.values():
        if isinstance(other, Domain) and other.base.name == name:
            yield kept("types", other.name)
        if isinstance(other, Range) and other.subtype.name == name:
            yield kept("types", other.name)
        if isinstance(other, Composite):
            for attribute, ref, _ in other.attributes:
                if ref.name == name:
                    yield kept("attribute", other.name, attribute)
    for view in catalog.views.values():
        if any(ref.name == name for _, ref in view.columns):
            yield kept("views", view.name)
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
                yield kept("trigger", relation.name, trigger.name)
    word = function.name.name
    for table in catalog.tables.values():
        for kind, part, text in table.texts:
            if word in text and _calls(catalog, text, function.name):
                yield kept(kind, table.name, part)
    for view in catalog.views.values():
        if _calls(catalog, view.definition, function.name):
            yield kept("views", view.name)
    for index in catalog.indexes.values():
        for text in index.texts:
            if word in text and _calls(catalog, text, function.name):
                yield kept("indexes", index.name)


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
                yield kept(kind, name)
    for key in catalog.functions:
        if key[0].schema == thing.key:
            yield kept("functions", key)
    for extension in catalog.extensions.values():
        if extension.schema == thing.key:
            yield kept("extensions", extension.name)


def _of_extension(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    extension = catalog.extensions.get(str(thing.key))
    if extension is None:
        return
    for word in extension_types(extension.name):
        yield from _of_type(catalog, Thing("types", Name(extension.schema, word)))


def _of_collation(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    for table in catalog.tables.values():
        for column in table.columns:
            if column.collation == thing.key:
                yield kept("column", table.name, column.name)
    for index in catalog.indexes.values():
        if any(key.collation == thing.key for key in index.keys):
            yield kept("indexes", index.name)
    for other in catalog.types.values():
        if isinstance(other, Domain) and other.collation == thing.key:
            yield kept("types", other.name)


def _of_server(catalog: Catalog, thing: Thing) -> Iterator[Dependent]:
    for table in catalog.tables.values():
        if table.server == thing.key:
            yield kept("tables", table.name)


def closure(catalog: Catalog, roots: Iterable[Thing]) -> tuple[set[Thing], list[Thing]]:
    """Everything that goes when *roots* go, and what of it goes only when CASCADE is said."""
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
    if not kept:
        return found, []
    tables = {thing.key for thing in silent if thing.kind == "tables"}
    parts = {t for t in kept if t.kind in _PARTS and t.key in tables}
    parts |= {t for t in kept if t.kind == "default" and t._replace(kind="column") in silent}
    return found, sorted(kept - silent - parts, key=str)


_PARTS = ("column", "constraint", "default", "trigger", "policy", "rule")
_FINDERS = {
    "tables": _of_table,
    "views": _of_view,
    "sequences": _of_sequence,
    "indexes": _of_index,
    "constraint": of_constraint,
    "column": of_column,
    "types": _of_type,
    "functions": _of_function,
    "schemas": _of_schema,
    "extensions": _of_extension,
    "collations": _of_collation,
    "servers": _of_server,
}
