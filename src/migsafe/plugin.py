"""The Alembic plugin `migsafe`: what autogenerate does not see, and scripts that are safe to run.

Alembic imports this module at every `import alembic`, in production too and while alembic itself
is half imported: it imports nothing but what is complete by then, and never raises.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.runtime.plugins import Plugin

PARTS = (
    "tables",
    "defaults",
    "columns",
    "objects",
    "generated",
    "identities",
    "indexes",
    "checks",
    "constraints",
    "settings",
    "sequences",
    "enums",
    "schemas",
    "online",
    "render",
)
"""The sub-plugins `migsafe.<part>`, in the order in which they compare."""

PREPARED = ("defaults", "enums")
"""Those of them that also act before Alembic compares."""


class _EntryPoint(ModuleType):
    """This module, iterable: Alembic 1.18.0 to 1.20.0 iterate what they load (alembic #1873)."""

    def __iter__(self) -> Iterator[ModuleType]:
        yield self


sys.modules[__name__].__class__ = _EntryPoint


def setup(plugin: Plugin) -> None:
    """Register the sub-plugins; Alembic calls this with the plugin named `migsafe`."""
    try:
        _register(type(plugin), plugin.name)
        _register_hook()
    except Exception:  # Raising here would break `import alembic` for the whole application.
        logging.getLogger(__name__).warning("the migsafe plugin is not active", exc_info=True)


def _register(plugin_class: type[Plugin], name: str) -> None:
    from alembic.util import DispatchPriority

    for part in PARTS:
        own = plugin_class(f"{name}.{part}")
        own.add_autogenerate_comparator(
            _comparator(part, "compare"),
            "autogenerate",
            f"migsafe.{part}",
            qualifier="postgresql",
            priority=DispatchPriority.LAST,
        )
        if part == "generated":
            own.add_autogenerate_comparator(
                _mute_generated,
                "column",
                "server_default",
                qualifier="postgresql",
                priority=DispatchPriority.FIRST,
            )
        if part in PREPARED:
            own.add_autogenerate_comparator(
                _comparator(part, "prepare"),
                "autogenerate",
                f"migsafe.{part}.prepare",
                qualifier="postgresql",
                priority=DispatchPriority.FIRST,
            )


def _register_hook() -> None:
    """Let ``type = "migsafe"`` be a post-write hook: it checks the revision that was written."""
    from alembic.script import write_hooks

    @write_hooks.register("migsafe")
    def hook(path: str, options: Any) -> None:
        importlib.import_module("migsafe.autogen.written").check_written(path, options)


def _mute_generated(*arguments: Any) -> Any:
    """Stop what Alembic says of generated and identity columns, which it cannot change: we can."""
    from alembic.util import PriorityDispatchResult

    from migsafe.autogen.generated import mute

    return PriorityDispatchResult.STOP if mute(*arguments) else PriorityDispatchResult.CONTINUE


def _comparator(part: str, function: str) -> Callable[..., Any]:
    """Return *function* of *part*, whose module is imported when it is first called."""

    def compare(autogen_context: Any, upgrade_ops: Any) -> Any:
        from alembic.util import PriorityDispatchResult

        module = importlib.import_module(f"migsafe.autogen.{part}")
        getattr(module, function)(autogen_context, upgrade_ops)
        return PriorityDispatchResult.CONTINUE

    return compare
