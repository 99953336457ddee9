"""Joining what a user's `render_item` says with what our parts say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

TypeRenderer = Callable[[Any, "AutogenContext"], "str | None"]


def render_types_with(context: AutogenContext, renderer: TypeRenderer) -> None:
    """Ask *renderer* for every type that the `render_item` before it leaves to Alembic."""
    before = context.opts.get("render_item")

    def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | bool | None:
        if before is not None:
            said: str | bool | None = before(kind, item, autogen_context)
            if said is not False:
                return said
        text = renderer(item, autogen_context) if kind == "type" else None
        return False if text is None else text

    context.opts["render_item"] = render_item
