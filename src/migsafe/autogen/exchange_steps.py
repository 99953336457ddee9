"""The statements of an exchange: the new columns, what is built on them, the change of places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from migsafe.autogen.creation import commented, constraint_body, create_index, granted
from migsafe.autogen.exchange import Exchange, Plan, Twin
from migsafe.autogen.filling import FillOp, batch_key
from migsafe.autogen.numbering import Numbering, given, owned_sequences
from migsafe.autogen.operations import SqlOp
from migsafe.autogen.sequence_sql import bounds, counting_of
from migsafe.catalog import ConstraintKind
from migsafe.catalog import Sequence as NumberSequence
from migsafe.names import Name, quote_ident, quote_literal
from migsafe.pgtypes import TypeRef
from migsafe.sql.filling import filled
from migsafe.sql.online import (
    concurrently,
    constraint_dropped,
    fitting,
    index_dropped,
    key_of_index,
    validated,
)

_KEYS = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
# Types that have no `=`, so that nothing can prove two columns to be equal.
_INCOMPARABLE = frozenset({"json", "xml", "point", "polygon", "path", "box", "lseg", "line"})


def expanded(plan: Plan, *, apart: bool = False) -> Iterator[SqlOp]:
    """Yield the new columns of each table, and the trigger that writes them from now on.

    With *apart*, no transaction is to hold the locks of several tables.
    """
    for name, exchanges in plan.tables.items():
        table, sync = plan.state.written(name), _sync(name, exchanges)
        function = plan.state.written(Name(name.schema, sync))
        columns = [(quote_ident(each.new), each) for each in exchanges]
        values = " ".join(_assigned(each) for each in exchanges)
        yield SqlOp(
            f"new columns of {name.display()}",
            [
                *(
                    f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {new} {each.written}"
                    for new, each in columns
                ),
                f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql "
                f"AS $$ BEGIN {values} RETURN NEW; END $$",
                f"CREATE OR REPLACE TRIGGER {quote_ident(sync)} BEFORE INSERT OR UPDATE "
                f"ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
            ],
            [
                *_unsynced(plan, name, exchanges),
                *(f"ALTER TABLE {table} DROP COLUMN IF EXISTS {new}" for new, _ in columns),
            ],
            slow=apart,
        )


def _assigned(each: Exchange) -> str:
    """The new value of a row in PL/pgSQL; none so far, where the old one does not fit."""
    new, old = f"NEW.{quote_ident(each.new)}", f"NEW.{quote_ident(each.column.name)}"
    assigned = f"{new} := {old}{each.cast};"
    if each.always_fits:
        return assigned
    return f"BEGIN {assigned} EXCEPTION WHEN data_exception THEN {new} := NULL; END;"


def _sync(table: Name, exchanges: Sequence[Exchange]) -> str:
    """The name of trigger and function; triggers run by name, and this one is to be the last."""
    return fitting(f"zz_{table.name}_{exchanges[0].column.name}", "_sync")


def _unsynced(plan: Plan, name: Name, exchanges: Sequence[Exchange]) -> Iterator[str]:
    sync = _sync(name, exchanges)
    table = plan.state.written(name)
    yield f"DROP TRIGGER IF EXISTS {quote_ident(sync)} ON {table}"
    yield f"DROP FUNCTION IF EXISTS {plan.state.written(Name(name.schema, sync))}()"


def built(plan: Plan) -> Iterator[SqlOp]:
    """Yield what fills the new columns and builds on them, each step to be committed by itself."""
    for name, exchanges in plan.tables.items():
        yield FillOp(f"fill {name.display()}", [_filled(plan, name, exchanges)], ())
    twins = sorted(plan.twins, key=lambda twin: twin.index is None)
    for twin in twins:
        yield SqlOp(f"build {twin.name}", list(_built(plan, twin)), list(_unbuilt(plan, twin)))
    for name, exchanges in plan.tables.items():
        table = plan.state.written(name)
        for each in exchanges:
            for proof, condition in _proofs(each):
                quoted = quote_ident(proof)
                yield SqlOp(
                    f"prove {each.new}",
                    [
                        constraint_dropped(table, proof),
                        f"ALTER TABLE {table} ADD CONSTRAINT {quoted} CHECK ({condition}) "
                        "NOT VALID",
                        validated(table, proof),
                    ],
                    [constraint_dropped(table, proof)],
                )
        yield SqlOp("", [f"ANALYZE {table}"], ())


def _filled(plan: Plan, name: Name, exchanges: Sequence[Exchange]) -> str:
    values, missing = [], []
    for each in exchanges:
        old, new = f"t.{quote_ident(each.column.name)}", f"t.{quote_ident(each.new)}"
        values.append((each.new, f"{old}{each.cast}"))
        missing.append(f"{new} IS NULL AND {old} IS NOT NULL")
    condition = missing[0] if len(missing) == 1 else f"({' OR '.join(missing)})"
    key = batch_key(exchanges[0].table)
    return filled(plan.state.written(name), values, condition, key=key)


def _built(plan: Plan, twin: Twin) -> Iterator[str]:
    table = plan.state.written(twin.table)
    if twin.index is not None:
        renamed = replace(
            twin.index,
            name=Name(twin.index.name.schema, twin.temporary),
            table=table,
            comment=None,
        )
        yield index_dropped(plan.state.written(renamed.name))
        for sql in create_index(renamed):
            space = f" TABLESPACE {quote_ident(renamed.tablespace)}" if renamed.tablespace else ""
            head, where, condition = concurrently(sql), "", ""
            if space and renamed.predicate is not None:
                head, where, condition = head.rpartition(" WHERE ")
            yield f"{head}{space}{where}{condition}"
        return
    constraint = twin.constraint
    assert constraint is not None
    body = constraint_body(replace(constraint, validated=not constraint.enforced), None)
    quoted = quote_ident(twin.temporary)
    yield constraint_dropped(table, twin.temporary)
    yield f"ALTER TABLE {table} ADD CONSTRAINT {quoted} {body}"
    if constraint.validated and constraint.enforced:
        yield validated(table, twin.temporary)


def _unbuilt(plan: Plan, twin: Twin) -> Iterator[str]:
    if twin.index is not None:
        yield index_dropped(plan.state.written(Name(twin.table.schema, twin.temporary)))
    else:
        yield constraint_dropped(plan.state.written(twin.table), twin.temporary)


def _proofs(each: Exchange) -> Iterator[tuple[str, str]]:
    """Yield (name, condition) of the CHECKs that the exchange rests on."""
    new, old = quote_ident(each.new), quote_ident(each.column.name)
    label = f"{each.table.name.name}_{each.new}"
    if each.type.element.name.name not in _INCOMPARABLE:
        yield fitting(label, "_is_equal"), f"{new} IS NOT DISTINCT FROM {old}::{each.type}"
    if each.column.not_null:
        yield fitting(label, "_is_set"), f"{new} IS NOT NULL"


def exchanged(plan: Plan) -> Iterator[SqlOp]:
    """Yield the change of places, for one transaction; nothing in it reads a row."""
    aside = plan.aside()
    away = [a.drop for a in aside]
    for name, exchanges in plan.tables.items():
        away += _unsynced(plan, name, exchanges)
    for twin in plan.twins:
        if twin.constraint is not None and twin.index is None:
            away.append(constraint_dropped(plan.state.written(twin.table), twin.name))
    yield SqlOp("", away, ())
    for each in plan.exchanges:
        yield FillOp("", list(_moved(plan, each)), ())
    yield SqlOp("", [sql for twin in plan.twins for sql in _settled(plan, twin)], ())
    back = [sql for a in reversed(aside) for sql in a.create]
    if back:
        yield SqlOp("", back, ())


def _moved(plan: Plan, each: Exchange) -> Iterator[str]:
    """Yield what puts the new column in the place of the old one, with all that is its own."""
    table = plan.state.written(each.table.name)
    old, new = quote_ident(each.column.name), quote_ident(each.new)
    alter = f"ALTER TABLE {table} ALTER COLUMN {old}"
    sequence = owned_sequences(plan.state).get(each.key)
    numbered = sequence is not None and each.column.identity is not None
    if sequence is not None and not numbered:
        yield f"ALTER SEQUENCE {plan.state.written(sequence.name)} OWNED BY {table}.{new}"
    moves = [
        f"ALTER TABLE {table} DROP COLUMN {old}",
        f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}",
    ]
    if each.column.not_null:
        proof = fitting(f"{each.table.name.name}_{each.new}", "_is_set")
        moves += [f"{alter} SET NOT NULL", constraint_dropped(table, proof)]
    if sequence is not None and numbered:
        yield _renumbered(plan, each, sequence, moves)
    else:
        yield from moves
        if each.default is not None:
            yield f"{alter} SET DEFAULT {each.default}"
    column = each.column
    if column.statistics_target is not None:
        yield f"{alter} SET STATISTICS {column.statistics_target}"
    if column.options:
        options = ", ".join(f"{name} = {value}" for name, value in column.options)
        yield f"{alter} SET ({options})"
    yield from commented(f"COLUMN {table}.{old}", column.comment)
    yield from granted(f"TABLE {table}", column.acl, None, column.name)


def _renumbered(plan: Plan, each: Exchange, sequence: NumberSequence, moves: Sequence[str]) -> str:
    """Return *moves* with an identity column, whose sequence goes on where the old one was."""
    name = plan.state.written(sequence.name)
    numbering = Numbering(_of_type(sequence, each.type), each.column.identity)
    table = plan.state.written(each.table.name)
    added = next(given(table, each.column.name, numbering, None, plan.state))
    lines = [
        f"SELECT last_value, is_called INTO reached, used FROM {name}",
        *moves,
        added,
        f"PERFORM setval({quote_literal(str(name))}, reached, used)",
        *commented(f"SEQUENCE {name}", sequence.comment),
        *granted(f"SEQUENCE {name}", sequence.acl, sequence.owner),
    ]
    body = "".join(f"    {line};\n" for line in lines)
    return f"DO $$\nDECLARE\n    reached bigint;\n    used boolean;\nBEGIN\n{body}END\n$$"


def _of_type(sequence: NumberSequence, type_: TypeRef) -> NumberSequence:
    """Return *sequence* with the bounds of *type_*, where it has those of its own type."""
    counting = counting_of(sequence)
    low, high = bounds(counting.increment, type_)
    return replace(
        sequence,
        type=type_,
        minimum=low if counting.minimum is None else counting.minimum,
        maximum=high if counting.maximum is None else counting.maximum,
    )


def _settled(plan: Plan, twin: Twin) -> Iterator[str]:
    """Yield what gives a twin the name, and the part, of what it takes the place of."""
    table, name, temporary = (
        plan.state.written(twin.table),
        quote_ident(twin.name),
        quote_ident(twin.temporary),
    )
    index, constraint = twin.index, twin.constraint
    if index is not None and constraint is not None and constraint.kind in _KEYS:
        word = "PRIMARY KEY" if constraint.kind is ConstraintKind.PRIMARY_KEY else "UNIQUE"
        timing = (constraint.deferrable, constraint.deferred)
        yield key_of_index(table, constraint.name, word, twin.temporary, *timing)
    elif index is not None:
        space = plan.state.written(Name(twin.table.schema, twin.temporary))
        yield f"ALTER INDEX {space} RENAME TO {name}"
    else:
        yield f"ALTER TABLE {table} RENAME CONSTRAINT {temporary} TO {name}"
    if index is not None and index.comment is not None:
        where = plan.state.written(Name(twin.table.schema, twin.name))
        yield from commented(f"INDEX {where}", index.comment)
    if constraint is not None:
        yield from commented(f"CONSTRAINT {name} ON {table}", constraint.comment)
