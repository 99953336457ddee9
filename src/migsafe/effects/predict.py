"""Predicts the effects of a statement from the catalog before it, without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from migsafe.catalog import Constraint, Trigger
from migsafe.effects import (
    alter_table,
    create_table,
    dml,
    dropping,
    indexes,
    maintenance,
    object_commands,
    objects,
    reading,
    referential,
    relations,
    renaming,
    types,
)
from migsafe.effects.advance import advance, begin
from migsafe.effects.ledger import ACCESS_SHARE, ROW_SHARE, Ledger, Refused
from migsafe.effects.model import Effects, Failure
from migsafe.session import Session
from migsafe.sql import ast, since
from migsafe.sql.flow import Place, follow
from migsafe.values import replace

Statement = ast.Statement


def predict(statement: Statement, session: Session, *, major: int | None = None) -> Effects:
    """Say what *statement* will do to other sessions when it runs in the state *session*.

    *major* is the PostgreSQL version to predict for, the catalog's own by default. A statement
    that is certain to fail has no other effect; what depends on rows that nobody knows is a
    possible failure. Nothing is raised: what cannot be said is in `Effects.unknown`.
    """
    version = major if major is not None else session.catalog.major
    ledger = Ledger(session, version, _nested)
    try:
        _check_syntax(statement, version)
        handler = _HANDLERS.get(type(statement))
        if handler is not None:
            handler(statement, ledger)
    except Refused as refused:
        return Effects(fails=refused.failure, transaction=ledger.need)
    return ledger.effects()


def run(
    statements: Iterable[Statement], session: Session, *, autocommit: bool = False
) -> Iterator[tuple[Statement, Effects, Session]]:
    """Yield each statement with its effects and the state before it, one after the other.

    They run in one transaction unless *autocommit* (or the statements themselves) say otherwise.
    """
    for statement in statements:
        if session.transaction is None and not autocommit:
            session = begin(session)
        effects = predict(statement, session)
        yield statement, effects, session
        session = advance(session, statement, effects, autocommit=autocommit)


def _check_syntax(statement: Statement, major: int) -> None:
    minimum, what = since(statement)
    if major < minimum:
        why = f"PostgreSQL {major} does not know {what}, which came with {minimum}"
        raise Refused(Failure("42601", why))


def _nested(statements: Iterable[Statement], ledger: Ledger) -> None:
    """Statements inside another one: they share its transaction, and see each other's work."""
    session = replace(ledger.session, catalog=ledger.catalog)
    if session.transaction is None:
        session = begin(session)
    for statement in statements:
        effects = predict(statement, session, major=ledger.major)
        ledger.absorb(effects)
        session = advance(session, statement, effects)


def _do(statement: ast.Do, ledger: Ledger) -> None:
    session = replace(ledger.session, catalog=ledger.catalog)
    for _, effects, _ in run_inside(statement, session, major=ledger.major):
        ledger.absorb(effects)
    if statement.unknown is not None:
        ledger.not_known(statement.unknown)


Ran = tuple[ast.Parsed, Effects, Session]
_State = tuple[Session, tuple[Ran, ...]]


def run_inside(statement: ast.Do, session: Session, *, major: int | None = None) -> tuple[Ran, ...]:
    """The statements of a DO block that run, each with its effects and the state before it.

    What an EXCEPTION handler undoes is not felt, and a branch that fails may be one not taken.
    """
    start: _State = (begin(session), ())
    sections = statement.sections
    (_, done), _ = follow(statement.nested, sections, start, partial(_step, major))
    return done


def _step(
    major: int | None, state: _State, parsed: ast.Parsed, place: Place
) -> tuple[_State, str | None]:
    session, before = state
    effects = predict(parsed.statement, session, major=major)
    after = advance(session, parsed.statement, effects)
    failure = effects.fails
    if failure is not None and place.catches(failure.sqlstate):
        if failure.certain and not place.conditional:
            return state, failure.sqlstate
        effects = replace(effects, fails=None)
    elif failure is not None and place.conditional:
        effects = replace(effects, fails=replace(failure, certain=False))
    done = (*before, (parsed, effects, session))
    certain = effects.fails is not None and effects.fails.certain
    return (after, done), failure.sqlstate if failure is not None and certain else None


