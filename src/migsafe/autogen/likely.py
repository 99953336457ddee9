"""Tables and columns that may only have got another name: said in the script, never done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops

from migsafe.autogen.convert import resolved, same
from migsafe.autogen.found import Found
from migsafe.autogen.operations import remarks
from migsafe.autogen.wanted import type_ref

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic.autogenerate.api import AutogenContext

    from migsafe.catalog import Column, Table


class RemarkOp(ops.MigrateOperation):
    """A comment in the script; *text* may have several lines, and the way back has none.

    It is no difference: to Alembic it is a container without operations (`OpContainer.as_diffs`),
    so that `compare_metadata` and `alembic check` speak of the schema alone.
    """

    ops: tuple[ops.MigrateOperation, ...] = ()

    def __init__(self, text: str):
        self.text = text

    def reverse(self) -> RemarkOp:
        """Nothing."""
        return RemarkOp("")


def likely_renames(state: Found, operations: Iterable[ops.MigrateOperation]) -> Iterator[RemarkOp]:
    """Yield a remark on each column, and each table, that another one takes the place of."""
    created, dropped = [], []
    for op in operations:
        if isinstance(op, ops.ModifyTableOps):
            yield from _columns(state, op)
        elif isinstance(op, ops.CreateTableOp):
            created.append(op.to_table())
        elif isinstance(op, ops.DropTableOp):
            dropped.append(state.catalog.tables.get(state.name(op.table_name, op.schema)))
    pairs = [(n, o) for n in created for o in dropped if o is not None and _alike(state, n, o)]
    for new, old in _unambiguous(pairs):
        name = state.written(old.name)
        former = name.name if name.schema == new.schema else f"{old.name.schema}.{name.name}"
        yield _remark(f"the table {new.fullname}", old.name.display(), former)


def _columns(state: Found, container: ops.ModifyTableOps) -> Iterator[RemarkOp]:
    table = state.catalog.tables.get(state.name(container.table_name, container.schema))
    if table is None:
        return
    added = [op.column for op in container.ops if isinstance(op, ops.AddColumnOp)]
    gone = {op.column_name for op in container.ops if isinstance(op, ops.DropColumnOp)}
    dropped = [column for column in table.columns if column.name in gone]
    pairs = [(new, old) for new in added for old in dropped if _same_type(state, new, old)]
    for new, old in _unambiguous(pairs):
        where = state.written(table.name).display()
        yield _remark(f"the column {where}.{new.name}", f"{where}.{old.name}", old.name)


def _unambiguous(pairs: list[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    for new, old in pairs:
        if sum(n is new or o is old for n, o in pairs) == 1:
            yield new, old


def _same_type(state: Found, new: sa.Column[Any], old: Column) -> bool:
    type_ = type_ref(new.type, state.dialect)
    if type_ is None or new.computed is not None or old.generated is not None:
        return False
    return same(state, resolved(state, type_), old.type)


def _alike(state: Found, new: sa.Table, old: Table) -> bool:
    columns = {str(column.name): column for column in new.columns}
    there = {column.name: column for column in old.columns}
    return columns.keys() == there.keys() and all(
        _same_type(state, column, there[name]) for name, column in columns.items()
    )


def _remark(what: str, old: str, former: str) -> RemarkOp:
    return RemarkOp(
        f"If {what} is {old} under another name, do not run this: {old} goes with all it holds.\n"
        f"Declare former_name {former!r} in the model's info, and write this revision again."
    )


@renderers.dispatch_for(RemarkOp)
def _render_remark(context: AutogenContext, op: RemarkOp) -> list[str]:
    return remarks(op.text)
