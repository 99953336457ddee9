"""Folds one statement, by its class, and the statements inside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from migsafe.catalog import Catalog, Table, TableKind, View
from migsafe.fold import (
    comment,
    composite,
    objects,
    routine,
    rows,
    sequence,
    statistics,
    types,
    view,
)
from migsafe.fold.alter import alter_table
from migsafe.fold.alter_other import mark_clustered, parts_of
from migsafe.fold.drop import drop, drop_owned
from migsafe.fold.index import create_index
from migsafe.fold.refusal import Refused
from migsafe.fold.rename import rename, set_schema
from migsafe.fold.table import create_table
from migsafe.names import Name, quote_literal
from migsafe.sql import ast, parse
from migsafe.sql.ast import Statement
from migsafe.sql.flow import Place, follow
from migsafe.values import replace

Fold = Callable[[Catalog, Any], Catalog]


def fold(catalog: Catalog, statement: Statement) -> Catalog:
    """What *catalog* is after *statement*.

    A statement that PostgreSQL surely refuses leaves it unchanged. Where a statement cannot be
    known, its table says so (`Table.unknown`), or the catalog does (`Catalog.gaps`) when not even
    the name of what it touches can be known. Rolling back is not folded: see `migsafe.session`.
    """
    handler = _HANDLERS.get(type(statement))
    try:
        if handler is not None:
            return handler(catalog, statement)
        return _inside(catalog, statement)
    except Refused:
        return catalog


def fold_all(catalog: Catalog, statements: Iterable[Statement]) -> Catalog:
    """*catalog* after *statements*, one after the other."""
    for statement in statements:
        catalog = fold(catalog, statement)
    return catalog


def _inside(catalog: Catalog, statement: Statement) -> Catalog:
    """The data-changing queries in the WITH of a statement that changes nothing by itself."""
    return fold_all(catalog, getattr(statement, "writes", ()))


def _writing(handler: Fold) -> Fold:
    """A *handler* for a statement whose WITH may write too."""

    def folded(catalog: Catalog, statement: Any) -> Catalog:
        return handler(_inside(catalog, statement), statement)

    return folded


def _do(catalog: Catalog, statement: ast.Do) -> Catalog:
    """A DO block whose statements are static; conditions are taken to hold."""
    catalog, _ = follow(statement.nested, statement.sections, catalog, _step)
    if statement.unknown is not None:
        return catalog.with_gap(f"DO block: {statement.unknown}")
    return catalog


def _step(catalog: Catalog, parsed: ast.Parsed, place: Place) -> tuple[Catalog, str | None]:
    """One statement of a body; when it is refused, the first handler around it is for that."""
    handler = _HANDLERS.get(type(parsed.statement), _inside)
    try:
        return handler(catalog, parsed.statement), None
    except Refused:
        conditions = place.handlers[0].conditions if place.handlers else ()
        return catalog, next(iter(conditions), None)


def _unrecognised(catalog: Catalog, statement: ast.Unrecognised) -> Catalog:
    return catalog.with_gap(f"statement not understood: {statement.why}")


def _explain(catalog: Catalog, statement: ast.Explain) -> Catalog:
    return fold(catalog, statement.nested) if statement.analyze else catalog


def _cluster(catalog: Catalog, statement: ast.Cluster) -> Catalog:
    table = catalog.relation(statement.table) if statement.table else None
    if not isinstance(table, Table | View) or statement.index is None:
        return catalog
    chosen = Name(table.name.schema, statement.index)
    if isinstance(table, View) or table.kind is not TableKind.PARTITIONED:
        return mark_clustered(catalog, table.name, chosen)
    for name in parts_of(catalog, chosen):
        catalog = mark_clustered(catalog, catalog.indexes[name].table, name)
    return catalog


def _call(catalog: Catalog, statement: ast.Call) -> Catalog:
    """A procedure of the user's does what its body says, if that can be read."""
    known = catalog.functions_named(statement.procedure)
    if not known and not catalog.gaps:
        raise Refused(f"{statement.procedure} does not exist")
    if len(known) == 1 and known[0].body is not None and known[0].language == "sql":
        return fold_all(catalog, (parsed.statement for parsed in parse(known[0].body)))
    if len(known) == 1 and known[0].body is not None and known[0].language == "plpgsql":
        text = f"DO LANGUAGE plpgsql {quote_literal(known[0].body)}"
        read = [parsed.statement for parsed in parse(text)]
        if len(read) == 1 and isinstance(read[0], ast.Do) and not known[0].arguments:
            return _do(catalog, read[0])
    return catalog.with_gap(f"CALL {statement.procedure}: what the procedure does is not known")


def _create_schema(catalog: Catalog, statement: ast.CreateSchema) -> Catalog:
    return objects.create_schema(catalog, statement, fold)


def _reindex(catalog: Catalog, statement: ast.Reindex) -> Catalog:
    """A rebuilt index is valid, whatever it was."""
    index = catalog.index(statement.name) if statement.name and statement.kind == "INDEX" else None
    if index is None or index.valid:
        return catalog
    return catalog.with_index(replace(index, valid=True))


_HANDLERS: dict[type[Statement], Fold] = {
    ast.AddEnumValue: types.add_value,
    ast.AlterDomain: types.alter_domain,
    ast.AlterExtension: objects.alter_extension,
    ast.AlterFunction: routine.alter_function,
    ast.AlterPolicy: routine.alter_policy,
    ast.AlterPublication: objects.alter_publication,
    ast.AlterSequence: sequence.alter_sequence,
    ast.AlterStatistics: statistics.alter_statistics,
    ast.AlterTable: alter_table,
    ast.Call: _call,
    ast.Cluster: _cluster,
    ast.CommentOn: comment.comment_on,
    ast.Copy: _writing(rows.copy),
    ast.CreateAggregate: routine.create_aggregate,
    ast.CreateComposite: composite.create_composite,
    ast.CreateDomain: types.create_domain,
    ast.CreateEnum: types.create_enum,
    ast.CreateExtension: objects.create_extension,
    ast.CreateFunction: routine.create_function,
    ast.CreateIndex: create_index,
    ast.CreatePolicy: routine.create_policy,
    ast.CreatePublication: objects.create_publication,
    ast.CreateRange: types.create_range,
    ast.CreateRule: routine.create_rule,
    ast.CreateSchema: _create_schema,
    ast.CreateSequence: sequence.create_sequence,
    ast.CreateStatistics: statistics.create_statistics,
    ast.CreateTable: create_table,
    ast.CreateTableAs: _writing(view.create_table_as),
    ast.CreateTrigger: routine.create_trigger,
    ast.CreateView: view.create_view,
    ast.Delete: _writing(rows.delete),
    ast.Do: _do,
    ast.Drop: drop,
    ast.DropOwned: drop_owned,
    ast.Explain: _explain,
    ast.Insert: _writing(rows.insert),
    ast.Merge: _writing(rows.merge),
    ast.RefreshMatView: view.refresh,
    ast.Reindex: _reindex,
    ast.Rename: rename,
    ast.RenameEnumValue: types.rename_value,
    ast.Select: _writing(objects.select),
    ast.Set: objects.set_setting,
    ast.SetOwner: objects.set_owner,
    ast.SetSchema: set_schema,
    ast.Truncate: rows.truncate,
    ast.Unrecognised: _unrecognised,
    ast.Utility: objects.create_utility,
}
