"""SQLAlchemy's PostgreSQL dialect over the tape; the catalog answers in place of a server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import create_engine, pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGDialect, PGTypeCompiler
from sqlalchemy.engine import Engine
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.types import String
from sqlalchemy.util import await_only

from migsafe.capture import dbapi, reflection
from migsafe.capture.connection import CaptureConnection
from migsafe.capture.dbapi import Connection, Cursor, Result, ResultColumn, Tape
from migsafe.capture.placeholders import Placeholder
from migsafe.capture.recorder import Recorder
from migsafe.catalog import Catalog, Table, View
from migsafe.names import Name

NAME = "postgresql.migsafe_capture"


class Silence:
    """The tape while nothing is recorded, as during SQLAlchemy's first connection."""

    def next_transaction(self) -> int:
        return 0

    def send(
        self,
        connection: Connection,
        sql: str,
        parameters: Any,
        columns: tuple[ResultColumn, ...] | None,
    ) -> Result:
        return Result((ResultColumn("setting"),), (("on",),), 1)


class CaptureTypes(PGTypeCompiler):
    """PostgreSQL's names of types; a length that is a placeholder is left out."""

    def process(self, type_: Any, **keywords: Any) -> str:
        if isinstance(type_, String) and isinstance(type_.length, Placeholder):
            type_ = type_.adapt(type(type_), length=None)
        return super().process(type_, **keywords)


