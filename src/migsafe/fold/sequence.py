"""Sequences: CREATE and ALTER SEQUENCE, serial and identity columns."""

from __future__ import annotations

from migsafe.catalog import Catalog, Sequence
from migsafe.fold.naming import choose_relation, relation_exists
from migsafe.fold.refusal import Refused
from migsafe.fold.resolve import new_name
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql.ast import AlterSequence, CreateSequence, SequenceOptions
from migsafe.values import replace

_BITS = {"int2": 15, "int4": 31, "int8": 63}
PERSISTENCE = {"permanent": "p", "unlogged": "u", "temporary": "t"}


def _limits(ref: TypeRef) -> tuple[int, int]:
    bits = _BITS.get(ref.name.name, 63)
    return -(2**bits), 2**bits - 1


def _given(value: int | None, default: int) -> int:
    return default if value is None else value


def new_sequence(name: Name, options: SequenceOptions, ref: TypeRef | None = None) -> Sequence:
    """A sequence of *options*; *ref* is the type of the column it serves, if any."""
    kind = options.type or ref or TypeRef.builtin("int8")
    increment = _given(options.increment, 1)
    least, most = _limits(kind)
    minimum = _given(options.minvalue, 1 if increment > 0 else least)
    maximum = _given(options.maxvalue, most if increment > 0 else -1)
    start = _given(options.start, minimum if increment > 0 else maximum)
    if increment == 0 or not minimum <= start <= maximum:
        raise Refused(f"{name} cannot start with {start}")
    return Sequence(
        name=name,
        type=kind,
        start=start,
        increment=increment,
        minimum=minimum,
        maximum=maximum,
        cache=_given(options.cache, 1),
        cycle=bool(options.cycle),
    )


def changed(sequence: Sequence, options: SequenceOptions) -> Sequence:
    """*sequence* after ALTER SEQUENCE or SET of an identity column's options."""
    if options.type is not None and options.type != sequence.type:
        sequence = _retyped(sequence, options.type)
    least, most = _limits(sequence.type)
    increment = _given(options.increment, sequence.increment)
    minimum = _given(options.minvalue, sequence.minimum)
    maximum = _given(options.maxvalue, sequence.maximum)
    if options.no_minvalue:
        minimum = 1 if increment > 0 else least
    if options.no_maxvalue:
        maximum = most if increment > 0 else -1
    return replace(
        sequence,
        increment=increment,
        minimum=minimum,
        maximum=maximum,
        start=_given(options.start, sequence.start),
        cache=_given(options.cache, sequence.cache),
        cycle=sequence.cycle if options.cycle is None else options.cycle,
    )


def _retyped(sequence: Sequence, ref: TypeRef) -> Sequence:
    """Limits that were the old type's become the new type's (sequence.c, init_params)."""
    old, new = _limits(sequence.type), _limits(ref)
    minimum = new[0] if sequence.minimum == old[0] else sequence.minimum
    maximum = new[1] if sequence.maximum == old[1] else sequence.maximum
    return replace(sequence, type=ref, minimum=minimum, maximum=maximum)


def add_owned(
    catalog: Catalog,
    table: Name,
    column: str,
    ref: TypeRef,
    options: SequenceOptions,
    *,
    identity: bool,
    persistence: str = "p",
) -> tuple[Catalog, Sequence]:
    """The catalog with the sequence of a serial or identity column, and that sequence."""
    name = choose_relation(catalog, table, column, "seq")
    if options.sequence_name is not None:
        name = Name(options.sequence_name.schema or table.schema, options.sequence_name.name)
    sequence = replace(
        new_sequence(name, options, ref),
        owned_by=(table, column),
        identity=identity,
        persistence=persistence,
    )
    return catalog.having("sequences", name, sequence), sequence


def next_value(sequence: Name) -> str:
    """The default expression of a serial column."""
    text = str(sequence).replace("'", "''")
    return f"nextval('{text}'::regclass)"


def create_sequence(catalog: Catalog, statement: CreateSequence) -> Catalog:
    name = new_name(catalog, statement.name, statement.persistence)
    if relation_exists(catalog, name):
        if statement.if_not_exists:
            return catalog
        raise Refused(f"{name} exists")
    sequence = replace(
        new_sequence(name, statement.options), persistence=PERSISTENCE[statement.persistence]
    )
    return catalog.having("sequences", name, _owned(catalog, sequence, statement.options))


def alter_sequence(catalog: Catalog, statement: AlterSequence) -> Catalog:
    sequence = catalog.sequence(statement.name)
    if sequence is None:
        raise Refused(f"{statement.name} is no sequence")
    new = _owned(catalog, changed(sequence, statement.options), statement.options)
    return catalog.having("sequences", sequence.name, new)


def _owned(catalog: Catalog, sequence: Sequence, options: SequenceOptions) -> Sequence:
    if options.owned_by is None:
        return sequence
    if not options.owned_by:
        return replace(sequence, owned_by=None)
    name, column = options.owned_by
    table = catalog.table(name)
    if table is None or table.column(column) is None:
        raise Refused(f"{name} has no column {column}")
    return replace(sequence, owned_by=(table.name, column))
