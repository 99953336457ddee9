"""CREATE VIEW, TABLE AS and SEQUENCE, and renaming or moving relations."""

from __future__ import annotations

from migsafe.catalog import Index, Sequence, Table, View
from migsafe.effects import reading
from migsafe.effects.existing import check_object
from migsafe.effects.functions import check_calls
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ACCESS_SHARE,
    EXCLUSIVE,
    ROW_EXCLUSIVE,
    SHARE_ROW_EXCLUSIVE,
    SHARE_UPDATE_EXCLUSIVE,
    Ledger,
)
from migsafe.effects.lock_level import lock_level
from migsafe.effects.options import check_table_options, check_view_options
from migsafe.effects.places import check_schema, is_taken
from migsafe.effects.queried import check_mentions
from migsafe.effects.storage import is_owner
from migsafe.fold import fold
from migsafe.fold.query import analyse
from migsafe.fold.refusal import Refused
from migsafe.names import Name
from migsafe.sql import ast, parse


def create_table_as(statement: ast.CreateTableAs, ledger: Ledger) -> None:
    """CREATE TABLE AS and CREATE MATERIALIZED VIEW: reads what its query reads."""
    if is_taken(
        statement.name, statement.persistence, ledger, if_not_exists=statement.if_not_exists
    ):
        reading.read_all(statement.reads, ledger, planned=False)
        return
    check_mentions(statement.mentions, ledger)
    _check_titles(statement, ledger)
    check_table_options(statement.options, ledger)
    match [parsed.statement for parsed in parse(statement.query.sql)]:
        case [ast.Select() as query]:
            where, limited = query.where, query.limited
        case _:
            where, limited = None, False
    reading.read_all(
        statement.reads, ledger, planned=statement.with_data, where=where, limited=limited
    )
    reading.call_all(statement.calls, ledger)


def create_view(statement: ast.CreateView, ledger: Ledger) -> None:
    """CREATE VIEW: looks at what it reads; replacing one stops its readers."""
    existing = ledger.catalog.relation(ledger.catalog.qualify(statement.name))
    replaced = existing if statement.or_replace else None
    if replaced is None:
        is_taken(statement.name, statement.persistence, ledger, if_not_exists=False)
    elif statement.persistence != "temporary":
        if not isinstance(replaced, View) or replaced.materialized:
            ledger.refuse("42809", f"{replaced.name.display()} is not a view")
        ledger.lock(replaced.name, ACCESS_EXCLUSIVE)
    check_view_options(statement.options, ledger)
    reading.read_all(statement.reads, ledger, planned=False)
    check_mentions(statement.mentions, ledger)
    check_calls(statement.calls, ledger)
    if existing is None:
        _check_titles(statement, ledger)
    if isinstance(existing, View) and not existing.materialized:
        _check_columns(existing, statement, ledger)


def _folded(statement: ast.CreateView, ledger: Ledger) -> View | None:
    """The view that *statement* makes, as if none of its name were there."""
    name = ledger.catalog.qualify(statement.name)
    return fold(ledger.catalog.lacking("views", name), statement).views.get(name)


def _check_titles(statement: ast.CreateView | ast.CreateTableAs, ledger: Ledger) -> None:
    """No two columns have one name, as far as the names can be told."""
    try:
        answer = analyse(ledger.catalog, statement.query.sql)
    except Refused:
        return  # what it reads is not there, which is found out elsewhere
    found = [column.name for column in answer.columns]
    names = [*statement.columns, *found[len(statement.columns) :]] if answer.complete else []
    for name in sorted({name for name in names if names.count(name) > 1}):
        ledger.refuse("42701", f"column {name} of {statement.name.display()} is there twice")


def _check_columns(existing: View, statement: ast.CreateView, ledger: Ledger) -> None:
    """OR REPLACE may only add columns at the end (checkViewColumns)."""
    view = _folded(statement, ledger)
    if view is None or not view.columns or not existing.columns:
        return
    label = existing.name.display()
    if len(view.columns) < len(existing.columns):
        ledger.refuse("42P16", f"columns of view {label} cannot be dropped by OR REPLACE")
    for (old, old_type), (new, new_type) in zip(existing.columns, view.columns, strict=False):
        if old != new:
            ledger.refuse("42P16", f"column {old} of view {label} cannot become {new}")
        if old_type != new_type:
            ledger.refuse("42P16", f"column {old} of view {label} cannot change its type")


