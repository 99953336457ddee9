"""Functions and DO blocks: parser nodes → statements whose bodies are still plain text."""

from __future__ import annotations

from typing import Any

from migsafe.sql.nodes import (
    enum,
    expression_of,
    names,
    object_kind,
    option,
    signature,
    strings,
    type_ref,
    value,
)
from migsafe.sql.objects import AlterFunction, CreateFunction, Do
from migsafe.sql.parts import Argument, Option

_MODES = {"default": "in"}


def create_function(node: Any) -> CreateFunction:
    given = {item.def_elem.defname: item.def_elem.arg for item in node.options}
    returns = node.HasField("return_type")
    standard = node.HasField("sql_body")
    return CreateFunction(
        name=names(node.funcname),
        arguments=tuple(argument(item.function_parameter) for item in node.parameters),
        returns=type_ref(node.return_type) if returns else None,
        returns_set=returns and node.return_type.setof,
        language=(value(given["language"]) or "sql").lower() if "language" in given else "sql",
        volatility=_text(given, "volatility", "volatile"),
        strict=_text(given, "strict", "false") == "true",
        security_definer=_text(given, "security", "false") == "true",
        leakproof=_text(given, "leakproof", "false") == "true",
        parallel=_text(given, "parallel", "unsafe"),
        settings=tuple(_setting(i.def_elem) for i in node.options if i.def_elem.defname == "set"),
        body=strings(given["as"].list.items)[0] if "as" in given else None,
        standard_body=standard,
        procedure=node.is_procedure,
        or_replace=node.replace,
    )


def _text(given: dict[str, Any], name: str, default: str) -> str:
    return (value(given[name]) if name in given else None) or default


def argument(node: Any) -> Argument:
    """A FunctionParameter node."""
    mode = enum(node, "mode").removeprefix("FUNC_PARAM_").lower()
    return Argument(
        name=node.name or None,
        type=type_ref(node.arg_type),
        mode=_MODES.get(mode, mode),
        default=expression_of(node, "defexpr"),
        setof=node.arg_type.setof,
    )


def _setting(element: Any) -> Option:
    if element.arg.WhichOneof("node") != "variable_set_stmt":
        return option(element)
    setting = element.arg.variable_set_stmt
    return Option(setting.name, ", ".join(value(item) or "" for item in setting.args) or None)


def alter_function(node: Any) -> AlterFunction:
    kind = object_kind(node, "objtype")
    actions = tuple(_setting(item.def_elem) for item in node.actions)
    return AlterFunction(kind, signature(node.func), actions)


def do_block(node: Any) -> Do:
    given = {item.def_elem.defname: value(item.def_elem.arg) for item in node.args}
    return Do((given.get("language") or "plpgsql").lower(), given.get("as") or "")


LOWERINGS = {
    "create_function_stmt": create_function,
    "alter_function_stmt": alter_function,
    "do_stmt": do_block,
}
