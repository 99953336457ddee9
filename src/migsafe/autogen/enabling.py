"""How a project's own env.py gets the plugin: edits of its text that change nothing else.

An env.py is any program. What is not certain to work is refused, with the line and the reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from migsafe.autogen.insertion import Insertion, Item, added, apply
from migsafe.errors import ConfigError
from migsafe.values import dataclass

PLUGINS = '["alembic.autogenerate.*", "migsafe.*"]'
OPTIONS = {
    "autogenerate_plugins": PLUGINS,
    "compare_server_default": "True",
    "transaction_per_migration": "True",
}
"""What is added to `context.configure(…)`, where the call says nothing of it."""

_ADD_BY_HAND = f"add autogenerate_plugins={PLUGINS} to it by hand"


@dataclass(frozen=True)
class Enabled:
    """The text of an env.py with the plugin.

    *own_transaction* is the line where it begins a transaction by itself, if it does: then no step
    of a migration can run outside of one.
    """

    text: str
    own_transaction: int | None


def enabled(text: str, path: Path) -> Enabled:
    """Return *text*, the source in the file *path*, with the plugin in each `context.configure(…)`.

    Done twice it is done once. Raises ConfigError for what is not understood.
    """
    source = _Source(text, path)
    calls = list(source.calls())
    if not calls:
        message = f"no call of context.configure(…) of alembic is found; {_ADD_BY_HAND}"
        raise ConfigError(message, file=path)
    listed = apply(text, dict.fromkeys(e for call in calls for e in source.extended(call)))
    again = _Source(listed, path)
    result = apply(listed, dict.fromkeys(e for call in again.calls() for e in again.edits(call)))
    _prove(text, result, path)
    return Enabled(result, source.own_transaction)


class _Source:
    """An env.py: its tree, and where what is."""

    def __init__(self, text: str, path: Path):
        self.text = text
        self.path = path
        try:
            wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        except cst.ParserSyntaxError as error:
            message = f"it is not understood: {error.message}"
            raise ConfigError(message, file=path, line=error.raw_line) from error
        self.module = wrapper.module
        self._positions = wrapper.resolve(PositionProvider)
        self.nodes = list(_walk(self.module))
        self.own_transaction = self._own_transaction()

    def line(self, node: cst.CSTNode) -> int:
        """The line where *node* begins."""
        return self._positions[node].start.line

    def calls(self) -> Iterator[cst.Call]:
        """Yield the calls of `context.configure`; raises ConfigError where it is used otherwise."""
        names = set(self._contexts())
        called = {node.func: node for node in self.nodes if isinstance(node, cst.Call)}
        for node in self.nodes:
            if not isinstance(node, cst.Attribute) or node.attr.value != "configure":
                continue
            if _dotted(node.value) not in names:
                continue
            if node not in called:
                message = f"context.configure is used without being called; {_ADD_BY_HAND}"
                raise ConfigError(message, file=self.path, line=self.line(node))
            yield called[node]

    def _contexts(self) -> Iterator[str]:
        """Yield what alembic's context is called here."""
        for node in self.nodes:
            if isinstance(node, cst.ImportFrom) and _dotted(node.module) == "alembic":
                for alias in node.names if not isinstance(node.names, cst.ImportStar) else ():
                    if alias.evaluated_name == "context":
                        yield alias.evaluated_alias or "context"
            elif isinstance(node, cst.Import):
                for alias in node.names:
                    called = alias.evaluated_alias or alias.evaluated_name
                    if alias.evaluated_name == "alembic.context":
                        yield called
                    elif alias.evaluated_name == "alembic":
                        yield f"{called}.context"

    def _own_transaction(self) -> int | None:
        for node in self.nodes:
            function = node.func if isinstance(node, cst.Call) else None
            if (
                isinstance(function, cst.Attribute)
                and function.attr.value in ("begin", "begin_twophase")
                and _dotted(function.value) not in ("context", "session")
            ):
                return self.line(function)
        return None

    def edits(self, call: cst.Call) -> Iterator[Insertion]:
        """Yield what puts the options into *call*, or into the dict that is unpacked in it."""
        items = [self._argument(argument) for argument in call.args]
        starred = [a.value for a in call.args if a.star == "**"]
        literals = [literal for value in starred if (literal := self._dict(value)) is not None]
        known = {item.name for item in items} | {
            item.name for literal in literals for item in self._entries(literal)
        }
        unsure = len(literals) < len(starred)
        missing = [
            name
            for name in OPTIONS
            if name not in known and (name == "autogenerate_plugins" or not unsure)
        ]
        if self.own_transaction is not None:
            missing = [name for name in missing if name != "transaction_per_migration"]
        if unsure and "autogenerate_plugins" in missing:
            self._refuse_hidden(call)
        if literals and len(literals) == len(starred):
            target, there, keyed = literals[0], list(self._entries(literals[0])), True
        else:
            target, there, keyed = call, items, False
        keyed = keyed and isinstance(target, cst.Dict)
        new = [f'"{n}": {OPTIONS[n]}' if keyed else f"{n}={OPTIONS[n]}" for n in missing]
        if new:
            yield added(self.text, self._span(target), there, new)

    def extended(self, call: cst.Call) -> Iterator[Insertion]:
        """Yield what adds the plugin to a list of plugins that *call* is given."""
        starred = (self._dict(a.value) for a in call.args if a.star == "**")
        literals = [literal for literal in starred if literal is not None]
        for name, value in self._given(call.args, literals):
            if name != "autogenerate_plugins":
                continue
            listed = self._resolved(value)
            if not isinstance(listed, cst.List | cst.Tuple):
                message = f"autogenerate_plugins is no list that can be read; {_ADD_BY_HAND}"
                raise ConfigError(message, file=self.path, line=self.line(value))
            items = [Item(None, *self._span(e)) for e in listed.elements]
            if not any("migsafe" in self.text[item.start : item.end] for item in items):
                yield added(self.text, self._span(listed), items, ['"migsafe.*"'], last=True)

    def _given(
        self, arguments: Sequence[cst.Arg], literals: Sequence[cst.Dict | cst.Call]
    ) -> Iterator[tuple[str, cst.BaseExpression]]:
        for argument in arguments:
            if argument.keyword is not None:
                yield argument.keyword.value, argument.value
        for literal in literals:
            if isinstance(literal, cst.Call):
                yield from self._given(literal.args, ())
                continue
            for element in literal.elements:
                if isinstance(element, cst.DictElement) and isinstance(
                    element.key, cst.SimpleString
                ):
                    yield str(element.key.evaluated_value), element.value

    def _refuse_hidden(self, call: cst.Call) -> None:
        if re.search(r"\bautogenerate_plugins\b", self.text):
            message = "its options come from elsewhere, with autogenerate_plugins perhaps; "
            raise ConfigError(message + _ADD_BY_HAND, file=self.path, line=self.line(call))

    def _dict(self, value: cst.BaseExpression) -> cst.Dict | cst.Call | None:
        """The `{…}` or `dict(…)` that *value* is for certain."""
        found = self._resolved(value)
        if isinstance(found, cst.Dict):
            return found
        if isinstance(found, cst.Call) and _dotted(found.func) == "dict":
            return found if all(a.keyword is not None for a in found.args) else None
        return None

    def _resolved(self, value: cst.BaseExpression) -> cst.BaseExpression:
        """What the name *value* stands for, where it is assigned once in the whole file."""
        if not isinstance(value, cst.Name):
            return value
        found: list[cst.BaseExpression] = []
        for node in self.nodes:
            targets: list[cst.BaseExpression]
            if isinstance(node, cst.Assign):
                targets = [target.target for target in node.targets]
            elif isinstance(node, cst.AnnAssign | cst.AugAssign | cst.NamedExpr):
                targets = [node.target]
            elif isinstance(node, cst.Param):
                targets = [node.name]
            else:
                continue
            if any(isinstance(t, cst.Name) and t.value == value.value for t in targets):
                given = getattr(node, "value", None)
                found.append(given if isinstance(given, cst.BaseExpression) else value)
        return found[0] if len(found) == 1 else value

    def _entries(self, literal: cst.Dict | cst.Call) -> Iterator[Item]:
        if isinstance(literal, cst.Call):
            yield from map(self._argument, literal.args)
            return
        for element in literal.elements:
            key = element.key if isinstance(element, cst.DictElement) else None
            name = str(key.evaluated_value) if isinstance(key, cst.SimpleString) else None
            yield Item(name, *self._span(element))

    def _argument(self, argument: cst.Arg) -> Item:
        name = argument.keyword.value if argument.keyword is not None else None
        plain = argument.keyword is None and not argument.star
        return Item(name, *self._span(argument), positional=plain)

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where *node* begins and ends in the text."""
        place = self._positions[node]
        lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", self.text)
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line))
        start = starts[place.start.line - 1] + place.start.column
        return start, starts[place.end.line - 1] + place.end.column


def _walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _dotted(node: cst.CSTNode | None) -> str | None:
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        before = _dotted(node.value)
        return None if before is None else f"{before}.{node.attr.value}"
    return None


def _prove(before: str, after: str, path: Path) -> None:
    """Raise ConfigError unless *after* is *before* but for the options that are added."""
    try:
        same = _bare(before) == _bare(after)
    except SyntaxError:
        same = False
    if not same:
        raise ConfigError(f"it cannot be edited safely; {_ADD_BY_HAND}", file=path)


def _bare(text: str) -> str:
    return ast.dump(_Bare().visit(ast.parse(text)))


class _Bare(ast.NodeTransformer):
    """Takes out what is added: options by their names, and the name of the plugin."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.keywords = [k for k in node.keywords if k.arg not in OPTIONS]
        return self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        kept = [
            (key, value)
            for key, value in zip(node.keys, node.values, strict=True)
            if not (isinstance(key, ast.Constant) and key.value in OPTIONS)
        ]
        node.keys, node.values = [key for key, _ in kept], [value for _, value in kept]
        return self.generic_visit(node)

    def _visit_list(self, node: ast.List | ast.Tuple) -> ast.AST:
        node.elts = [
            e for e in node.elts if not (isinstance(e, ast.Constant) and e.value == "migsafe.*")
        ]
        return self.generic_visit(node)

    visit_List = visit_Tuple = _visit_list
