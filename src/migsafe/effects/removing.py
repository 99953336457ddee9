"""What a statement takes away, and the locks that taking it away needs.

The fold knows what goes with what: all that it takes out of the catalog is removed, and locked as
PostgreSQL's deletion of each kind of object does (dependency.c, pg_constraint.c, tablecmds.c).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from migsafe.catalog import Catalog, Composite, ConstraintKind, Table, View
from migsafe.effects import foreign_keys
from migsafe.effects.ledger import ACCESS_EXCLUSIVE, SHARE_UPDATE_EXCLUSIVE, Ledger
from migsafe.effects.model import Removal
from migsafe.fold.once import Change
from migsafe.names import Name

Finder = Callable[[Change], Iterator[Removal]]


def record(change: Change, ledger: Ledger, *, locking: bool = True) -> None:
    """Record what *change* takes out of the ledger's catalog.

    With *locking*, what goes is locked as well; DROP INDEX CONCURRENTLY has its own ways.
    """
    for collection, find in _FINDERS:
        if collection not in change.keys:
            continue
        for removal in find(change):
            if locking:
                _lock(removal, change.before, ledger)
            if _is_older(removal, ledger):
                ledger.removed(removal)


def _is_older(removal: Removal, ledger: Ledger) -> bool:
    """Whether others can know what is removed, because it is older than the transaction."""
    if removal.kind not in ("function", "schema", "statistics", "extension"):
        is_new = removal.part is None and removal.relation in ledger.transaction.new_types
        return ledger.sees(removal.relation) and not is_new
    points = ledger.transaction.savepoints
    older = points[0][1].catalog if points else ledger.session.catalog
    known = {"function": {key[0] for key in older.functions}, "statistics": set(older.statistics)}
    plain = older.schemas if removal.kind == "schema" else older.extensions
    return removal.relation in known.get(removal.kind, {Name(None, name) for name in plain})


def is_back(catalog: Catalog, removal: Removal) -> bool:
    """Whether something of the kind and name is there again in *catalog*; values never are."""
    if removal.kind == "index":
        return removal.relation in catalog.indexes
    table = catalog.tables.get(removal.relation)
    if table is None or removal.part is None:
        return False
    if removal.kind == "constraint":
        return table.constraint(removal.part) is not None
    column = table.column(removal.part) if removal.kind == "default" else None
    return column is not None and column.default is not None


# -- what is gone ------------------------------------------------------------------------------


def _of_tables(change: Change) -> Iterator[Removal]:
    """The parts of tables that stay."""
    for table, now in change.different("tables"):
        yield from _parts(table, now)


def _of_views(change: Change) -> Iterator[Removal]:
    """The parts of views that stay."""
    for view, now in change.different("views"):
        yield from _attached(view, now)


def _parts(table: Table, now: Table) -> Iterator[Removal]:
    if now.constraints is not table.constraints:
        left = {constraint.name for constraint in now.constraints}
        for constraint in table.constraints:
            is_copy = constraint.kind is not ConstraintKind.CHECK and constraint.inherited
            if constraint.name not in left and not (is_copy or constraint.kind.value == "n"):
                yield Removal("constraint", table.name, constraint.name)
    yield from _attached(table, now)
    if now.policies is not table.policies:
        policies = {policy.name for policy in now.policies}
        for policy in table.policies:
            if policy.name not in policies:
                yield Removal("policy", table.name, policy.name)
    if now.columns is not table.columns:
        columns = {column.name: column for column in now.columns}
        for column in table.columns:
            fresh = columns.get(column.name)
            if fresh is None:
                yield Removal("column", table.name, column.name, loses_data=True)
            elif column.default is not None and fresh.default is None:
                yield Removal("default", table.name, column.name)


def _attached(relation: Table | View, now: Table | View) -> Iterator[Removal]:
    if now.triggers is relation.triggers and now.rules is relation.rules:
        return
    triggers, rules = {t.name for t in now.triggers}, {rule.name for rule in now.rules}
    for trigger in relation.triggers:
        if trigger.name not in triggers:
            yield Removal("trigger", relation.name, trigger.name)
    for rule in relation.rules:
        if rule.name not in rules:
            yield Removal("rule", relation.name, rule.name)


def _indexes(change: Change) -> Iterator[Removal]:
    """Those of relations that stay: else they are no news."""
    before, after = change.before, change.after
    for index in change.gone("indexes"):
        table = before.indexes[index].table
        is_known = table in before.tables or table in before.views
        if not is_known or after.relation(table) is not None:
            yield Removal("index", index)


def _statistics(change: Change) -> Iterator[Removal]:
    for statistics in change.gone("statistics"):
        if change.after.relation(change.before.statistics[statistics].table) is not None:
            yield Removal("statistics", statistics)


def _sequences(change: Change) -> Iterator[Removal]:
    """Those that belong to no table, or to one that stays."""
    for sequence in change.gone("sequences"):
        owner = change.before.sequences[sequence].owned_by
        if owner is None or owner[0] in change.after.tables:
            yield Removal("sequence", sequence, loses_data=True)


def _functions(change: Change) -> Iterator[Removal]:
    return (Removal("function", name) for name, _ in change.gone("functions"))


def _whole(collection: str, kind: str, *, loses_data: bool = False) -> Finder:
    def find(change: Change) -> Iterator[Removal]:
        names = change.gone(collection)
        return (Removal(kind, name, loses_data=loses_data) for name in names)

    return find


def _plain(collection: str, kind: str) -> Finder:
    """What is found by a name without a schema."""

    def find(change: Change) -> Iterator[Removal]:
        return (Removal(kind, Name(None, name)) for name in change.gone(collection))

    return find


_FINDERS = (
    ("tables", _of_tables),
    ("views", _of_views),
    ("indexes", _indexes),
    ("statistics", _statistics),
    ("sequences", _sequences),
    ("views", _whole("views", "view")),
    ("tables", _whole("tables", "table", loses_data=True)),
    ("types", _whole("types", "type")),
    ("functions", _functions),
    ("extensions", _plain("extensions", "extension")),
    ("schemas", _plain("schemas", "schema")),
)
"""By collection, what finds that something of it is gone; in the order in which it is said."""


# -- how it is locked --------------------------------------------------------------------------


def _lock(removal: Removal, before: Catalog, ledger: Ledger) -> None:
    name = removal.relation
    if removal.kind == "index":
        index = before.indexes[name]
        ledger.lock_index(index, ACCESS_EXCLUSIVE)
        ledger.lock(index.table, ACCESS_EXCLUSIVE)
    elif removal.kind == "statistics":
        ledger.lock(before.statistics[name].table, SHARE_UPDATE_EXCLUSIVE)
    elif removal.kind in ("table", "view"):
        ledger.lock(name, ACCESS_EXCLUSIVE)
        ledger.lock_indexes(name, ACCESS_EXCLUSIVE)
    elif removal.kind == "type":
        if isinstance(before.types[name], Composite):
            ledger.lock(name, ACCESS_EXCLUSIVE)
    elif removal.part is not None or removal.kind == "sequence":
        ledger.lock(name, ACCESS_EXCLUSIVE)
    if removal.kind == "constraint":
        key = before.tables[name].constraint(removal.part or "")
        if key is not None and key.references is not None:
            for member in ledger.family(before.tables[name], only=not before.partitions_of(name)):
                ledger.lock(member.name, ACCESS_EXCLUSIVE)
            for referenced in foreign_keys.triggered(ledger, key.references):
                ledger.lock(referenced, ACCESS_EXCLUSIVE)
