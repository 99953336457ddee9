"""The body of upgrade() or downgrade(), read statement by statement onto the tape."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any

from migsafe.capture.dbapi import Connection
from migsafe.capture.model import EnumGiven, Operation
from migsafe.capture.recorder import Recorder
from migsafe.capture.sites import Site
from migsafe.capture.written.arguments import Signature, flag
from migsafe.capture.written.modules import Names, constant, imported, imported_from
from migsafe.capture.written.operations import OPERATIONS
from migsafe.capture.written.reading import arguments, read, symbol
from migsafe.capture.written.values import Column, NotWritten, Symbol, Type
from migsafe.names import Name
from migsafe.values import dataclass

_OP = "alembic.op."
_BLOCK = "alembic.op.get_context().autocommit_block()"
# Where the table stands among the arguments of an operation, which a batch leaves out.
_IN_BATCH = {
    "add_column": 0,
    "alter_column": 0,
    "create_check_constraint": 1,
    "create_foreign_key": 1,
    "create_index": 1,
    "create_primary_key": 1,
    "create_table_comment": 0,
    "create_unique_constraint": 1,
    "drop_column": 0,
    "drop_constraint": 1,
    "drop_index": 1,
    "drop_table_comment": 0,
}
_BATCH = Signature("table_name schema recreate", required=1)
_CREATE = Signature("bind checkfirst", required=1)


@dataclass(frozen=True)
class _Batch:
    """What ``batch_alter_table()`` gives: operations on one table, done at the end of the block."""

    table: str
    schema: str | None


class Body:
    """Reads the statements of one function; *recorder* takes what they send."""

    def __init__(self, recorder: Recorder, names: Names, naming: dict[str, str]):
        self._recorder = recorder
        self._globals = names
        self._names = dict(names)
        self._naming = naming
        self._connection = Connection(recorder)
        self._created: set[tuple[str | None, str | None]] = set()
        self._later: list[Callable[[], None]] | None = None
        self._in_autocommit = False

    def read(self, function: ast.FunctionDef) -> None:
        """Send what *function* sends; raises NotWritten where that is not certain."""
        given = function.args
        if given.args or given.posonlyargs or given.kwonlyargs or given.vararg or given.kwarg:
            raise NotWritten("arguments of the function")
        self._statements(function.body)

    def _statements(self, body: Sequence[Any]) -> None:
        for node, following in zip_longest(body, body[1:]):
            kind = type(node)
            if kind is ast.Expr:
                shared = following is not None and following.lineno == node.lineno
                self._expression(node.value, shared)
            elif kind is ast.Assign or kind is ast.AnnAssign:
                self._assign(node)
            elif kind is ast.With:
                self._with(node)
            elif kind is ast.Import:
                self._bind(imported(node, self._names))
            elif kind is ast.ImportFrom:
                self._bind(imported_from(node, self._names))
            elif kind is not ast.Pass:
                raise NotWritten(f"the statement {kind.__name__}")

    # -- names ------------------------------------------------------------------------------------

    def _assign(self, node: Any) -> None:
        targets: list[Any] = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is None or any(not isinstance(one, ast.Name) for one in targets):
            raise NotWritten("an assignment to something else")
        value = Symbol("alembic.op.get_bind()")
        if not _is_bind(node.value, self._names):
            value = constant(node.value, self._names)
        self._bind((target.id, value) for target in targets)

    def _bind(self, pairs: Any) -> None:
        """Give local names their values; one that the module has too would have none before."""
        for name, value in pairs:
            if name in self._globals:
                raise NotWritten("a name of the module given another value")
            self._names[name] = value

    # -- calls ------------------------------------------------------------------------------------

    def _expression(self, node: ast.expr, shared: bool) -> None:
        """Read a call of an operation; its first line may be *shared* with the next statement."""
        if isinstance(node, ast.Constant):
            return
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
            raise NotWritten("an expression that is no call")
        if node.func.end_lineno != node.lineno:
            raise NotWritten("a call over several lines")  # whose line depends on Python's version
        site = Site(node.lineno, node.end_lineno or node.lineno)
        if shared:
            site = Site(*self._recorder.source.call_at(node.lineno))
        name = symbol(node.func, self._names)
        if name is not None:
            self._operation(name, node, site)
        elif isinstance(node.func, ast.Attribute):
            self._method(node.func, node, site)
        else:
            raise NotWritten("a call of something else")

    def _operation(self, name: str, node: ast.Call, site: Site) -> None:
        read_it = OPERATIONS.get(name[len(_OP) :]) if name.startswith(_OP) else None
        if read_it is None:
            raise NotWritten(f"a call of {name}")
        values, keywords = arguments(node, self._names)
        operation, texts = read_it(values, keywords, self._naming)
        if operation.name == "create_table":
            self._send(operation, self._types_of(values), site)
        self._send(operation, texts, site)

    def _types_of(self, items: Sequence[Any]) -> list[str]:
        """CREATE TYPE for the enums of a new table's columns: each once in a migration."""
        texts = []
        for item in items:
            enum = item.type.enum if type(item) is Column else None
            if enum is not None and enum.create_type and _key(enum) not in self._created:
                self._created.add(_key(enum))
                texts.append(item.type.create)
        return texts

    def _method(self, function: ast.Attribute, node: ast.Call, site: Site) -> None:
        owner = read(function.value, self._names)
        if type(owner) is _Batch:
            self._batched(owner, function.attr, node, site)
        elif type(owner) is Type and owner.create and function.attr in ("create", "drop"):
            self._type(owner, function.attr, node, site)
        else:
            raise NotWritten(f"a call of the method {function.attr}")

    def _batched(self, batch: _Batch, name: str, node: ast.Call, site: Site) -> None:
        values, keywords = arguments(node, self._names)
        if name == "execute":
            operation, texts = OPERATIONS[name](values, keywords, self._naming)
            self._send(operation, texts, site)
            return
        place = _IN_BATCH.get(name)
        schema = "source_schema" if name == "create_foreign_key" else "schema"
        if place is None or schema in keywords or len(values) < place or self._later is None:
            raise NotWritten(f"the operation {name} of a batch")
        values.insert(place, batch.table)
        keywords[schema] = batch.schema
        operation, texts = OPERATIONS[name](values, keywords, self._naming)
        self._later.append(partial(self._send, operation, texts, site))

    def _type(self, owner: Type, name: str, node: ast.Call, site: Site) -> None:
        if not node.args or not _is_bind(node.args[0], self._names):
            raise NotWritten("a type created elsewhere")
        keywords = {one.arg or "": read(one.value, self._names) for one in node.keywords}
        given = _CREATE.bind(("bind", *(read(one, self._names) for one in node.args[1:])), keywords)
        if "checkfirst" not in given and not owner.is_native:
            raise NotWritten("a type created as versions of SQLAlchemy do")
        wanted = owner.create if name == "create" else owner.drop
        if flag(given.get("checkfirst", True)) and self._is_there(owner) == (name == "create"):
            return
        self._send(None, [wanted], site)

    def _is_there(self, type_: Type) -> bool:
        enum = type_.enum
        if enum is None or enum.name is None:
            raise NotWritten("a type without a name")
        return self._recorder.schema.catalog.type(Name(enum.schema, enum.name)) is not None

    def _send(self, operation: Operation | None, texts: Sequence[str], site: Site) -> None:
        if not texts:
            return
        with self._recorder.attributed(operation, site):
            for text in texts:
                text.encode()  # half a character cannot be sent
                self._recorder.record(self._connection, text)

    # -- blocks -----------------------------------------------------------------------------------

    def _with(self, node: Any) -> None:
        if len(node.items) != 1 or self._later is not None:
            raise NotWritten("a block in a block")
        (item,) = node.items
        if not isinstance(item.context_expr, ast.Call):
            raise NotWritten("another block")
        if symbol(item.context_expr.func, self._names) == f"{_OP}batch_alter_table":
            self._batch(item, node)
        elif _is_autocommit(item.context_expr, self._names) and item.optional_vars is None:
            self._autocommit(node)
        else:
            raise NotWritten("another block")

    def _batch(self, item: ast.withitem, node: Any) -> None:
        values, keywords = arguments(item.context_expr, self._names)  # type: ignore[arg-type]
        given = _BATCH.bind(values, keywords)
        table, schema = given["table_name"], given.get("schema")
        if type(table) is not str or not (schema is None or type(schema) is str):
            raise NotWritten("a batch of something else")
        if given.get("recreate", "auto") not in ("auto", "never"):
            raise NotWritten("a table made anew")
        if not isinstance(item.optional_vars, ast.Name):
            raise NotWritten("a batch without a name")
        self._bind([(item.optional_vars.id, _Batch(table, schema))])
        later = self._later = []
        self._statements(node.body)
        self._later = None
        for send in later:
            send()

    def _autocommit(self, node: Any) -> None:
        """What is inside runs outside a transaction, and a new one begins behind it."""
        if self._in_autocommit:
            raise NotWritten("a block in a block")
        self._in_autocommit = True
        self._connection.commit()
        self._connection.autocommit = True
        self._statements(node.body)
        self._connection.commit()
        self._connection.autocommit = False
        self._in_autocommit = False


def _key(enum: EnumGiven) -> tuple[str | None, str | None]:
    return enum.schema, enum.name


def _is_bind(node: ast.expr, names: Names) -> bool:
    """Whether *node* is the connection: ``op.get_bind()``, or a name for it."""
    if isinstance(node, ast.Call) and not node.args and not node.keywords:
        return symbol(node.func, names) == f"{_OP}get_bind"
    return isinstance(node, ast.Name) and symbol(node, names) == f"{_OP}get_bind()"


def _is_autocommit(node: ast.Call, names: Names) -> bool:
    """Whether *node* is ``op.get_context().autocommit_block()``."""
    function = node.func
    if node.args or node.keywords or not isinstance(function, ast.Attribute):
        return False
    context = function.value
    if function.attr != "autocommit_block" or not isinstance(context, ast.Call):
        return False
    empty = not context.args and not context.keywords
    return empty and symbol(context.func, names) == f"{_OP}get_context"
