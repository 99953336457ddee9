"""The actions of ALTER TABLE on a relation as a whole, and those on indexes and views."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from migsafe.catalog import Catalog, Column, Index, Sequence, Table, TableKind, View
from migsafe.fold.options import options_of, reset, split_toast, updated
from migsafe.fold.refusal import Refused
from migsafe.names import Name
from migsafe.sql import ast
from migsafe.sql.ast import Action
from migsafe.values import replace

_STATES = {"ENABLE": "O", "DISABLE": "D", "ENABLE ALWAYS": "A", "ENABLE REPLICA": "R"}
_IDENTITIES = {"DEFAULT": "d", "FULL": "f", "NOTHING": "n", "INDEX": "i"}


def _set_options(table: Table, action: ast.SetOptions) -> Table:
    own, toast = split_toast(action.options)
    return replace(
        table,
        options=updated(table.options, own),
        toast_options=updated(table.toast_options, toast),
    )


def _reset_options(table: Table, action: ast.ResetOptions) -> Table:
    toast = [n.removeprefix("toast.") for n in action.options if n.startswith("toast.")]
    return replace(
        table,
        options=reset(table.options, action.options),
        toast_options=reset(table.toast_options, toast),
    )


def _row_security(table: Table, action: ast.RowSecurity) -> Table:
    if action.state in ("FORCE", "NO FORCE"):
        return replace(table, force_row_security=action.state == "FORCE")
    return replace(table, row_security=action.state == "ENABLE")


def _access_method(table: Table, action: ast.SetAccessMethod) -> Table:
    usual = None if table.kind is TableKind.PARTITIONED else "heap"
    return replace(table, access_method=action.method or usual)


def _tablespace(name: str) -> str | None:
    return None if name == "pg_default" else name


def _set_tablespace(table: Table, action: ast.SetTablespace) -> Table:
    return replace(table, tablespace=_tablespace(action.tablespace))


def _owner_to(table: Table, action: ast.OwnerTo) -> Table:
    return replace(table, owner=action.role)


def _not_of(table: Table, action: ast.NotOf) -> Table:
    return replace(table, of_type=None)


CHANGES: dict[type[Action], Callable[[Table, Any], Table]] = {
    ast.SetOptions: _set_options,
    ast.ResetOptions: _reset_options,
    ast.RowSecurity: _row_security,
    ast.SetAccessMethod: _access_method,
    ast.SetTablespace: _set_tablespace,
    ast.OwnerTo: _owner_to,
    ast.NotOf: _not_of,
}


def of_type(catalog: Catalog, table: Table, action: ast.OfType, recurse: bool) -> Catalog:
    found = catalog.type(action.type)
    if found is None:
        raise Refused(f"{action.type} is no type")
    return catalog.with_table(replace(table, of_type=found.name))


def foreign_options(
    catalog: Catalog, table: Table, action: ast.ForeignOptions, recurse: bool
) -> Catalog:
    if action.column is None:
        return catalog.with_table(replace(table, options=_merged(table.options, action.options)))
    column = table.column(action.column)
    if column is None:
        raise Refused(f"{table.name} has no column {action.column}")
    changed: Column = replace(column, options=_merged(column.options, action.options))
    return catalog.with_table(table.with_column(changed))


def _merged(
    old: tuple[tuple[str, str], ...], options: tuple[ast.Option, ...]
) -> tuple[tuple[str, str], ...]:
    """OPTIONS (ADD …, SET …, DROP …) of foreign objects."""
    dropped = [o.name for o in options if o.action == "DROP"]
    return reset(updated(old, options_of(o for o in options if o.action != "DROP")), dropped)


def replica_identity(
    catalog: Catalog, table: Table, action: ast.ReplicaIdentity, recurse: bool
) -> Catalog:
    chosen = Name(table.name.schema, action.index) if action.index else None
    if chosen is not None and chosen not in catalog.indexes:
        raise Refused(f"{chosen} is no index")
    for index in catalog.indexes_of(table.name):
        catalog = catalog.with_index(replace(index, replica_identity=index.name == chosen))
    return catalog.with_table(replace(table, replica_identity=_IDENTITIES[action.kind]))


def cluster_on(catalog: Catalog, table: Table, action: ast.ClusterOn, recurse: bool) -> Catalog:
    chosen = Name(table.name.schema, action.index)
    if chosen not in catalog.indexes:
        raise Refused(f"{chosen} is no index")
    return mark_clustered(catalog, table.name, chosen)


def without_cluster(
    catalog: Catalog, table: Table, action: ast.SetWithoutCluster, recurse: bool
) -> Catalog:
    return mark_clustered(catalog, table.name, None)


def mark_clustered(catalog: Catalog, table: Name, chosen: Name | None) -> Catalog:
    """The catalog with *chosen*, and no other index of *table*, as the one to cluster on."""
    for index in catalog.indexes_of(table):
        if index.clustered != (index.name == chosen):
            catalog = catalog.with_index(replace(index, clustered=index.name == chosen))
    return catalog


_LOGS_SEQUENCES_SINCE = 15


def parts_of(catalog: Catalog, index: Name) -> Iterator[Name]:
    """The indexes of partitions that *index* of a partitioned table consists of, at any depth."""
    for child in catalog.parts_of(index):
        owner = catalog.tables.get(child.table)
        if owner is not None and owner.kind is not TableKind.PARTITIONED:
            yield child.name
        yield from parts_of(catalog, child.name)


def set_persistence(
    catalog: Catalog, table: Table, action: ast.SetPersistence, recurse: bool
) -> Catalog:
    if table.kind is TableKind.PARTITIONED:
        if catalog.major >= 18:
            raise Refused("a partitioned table has no storage to log")
        return catalog
    letter = "p" if action.logged else "u"
    catalog = catalog.with_table(replace(table, persistence=letter))
    if catalog.major < _LOGS_SEQUENCES_SINCE:
        return catalog
    for sequence in catalog.sequences_of(table.name):
        new: Sequence = replace(sequence, persistence=letter)
        catalog = catalog.having("sequences", sequence.name, new)
    return catalog


def set_trigger(catalog: Catalog, table: Table, action: ast.SetTrigger, recurse: bool) -> Catalog:
    if action.name is not None and all(t.name != action.name for t in table.triggers):
        raise Refused(f"{table.name} has no trigger {action.name}")
    state = _STATES[action.state]
    triggers = tuple(
        replace(t, enabled=state) if action.name in (None, t.name) else t for t in table.triggers
    )
    catalog = catalog.with_table(replace(table, triggers=triggers))
    if not recurse:
        return catalog
    for child in catalog.partitions_of(table.name):
        if any(t.inherited and action.name in (None, t.name) for t in child.triggers):
            catalog = set_trigger(catalog, child, action, recurse)
    return catalog


def set_rule(catalog: Catalog, table: Table, action: ast.SetRule, recurse: bool) -> Catalog:
    rules = tuple(
        replace(r, enabled=_STATES[action.state]) if r.name == action.name else r
        for r in table.rules
    )
    return catalog.with_table(replace(table, rules=rules))


def changed_index(index: Index, action: Action) -> Index:
    """*index* after one action of ALTER INDEX."""
    if isinstance(action, ast.SetOptions):
        return replace(index, options=updated(index.options, options_of(action.options)))
    if isinstance(action, ast.ResetOptions):
        return replace(index, options=reset(index.options, action.options))
    if isinstance(action, ast.SetTablespace):
        return replace(index, tablespace=_tablespace(action.tablespace))
    if isinstance(action, ast.SetStatistics) and action.column.isdigit():
        targets = dict(index.statistics_targets)
        targets.pop(int(action.column), None)
        if action.target >= 0:
            targets[int(action.column)] = action.target
        return replace(index, statistics_targets=tuple(sorted(targets.items())))
    return index


def alter_view(catalog: Catalog, view: View, action: Action) -> Catalog:
    """One action of ALTER VIEW or ALTER MATERIALIZED VIEW."""
    if isinstance(action, ast.SetOptions):
        view = replace(view, options=updated(view.options, options_of(action.options)))
    elif isinstance(action, ast.ResetOptions):
        view = replace(view, options=reset(view.options, action.options))
    elif isinstance(action, ast.SetTablespace):
        view = replace(view, tablespace=_tablespace(action.tablespace))
    elif isinstance(action, ast.SetAccessMethod):
        view = replace(view, access_method=action.method or "heap")
    elif isinstance(action, ast.OwnerTo):
        view = replace(view, owner=action.role)
    elif isinstance(action, ast.ClusterOn):
        return mark_clustered(catalog, view.name, Name(view.name.schema, action.index))
    elif isinstance(action, (ast.SetDefault, ast.DropDefault)):
        text = action.default.sql if isinstance(action, ast.SetDefault) else None
        view = with_detail(view, action.column, lambda column: replace(column, default=text))
    return catalog.having("views", view.name, view)


def with_detail(view: View, name: str, change: Callable[[Column], Column]) -> View:
    """*view* with *change* made to what is known of its column *name* beyond the type."""
    details = {c.name: c for c in view.details}
    ref = dict(view.columns).get(name)
    if ref is None:
        raise Refused(f"{view.name} has no column {name}")
    column = change(details.pop(name, Column(name, ref)))
    if column != Column(column.name, ref):
        details[column.name] = column
    order = [name for name, _ in view.columns]
    return replace(view, details=tuple(sorted(details.values(), key=lambda c: order.index(c.name))))


def alter_sequence_action(catalog: Catalog, sequence: Sequence, action: Action) -> Catalog:
    """One action of ALTER SEQUENCE that is no option: SET LOGGED, OWNER TO."""
    if isinstance(action, ast.SetPersistence):
        sequence = replace(sequence, persistence="p" if action.logged else "u")
    elif isinstance(action, ast.OwnerTo):
        sequence = replace(sequence, owner=action.role)
    return catalog.having("sequences", sequence.name, sequence)
