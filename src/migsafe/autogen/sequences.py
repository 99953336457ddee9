"""`migsafe.sequences`: sequences that the metadata has by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops

from migsafe.autogen.enum_types import metadatas
from migsafe.autogen.found import Found, found
from migsafe.autogen.leaving import flat
from migsafe.autogen.numbering import NumberOp
from migsafe.autogen.operations import SqlOp
from migsafe.autogen.sequence_sql import counting_of, counting_wanted, create_sequence
from migsafe.autogen.wanted import default_text, type_ref
from migsafe.catalog import Sequence
from migsafe.names import Name
from migsafe.pgtypes import TypeRef

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class SequenceOp(SqlOp):
    """Create a sequence, or drop it: before everything that uses it, or after it."""

    def reverse(self) -> SequenceOp:
        """Drop it again."""
        return SequenceOp(f"undo: {self.title}", self.down, self.up)


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Add the operations on sequences to *upgrade_ops*."""
    state = found(context)
    wanted = dict(_wanted(context, state))
    before: list[ops.MigrateOperation] = []
    for name, sequence in sorted(wanted.items()):
        old = state.catalog.sequences.get(name)
        written = state.written(name)
        type_ = _type(state, sequence)
        counting = counting_wanted(sequence, type_)
        if old is None:
            options = " ".join([f"AS {type_}", *counting.options()])
            create = f"CREATE SEQUENCE IF NOT EXISTS {written} {options}"
            drop = f"DROP SEQUENCE IF EXISTS {written}"
            before.append(SequenceOp(f"create sequence {name.display()}", [create], [drop]))
        elif old.owned_by is None:
            before += _changed(written, old, type_, sequence)
    after = list(_dropped(state, set(wanted), upgrade_ops))
    upgrade_ops.ops[:] = [*before, *upgrade_ops.ops, *after]


def _wanted(context: AutogenContext, state: Found) -> Iterator[tuple[Name, sa.Sequence]]:
    for metadata in metadatas(context):
        for sequence in metadata._sequences.values():
            if not sequence.optional:
                yield state.name(sequence.name, sequence.schema), sequence


def _type(state: Found, sequence: sa.Sequence) -> TypeRef:
    given = type_ref(sequence.data_type, state.dialect) if sequence.data_type else None
    return given or TypeRef.builtin("int8")


def _changed(name: Name, old: Sequence, type_: TypeRef, sequence: Any) -> Iterator[SqlOp]:
    counts = counting_of(old), counting_wanted(sequence, type_)
    types = old.type, type_
    ways = []
    for before, after in ((0, 1), (1, 0)):
        changes = [f"AS {types[after]}"] if types[0] != types[1] else []
        changes += counts[after].changes(counts[before], types[after])
        ways.append([f"ALTER SEQUENCE {name} {' '.join(changes)}"] if changes else [])
    if any(ways):
        yield SqlOp(f"sequence {name} counts otherwise", ways[0], ways[1])


def _dropped(state: Found, wanted: set[Name], upgrade_ops: ops.UpgradeOps) -> Iterator[SequenceOp]:
    """Yield the drops of sequences that the last default to name them leaves."""
    leaving = _leaving(state, upgrade_ops)
    gone: set[tuple[Name | None, str | None]] = set()
    kept: set[tuple[Name | None, str | None]] = set()
    for table in state.catalog.tables.values():
        for column in table.columns:
            if column.default is not None and column.default.startswith("nextval('"):
                name = _named(column.default)
                leaves = (table.name, column.name) in leaving
                (gone if leaves else kept).add((name, table.owner))
    for name, sequence in sorted(state.catalog.sequences.items()):
        free = sequence.owned_by is None and name not in wanted
        if free and (name, sequence.owner) in gone and name not in {n for n, _ in kept}:
            written = state.written(name)
            yield SequenceOp(
                f"drop sequence {name.display()}",
                [f"DROP SEQUENCE IF EXISTS {written}"],
                list(create_sequence(written, sequence)),
            )


def _named(default: str) -> Name | None:
    text = default.removeprefix("nextval('").split("'::regclass", 1)[0].replace("''", "'")
    try:
        return Name.parse(text)
    except ValueError:
        return None


def _leaving(state: Found, upgrade_ops: ops.UpgradeOps) -> set[tuple[Name, str]]:
    """Return the columns that are dropped, get another default, or other numbers."""
    gone = set()
    for op in flat(upgrade_ops.ops):
        if isinstance(op, ops.DropTableOp):
            table = state.catalog.tables.get(state.name(op.table_name, op.schema))
            gone |= {(table.name, c.name) for c in table.columns} if table is not None else set()
        elif isinstance(op, ops.DropColumnOp):
            gone.add((state.name(op.table_name, op.schema), str(op.column_name)))
        elif isinstance(op, NumberOp):
            gone.add(op.column)
        elif isinstance(op, ops.AlterColumnOp) and op.modify_server_default is not False:
            text = default_text(op.modify_server_default, state.dialect) or ""
            if not text.startswith("nextval("):
                gone.add((state.name(op.table_name, op.schema), str(op.column_name)))
    return gone
