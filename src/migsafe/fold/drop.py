"""DROP of one or more objects of a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from migsafe.catalog import Catalog, Domain, Function, Table, TableKind, View
from migsafe.fold.dependents import closure
from migsafe.fold.refusal import Refused
from migsafe.fold.removal import remove
from migsafe.fold.routine import find_functions
from migsafe.fold.things import Thing
from migsafe.names import Name
from migsafe.sql.ast import Drop, DropOwned, ObjectKind, Target
from migsafe.values import replace


def drop(catalog: Catalog, statement: Drop) -> Catalog:
    """The catalog without the objects that *statement* names and what goes with them."""
    if statement.kind is ObjectKind.SERVER:
        catalog = _drop_other(catalog, statement)
    if statement.kind not in _FINDERS:
        return _drop_other(catalog, statement)
    return remove(catalog, list(_named_things(catalog, statement)), cascade=statement.cascade)


def keepers(catalog: Catalog, statement: Drop) -> list[Thing]:
    """What forbids *statement* without CASCADE; nothing where it is refused for another reason."""
    try:
        _, kept = closure(catalog, list(_named_things(catalog, statement)))
    except Refused:
        return []
    return kept


def _named_things(catalog: Catalog, statement: Drop) -> Iterator[Thing]:
    finder = _FINDERS.get(statement.kind, _none)
    for target in statement.targets:
        found = list(finder(catalog, target))
        if not found and not statement.if_exists and not catalog.gaps:
            raise Refused(f"{target.name} does not exist")
        yield from found


def _none(catalog: Catalog, target: Target) -> Iterator[Thing]:
    return iter(())


def _table(catalog: Catalog, target: Target) -> Iterator[Thing]:
    relation = catalog.relation(target.name)
    if isinstance(relation, Table):
        yield Thing("tables", relation.name)
    elif relation is not None:
        raise Refused(f"{target.name} is no table")


def _view(catalog: Catalog, target: Target) -> Iterator[Thing]:
    relation = catalog.relation(target.name)
    if isinstance(relation, View):
        yield Thing("views", relation.name)
    elif relation is not None:
        raise Refused(f"{target.name} is no view")


def _index(catalog: Catalog, target: Target) -> Iterator[Thing]:
    index = catalog.index(target.name)
    if index is None:
        return
    if index.constraint is not None or index.parent is not None:
        raise Refused(f"something else requires {target.name}")
    yield Thing("indexes", index.name)


def _sequence(catalog: Catalog, target: Target) -> Iterator[Thing]:
    sequence = catalog.sequence(target.name)
    if sequence is None:
        return
    if sequence.identity:
        raise Refused(f"an identity column requires {target.name}")
    yield Thing("sequences", sequence.name)


def _type(catalog: Catalog, target: Target) -> Iterator[Thing]:
    found = catalog.type(target.name)
    if found is not None:
        yield Thing("types", found.name)


def _domain(catalog: Catalog, target: Target) -> Iterator[Thing]:
    found = catalog.type(target.name)
    if found is not None and not isinstance(found, Domain):
        raise Refused(f"{target.name} is no domain")
    yield from _type(catalog, target)


def _function(catalog: Catalog, target: Target) -> Iterator[Thing]:
    found: list[Function] = list(find_functions(catalog, target))
    if len(found) > 1:
        raise Refused(f"{target.name} is not unique")
    for function in found:
        yield Thing("functions", (function.name, function.arguments))


def _part(kind: str) -> Callable[[Catalog, Target], Iterator[Thing]]:
    def find(catalog: Catalog, target: Target) -> Iterator[Thing]:
        owner = catalog.relation(target.table) if target.table else None
        if not isinstance(owner, (Table, View)):
            return
        collection = {"trigger": "triggers", "policy": "policies", "rule": "rules"}[kind]
        for part in getattr(owner, collection, ()):
            if part.name == target.name.name:
                yield from _with_copies(catalog, owner, Thing(kind, owner.name, part.name))

    return find


def _with_copies(catalog: Catalog, owner: Table | View, thing: Thing) -> Iterator[Thing]:
    """A part of a partitioned table with its copies on the partitions."""
    yield thing
    if isinstance(owner, Table) and owner.kind is TableKind.PARTITIONED:
        if thing.kind != "trigger":
            return
        for partition in catalog.partitions_of(owner.name):
            if any(t.name == thing.part and t.inherited for t in partition.triggers):
                below = Thing("trigger", partition.name, thing.part)
                yield from _with_copies(catalog, partition, below)


def _schema(catalog: Catalog, target: Target) -> Iterator[Thing]:
    if target.name.name in catalog.schemas:
        yield Thing("schemas", target.name.name)


def _plain(collection: str) -> Callable[[Catalog, Target], Iterator[Thing]]:
    def find(catalog: Catalog, target: Target) -> Iterator[Thing]:
        if target.name.name in getattr(catalog, collection):
            yield Thing(collection, target.name.name)

    return find


def _named(collection: str) -> Callable[[Catalog, Target], Iterator[Thing]]:
    def find(catalog: Catalog, target: Target) -> Iterator[Thing]:
        mapping = getattr(catalog, collection)
        schemas = (target.name.schema,) if target.name.schema else catalog.search_path
        found = (Name(schema, target.name.name) for schema in schemas)
        for name in [n for n in found if n in mapping][:1]:
            yield Thing(collection, name)

    return find


def drop_owned(catalog: Catalog, statement: DropOwned) -> Catalog:
    """The catalog without what the roles own, as far as the history has said whose it is."""
    things = [
        Thing(kind, key)
        for kind in ("tables", "views", "sequences", "types", "functions", "schemas")
        for key, found in getattr(catalog, kind).items()
        if found.owner in statement.roles
    ]
    return remove(catalog, things, cascade=statement.cascade)


def _server(catalog: Catalog, target: Target) -> Iterator[Thing]:
    yield Thing("servers", target.name.name)


def _drop_other(catalog: Catalog, statement: Drop) -> Catalog:
    """Objects of rare classes, which the catalog lists by their identity."""
    word = statement.kind.value.lower()
    names = {str(target.name) for target in statement.targets}
    gone = [key for key in catalog.others if key[0] == word and key[1] in names]
    return catalog.lacking("others", *gone) if gone else replace(catalog)


_FINDERS: dict[ObjectKind, Callable[[Catalog, Target], Iterator[Thing]]] = {
    ObjectKind.TABLE: _table,
    ObjectKind.FOREIGN_TABLE: _table,
    ObjectKind.VIEW: _view,
    ObjectKind.MATERIALIZED_VIEW: _view,
    ObjectKind.INDEX: _index,
    ObjectKind.SEQUENCE: _sequence,
    ObjectKind.TYPE: _type,
    ObjectKind.DOMAIN: _domain,
    ObjectKind.FUNCTION: _function,
    ObjectKind.PROCEDURE: _function,
    ObjectKind.ROUTINE: _function,
    ObjectKind.AGGREGATE: _function,
    ObjectKind.TRIGGER: _part("trigger"),
    ObjectKind.POLICY: _part("policy"),
    ObjectKind.RULE: _part("rule"),
    ObjectKind.SCHEMA: _schema,
    ObjectKind.EXTENSION: _plain("extensions"),
    ObjectKind.PUBLICATION: _plain("publications"),
    ObjectKind.STATISTICS: _named("statistics"),
    ObjectKind.COLLATION: _named("collations"),
    ObjectKind.SERVER: _server,
}