class CaptureDialect(PGDialect):
    """PostgreSQL without a server: *recorder* takes the statements and knows the catalog."""

    driver = "migsafe_capture"
    default_paramstyle = "named"
    type_compiler_cls = CaptureTypes
    supports_statement_cache = True
    supports_sane_rowcount = False
    supports_sane_multi_rowcount = False
    use_insertmanyvalues = False
    recorder: Recorder | None = None
    version_table: Table | None = None
    asynchronous = False
    major = 18

    @classmethod
    def import_dbapi(cls) -> Any:
        return dbapi

    def create_connect_args(self, url: Any) -> Any:
        return [], {}

    def connect(self, *args: Any, **keywords: Any) -> Any:
        tape: Tape = Silence() if self.recorder is None else self.recorder
        return Connection(tape)

    # -- what SQLAlchemy asks of a driver ---------------------------------------------------

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        _expect(cursor, context)
        if self.asynchronous:
            _wait()
        cursor.execute(statement, parameters)

    def do_execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:
        _expect(cursor, context)
        if self.asynchronous:
            _wait()
        cursor.execute(statement)

    def _get_server_version_info(self, connection: Any) -> tuple[int, ...]:
        return (self.major, 0)

    def _get_default_schema_name(self, connection: Any) -> str:
        return next(iter(self._catalog.search_path), "public")

    def get_isolation_level_values(self, dbapi_conn: Any) -> Any:
        return ("AUTOCOMMIT", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        return "READ COMMITTED"

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        return "AUTOCOMMIT" if dbapi_connection.autocommit else "READ COMMITTED"

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        dbapi_connection.autocommit = level == "AUTOCOMMIT"

    # -- what SQLAlchemy asks the server's catalogs -------------------------------------------

    @property
    def _catalog(self) -> Catalog:
        catalog = Catalog.empty() if self.recorder is None else self.recorder.schema.catalog
        own = self.version_table
        known = own is None or catalog.relation(own.name) is not None
        return catalog if own is None or known else catalog.with_table(own)

    def has_schema(self, connection: Any, schema_name: str, **kw: Any) -> bool:  # type: ignore[override]
        return schema_name in self._catalog.schemas

    def has_table(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> bool:
        found = self._catalog.relation(Name(schema, table_name))
        return isinstance(found, Table | View)

    def has_multi_table(
        self, connection: Any, table_names: Any, schema: str | None = None, **kw: Any
    ) -> Any:
        for name in table_names:
            yield (schema, name), self.has_table(connection, name, schema)

    def has_sequence(
        self, connection: Any, sequence_name: str, schema: str | None = None, **kw: Any
    ) -> bool:
        return self._catalog.sequence(Name(schema, sequence_name)) is not None

    def has_multi_sequence(
        self, connection: Any, sequence_names: Any, schema: str | None = None, **kw: Any
    ) -> Any:
        for name in sequence_names:
            yield (schema, name), self.has_sequence(connection, name, schema)

    def has_type(
        self, connection: Any, type_name: str, schema: str | None = None, **kw: Any
    ) -> bool:
        return self._catalog.type(Name(schema, type_name)) is not None

    def has_multi_type(
        self, connection: Any, type_names: Any, schema: str | None = None, **kw: Any
    ) -> Any:
        for name in type_names:
            yield (schema, name), self.has_type(connection, name, schema)

    def get_schema_names(self, connection: Any, **kw: Any) -> list[str]:
        return sorted({*self._catalog.schemas, "information_schema"})

    def get_table_names(self, connection: Any, schema: str | None = None, **kw: Any) -> list[str]:
        return reflection.names_in(self._catalog, self._catalog.tables, schema)

    def get_view_names(self, connection: Any, schema: str | None = None, **kw: Any) -> list[str]:
        views = {n: v for n, v in self._catalog.views.items() if not v.materialized}
        return reflection.names_in(self._catalog, views, schema)

    def get_materialized_view_names(
        self, connection: Any, schema: str | None = None, **kw: Any
    ) -> list[str]:
        views = {n: v for n, v in self._catalog.views.items() if v.materialized}
        return reflection.names_in(self._catalog, views, schema)

    def get_sequence_names(
        self, connection: Any, schema: str | None = None, **kw: Any
    ) -> list[str]:
        return reflection.names_in(self._catalog, self._catalog.sequences, schema)

    def get_temp_table_names(self, connection: Any, schema: Any = None, **kw: Any) -> list[str]:
        return []

    def get_temp_view_names(self, connection: Any, schema: Any = None, **kw: Any) -> list[str]:
        return []

    def _get_foreign_table_names(self, connection: Any, schema: Any = None, **kw: Any) -> list[str]:
        return []

    def get_view_definition(
        self, connection: Any, view_name: str, schema: str | None = None, **kw: Any
    ) -> str:
        view = self._catalog.view(Name(schema, view_name))
        return "" if view is None else view.definition

    def get_table_oid(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> int:
        return 0

    def _load_enums(self, connection: Any, schema: str | None = None, **kw: Any) -> Any:
        return reflection.enums(self._catalog, schema)

    def _load_domains(self, connection: Any, schema: str | None = None, **kw: Any) -> Any:
        return []

    def get_multi_columns(self, connection: Any, *args: Any, **kw: Any) -> Any:
        return (
            (key, reflection.columns(self._catalog, table, self.ischema_names))
            for key, table in self._relations(**kw)
        )

    def get_multi_pk_constraint(self, connection: Any, *args: Any, **kw: Any) -> Any:
        return ((key, reflection.primary_key(table)) for key, table in self._relations(**kw))

    def get_multi_foreign_keys(self, connection: Any, *args: Any, **kw: Any) -> Any:
        return (
            (key, reflection.foreign_keys(self._catalog, table))
            for key, table in self._relations(**kw)
        )

    def get_multi_indexes(self, connection: Any, *args: Any, **kw: Any) -> Any:
        return (
            (key, reflection.indexes(self._catalog, table)) for key, table in self._relations(**kw)
        )

    def get_multi_unique_constraints(self, connection: Any, *args: Any, **kw: Any) -> Any:
        return ((key, reflection.unique_constraints(table)) for key, table in self._relations(**kw))

    def get_multi_check_constraints(self, connection: Any, *args: Any, **kw: Any) -> Any:
        return ((key, reflection.check_constraints(table)) for key, table in self._relations(**kw))

    def get_multi_table_comment(self, connection: Any, *args: Any, **kw: Any) -> Any:
        return ((key, {"text": table.comment}) for key, table in self._relations(**kw))

    def get_multi_table_options(self, connection: Any, *args: Any, **kw: Any) -> Any:
        return ((key, {}) for key, _ in self._relations(**kw))

    def _relations(
        self,
        schema: str | None = None,
        filter_names: Iterable[str] | None = None,
        **kw: Any,
    ) -> Iterator[tuple[tuple[str | None, str], Table]]:
        names = self.get_table_names(None, schema) if filter_names is None else filter_names
        for name in names:
            table = self._catalog.table(Name(schema, name))
            if table is not None:
                yield (schema, name), table


def _wait() -> None:
    """Wait for nothing: SQLAlchemy's asynchronous connection demands that its driver waits."""

    async def nothing() -> None:
        return None

    with contextlib.suppress(MissingGreenlet):
        await_only(nothing())


def _expect(cursor: Cursor, context: Any) -> None:
    """Tell *cursor* which columns SQLAlchemy's compiler expects of its result, if it knows."""
    compiled = getattr(context, "compiled", None)
    expected = getattr(compiled, "_result_columns", None)
    if not expected:
        cursor.columns = None
        return
    cursor.columns = tuple(ResultColumn(column.keyname, column.type) for column in expected)


def capture_engine(major: int) -> tuple[Engine, CaptureDialect]:
    """An engine whose connections send everything to the recorder of the dialect.

    *major* is the PostgreSQL major version it says it has.
    """
    registry.register(NAME, __name__, "CaptureDialect")
    engine = create_engine(
        f"{NAME.replace('.', '+')}://capture@localhost/capture", poolclass=pool.NullPool
    )
    engine._connection_cls = CaptureConnection
    dialect = engine.dialect
    assert isinstance(dialect, CaptureDialect)
    dialect.major = major
    engine.connect().close()
    return engine, dialect
