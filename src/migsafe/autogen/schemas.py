"""`migsafe.schemas`: schemas are created before what is to be in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from alembic.operations import ops

from migsafe.autogen.enum_operations import CreateEnumOp
from migsafe.autogen.found import found
from migsafe.autogen.operations import ObjectOp, SqlOp
from migsafe.names import quote_ident

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class CreateSchemaOp(SqlOp):
    """Create a schema, or drop it; it comes before everything else, or after it."""

    def reverse(self) -> CreateSchemaOp:
        """Drop it again."""
        return CreateSchemaOp(f"undo: {self.title}", self.down, self.up)


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Put the creation of the schemas that *upgrade_ops* need in front of them."""
    state = found(context)
    named = {schema for op in upgrade_ops.ops for schema in _schemas(op) if schema}
    created = [
        CreateSchemaOp(
            f"create schema {schema}",
            [f"CREATE SCHEMA IF NOT EXISTS {quote_ident(schema)}"],
            [f"DROP SCHEMA IF EXISTS {quote_ident(schema)}"],
        )
        for schema in sorted(named)
        if schema not in state.catalog.schemas and schema != state.schema
    ]
    upgrade_ops.ops[:0] = created


def _schemas(op: Any) -> Iterator[str | None]:
    if isinstance(op, ops.CreateTableOp):
        yield op.schema and str(op.schema)
    elif isinstance(op, ObjectOp) and op.up:
        yield op.schema
    elif isinstance(op, CreateEnumOp):
        yield op.enum.name.schema
