"""MetaData → the Catalog that `create_all` would make of an empty database, without one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from migsafe.catalog import Catalog
from migsafe.effects import predict
from migsafe.errors import ConfigError
from migsafe.fold import fold
from migsafe.session import Session
from migsafe.sql import parse
from migsafe.sql.ast import CreateTable, Unrecognised

if TYPE_CHECKING:
    from sqlalchemy import MetaData

# Whichever is installed: only its dialect is used, and nothing connects.
_URL = "postgresql+psycopg://"


def wanted_catalog(metadata: MetaData, *, major: int = 18) -> Catalog:
    """The Catalog of an empty PostgreSQL *major* after ``metadata.create_all()``.

    What `create_all` would need an extension for is taken to be there. Raises ConfigError when
    SQLAlchemy cannot write the statements, or one of them is no SQL of PostgreSQL.
    """
    catalog = Catalog.empty(major)
    for statement in _statements(metadata):
        for parsed in parse(statement):
            if isinstance(parsed.statement, Unrecognised):
                first = " ".join(parsed.sql.split())[:80]
                raise ConfigError(f"not SQL of PostgreSQL: {parsed.statement.why} in {first!r}")
            before = catalog
            catalog = fold(catalog, parsed.statement)
            if isinstance(parsed.statement, CreateTable) and catalog is before:
                raise ConfigError(_refusal(before, parsed.statement))
    return replace(catalog, gaps=())


def _refusal(catalog: Catalog, statement: CreateTable) -> str:
    failure = predict(statement, Session(catalog)).fails
    why = f": {failure.why}" if failure is not None else ""
    return f"PostgreSQL refuses to make the table {statement.name.display()}{why}"


def _statements(metadata: MetaData) -> Iterator[str]:
    from sqlalchemy import create_mock_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.schema import CreateSchema

    written: list[str] = []

    def write(construct: Any, *_: Any, **__: Any) -> None:
        written.append(str(construct.compile(dialect=engine.dialect)))

    engine = create_mock_engine(_URL, write, paramstyle="named")
    schemas = {table.schema for table in metadata.tables.values() if table.schema}
    for schema in sorted({*schemas, *([metadata.schema] if metadata.schema else [])}):
        write(CreateSchema(schema, if_not_exists=True))
    try:
        metadata.create_all(engine, checkfirst=False)
    except SQLAlchemyError as error:
        raise ConfigError(f"SQLAlchemy cannot create these models: {error}") from error
    except Exception as error:  # a listener of the user's that needs a real connection
        raise ConfigError(
            "the models cannot be created without a database "
            f"({type(error).__name__}: {error}); give one with --url"
        ) from error
    return iter(written)
