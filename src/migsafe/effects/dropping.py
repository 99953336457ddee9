"""DROP statements, by kind of object."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from migsafe.catalog import (
    Catalog,
    Index,
    Sequence,
    Table,
    View,
)
from migsafe.effects import drop, mentions, removing
from migsafe.effects.dropping_types import drop_functions, drop_types
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ACCESS_SHARE,
    SHARE_UPDATE_EXCLUSIVE,
    Ledger,
)
from migsafe.fold.drop import keepers
from migsafe.fold.once import changed
from migsafe.names import Name
from migsafe.sql import ast

Kind = ast.ObjectKind


def drop_objects(statement: ast.Drop, ledger: Ledger) -> None:
    """DROP of any kind."""
    handler = _HANDLERS.get(statement.kind)
    if handler is not None:
        handler(statement, ledger)
    change = changed(ledger.catalog, statement)
    if change.after is change.before and not statement.cascade:
        for kept in keepers(ledger.catalog, statement)[:1]:
            ledger.refuse("2BP01", f"{kept.display()} depends on what is dropped")
    removing.record(change, ledger, locking=not statement.concurrently)


def _found(statement: ast.Drop, ledger: Ledger) -> list[Table | View | Index | Sequence]:
    """The relations that *statement* names; one that is missing refuses it without IF EXISTS."""
    named = [ledger.relation(name, if_exists=statement.if_exists) for name in statement.names]
    found = [relation for relation in named if relation is not None]
    wanted = _CLASSES.get(statement.kind, View)
    for relation in found:
        other_view = isinstance(relation, View) and (
            relation.materialized is not (statement.kind is Kind.MATERIALIZED_VIEW)
        )
        if other_view or not isinstance(relation, wanted):
            why = f"{relation.name.display()} is not a {statement.kind.value.lower()}"
            ledger.refuse("42809", why)
    return found


_CLASSES = {Kind.TABLE: Table, Kind.FOREIGN_TABLE: Table, Kind.SEQUENCE: Sequence}


def _drop_tables(statement: ast.Drop, ledger: Ledger) -> None:
    tables = [found for found in _found(statement, ledger) if isinstance(found, Table)]
    targets = frozenset(
        member.name
        for table in tables
        for member in ledger.family(table)
        if member.name == table.name or member.partition_of is not None
    )
    dropping = drop.TableDrop(ledger, targets, cascade=statement.cascade)
    for table in tables:
        dropping.drop(table)


def _drop_views(statement: ast.Drop, ledger: Ledger) -> None:
    views = [found for found in _found(statement, ledger) if isinstance(found, View)]
    targets = {view.name for view in views}
    for view in views:
        drop.drop_view(ledger, view)
        for dependent in mentions.views_over(ledger.catalog, view.name):
            if dependent.name in targets:
                continue
            if not statement.cascade:
                why = f"view {dependent.name.display()} depends on {view.name.display()}"
                ledger.refuse("2BP01", why)
            drop.drop_view(ledger, dependent)


def _drop_indexes(statement: ast.Drop, ledger: Ledger) -> None:
    if statement.concurrently:
        ledger.outside_transaction("DROP INDEX CONCURRENTLY")
        if len(statement.targets) > 1 or statement.cascade:
            ledger.refuse("0A000", "DROP INDEX CONCURRENTLY is of one index, without CASCADE")
    for name in statement.names:
        index = ledger.catalog.relation(name)
        if index is not None and not isinstance(index, Index):
            ledger.refuse("42809", f"{index.name.display()} is not an index")
        if not isinstance(index, Index):
            if not statement.if_exists:
                ledger.missing(name, "index", "42704")
            continue
        label = index.name.display()
        if index.constraint is not None:
            ledger.refuse("2BP01", f"constraint {index.constraint} requires index {label}")
        if index.parent is not None:
            ledger.refuse("2BP01", f"index {index.parent.display()} requires index {label}")
        keys = list(_keys_on(index, ledger))
        if keys and not statement.cascade:
            ledger.refuse("2BP01", f"a foreign key of {keys[0].display()} requires index {label}")
        for key in keys:
            ledger.lock(key, ACCESS_EXCLUSIVE)
        if not statement.concurrently:
            drop.drop_index(ledger, index)
            continue
        table = ledger.catalog.tables.get(index.table)
        if table is not None and table.kind.value == "p":
            ledger.refuse("0A000", f"partitioned index {label} cannot be dropped concurrently")
        ledger.lock(index.table, SHARE_UPDATE_EXCLUSIVE)
        ledger.lock_index(index, SHARE_UPDATE_EXCLUSIVE, ACCESS_EXCLUSIVE)
        ledger.wait(f"transactions that use {index.table.display()}")


def _keys_on(index: Index, ledger: Ledger) -> Iterator[Name]:
    """The tables with a foreign key that relies on a unique *index*, if no other one will do."""
    if not index.unique:
        return
    columns = sorted(key.column or "" for key in index.keys)
    for other in ledger.catalog.indexes_of(index.table):
        same = other.unique and sorted(key.column or "" for key in other.keys) == columns
        if same and other.name != index.name:
            return
    for table, key in ledger.catalog.references_to(index.table):
        if sorted(key.referenced_columns) == columns:
            yield table.name


def _drop_sequences(statement: ast.Drop, ledger: Ledger) -> None:
    for sequence in _found(statement, ledger):
        if not isinstance(sequence, Sequence):
            continue
        label = sequence.name.display()
        if sequence.identity and sequence.owned_by is not None:
            ledger.refuse("2BP01", f"an identity column requires sequence {label}")
        for table, column in _defaults_from(ledger.catalog, sequence):
            if not statement.cascade:
                why = f"the default of {table.name.display()}.{column} uses sequence {label}"
                ledger.refuse("2BP01", why)
            ledger.lock(table.name, ACCESS_EXCLUSIVE)


def _defaults_from(catalog: Catalog, sequence: Sequence) -> list[tuple[Table, str]]:
    """The columns whose default draws from *sequence*."""
    name = sequence.name.name
    return [
        (table, column.name)
        for table in catalog.tables.values()
        for column in table.columns
        if column.default and "nextval" in column.default and _draws(column.default, name)
    ]


def _draws(default: str, sequence: str) -> bool:
    inside = default.partition("'")[2].partition("'")[0]
    return inside.rpartition(".")[2].strip('"') == sequence


def _drop_schemas(statement: ast.Drop, ledger: Ledger) -> None:
    catalog = ledger.catalog
    for name in (qualified.name for qualified in statement.names):
        if name not in catalog.schemas:
            if not statement.if_exists:
                ledger.refuse("3F000", f"schema {name} does not exist")
            continue
        kinds = (catalog.tables, catalog.views, catalog.sequences, catalog.types)
        inside = [found for kind in kinds for found in kind if found.schema == name]
        inside += [function for function, _ in catalog.functions if function.schema == name]
        if inside and not statement.cascade:
            ledger.refuse("2BP01", f"{inside[0].display()} is in schema {name}")
        dropping = drop.TableDrop(ledger, frozenset(inside), cascade=True)
        for table in [catalog.tables[found] for found in inside if found in catalog.tables]:
            dropping.drop(table)


def _drop_of_table(statement: ast.Drop, ledger: Ledger) -> None:
    """DROP TRIGGER, POLICY and RULE lock the table they belong to."""
    kind = statement.kind.value.lower()
    for target in statement.targets:
        if target.table is None:
            continue
        relation = ledger.relation(target.table, if_exists=statement.if_exists)
        if not isinstance(relation, Table | View):
            continue
        existing = _parts(relation, statement.kind)
        unknown = isinstance(relation, Table) and relation.unknown
        if target.name.name not in existing and not unknown:
            if not statement.if_exists:
                why = f"{kind} {target.name} of {relation.name.display()} does not exist"
                ledger.refuse("42704", why)
            continue
        members = ledger.family(relation) if isinstance(relation, Table) else (relation,)
        for member in members:
            if member is relation or statement.kind is Kind.TRIGGER:
                ledger.lock(member.name, ACCESS_EXCLUSIVE)
        ledger.lock(relation.name, ACCESS_SHARE)


def _parts(relation: Table | View, kind: Kind) -> set[str]:
    """The names of the triggers, policies or rules of *relation*."""
    attribute = {Kind.TRIGGER: "triggers", Kind.POLICY: "policies", Kind.RULE: "rules"}[kind]
    return {found.name for found in getattr(relation, attribute, ())}


def _drop_statistics(statement: ast.Drop, ledger: Ledger) -> None:
    for name in statement.names:
        if not any(n.name == name.name for n in ledger.catalog.statistics):
            _missing(f"statistics object {name.display()}", statement, ledger)
        for known, statistics in ledger.catalog.statistics.items():
            if known.name == name.name and name.schema in (None, known.schema):
                ledger.lock(statistics.table, SHARE_UPDATE_EXCLUSIVE)


def _missing(what: str, statement: ast.Drop, ledger: Ledger) -> None:
    if not statement.if_exists:
        ledger.refuse("42704", f"{what} does not exist")


def _drop_publications(statement: ast.Drop, ledger: Ledger) -> None:
    for name in (qualified.name for qualified in statement.names):
        if name not in ledger.catalog.publications:
            _missing(f"publication {name}", statement, ledger)


_TYPE_ALONE = ("citext", "hstore")
"""Extensions that are used by their type, so that columns are all that depends on them."""


def _is_written(word: str, catalog: Catalog) -> bool:
    """Whether an expression in *catalog* has the *word*, for whatever it stands."""
    tables, indexes = catalog.tables.values(), catalog.indexes.values()
    texts = [column.default for table in tables for column in table.defaulted_columns]
    texts += [c.generated.expression for t in tables for c in t.columns if c.generated]
    texts += [constraint.expression for table in tables for constraint in table.constraints]
    texts += [text for index in indexes for text in (index.predicate, *_expressions(index))]
    texts += [view.definition for view in catalog.views.values()]
    return any(word in text for text in texts if text)


def _expressions(index: Index) -> Iterator[str | None]:
    return (key.expression for key in index.keys)


def _drop_extensions(statement: ast.Drop, ledger: Ledger) -> None:
    for name in (qualified.name for qualified in statement.names):
        if name not in ledger.catalog.extensions:
            if name != "plpgsql":  # which every new database has
                _missing(f"extension {name}", statement, ledger)
            continue
        if name in _TYPE_ALONE and not _is_written(name, ledger.catalog):
            continue
        if statement.cascade:
            ledger.not_known(f"what depends on extension {name} goes with it")
        else:
            ledger.may_fail("2BP01", f"objects may depend on extension {name}")


_HANDLERS: dict[Kind, Callable[[ast.Drop, Ledger], None]] = {
    Kind.TABLE: _drop_tables,
    Kind.FOREIGN_TABLE: _drop_tables,
    Kind.VIEW: _drop_views,
    Kind.MATERIALIZED_VIEW: _drop_views,
    Kind.INDEX: _drop_indexes,
    Kind.SEQUENCE: _drop_sequences,
    Kind.TYPE: drop_types,
    Kind.DOMAIN: drop_types,
    Kind.FUNCTION: drop_functions,
    Kind.PROCEDURE: drop_functions,
    Kind.ROUTINE: drop_functions,
    Kind.SCHEMA: _drop_schemas,
    Kind.TRIGGER: _drop_of_table,
    Kind.POLICY: _drop_of_table,
    Kind.RULE: _drop_of_table,
    Kind.STATISTICS: _drop_statistics,
    Kind.PUBLICATION: _drop_publications,
    Kind.EXTENSION: _drop_extensions,
}