def _call(statement: ast.Call, ledger: Ledger) -> None:
    procedures = ledger.catalog.functions_named(statement.procedure)
    if procedures:
        reading.run_body(procedures[0], ledger)
    else:
        ledger.not_known(f"what procedure {statement.procedure} does is not known")


def _explain(statement: ast.Explain, ledger: Ledger) -> None:
    if statement.analyze:
        ledger.nested((statement.nested,))
    else:
        dml.plan(statement.nested, ledger)
        reads = getattr(statement.nested, "reads", ())
        reading.read_all(reads, ledger, limited=True)


def _declare(statement: ast.DeclareCursor, ledger: Ledger) -> None:
    if not statement.hold:
        ledger.inside_transaction("DECLARE CURSOR")
    mode = ROW_SHARE if getattr(statement.query, "locking", ()) else ACCESS_SHARE
    reading.read_all(getattr(statement.query, "reads", ()), ledger, mode=mode, limited=True)


def _control(statement: ast.TransactionControl, ledger: Ledger) -> None:
    if statement.kind in ("SAVEPOINT", "RELEASE", "ROLLBACK TO"):
        ledger.inside_transaction(statement.kind)
    known = {name for name, _ in ledger.transaction.savepoints}
    if statement.kind in ("RELEASE", "ROLLBACK TO") and statement.name not in known:
        ledger.refuse("3B001", f"savepoint {statement.name} does not exist")


def _set_constraints(statement: ast.SetConstraints, ledger: Ledger) -> None:
    _check_deferrable(_last(statement), ledger)
    if statement.deferred:
        return
    for name in sorted(ledger.transaction.pending_events):
        table = ledger.catalog.tables.get(name)
        for key in table.constraints if table else ():
            if key.deferred and (not statement.names or key.name in _last(statement)):
                referential.look_up(key, ledger)


def _check_deferrable(names: set[str], ledger: Ledger) -> None:
    tables = ledger.catalog.tables.values()
    for name in sorted(names):
        found: list[Constraint | Trigger] = [c for t in tables for c in t.constraints]
        found += [trigger for t in tables for trigger in t.triggers if trigger.constraint]
        named = [each for each in found if each.name == name]
        if not named:
            ledger.refuse("42704", f"constraint {name} does not exist")
        if not any(each.deferrable for each in named):
            ledger.refuse("42809", f"constraint {name} is not deferrable")


def _last(statement: ast.SetConstraints) -> set[str]:
    return {name.name for name in statement.names}


def _utility(statement: ast.Utility, ledger: Ledger) -> None:
    if statement.refuses_transaction:
        ledger.outside_transaction(statement.tag)


def _unrecognised(statement: ast.Unrecognised, ledger: Ledger) -> None:
    if "not yet implemented" in statement.why:
        ledger.refuse("0A000", statement.why)
    if "not implemented" in statement.why:
        # The grammar of PostgreSQL 17 knows ALTER TYPE … DROP VALUE in order to say so.
        ledger.refuse("0A000" if ledger.major >= 17 else "42601", statement.why)
    if statement.why.startswith(("syntax error", "unterminated")):
        # The grammar is that of PostgreSQL 18, and knows what the older ones know.
        raise Refused(Failure("42601", statement.why))
    if "NUL character" in statement.why:
        raise Refused(Failure("22021", statement.why))
    ledger.not_known(statement.why)


def _execute(statement: ast.Execute, ledger: Ledger) -> None:
    """EXECUTE does what was prepared; a prepared statement outlives its transaction."""
    prepared = ledger.session.prepared.get(statement.name)
    if prepared is None:
        ledger.not_known(f"what prepared statement {statement.name} does is not known")
    else:
        ledger.nested((prepared,))