def refresh(statement: ast.RefreshMatView, ledger: Ledger) -> None:
    """REFRESH MATERIALIZED VIEW: nobody reads it meanwhile, unless CONCURRENTLY."""
    view = ledger.relation(statement.name)
    if view is not None and not (isinstance(view, View) and view.materialized):
        sqlstate = "0A000" if isinstance(view, Table) else "42809"
        ledger.refuse(sqlstate, f"{view.name.display()} is not a materialized view")
    if not isinstance(view, View):
        return
    ledger.lock(view.name, _LOCK_OF_REFRESH[statement.concurrently])
    if statement.concurrently:
        if not any(i.unique and i.predicate is None for i in ledger.catalog.indexes_of(view.name)):
            why = f"{view.name.display()} has no unique index to refresh it concurrently"
            ledger.refuse("55000", why)
        ledger.lock(view.name, ACCESS_SHARE, ROW_EXCLUSIVE)
        ledger.lock_indexes(view.name, ACCESS_SHARE, ROW_EXCLUSIVE)
        ledger.scan(view)
    else:
        reading.replace_contents(view, ledger, filled=statement.with_data)
    if statement.with_data:
        reading.read_all(sorted({name for name, _ in view.uses}), ledger)


def alter_view(view: View, statement: ast.AlterTable, ledger: Ledger) -> None:
    """ALTER VIEW and ALTER MATERIALIZED VIEW: most actions stop its readers."""
    mode = lock_level(statement.actions) if view.materialized else ACCESS_EXCLUSIVE
    ledger.lock(view.name, mode)
    names = {name for name, _ in view.columns}
    for action in statement.actions:
        column = getattr(action, "column", None)
        if isinstance(column, str) and names and column not in names:
            ledger.refuse("42703", f"column {view.name.display()}.{column} does not exist")
        if isinstance(action, ast.SetTablespace) and view.materialized:
            if action.tablespace != (view.tablespace or "pg_default"):
                ledger.rewrite(view.name)
        elif isinstance(action, ast.OwnerTo) and not is_owner(ledger, view.owner, action.role):
            ledger.lock_indexes(view.name, ACCESS_EXCLUSIVE)
        elif isinstance(action, ast.SetOptions):
            check = check_table_options if view.materialized else check_view_options
            check(action.options, ledger)
        elif isinstance(action, ast.ClusterOn):
            index = ledger.catalog.indexes.get(Name(view.name.schema, action.index))
            if index is None or index.table != view.name:
                ledger.refuse("42704", f"index {action.index} does not exist")
            else:
                ledger.lock_index(index, SHARE_UPDATE_EXCLUSIVE)


def create_sequence(statement: ast.CreateSequence, ledger: Ledger) -> None:
    """CREATE SEQUENCE: felt only by the table that owns it."""
    if not is_taken(
        statement.name, statement.persistence, ledger, if_not_exists=statement.if_not_exists
    ):
        _check_options(statement.options, ledger)
        _own(statement.options, ledger)


def _check_options(options: ast.SequenceOptions, ledger: Ledger) -> None:
    """Refuse numbers that no sequence has (init_params)."""
    type_ = options.type.name.name if options.type is not None else "int8"
    bits = {"int2": 15, "int4": 31, "int8": 63}.get(type_)
    if bits is None:
        ledger.refuse("22023", f"a sequence is of smallint, integer or bigint, not {type_}")
        return
    low, high = options.minvalue, options.maxvalue
    reasons = (
        (options.increment == 0, "INCREMENT 0"),
        (options.cache is not None and options.cache < 1, f"CACHE {options.cache}"),
        (low is not None and high is not None and low >= high, "MINVALUE above MAXVALUE"),
        (high is not None and high >= 2**bits, f"MAXVALUE {high}"),
        (low is not None and options.start is not None and options.start < low, "START"),
        (high is not None and options.start is not None and options.start > high, "START"),
    )
    for applies, what in reasons:
        if applies:
            ledger.refuse("22023", f"no sequence of {type_} has {what}")


