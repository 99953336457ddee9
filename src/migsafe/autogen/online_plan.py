"""One direction of a script, taken apart: what is quick, and what is done while others work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from alembic.operations import ops

from migsafe.autogen import online_steps as steps
from migsafe.autogen.dependents import ColumnKey
from migsafe.autogen.enum_operations import CreateEnumOp
from migsafe.autogen.labels import ChangeLabelsOp, added_values
from migsafe.autogen.naming import CommentWithOp
from migsafe.autogen.online_columns import LockTimeoutOps, added, remarked, remarked_sql
from migsafe.autogen.operations import SqlOp
from migsafe.autogen.referencing import keyed_tables
from migsafe.autogen.renames import RenameOp
from migsafe.autogen.schemas import CreateSchemaOp
from migsafe.autogen.stretches import Stretch
from migsafe.catalog import TableKind
from migsafe.names import Name

if TYPE_CHECKING:
    from migsafe.autogen.found import Found


def rewritten(
    state: Found,
    operations: Sequence[ops.MigrateOperation],
    *,
    major: int,
    waiting: list[ops.AddColumnOp] | None = None,
    lock_timeout: str | None = None,
    reasons: Mapping[ColumnKey, str] | None = None,
) -> list[Any]:
    """Return *operations* in the order and the form in which they can run online.

    *major* is the oldest PostgreSQL they are for. The new columns that cannot be NOT NULL yet are
    put into *waiting*; without it they are added as they are. *lock_timeout* goes before the rest.
    *reasons* say why columns get another type in their place.
    """
    plan = Plan(state, operations, major, waiting, reasons=reasons or {})
    plan.sort(operations, plan.body)
    body: list[ops.MigrateOperation] = plan.body
    # What cannot be done stops the script before anything is committed.
    refused = [op for op in body if isinstance(op, ChangeLabelsOp) and op.refusal]
    renames = [op for op in body if isinstance(op, RenameOp)]
    types: list[ops.MigrateOperation] = []
    if plan.tail.steps:
        types = [op for op in body if _is_new_type(op)]
        body = [steps.repeatable(op) for op in body if op not in types]
    first, last = Stretch(), plan.tail
    for rename in renames:
        late = rename.last and bool(plan.tail.steps)
        early = not rename.last and bool(plan.tail.steps or plan.types.steps)
        if late or early:
            body = [op for op in body if not isinstance(op, RenameOp)]
            sql = SqlOp("rename", rename.repeatable(), ())
            (last if late else first).add(rename, [sql])
    for op in types:
        plan.types.add(op, [op])
    first = first.joined(plan.types).joined(plan.drops)
    rest = [op for op in body if op not in refused]
    if lock_timeout is not None and any(map(plan.may_block, rest)):
        rest.insert(0, LockTimeoutOps(lock_timeout))
    return [*refused, *first.blocks(lock_timeout), *rest, *last.blocks(lock_timeout)]


def _is_new_type(op: ops.MigrateOperation) -> bool:
    """Whether *op* makes what the last steps may need, and cannot be made in their transaction."""
    if isinstance(op, CreateEnumOp):
        return True
    return isinstance(op, CreateSchemaOp) and any(sql.startswith("CREATE") for sql in op.up)


@dataclass
class Plan:
    """One direction of a script, being taken apart."""

    state: Found
    operations: Sequence[ops.MigrateOperation]
    major: int
    waiting: list[ops.AddColumnOp] | None = None
    types: Stretch = field(default_factory=Stretch)
    drops: Stretch = field(default_factory=Stretch)
    body: list[ops.MigrateOperation] = field(default_factory=list)
    tail: Stretch = field(default_factory=Stretch)
    reasons: Mapping[ColumnKey, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        every = list(steps.flat(self.operations))
        self.fresh = {
            self.state.name(op.table_name, op.schema)
            for op in every
            if isinstance(op, (ops.CreateTableOp, ops.DropTableOp))
        }
        made = (op for op in every if isinstance(op, (ops.CreateIndexOp, *steps.ADDED)))
        # What depends on a column must be gone before the column gets another type.
        retypes = any(map(steps.retypes, every))
        # The unique index that such a key leans on can only go after it.
        self.left = {
            (
                self.state.name(back.referent_table, back.kw.get("referent_schema")),
                frozenset(back.remote_cols),
            )
            for op in every
            if isinstance(op, ops.DropConstraintOp)
            and isinstance(back := op._reverse, ops.CreateForeignKeyOp)
        }
        self.keyed = set(keyed_tables(self.state, every)) - self.fresh
        self.made = set() if retypes else {steps.identity(op) for op in made}

    def sort(
        self, operations: Sequence[ops.MigrateOperation], body: list[ops.MigrateOperation]
    ) -> None:
        """Put each of *operations* where it belongs, what stays in order into *body*."""
        for op in operations:
            if isinstance(op, ops.ModifyTableOps):
                kept = ops.ModifyTableOps(op.table_name, [], schema=op.schema)
                self.sort(op.ops, kept.ops)
                if kept.ops:
                    body.append(kept)
            elif isinstance(op, ChangeLabelsOp) and op.only_adds:
                self.types.add(op, [SqlOp(str(op.name), list(added_values(op)), [])])
            elif isinstance(op, SqlOp) and (op.slow or self._follows(op)):
                self.tail.add(op, [op])
            elif not self._taken(op):
                body.append(self._kept(op))

    def may_block(self, op: ops.MigrateOperation) -> bool:
        """Whether *op*, which stays in the transaction, locks what others use."""
        return any(
            not isinstance(one, (ops.CreateTableOp, CreateEnumOp, CreateSchemaOp))
            and self._table(one) not in self.fresh
            for one in steps.flat([op])
        )

    def _follows(self, op: SqlOp) -> bool:
        """Whether *op* is about a constraint that is created by one of the last steps."""
        return isinstance(op, CommentWithOp) and bool(op.up and self.tail.steps)

    def _kept(self, op: Any) -> ops.MigrateOperation:
        """Return *op* as it stays in the body; the rest of it comes later."""
        if isinstance(op, SqlOp):
            return remarked_sql(op, self.state, self.fresh)
        if not self._is_in_use(op, partitioned=True):
            return cast(ops.MigrateOperation, op)
        if not isinstance(op, ops.AddColumnOp):
            return remarked(op, self.state, self.reasons)
        column = added(op, self.state, major=self.major)
        if column is None:
            return remarked(op, self.state, {})
        if column.late and self.waiting is None:
            return op
        self.tail.steps += column.filling
        if column.late and self.waiting is not None:
            self.waiting.append(op)
        else:
            self.tail.steps += column.required
        return column.alone

    def _is_in_use(self, op: Any, *, partitioned: bool = False) -> bool:
        """Whether *op* is about a table that is there, and of which PostgreSQL has online forms."""
        table = self._table(op)
        if table is None or table in self.fresh:
            return False
        found = self.state.catalog.tables.get(table)
        return found is None or partitioned or found.kind is not TableKind.PARTITIONED

    def _taken(self, op: Any) -> bool:
        """Put *op* into another form before or after the body, if there is a better one."""
        if not (
            self._waits_for_key(op)
            or self._is_in_use(op, partitioned=steps.reach_partitions(op, self.major))
        ):
            return False
        if isinstance(op, (ops.DropIndexOp, ops.DropConstraintOp)):
            if steps.identity(op) in self.made:
                # The steps that make the new one drop the old one first.
                self.tail.operations.append(op)
                return True
            if isinstance(op, ops.DropConstraintOp) or self._is_leaned_on(op):
                return False
            return self.drops.add(op, [steps.drop_index(op)])
        return self.tail.add(op, steps.online(op, self.state, major=self.major))

    def _is_leaned_on(self, op: ops.DropIndexOp) -> bool:
        """Whether a foreign key that goes too is to the columns of the unique index of *op*."""
        made = op._reverse
        if made is None or not made.unique:
            return False
        columns = frozenset(str(getattr(column, "name", column)) for column in made.columns)
        return (self._table(op), columns) in self.left

    def _waits_for_key(self, op: Any) -> bool:
        """Whether *op* is a foreign key to a key that the last steps make."""
        if not isinstance(op, ops.CreateForeignKeyOp) or not self.tail.steps:
            return False
        target = self.state.name(op.referent_table, op.kw.get("referent_schema"))
        return target in self.keyed

    def _table(self, op: Any) -> Name | None:
        table = getattr(op, "table_name", None) or getattr(op, "source_table", None)
        if table is None:
            return None
        schema = getattr(op, "schema", None)
        if isinstance(op, ops.CreateForeignKeyOp):
            schema = op.kw.get("source_schema")
        return self.state.name(str(table), schema)
