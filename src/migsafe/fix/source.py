"""A migration file as a tree that keeps every comment and blank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from migsafe.errors import HistoryError

_OPERATIONS = "alembic.op"


class SourceFile:
    """A file, its tree, and the lines of its statements."""

    def __init__(self, path: Path):
        self.path = path
        self.data = path.read_bytes()
        try:
            tree = cst.parse_module(self.data)
        except cst.ParserSyntaxError as error:
            line = error.raw_line
            message = f"this migration cannot be rewritten: {error.message}"
            raise HistoryError(message, file=path, line=line) from error
        wrapper = MetadataWrapper(tree, unsafe_skip_copy=True)
        self.tree = wrapper.module
        self._positions = wrapper.resolve(PositionProvider)

    def lines(self, node: cst.CSTNode) -> tuple[int, int]:
        """The first and the last line of *node*."""
        place = self._positions[node]
        return place.start.line, place.end.line

    def function(self, name: str) -> cst.FunctionDef | None:
        """The function *name* of the module, when its body is a block."""
        for node in self.tree.body:
            if (
                isinstance(node, cst.FunctionDef)
                and node.name.value == name
                and isinstance(node.body, cst.IndentedBlock)
                and node.asynchronous is None
            ):
                return node
        return None

    def body(self, name: str) -> Sequence[Any]:
        """The statements of the function *name*, none when there is no such function."""
        function = self.function(name)
        return function.body.body if function else ()

    @cached_property
    def _imported(self) -> dict[str, str]:
        """What the names mean that are imported anywhere in the file."""
        return dict(_imports(self.tree))

    def is_operation(self, call: cst.Call) -> bool:
        """Whether *call* calls one of Alembic's operations by a name that the file imports."""
        first, *rest = cst.Module([]).code_for_node(call.func).split(".")
        whole = ".".join([self._imported.get(first, ""), *rest])
        return whole.rpartition(".")[0] == _OPERATIONS

    @cached_property
    def with_op(self) -> cst.Module | None:
        """The tree with ``op`` imported at its top; None when that name means something else."""
        top = {name: what for node in self.tree.body for name, what in _bound(node)}
        if "op" in top:
            return self.tree if top["op"] == _OPERATIONS else None
        imports = [n for n, node in enumerate(self.tree.body) if _is_import(node)]
        place = imports[-1] + 1 if imports else int(_doc_node(self.tree) is not None)
        imported = cst.parse_statement("from alembic import op\n")
        body = [*self.tree.body[:place], imported, *self.tree.body[place:]]
        return self.tree.with_changes(body=body)


def _imports(node: cst.CSTNode) -> Iterator[tuple[str, str]]:
    """The names that are imported in *node*, and what they mean."""
    if isinstance(node, cst.Import | cst.ImportFrom) and not isinstance(node.names, cst.ImportStar):
        module = cst.Module([])
        source = ""
        if isinstance(node, cst.ImportFrom) and node.module is not None:
            source = module.code_for_node(node.module) + "."
        for alias in node.names:
            name = alias.evaluated_alias
            plain = alias.evaluated_name if name or source else alias.evaluated_name.split(".")[0]
            yield name or plain, source + plain
    for child in node.children:
        yield from _imports(child)


def _bound(node: cst.CSTNode) -> Iterator[tuple[str, str]]:
    """The names that a statement at the top binds, and what they mean where they are imported."""
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        yield node.name.value, ""
        return
    yield from _imports(node)
    for part in node.body if isinstance(node, cst.SimpleStatementLine) else ():
        targets = part.targets if isinstance(part, cst.Assign) else ()
        for target in targets:
            if isinstance(target.target, cst.Name):
                yield target.target.value, ""


def _is_import(node: cst.CSTNode) -> bool:
    parts = node.body if isinstance(node, cst.SimpleStatementLine) else ()
    return any(isinstance(part, cst.Import | cst.ImportFrom) for part in parts)


def with_body(tree: cst.Module, name: str, body: Sequence[Any]) -> cst.Module:
    """*tree* whose function *name* consists of *body*."""
    statements = []
    for node in tree.body:
        if isinstance(node, cst.FunctionDef) and node.name.value == name:
            block = node.body
            assert isinstance(block, cst.IndentedBlock)
            full = list(body) or [cst.parse_statement("pass\n")]
            node = node.with_changes(body=block.with_changes(body=full))
        statements.append(node)
    return tree.with_changes(body=statements)


def with_constant(tree: cst.Module, name: str, value: str) -> cst.Module:
    """*tree* whose top level assigns the expression *value* to *name*, where it assigns at all."""
    return tree.with_changes(body=[_assigned(node, name, value) for node in tree.body])


def _assigned(node: Any, name: str, value: str) -> Any:
    if not isinstance(node, cst.SimpleStatementLine):
        return node
    parts: list[Any] = []
    for part in node.body:
        if isinstance(part, cst.AnnAssign):
            targets: list[cst.BaseExpression] = [part.target]
        else:
            targets = [t.target for t in part.targets] if isinstance(part, cst.Assign) else []
        if any(isinstance(target, cst.Name) and target.value == name for target in targets):
            part = part.with_changes(value=cst.parse_expression(value))
        parts.append(part)
    return node.with_changes(body=parts)


def docstring(tree: cst.Module) -> str | None:
    """The docstring of *tree* as it is written, quotes and all."""
    found = _doc_node(tree)
    return found.value if found is not None else None


def with_docstring(tree: cst.Module, text: str) -> cst.Module:
    """*tree* whose docstring is *text*, quotes and all, where it has one."""
    found = _doc_node(tree)
    if found is None:
        return tree
    changed = tree.deep_replace(found, found.with_changes(value=text))
    assert isinstance(changed, cst.Module)
    return changed


def _doc_node(tree: cst.Module) -> cst.SimpleString | None:
    first = tree.body[0] if tree.body else None
    if isinstance(first, cst.SimpleStatementLine) and isinstance(first.body[0], cst.Expr):
        value = first.body[0].value
        if isinstance(value, cst.SimpleString):
            return value
    return None
