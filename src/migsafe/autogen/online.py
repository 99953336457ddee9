"""`migsafe.online`: a script's operations on tables in use are written so that nobody waits long.

Each direction of a script becomes up to three stretches: new types and labels with the concurrent
drops of indexes, one transaction with all that is quick, and the slow steps. The first and the last
run in autocommit blocks, each step committed by itself. What comes before a block is committed
before the revision counts as done, so every step can be run again: a retry starts from the top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from alembic.util import CommandError

from migsafe.autogen import online_steps as steps
from migsafe.autogen.enum_operations import CreateEnumOp
from migsafe.autogen.found import Found, found, notice
from migsafe.autogen.labels import ChangeLabelsOp, added_values
from migsafe.autogen.naming import CommentWithOp
from migsafe.autogen.operations import AutocommitOps, SqlOp
from migsafe.autogen.renames import RenameOp
from migsafe.autogen.rendering import in_foreign_transaction
from migsafe.autogen.schemas import CreateSchemaOp
from migsafe.catalog import TableKind
from migsafe.config import load_settings
from migsafe.errors import ConfigError
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

Hook = Callable[[Any, Any, list[ops.MigrationScript]], None]
_HOOK = "process_revision_directives"


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Rewrite the scripts of this run, after env.py's own `process_revision_directives`.

    `[tool.migsafe.autogenerate] online = false` in pyproject.toml leaves them as they are.
    """
    if in_foreign_transaction(context):
        notice("env.py begins the transaction itself, so the script has no steps outside of one")
        return
    if not _is_wanted(context):
        return
    state = found(context)
    before: Hook | None = context.opts.get(_HOOK)

    def hook(migration_context: Any, revision: Any, scripts: list[ops.MigrationScript]) -> None:
        if before is not None:
            before(migration_context, revision, scripts)
        for script in scripts:
            for container in (script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]):
                if not any(isinstance(op, AutocommitOps) for op in container.ops):
                    container.ops[:] = rewritten(state, container.ops)

    context.opts[_HOOK] = hook


def _is_wanted(context: AutogenContext) -> bool:
    config = context.migration_context.config
    file = config.config_file_name if config is not None else None
    folder = Path(file).parent if file is not None else Path.cwd()
    try:
        return load_settings(folder).autogenerate.online
    except ConfigError as error:
        raise CommandError(str(error)) from error


def rewritten(state: Found, operations: Sequence[ops.MigrateOperation]) -> list[Any]:
    """Return *operations* in the order and the form in which they can run online."""
    plan = Plan(state, operations)
    plan.sort(operations, plan.body)
    body: list[ops.MigrateOperation] = plan.body
    # What cannot be done stops the script before anything is committed.
    refused = [op for op in body if isinstance(op, ChangeLabelsOp) and op.refusal]
    renames = [op for op in body if isinstance(op, RenameOp)]
    types: list[ops.MigrateOperation] = []
    if plan.tail.steps:
        types = [
            op
            for op in body
            if isinstance(op, CreateEnumOp) or (isinstance(op, CreateSchemaOp) and _creates(op))
        ]
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
    return [*refused, *first.blocks(), *rest, *last.blocks()]


def _creates(op: SqlOp) -> bool:
    return any(sql.startswith("CREATE") for sql in op.up)


@dataclass
class Stretch:
    """Steps outside of the transaction, and the operations that they are the form of."""

    operations: list[ops.MigrateOperation] = field(default_factory=list)
    steps: list[ops.MigrateOperation] = field(default_factory=list)

    def add(self, op: ops.MigrateOperation, steps: Iterable[ops.MigrateOperation]) -> bool:
        """Add *steps*, which do what *op* does; whether there are any."""
        made = list(steps)
        if made:
            self.operations.append(op)
            self.steps += made
        return bool(made)

    def joined(self, other: Stretch) -> Stretch:
        """Return the steps of both, those of *other* last."""
        return Stretch(self.operations + other.operations, self.steps + other.steps)

    def blocks(self) -> list[AutocommitOps]:
        """Return the one block of these steps, or none."""
        return [AutocommitOps(self.operations, self.steps)] if self.steps else []


@dataclass
class Plan:
    """One direction of a script, being taken apart."""

    state: Found
    operations: Sequence[ops.MigrateOperation]
    types: Stretch = field(default_factory=Stretch)
    drops: Stretch = field(default_factory=Stretch)
    body: list[ops.MigrateOperation] = field(default_factory=list)
    tail: Stretch = field(default_factory=Stretch)

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
                body.append(op)

    def _follows(self, op: SqlOp) -> bool:
        """Whether *op* is about a constraint that is created by one of the last steps."""
        return isinstance(op, CommentWithOp) and bool(op.up and self.tail.steps)

    def _taken(self, op: Any) -> bool:
        """Put *op* into another form before or after the body, if there is a better one."""
        table = self._table(op)
        if table is None or table in self.fresh:
            return False
        found = self.state.catalog.tables.get(table)
        if found is not None and found.kind is TableKind.PARTITIONED:
            return False
        if isinstance(op, (ops.DropIndexOp, ops.DropConstraintOp)):
            if steps.identity(op) in self.made:
                # The steps that make the new one drop the old one first.
                self.tail.operations.append(op)
                return True
            return isinstance(op, ops.DropIndexOp) and self.drops.add(op, [steps.drop_index(op)])
        return self.tail.add(op, steps.online(op, self.state))

    def _table(self, op: Any) -> Name | None:
        table = getattr(op, "table_name", None) or getattr(op, "source_table", None)
        if table is None:
            return None
        schema = getattr(op, "schema", None)
        if isinstance(op, ops.CreateForeignKeyOp):
            schema = op.kw.get("source_schema")
        return self.state.name(table, schema)
