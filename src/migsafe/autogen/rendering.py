"""Joining what a user's `render_item` says with what our parts say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import (
    _alembic_autogenerate_prefix,
    _render_gen_name,
    _render_potential_expr,
)
from alembic.operations import ops

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

TypeRenderer = Callable[[Any, "AutogenContext"], "str | None"]


def in_foreign_transaction(context: AutogenContext) -> bool:
    """Whether env.py has begun the transaction itself, as Alembic's template multidb does.

    Then scripts cannot commit in between: `autocommit_block` fails with an AssertionError.
    """
    return bool(getattr(context.migration_context, "_in_external_transaction", False))


def render_types_with(context: AutogenContext, renderer: TypeRenderer) -> None:
    """Ask *renderer* for every type that the `render_item` before it leaves to Alembic."""
    render_with(context, "type", renderer)


def render_with(context: AutogenContext, mine: str, renderer: TypeRenderer) -> None:
    """Ask *renderer* for every item of the kind *mine* that the `render_item` before it leaves."""
    before = context.opts.get("render_item")

    def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | bool | None:
        if before is not None:
            said: str | bool | None = before(kind, item, autogen_context)
            if said is not False:
                return said
        text = renderer(item, autogen_context) if kind == mine else None
        return False if text is None else text

    context.opts["render_item"] = render_item


def render_check(context: AutogenContext, op: ops.CreateCheckConstraintOp) -> str:
    """Render a CHECK of a table that exists, which Alembic cannot before 1.19."""
    constraint = op.to_constraint()
    batch = context._has_batch
    condition = _render_potential_expr(constraint.sqltext, context, wrap_in_element=False)
    arguments = [
        repr(_render_gen_name(context, op.constraint_name)),
        *([] if batch else [repr(str(op.table_name))]),
        condition,
        *([f"schema={str(op.schema)!r}"] if op.schema and not batch else []),
        *(f"{key}={value!r}" for key, value in sorted(constraint.dialect_kwargs.items())),
    ]
    return f"{_alembic_autogenerate_prefix(context)}create_check_constraint({', '.join(arguments)})"