def alter_sequence(statement: ast.AlterSequence, ledger: Ledger) -> None:
    """ALTER SEQUENCE: whoever draws from it waits until the end of the transaction."""
    sequence = ledger.relation(statement.name, if_exists=statement.if_exists)
    if sequence is not None and not isinstance(sequence, Sequence):
        ledger.refuse("42809", f"{sequence.name.display()} is not a sequence")
    if not isinstance(sequence, Sequence):
        return
    _check_options(statement.options, ledger)
    ledger.lock(sequence.name, ROW_EXCLUSIVE, SHARE_ROW_EXCLUSIVE)
    only_owner = ast.SequenceOptions(owned_by=statement.options.owned_by)
    if statement.options != only_owner:
        ledger.rewrite(sequence.name)
    if statement.options.owned_by is not None and sequence.identity:
        ledger.refuse("0A000", f"{sequence.name.display()} belongs to an identity column")
    _own(statement.options, ledger)


def alter_as_table(sequence: Sequence, statement: ast.AlterTable, ledger: Ledger) -> None:
    """OWNER TO and SET LOGGED of a sequence, which are actions of ALTER TABLE."""
    ledger.lock(sequence.name, ACCESS_EXCLUSIVE)
    for action in statement.actions:
        if isinstance(action, ast.OwnerTo) and sequence.owned_by is not None:
            owner = sequence.owned_by[0].display()
            ledger.refuse("0A000", f"{sequence.name.display()} has the owner of table {owner}")
        if isinstance(action, ast.SetPersistence) and ledger.major < 15:
            ledger.refuse("42809", f"{sequence.name.display()} is not a table")
        persistence = "p" if getattr(action, "logged", True) else "u"
        if isinstance(action, ast.SetPersistence) and sequence.persistence != persistence:
            ledger.lock(sequence.name, ROW_EXCLUSIVE)
            ledger.rewrite(sequence.name)


def _own(options: ast.SequenceOptions, ledger: Ledger) -> None:
    if options.owned_by:
        owner = ledger.relation(options.owned_by[0])
        if owner is not None:
            ledger.lock(owner.name, ACCESS_SHARE)
        name = options.owned_by[1]
        if isinstance(owner, Table) and owner.unknown is None and owner.column(name) is None:
            ledger.refuse("42703", f"column {owner.name.display()}.{name} does not exist")


_RELATIONS = (
    ast.ObjectKind.TABLE,
    ast.ObjectKind.FOREIGN_TABLE,
    ast.ObjectKind.VIEW,
    ast.ObjectKind.MATERIALIZED_VIEW,
    ast.ObjectKind.INDEX,
    ast.ObjectKind.SEQUENCE,
)


def set_schema(statement: ast.SetSchema, ledger: Ledger) -> None:
    """SET SCHEMA: a rename that stops all readers."""
    if statement.kind not in _RELATIONS:
        if not statement.if_exists:
            check_object(statement.kind, statement.target, ledger)
        check_schema(statement.schema, ledger)
        return
    relation = ledger.relation(statement.target.name, if_exists=statement.if_exists)
    if relation is None:
        return
    label = relation.name.display()
    if isinstance(relation, Index):
        ledger.refuse("42809", f"{label} is an index, and stays in the schema of its table")
        return
    if isinstance(relation, Sequence) and relation.owned_by is not None:
        ledger.refuse("0A000", f"{label} stays in the schema of the table that owns it")
    if statement.schema == "pg_temp":
        ledger.refuse("0A000", f"{label} cannot become temporary")
    check_schema(statement.schema, ledger)
    moved = Name(statement.schema, relation.name.name)
    if moved != relation.name and ledger.catalog.relation(moved) is not None:
        ledger.refuse("42P07", f"relation {moved.display()} exists already")
    ledger.lock(relation.name, ACCESS_EXCLUSIVE)
    if isinstance(relation, Table):
        for sequence in ledger.catalog.sequences_of(relation.name):
            ledger.lock(sequence.name, ACCESS_EXCLUSIVE)
    ledger.restrict("renamed", relation.name, new_name=f"{statement.schema}.{relation.name.name}")


_LOCK_OF_REFRESH = {False: ACCESS_EXCLUSIVE, True: EXCLUSIVE}
