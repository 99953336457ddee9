"""What a function sends, on a tape: operations, batches, types and texts, in transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from migsafe.capture.dbapi import Connection
from migsafe.capture.marks import not_known
from migsafe.capture.model import EnumGiven, Operation
from migsafe.capture.recorder import Recorder
from migsafe.capture.sites import Site
from migsafe.capture.written.arguments import Signature, flag
from migsafe.capture.written.operations import OPERATIONS
from migsafe.capture.written.values import Batch, Column, Fragment, NotWritten, Type
from migsafe.names import Name

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
_CREATE = Signature("bind checkfirst", required=1)
_EXECUTE = Signature("statement", required=1)


class Sender:
    """Sends what calls of one function send to *recorder*."""

    def __init__(self, recorder: Recorder, naming: dict[str, str]):
        self._recorder = recorder
        self._naming = naming
        self._connection = Connection(recorder)
        self._created: set[tuple[str | None, str | None]] = set()
        self._later: list[Callable[[], None]] | None = None
        self._batch: Batch | None = None
        self._in_autocommit = False

    # -- calls ------------------------------------------------------------------------------------

    def operation(self, name: str, values: list[Any], keywords: dict[str, Any], at: Site) -> None:
        """An operation of ``alembic.op``, called *at* a place of the file."""
        read = OPERATIONS.get(name)
        if read is None:
            raise NotWritten(f"the operation {name}")
        operation, texts = read(values, keywords, self._naming)
        if name == "create_table":
            self._send(operation, self._types_of(values), at)
        self._send(operation, texts, at)

    def batched(
        self, batch: Batch, name: str, values: list[Any], keywords: dict[str, Any], at: Site
    ) -> None:
        """An operation of a batch; it waits for the end of the block."""
        if name == "execute":
            self.operation(name, values, keywords, at)
            return
        place = _IN_BATCH.get(name)
        schema = "source_schema" if name == "create_foreign_key" else "schema"
        if place is None or schema in keywords or len(values) < place or self._later is None:
            raise NotWritten(f"the operation {name} of a batch")
        if batch is not self._batch or (name == "drop_constraint" and "if_exists" in keywords):
            raise NotWritten(f"the operation {name} of another batch")
        values.insert(place, batch.table)
        keywords[schema] = batch.schema
        operation, texts = OPERATIONS[name](values, keywords, self._naming)
        self._later.append(partial(self._send, operation, texts, at))

    def type(
        self, type_: Type, name: str, values: Sequence[Any], keywords: Mapping[str, Any], at: Site
    ) -> None:
        """``create()`` or ``drop()`` of an enum on the connection."""
        given = _CREATE.bind(values, keywords)
        if "checkfirst" not in given and not type_.is_native:
            raise NotWritten("a type created as versions of SQLAlchemy do")
        looks_first = flag(given.get("checkfirst", True))
        if not looks_first or self._is_there(type_) == (name == "drop"):
            self._send(None, [type_.create if name == "create" else type_.drop], at)

    def text(self, values: Sequence[Any], keywords: Mapping[str, Any], at: Site) -> None:
        """``execute()`` of the connection."""
        statement = _EXECUTE.bind(values, keywords)["statement"]
        if type(statement) is not Fragment or not statement.is_text:
            raise NotWritten("a statement that is no text")
        self._send(None, [statement.sql], at)

    def _types_of(self, items: Sequence[Any]) -> list[str]:
        """CREATE TYPE for the enums of a new table's columns: each once in a migration."""
        texts = []
        for item in items:
            enum = item.type.enum if type(item) is Column else None
            if enum is not None and enum.create_type and _key(enum) not in self._created:
                self._created.add(_key(enum))
                texts.append(item.type.create)
        return texts

    def _is_there(self, type_: Type) -> bool:
        enum = type_.enum
        if enum is None or enum.name is None:
            raise NotWritten("a type without a name")
        return self._recorder.schema.catalog.type(Name(enum.schema, enum.name)) is not None

    def _send(self, operation: Operation | None, texts: Sequence[str], at: Site) -> None:
        for text in texts:
            text.encode()  # half a character cannot be sent
            if not_known(text) is not None:
                raise NotWritten("a text with the mark of a placeholder")
            self._recorder.record_of(operation, at, self._connection, text)

    # -- blocks -----------------------------------------------------------------------------------

    @contextmanager
    def batch(self, batch: Batch) -> Iterator[None]:
        """What *batch* sends comes at its end."""
        if self._later is not None:
            raise NotWritten("a block in a block")
        later = self._later = []
        self._batch = batch
        yield
        self._later = None
        for send in later:
            send()

    @contextmanager
    def autocommit(self) -> Iterator[None]:
        """What is inside runs outside a transaction, and a new one begins behind it."""
        if self._in_autocommit or self._later is not None:
            raise NotWritten("a block in a block")
        self._in_autocommit = True
        self._connection.commit()
        self._connection.autocommit = True
        yield
        self._connection.commit()
        self._connection.autocommit = False
        self._in_autocommit = False


def _key(enum: EnumGiven) -> tuple[str | None, str | None]:
    return enum.schema, enum.name
