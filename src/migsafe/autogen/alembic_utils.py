"""Objects that an application has registered with alembic_utils, which writes its own operations.

Nothing of it is imported: it is looked at where the application has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeGuard

from migsafe.autogen.object_kinds import Wanted
from migsafe.catalog import Function

if TYPE_CHECKING:
    from alembic.operations import ops

_MODULES = ("alembic_utils", "alembic_utils_extended")
_KINDS = {
    "PGView": "VIEW",
    "PGMaterializedView": "MATERIALIZED VIEW",
    "PGFunction": "FUNCTION",
    "PGTrigger": "TRIGGER",
    "PGPolicy": "POLICY",
    "PGExtension": "EXTENSION",
}


def is_theirs(one: Wanted, live: Any) -> bool:
    """Whether *one* is registered there; a function by its name, so with all of its overloads."""
    for module in _MODULES:
        found = sys.modules.get(f"{module}.replaceable_entity")
        registry = getattr(found, "registry", None)
        for entity in registry.entities() if registry is not None else ():
            if _names(entity, one, live):
                return True
    return False


def keep_ours(upgrade_ops: ops.UpgradeOps, every: Iterable[tuple[Wanted, Any]]) -> None:
    """Take out its drops of *every* object that is ours: it drops all that it does not know."""
    ours = list(every)
    upgrade_ops.ops[:] = [
        op
        for op in upgrade_ops.ops
        if not _is_drop(op) or not any(_names(op.target, one, live) for one, live in ours)
    ]


def _is_drop(op: Any) -> TypeGuard[Any]:
    return type(op).__name__ == "DropOp" and type(op).__module__.split(".")[0] in _MODULES


def _names(entity: Any, one: Wanted, live: Any) -> bool:
    if _KINDS.get(type(entity).__name__) != (
        "FUNCTION" if isinstance(live, Function) else one.kind
    ):
        return False
    signature = str(entity.signature).split("(", 1)[0].strip('" ')
    if signature != one.name.name:
        return False
    if one.name.schema is None:
        return True
    holder = getattr(entity, "on_entity", None)
    if holder is not None and one.table is not None:
        return str(holder).split(".")[-1].strip('"') == one.table.name
    return str(entity.schema) == one.name.schema
