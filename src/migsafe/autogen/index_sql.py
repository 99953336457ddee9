"""An index of the catalog as SQL text, and as the SQLAlchemy object that creates it again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import conv

from migsafe.autogen.readable import readable
from migsafe.catalog import Index, IndexKey
from migsafe.names import quote_ident, quote_literal


def body(index: Index) -> str:
    """Return what follows the table's name in the `CREATE INDEX` of *index*, but the tablespace."""
    return " ".join([f"USING {quote_ident(index.method)}", f"({_keys(index)})", *_rest(index)])


def _keys(index: Index) -> str:
    return ", ".join(key_text(key) for key in index.keys)


def _rest(index: Index) -> Iterator[str]:
    if index.include:
        yield f"INCLUDE ({', '.join(quote_ident(name) for name in index.include)})"
    if index.options:
        yield f"WITH ({_options(index.options)})"
    if index.predicate is not None:
        yield f"WHERE {index.predicate}"


def _options(options: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name} = {quote_literal(value)}" for name, value in options)


def key_text(key: IndexKey) -> str:
    """Return one key as `CREATE INDEX` takes it."""
    parts = [quote_ident(key.column) if key.column is not None else f"({key.expression})"]
    if key.collation is not None:
        parts.append(f"COLLATE {key.collation}")
    if key.opclass is not None:
        options = f" ({_options(key.opclass_options)})" if key.opclass_options else ""
        parts.append(f"{key.opclass}{options}")
    if key.descending:
        parts.append("DESC" if key.nulls_first else "DESC NULLS LAST")
    elif key.nulls_first:
        parts.append("NULLS FIRST")
    return " ".join(parts)


def restored(index: Index, table: str | None = None, schema: str | None = None) -> sa.Index:
    """Return the index for SQLAlchemy, on *table* of *schema* (by default the catalog's names)."""
    options: dict[str, Any] = {}
    if index.method != "btree":
        options["postgresql_using"] = index.method
    if index.predicate is not None:
        options["postgresql_where"] = sa.literal_column(readable(index.predicate))
    if index.include:
        options["postgresql_include"] = list(index.include)
    if index.options:
        options["postgresql_with"] = dict(index.options)
    if index.nulls_not_distinct:
        options["postgresql_nulls_not_distinct"] = True
    if index.tablespace is not None:
        options["postgresql_tablespace"] = index.tablespace
    plain = {key.column for key in index.keys if _is_plain(key)}
    columns = {
        name: sa.Column(name, sa.types.NullType()) for name in (*plain, *index.include) if name
    }
    keys = [
        columns[key.column] if _is_plain(key) and key.column else sa.literal_column(key_text(key))
        for key in index.keys
    ]
    made = sa.Index(conv(index.name.name), *keys, unique=index.unique, **options)
    owner = sa.Table(
        table or index.table.name, sa.MetaData(), *columns.values(), schema=schema or None
    )
    if made.table is None:
        made._set_parent(owner)  # as Alembic does for text keys
    return made


def _is_plain(key: IndexKey) -> bool:
    return key_text(key) == (None if key.column is None else quote_ident(key.column))