def _create_schema(statement: ast.CreateSchema, ledger: Ledger) -> None:
    if statement.name in ledger.catalog.schemas and not statement.if_not_exists:
        ledger.refuse("42P06", f"schema {statement.name} exists already")
    if (statement.name or "").startswith("pg_"):
        ledger.refuse("42939", f"schema {statement.name} has a name that is PostgreSQL's own")
    ledger.nested(statement.elements)


def _create_extension(statement: ast.CreateExtension, ledger: Ledger) -> None:
    if statement.name in ledger.catalog.extensions and not statement.if_not_exists:
        ledger.refuse("42710", f"extension {statement.name} exists already")


def _create_event_trigger(statement: ast.CreateEventTrigger, ledger: Ledger) -> None:
    for function in ledger.catalog.functions_named(statement.function):
        if function.returns not in (None, "event_trigger"):
            ledger.refuse("42P17", f"function {function.name} must return event_trigger")


_HANDLERS: dict[type[Statement], Callable[[Any, Ledger], None]] = {
    ast.AddEnumValue: types.add_value,
    ast.AlterDomain: types.alter_domain,
    ast.AlterExtension: object_commands.alter_extension,
    ast.AlterFunction: object_commands.check_target,
    ast.AlterPolicy: objects.change_policy,
    ast.AlterPublication: object_commands.create_publication,
    ast.AlterSequence: relations.alter_sequence,
    ast.AlterStatistics: object_commands.alter_statistics,
    ast.AlterTable: alter_table.alter,
    ast.Analyze: maintenance.analyze,
    ast.Call: _call,
    ast.Cluster: maintenance.cluster,
    ast.CommentOn: object_commands.comment,
    ast.Copy: dml.copy,
    ast.CreateComposite: types.create_type,
    ast.CreateDomain: types.create_type,
    ast.CreateEnum: types.create_type,
    ast.CreateEventTrigger: _create_event_trigger,
    ast.CreateExtension: _create_extension,
    ast.CreateFunction: objects.create_function,
    ast.CreateIndex: indexes.create_index,
    ast.CreatePolicy: objects.change_policy,
    ast.CreatePublication: object_commands.create_publication,
    ast.CreateRange: types.create_type,
    ast.CreateRule: objects.change_policy,
    ast.CreateSchema: _create_schema,
    ast.CreateSequence: relations.create_sequence,
    ast.CreateStatistics: object_commands.create_statistics,
    ast.CreateTable: create_table.create_table,
    ast.CreateTableAs: relations.create_table_as,
    ast.CreateTrigger: objects.create_trigger,
    ast.CreateView: relations.create_view,
    ast.DeclareCursor: _declare,
    ast.Delete: dml.delete,
    ast.Do: _do,
    ast.Drop: dropping.drop_objects,
    ast.DropOwned: objects.drop_owned,
    ast.Execute: _execute,
    ast.Explain: _explain,
    ast.Grant: object_commands.grant,
    ast.Insert: dml.insert,
    ast.Lock: maintenance.lock,
    ast.Merge: dml.merge,
    ast.Prepare: dml.prepare,
    ast.ReassignOwned: objects.reassign,
    ast.RefreshMatView: relations.refresh,
    ast.Reindex: indexes.reindex,
    ast.Rename: renaming.rename,
    ast.RenameEnumValue: types.rename_value,
    ast.Select: dml.select,
    ast.SetConstraints: _set_constraints,
    ast.SetOwner: object_commands.check_target,
    ast.SetSchema: relations.set_schema,
    ast.TransactionControl: _control,
    ast.Truncate: maintenance.truncate,
    ast.Unrecognised: _unrecognised,
    ast.Update: dml.update,
    ast.Utility: _utility,
    ast.Vacuum: maintenance.vacuum,
}
