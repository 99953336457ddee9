"""Reading the metadata: which enum types it names, and its expressions as SQL text."""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex
from sqlalchemy.types import TypeDecorator

from migsafe.pgtypes import TypeRef

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import Dialect
    from sqlalchemy.types import TypeEngine


_COLLATE = re.compile(r' COLLATE (?:"(?:[^"]|"")+"|[\w.]+)')


def plain(dialect: Dialect) -> Dialect:
    """Return a copy of *dialect* that writes `%` once, as scripts and the catalog need it."""
    twin = copy.copy(dialect)
    twin.paramstyle = "named"
    twin.positional = False
    twin.identifier_preparer = twin.preparer(twin)
    twin.type_compiler_instance = type(dialect.type_compiler_instance)(twin)
    twin.type_compiler = twin.type_compiler_instance
    return twin


def bare(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    """Return the type that PostgreSQL gets: the variant for it, without any TypeDecorator."""
    variants = getattr(type_, "_variant_mapping", {})
    if dialect.name in variants:
        return bare(variants[dialect.name], dialect)
    if isinstance(type_, sa.Interval):  # A TypeDecorator, but over another type than PostgreSQL's.
        return type_.dialect_impl(dialect)
    if isinstance(type_, TypeDecorator):
        return bare(type_.load_dialect_impl(dialect), dialect)
    return type_


def native_enum(type_: TypeEngine[Any], dialect: Dialect) -> sa.Enum | None:
    """Return the native enum that *type_* is, or is an array or a domain of, else None."""
    inner = bare(type_, dialect)
    if isinstance(inner, sa.ARRAY):
        return native_enum(inner.item_type, dialect)
    if isinstance(inner, postgresql.DOMAIN):
        return native_enum(inner.data_type, dialect)
    if isinstance(inner, sa.Enum) and inner.native_enum and inner.name:
        return inner
    return None


def domains_of(type_: TypeEngine[Any], dialect: Dialect) -> Iterator[postgresql.DOMAIN]:
    """Yield the domain that *type_* is or is an array of, after that which it is made of."""
    inner = bare(type_, dialect)
    if isinstance(inner, sa.ARRAY):
        yield from domains_of(inner.item_type, dialect)
    elif isinstance(inner, postgresql.DOMAIN):
        yield from domains_of(inner.data_type, dialect)
        yield inner


def type_text(type_: TypeEngine[Any], dialect: Dialect) -> str:
    """Return the type as SQL, as in `CREATE TABLE`, with its collation."""
    return str(bare(type_, dialect).compile(dialect=dialect))


def collation(type_: TypeEngine[Any], dialect: Dialect) -> str | None:
    """Return the name of the collation that *type_* asks for, None for the type's own."""
    inner = bare(type_, dialect)
    while isinstance(inner, sa.ARRAY):
        inner = bare(inner.item_type, dialect)
    name = getattr(inner, "collation", None)
    return None if name in (None, "default") else str(name)


def type_ref(type_: TypeEngine[Any], dialect: Dialect) -> TypeRef | None:
    """Return the type as the catalog has it, or None where it cannot be read."""
    try:
        return _parsed(_COLLATE.sub("", type_text(type_, dialect)))
    except (ValueError, sa.exc.CompileError):
        return None


@functools.lru_cache(maxsize=1024)  # A schema has thousands of columns, and dozens of types.
def _parsed(text: str) -> TypeRef:
    return TypeRef.parse(text)


def sql_text(expression: Any, dialect: Dialect) -> str:
    """Return an expression of the metadata as SQL, without the table's name before columns."""
    if isinstance(expression, str):
        return expression
    if isinstance(expression, sa.ColumnClause) and expression.is_literal:
        return str(expression.name)
    compiler = dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]
    return compiler.sql_compiler.process(expression, literal_binds=True, include_table=False)


def default_text(default: Any, dialect: Dialect) -> str | None:
    """Return a server default as SQL; None when there is none, or no expression to see.

    NULL is none: PostgreSQL keeps no such default.
    """
    if not isinstance(default, sa.DefaultClause):
        return None
    if isinstance(default.arg, str):
        return dialect.statement_compiler(dialect, None).render_literal_value(
            default.arg, sa.String()
        )
    text = sql_text(default.arg, dialect)
    return None if text.strip().upper() == "NULL" else text


def index_body(index: sa.Index, dialect: Dialect) -> str:
    """Return what follows the table's name in `CREATE INDEX`, but what is compared by value."""
    text = str(CreateIndex(index).compile(dialect=dialect))
    preparer = dialect.identifier_preparer
    assert index.table is not None
    head = f" ON {preparer.format_table(index.table)} "
    body = text[text.index(head) + len(head) :]
    options = index.dialect_options["postgresql"]
    if options["tablespace"]:
        body = body.replace(f" TABLESPACE {preparer.quote(options['tablespace'])}", "", 1)
    if options["nulls_not_distinct"] is not None:
        nulls = " NULLS NOT DISTINCT" if options["nulls_not_distinct"] else " NULLS DISTINCT"
        body = body.replace(nulls, "", 1)
    return body


def metadata_only_enums(metadata: sa.MetaData) -> Iterator[sa.Enum]:
    """Yield the enums that name *metadata* as theirs, whether or not a column uses them."""
    for listener in metadata.dispatch.before_create:
        owner = getattr(listener, "target", None) or getattr(listener, "__self__", None)
        if isinstance(owner, sa.Enum):
            yield owner
    yield from (found for found in getattr(metadata, "_objects", ()) if isinstance(found, sa.Enum))
