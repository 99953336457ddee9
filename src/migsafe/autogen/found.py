"""The two sides of one autogenerate run: the catalog that was found, the tables that are wanted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migsafe.autogen.wanted import plain
from migsafe.catalog import Catalog, Table
from migsafe.introspect import introspect
from migsafe.names import Name

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy.engine.interfaces import Dialect

# fileConfig() spares children of "alembic"
log = logging.getLogger("alembic.migsafe")

_MEMO = "migsafe"


@dataclass(frozen=True)
class Found:
    """What all parts of one run share.

    Attributes:
        catalog: the database, read once.
        schema: where objects without a schema are.
        dialect: compiles SQL without doubling `%`.
    """

    catalog: Catalog
    schema: str
    dialect: Dialect

    def name(self, name: str, schema: str | None) -> Name:
        """The catalog's name of what SQLAlchemy calls *name* in *schema*."""
        return Name(str(schema) if schema else self.schema, str(name))

    def table(self, table: sa.Table) -> Table | None:
        """The table of the database that *table* of the metadata stands for."""
        return self.catalog.tables.get(self.name(table.name, table.schema))

    def written(self, name: Name) -> Name:
        """*name* as a script writes it: without the schema where that is the default one."""
        return Name(None, name.name) if name.schema == self.schema else name


def found(context: AutogenContext) -> Found:
    """Return what this run shares; the database is read at the first call."""
    memo: dict[str, Any] = context.migration_context.impl.memo
    if _MEMO not in memo:
        connection = context.connection
        assert connection is not None
        schema = connection.dialect.default_schema_name or "public"
        if connection.get_execution_options().get("schema_translate_map"):
            notice(
                "schema_translate_map is not known to a comparison, Alembic's included: what is "
                "mapped looks new; give the session a search_path instead"
            )
        memo[_MEMO] = Found(introspect(connection), schema, plain(connection.dialect))
    result: Found = memo[_MEMO]
    return result


def found_again(context: AutogenContext) -> Found:
    """Read the database once more, after a change of our own."""
    context.migration_context.impl.memo.pop(_MEMO, None)
    return found(context)


def wanted_tables(context: AutogenContext) -> Iterator[sa.Table]:
    """Yield the tables of the metadata that the filters of env.py let through, by name."""
    tables = context.table_key_to_table
    for key in sorted(tables):
        table = tables[key]
        if context.run_object_filters(table, table.name, "table", False, None):
            yield table


def notice(text: str) -> None:
    """Say on Alembic's log what could not be compared."""
    log.warning(text)
