"""The body of upgrade() or downgrade(), read statement by statement onto the tape."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import zip_longest
from typing import Any

from migsafe.capture import lines
from migsafe.capture.recorder import Recorder
from migsafe.capture.sites import Site
from migsafe.capture.written.arguments import Signature
from migsafe.capture.written.folding import folded
from migsafe.capture.written.modules import (
    Names,
    constant,
    imported,
    imported_from,
    require_loaded,
    targets,
)
from migsafe.capture.written.reading import BIND, arguments, read, symbol
from migsafe.capture.written.sending import Sender
from migsafe.capture.written.values import Batch, Foreign, NotWritten, Symbol, Type

_OP = "alembic.op."
_BATCH = Signature("table_name schema recreate", "naming_convention table_kwargs", required=1)
# What only writes somewhere: nothing of it is sent.
_UNHEEDED = frozenset(
    f"logging.getLogger().{level}" for level in ("debug", "info", "warning", "error")
)
_ERRORS = frozenset(("Exception", "NotImplementedError", "RuntimeError", "ValueError"))
_LONGEST = 200
_MOST = 10_000
BUILTINS = frozenset((*_ERRORS, "print"))
"""What Python has without an import, of what is read."""


class Body:
    """Reads the statements of one function; *recorder* takes what they send."""

    def __init__(self, recorder: Recorder, names: Names, naming: dict[str, str]):
        self._recorder = recorder
        self._sender = Sender(recorder, naming)
        self._globals = names
        self._names = dict(names)
        self._rounds = 0
        self._head = recorder.source.shape

    def read(self, function: ast.FunctionDef) -> None:
        """Send what *function* sends; raises NotWritten where that is not certain."""
        given = function.args
        if given.args or given.posonlyargs or given.kwonlyargs or given.vararg or given.kwarg:
            raise NotWritten("arguments of the function")
        *before, last = function.body
        if type(last) is ast.Raise:
            if not self._statements(before):
                self._raise(last)
        else:
            self._statements(function.body)

    def calls(self, body: lines.Body) -> None:
        """Send what the calls of a function send; raises NotWritten where that is not certain."""
        for one in body:
            if isinstance(one, lines.Block):
                function, values, keywords = self._called(one.opened)
                with self._opened(function, values, keywords, one.name):
                    self.calls(one.body)
            else:
                node, values, keywords = self._called(one)
                self._call(node, values, keywords, Site(one.line, one.end_line))

    def _called(self, called: lines.Called) -> tuple[ast.Call, list[Any], dict[str, Any]]:
        """The call, and its arguments."""
        values: list[Any] = []
        keywords: dict[str, Any] = {}
        for shape, texts in called.pieces:
            self._names.update(zip(shape.slots, texts, strict=True))
            more, named = arguments(folded(shape.node, self._head), self._names)
            values += more
            keywords.update(named)
        return called.pieces[0][0].node, values, keywords

    def _statements(self, body: Sequence[Any]) -> bool:
        """Read *body*; whether the function returns in it."""
        for node, following in zip_longest(body, body[1:]):
            kind = type(node)
            if kind is ast.Expr:
                shared = following is not None and following.lineno == node.lineno
                self._expression(node.value, shared)
            elif kind is ast.Assign or kind is ast.AnnAssign:
                self._bind(targets(node, constant(node.value, self._names)))
            elif kind is ast.Import:
                self._bind(imported(node, self._names))
            elif kind is ast.ImportFrom:
                self._bind(imported_from(node, self._names))
            elif kind is ast.Return and node.value is None:
                return True
            elif kind is ast.With or kind is ast.If or kind is ast.For:
                if self._block(node):
                    return True
            elif kind is not ast.Pass:
                raise NotWritten(f"the statement {kind.__name__}")
        return False

    def _bind(self, pairs: Any) -> None:
        """Give local names their values; one that the module has too would have none before."""
        for name, value in pairs:
            if type(value) is Foreign:
                require_loaded(value)
            elif name in self._globals or name in BUILTINS:
                raise NotWritten("a name of the module given another value")
            self._names[name] = value

    def _raise(self, node: ast.Raise) -> None:
        """The end of a downgrade() that is not meant to be run."""
        kind, message = node.exc, ""
        if isinstance(kind, ast.Call):
            values, keywords = arguments(kind, self._names)
            kind = kind.func
            if keywords or len(values) > 1 or any(type(value) is not str for value in values):
                raise NotWritten("an error with more to it")
            message = "".join(values).strip().partition("\n")[0]
        if not isinstance(kind, ast.Name) or kind.id not in _ERRORS or kind.id in self._names:
            raise NotWritten("an error of another kind")
        if node.cause is not None or self._recorder.direction != "downgrade":
            raise NotWritten("an error")
        if len(message) > _LONGEST or message.startswith("Can't emit") or "<" in message:
            raise NotWritten("an error with a message that is not said as it is")
        said = f"raises {kind.id}: {message}" if message else f"raises {kind.id}"
        self._recorder.problem("irreversible", said, node.lineno)

    # -- calls ------------------------------------------------------------------------------------

    def _expression(self, node: Any, shared: bool) -> None:
        """Read a call of an operation; its first line may be *shared* with the next statement."""
        if type(node) is ast.Constant:
            return
        if type(node) is not ast.Call:
            raise NotWritten("an expression that is no call")
        values, keywords = arguments(node, self._names)
        at = Site(node.lineno, node.end_lineno or node.lineno)
        if shared:
            at = Site(*self._recorder.source.call_at(node.lineno))
        self._call(node, values, keywords, at)

    def _call(self, node: ast.Call, values: list[Any], keywords: dict[str, Any], at: Site) -> None:
        """Read a call *at* a place of the file, whose arguments are read."""
        function = node.func
        if type(function) not in (ast.Attribute, ast.Name):
            raise NotWritten("a call of something else")
        if function.end_lineno != node.lineno:
            raise NotWritten("a call over several lines")  # whose line depends on Python's version
        name = symbol(function, self._names)
        if name is None:
            self._method(function, values, keywords, at)
        elif name.startswith(_OP) and name != f"{BIND}.execute":
            self._sender.operation(name[len(_OP) :], values, keywords, at)
        elif name == f"{BIND}.execute":
            self._sender.text(values, keywords, at)
        elif name not in _UNHEEDED or not _are_plain(values, keywords):
            raise NotWritten(f"a call of {name}")

    def _method(
        self, function: ast.expr, values: list[Any], keywords: dict[str, Any], at: Site
    ) -> None:
        if isinstance(function, ast.Name) and function.id == "print":
            if "print" in self._names or not _are_plain(values, keywords):
                raise NotWritten("a call of print")
            return
        if not isinstance(function, ast.Attribute):
            raise NotWritten("a call of something else")
        owner, name = read(function.value, self._names), function.attr
        if type(owner) is Batch:
            self._sender.batched(owner, name, values, keywords, at)
        elif type(owner) is Type and owner.create and name in ("create", "drop"):
            if not values or values[0] != Symbol(BIND):
                raise NotWritten("a type created elsewhere")
            self._sender.type(owner, name, values, keywords, at)
        elif not _is_unheeded(owner, name) or not _are_plain(values, keywords):
            raise NotWritten(f"a call of the method {name}")

    # -- blocks -----------------------------------------------------------------------------------

    def _block(self, node: Any) -> bool:
        if isinstance(node, ast.If):
            test = read(node.test, self._names)
            if type(test) is not bool:
                raise NotWritten("a condition that is no comparison")
            return self._statements(node.body if test else node.orelse)
        if isinstance(node, ast.For):
            return self._loop(node)
        if len(node.items) != 1 or not isinstance(node.items[0].context_expr, ast.Call):
            raise NotWritten("another block")
        (item,) = node.items
        call, named = item.context_expr, item.optional_vars
        if not isinstance(named, ast.Name | None):
            raise NotWritten("a block without a name")
        with self._opened(call, *arguments(call, self._names), named.id if named else None):
            return self._statements(node.body)

    def _opened(
        self, call: ast.Call, values: list[Any], keywords: dict[str, Any], named: str | None
    ) -> AbstractContextManager[None]:
        """What is around the statements of the block that *call* opens."""
        name = symbol(call.func, self._names)
        if name == f"{_OP}batch_alter_table" and named is not None:
            batch = self._batch(values, keywords)
            self._bind([(named, batch)])
            return self._sender.batch(batch)
        if name != f"{_OP}get_context().autocommit_block" or named or values or keywords:
            raise NotWritten("another block")
        return self._sender.autocommit()

    def _batch(self, values: list[Any], keywords: dict[str, Any]) -> Batch:
        given = _BATCH.bind(values, keywords)
        table, schema = given["table_name"], given.get("schema")
        if type(table) is not str or not (schema is None or type(schema) is str):
            raise NotWritten("a batch of something else")
        if given.get("recreate", "auto") not in ("auto", "never"):
            raise NotWritten("a table made anew")
        if any(
            type(given.get(name, {})) is not dict for name in ("naming_convention", "table_kwargs")
        ):
            raise NotWritten("a batch with more to it")
        return Batch(table, schema)

    def _loop(self, node: ast.For) -> bool:
        """A loop over constants."""
        values = constant(node.iter, self._names)
        if node.orelse or type(values) not in (list, tuple):
            raise NotWritten("a loop over something else")
        for value in values:
            self._rounds += 1
            if self._rounds > _MOST:
                raise NotWritten("a loop that is too long")
            self._bind(targets(node, value))
            if self._statements(node.body):
                return True
        return False


def _is_unheeded(owner: Any, name: str) -> bool:
    return type(owner) is Symbol and f"{owner.name}.{name}" in _UNHEEDED


def _are_plain(values: Sequence[Any], keywords: dict[str, Any]) -> bool:
    return not keywords and all(type(value) in (str, int) for value in values)
