"""The state after a statement: catalog, settings, locks held, what the transaction has made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migsafe.catalog import Catalog, Enum, Table
from migsafe.effects import dml
from migsafe.effects.model import Effects
from migsafe.fold.once import Change, changed
from migsafe.locks import LockMode
from migsafe.names import Name
from migsafe.session import Session, Transaction
from migsafe.sql import ast
from migsafe.values import replace

_KINDS = ("tables", "indexes", "views", "sequences")
_MOVES = (ast.Rename, ast.SetSchema)
_WRITES = (ast.Insert, ast.Update, ast.Delete, ast.Merge, ast.Copy)
_SETTINGS = frozenset((ast.Set, ast.Prepare, ast.Deallocate))
_ROWS = frozenset((ast.SetConstraints, ast.DeclareCursor, ast.CloseCursor, *_WRITES))


def begin(session: Session) -> Session:
    """*session* with an open transaction; one that is open already goes on."""
    if session.transaction is not None:
        return session
    return replace(session, transaction=Transaction(savepoints=((None, session),)))


def commit(session: Session) -> Session:
    """*session* after COMMIT: its settings but the local ones stay, its locks are gone."""
    catalog = session.catalog
    if "search_path" in session.local_settings and session.transaction is not None:
        before = session.transaction.savepoints[0][1] if session.transaction.savepoints else session
        catalog = replace(catalog, search_path=before.catalog.search_path)
    if session.transaction is None and not session.local_settings:
        return session
    return replace(session, catalog=catalog, local_settings={}, transaction=None)


def rollback(session: Session) -> Session:
    """*session* as it was before its transaction."""
    if session.transaction is None or not session.transaction.savepoints:
        return replace(session, local_settings={}, transaction=None)
    return session.transaction.savepoints[0][1]


def advance(
    session: Session, statement: ast.Statement, effects: Effects, *, autocommit: bool = False
) -> Session:
    """The state after *statement*, which had *effects*, in the state *session*.

    Without an open transaction one begins, unless *autocommit* ends it with the statement. A
    statement that is certain to fail leaves everything as it was.
    """
    if isinstance(statement, ast.TransactionControl):
        return _control(session, statement)
    if effects.fails is not None and effects.fails.certain:
        return session
    if type(statement) in _SETTINGS:
        session = _with_settings(session, statement)
    if isinstance(statement, ast.Execute) and statement.name in session.prepared:
        return advance(session, session.prepared[statement.name], effects, autocommit=autocommit)
    change = changed(session.catalog, statement)
    if autocommit and session.transaction is None:
        return replace(session, catalog=change.after)
    session = begin(session)
    transaction = session.transaction or Transaction()
    renames = _renames(change, statement)
    changes: dict[str, Any] = {
        **_made(transaction, change, renames),
        **_held(transaction, effects, renames),
    }
    transaction = replace(transaction, **changes) if changes else transaction
    if type(statement) in _ROWS:
        transaction = _with_rows(transaction, change.after, statement)
    return replace(session, catalog=change.after, transaction=transaction)


def _control(session: Session, statement: ast.TransactionControl) -> Session:
    if statement.kind == "BEGIN":
        return begin(session)
    if statement.kind in ("COMMIT", "ROLLBACK"):
        ended = commit(session) if statement.kind == "COMMIT" else rollback(session)
        return begin(ended) if statement.chain else ended
    transaction = session.transaction
    if transaction is None or statement.name is None:
        return session
    points = transaction.savepoints
    if statement.kind == "SAVEPOINT":
        points = (*points, (statement.name, session))
        return replace(session, transaction=replace(transaction, savepoints=points))
    at = next((i for i in reversed(range(len(points))) if points[i][0] == statement.name), None)
    if at is None:
        return session
    if statement.kind == "RELEASE":
        return replace(session, transaction=replace(transaction, savepoints=points[:at]))
    before = points[at][1]
    kept = replace(before.transaction or Transaction(), savepoints=points[: at + 1])
    return replace(before, transaction=kept)


def _with_settings(session: Session, statement: ast.Statement) -> Session:
    """*session* with what SET has set, and the statements that PREPARE has named."""
    if isinstance(statement, ast.Set):
        return _set(session, statement)
    if isinstance(statement, ast.Prepare):
        return replace(session, prepared={**session.prepared, statement.name: statement.nested})
    if isinstance(statement, ast.Deallocate):
        left = {k: v for k, v in session.prepared.items() if statement.name not in (None, k)}
        return replace(session, prepared=left)
    return session


def _set(session: Session, statement: ast.Set) -> Session:
    if statement.name is None:
        return replace(session, settings={}, local_settings={})
    settings = dict(session.local_settings if statement.local else session.settings)
    if statement.reset or not statement.values:
        settings.pop(statement.name, None)
    else:
        settings[statement.name] = ", ".join(statement.values)
    if statement.local:
        return replace(session, local_settings=settings)
    return replace(session, settings=settings)


def _renames(change: Change, statement: ast.Statement) -> dict[Name, Name]:
    """By old name, the new name of what *statement* has renamed or moved."""
    if isinstance(statement, ast.AlterTable):
        return _adopted(change.before, statement)
    renames: dict[Name, Name] = {}
    if isinstance(statement, _MOVES):
        for kind in (*_KINDS, "types"):
            gone, come = change.gone(kind), sorted(change.come(kind))
            if len(gone) == len(come):
                renames.update(zip(gone, come, strict=True))
    return renames


def _adopted(old: Catalog, statement: ast.AlterTable) -> dict[Name, Name]:
    """Indexes that got the name of the constraint they were made, by USING INDEX."""
    adopted: dict[Name, Name] = {}
    for action in statement.actions:
        if not isinstance(action, ast.AddConstraint) or not action.constraint.using_index:
            continue
        table, given = old.table(statement.name), action.constraint
        if table is not None:
            index = given.using_index or ""
            schema = table.name.schema
            adopted[Name(schema, index)] = Name(schema, given.name or index)
    return adopted


def _made(
    transaction: Transaction, change: Change, renames: dict[Name, Name]
) -> dict[str, frozenset[Any]]:
    """The relations, types and enum values that *transaction* has made, if there are others."""
    if not (renames or change.keys):
        return {}
    made, types = change.come(*_KINDS), change.come("types")
    values = set(_new_labels(change))
    if not (renames or made or types or values):
        return {}
    made.difference_update(renames.values())
    types.difference_update(renames.values())
    old = (transaction.new, transaction.new_types, transaction.new_values)
    if renames:
        old = (
            frozenset({renames.get(name, name) for name in transaction.new}),
            frozenset({renames.get(name, name) for name in transaction.new_types}),
            frozenset({(renames.get(e, e), label) for e, label in transaction.new_values}),
        )
    return {"new": old[0] | made, "new_types": old[1] | types, "new_values": old[2] | values}


def _new_labels(change: Change) -> Iterator[tuple[Name, str]]:
    for old, new in change.different("types"):
        are_enums = isinstance(old, Enum) and isinstance(new, Enum)
        if are_enums and len(new.labels) > len(old.labels):
            known = frozenset(old.labels)
            yield from ((new.name, label) for label in new.labels if label not in known)


def _held(
    transaction: Transaction, effects: Effects, renames: dict[Name, Name]
) -> dict[str, Mapping[Name, frozenset[LockMode]]]:
    """The locks that *transaction* holds, if there are others."""
    if not effects.locks and not renames:
        return {}
    if not renames:
        if not transaction.locks:
            return {"locks": effects.locks}
        joined = {name: transaction.locks.get(name, m) | m for name, m in effects.locks.items()}
        return {"locks": {**transaction.locks, **joined}}
    locks: dict[Name, frozenset[LockMode]] = {}
    for held in (transaction.locks, effects.locks):
        for name, modes in held.items():
            now = renames.get(name, name)
            locks[now] = locks.get(now, modes) | modes
    return {"locks": locks}


def _with_rows(transaction: Transaction, catalog: Catalog, statement: ast.Statement) -> Transaction:
    """*transaction* with the tables it has written, the checks it still owes, its cursors."""
    if isinstance(statement, ast.SetConstraints):
        names = frozenset(name.name for name in statement.names) or {"*"}
        if statement.deferred:
            return replace(transaction, deferred=transaction.deferred | names)
        still = frozenset() if "*" in names else transaction.deferred - names
        none: frozenset[Name] = frozenset()
        return replace(transaction, pending_events=none, possible_events=none, deferred=still)
    if isinstance(statement, ast.DeclareCursor):
        found = (catalog.relation(name) for name in getattr(statement.query, "reads", ()))
        cursor = (statement.name, frozenset(r.name for r in found if r is not None))
        return replace(transaction, cursors=(*transaction.cursors, cursor))
    if isinstance(statement, ast.CloseCursor):
        kept = tuple(c for c in transaction.cursors if statement.name not in (None, c[0]))
        return replace(transaction, cursors=kept)
    if not isinstance(statement, _WRITES) or statement.table is None:
        return transaction
    table = catalog.table(statement.table)
    if not isinstance(table, Table):
        return transaction
    events = list(dml.events(statement, table, catalog, transaction.deferred))
    certain = {table.name for _, is_certain in events if is_certain}
    return replace(
        transaction,
        written=transaction.written | {table.name},
        pending_events=transaction.pending_events | certain,
        possible_events=transaction.possible_events | ({table.name} if events else set()),
    )
