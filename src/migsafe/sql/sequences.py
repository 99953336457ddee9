"""Options of sequences and identity columns: parser nodes → SequenceOptions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from migsafe.names import Name
from migsafe.sql.nodes import name_from, strings, type_ref, value
from migsafe.sql.parts import SequenceOptions

_NUMBERS = ("start", "increment", "minvalue", "maxvalue", "cache")


def sequence_options(items: Iterable[Any]) -> SequenceOptions:
    """The DefElem nodes of CREATE or ALTER SEQUENCE."""
    found: dict[str, Any] = {}
    for element in (item.def_elem for item in items):
        found.update(_option(element.defname, element.arg))
    return SequenceOptions(**found)


def _option(name: str, argument: Any) -> dict[str, Any]:
    text = value(argument)
    if name in _NUMBERS:
        return {f"no_{name}": True} if text is None else {name: int(text)}
    if name == "restart":
        return {"restart": True if text is None else int(text)}
    if name == "cycle":
        return {"cycle": text == "true"}
    if name == "as":
        return {"type": type_ref(argument.type_name)}
    if name == "sequence_name":
        return {"sequence_name": name_from(strings(argument.list.items))}
    if name == "owned_by":
        return {"owned_by": _owner(strings(argument.list.items))}
    return {}


def _owner(parts: tuple[str, ...]) -> tuple[Name, str] | tuple[()]:
    return (name_from(parts[:-1]), parts[-1]) if len(parts) > 1 else ()
