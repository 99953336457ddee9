"""Alembic's operations: the statements that each sends, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migsafe.capture.model import Operation
from migsafe.capture.written import keys
from migsafe.capture.written.arguments import Signature, optional_flag
from migsafe.capture.written.columns import comment_sql, default_sql
from migsafe.capture.written.identifiers import literal, qualified, quoted, verbatim
from migsafe.capture.written.sent import Naming, Read, Sent, text_of
from migsafe.capture.written.tables import column_sql, constraint_sql, create_table, referring
from migsafe.capture.written.types import type_of
from migsafe.capture.written.values import Column, Fragment, Key, NotWritten, Type

# -- tables -----

_CREATE_TABLE = Signature(
    "",
    "schema comment if_not_exists mysql_charset mysql_collate mysql_default_charset mysql_engine "
    "sqlite_autoincrement",
)


def _create_table(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    given = _CREATE_TABLE.bind((), keywords)
    if not args:
        raise NotWritten("a table without a name")
    table, schema, items = text_of(args[0]), given.get("schema"), args[1:]
    optional_flag(given.get("if_not_exists"))
    return Operation("create_table", table), [
        *create_table(table, schema, items, given, naming),
        *_comments(table, schema, items, given.get("comment")),
    ]


def _comments(table: str, schema: Any, items: Sequence[Any], comment: Any) -> Iterator[str]:
    on = qualified(schema, table)
    if comment is not None:
        yield f"COMMENT ON TABLE {on} IS {comment_sql(comment)}"
    for column in items:
        if type(column) is Column and column.comment is not None:
            yield f"COMMENT ON COLUMN {on}.{quoted(column.name)} IS {column.comment}"


_DROP_TABLE = Signature("table_name", "schema if_exists", required=1)


def _drop_table(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    given = _DROP_TABLE.bind(args, keywords)
    table = text_of(given["table_name"])
    exists = "IF EXISTS " if optional_flag(given.get("if_exists")) else ""
    text = f"\nDROP TABLE {exists}{qualified(given.get('schema'), table)}"
    return Operation("drop_table", table), (text,)


_RENAME_TABLE = Signature("old_table_name new_table_name", "schema", required=2)


def _rename_table(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    given = _RENAME_TABLE.bind(args, keywords)
    table = text_of(given["old_table_name"])
    old = qualified(given.get("schema"), table)
    text = f"ALTER TABLE {old} RENAME TO {quoted(given['new_table_name'])}"
    return Operation("rename_table", table), (text,)


_COMMENT = Signature("table_name comment", "existing_comment schema", required=2)


def _comment(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    given = _COMMENT.bind(args, keywords)
    table = text_of(given["table_name"])
    on = qualified(given.get("schema"), table)
    text = f"COMMENT ON TABLE {on} IS {comment_sql(given['comment'])}"
    return Operation("create_table_comment", table), (text,)


_NO_COMMENT = Signature("table_name", "existing_comment schema", required=1)


def _no_comment(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    given = _NO_COMMENT.bind(args, keywords)
    table = text_of(given["table_name"])
    text = f"COMMENT ON TABLE {qualified(given.get('schema'), table)} IS NULL"
    return Operation("drop_table_comment", table), (text,)


# -- columns -----

_ADD_COLUMN = Signature("table_name column", "schema if_not_exists", required=2)


def _add_column(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    given = _ADD_COLUMN.bind(args, keywords)
    table, column, schema = text_of(given["table_name"]), given["column"], given.get("schema")
    if type(column) is not Column or column.unique or column.index:
        raise NotWritten("a column that does more than be there")
    on = qualified(schema, table)
    exists = "IF NOT EXISTS " if optional_flag(given.get("if_not_exists")) else ""
    key = Key("pk", (column.name,)) if column.primary_key else None
    known = frozenset((column.name,)) if column.references else frozenset()
    texts = [f"ALTER TABLE {on} ADD COLUMN {exists}{column_sql(column, key, known)}"]
    for one in column.references:
        if len(column.references) > 1:
            raise NotWritten("two foreign keys of a column")
        added = constraint_sql(referring(column.name, one), naming)
        texts.append(f"ALTER TABLE {on} ADD {added}")
    texts += _comments(table, schema, (column,), None)
    return Operation("add_column", table, enum=column.type.enum), texts


_DROP_COLUMN = Signature("table_name column_name", "schema if_exists", required=2)


def _drop_column(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    given = _DROP_COLUMN.bind(args, keywords)
    table, column = text_of(given["table_name"]), text_of(given["column_name"])
    exists = "IF EXISTS " if optional_flag(given.get("if_exists")) else ""
    on = qualified(given.get("schema"), table)
    text = f"ALTER TABLE {on} DROP COLUMN {exists}{quoted(column)}"
    return Operation("drop_column", table, column_name=column), (text,)


_ALTER_COLUMN = Signature(
    "table_name column_name",
    "nullable comment server_default new_column_name type_ existing_type existing_server_default "
    "existing_nullable existing_comment schema postgresql_using autoincrement "
    "existing_autoincrement",
    required=2,
)


def _alter_column(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    given = _ALTER_COLUMN.bind(args, keywords)
    table, column = text_of(given["table_name"]), text_of(given["column_name"])
    on, existing = qualified(given.get("schema"), table), _existing(given)
    type_ = None if given.get("type_") is None else type_of(given["type_"])
    said = Operation(
        "alter_column",
        table,
        column_name=column,
        existing_type=None if existing is None else existing.sql,
        existing_nullable=given.get("existing_nullable"),
        enum=None if type_ is None else type_.enum,
    )
    at = f"ALTER TABLE {on} ALTER COLUMN {quoted(column)}"
    return said, list(_altered(on, column, at, type_, given))


def _existing(given: Mapping[str, Any]) -> Type | None:
    """The type that the column has; what else it has must be constants."""
    optional_flag(given.get("existing_nullable"))
    default, comment = given.get("existing_server_default"), given.get("existing_comment")
    if not (default is None or default is False or type(default) in (str, Fragment)):
        raise NotWritten("a default that is there")
    if comment is not None and type(comment) is not str:
        raise NotWritten("a comment that is there")
    existing = given.get("existing_type")
    return None if existing is None else type_of(existing)


def _altered(
    on: str, column: str, at: str, type_: Type | None, given: Mapping[str, Any]
) -> Iterator[str]:
    using = given.get("postgresql_using")
    if using is not None and (type_ is None or type(using) is not str):
        raise NotWritten("USING something else")
    if type_ is not None:
        yield f"{at} TYPE {type_.sql} " + (f"USING {using}" if using else "")
    if (nullable := optional_flag(given.get("nullable"))) is not None:
        yield f"{at} {'DROP' if nullable else 'SET'} NOT NULL"
    default = given.get("server_default", False)
    if default is not False:
        yield (
            f"{at} DROP DEFAULT" if default is None else f"{at} SET DEFAULT {default_sql(default)}"
        )
    comment = given.get("comment", False)
    if comment is not False:
        text = "NULL" if comment is None else literal(comment)
        yield f"COMMENT ON COLUMN {on}.{quoted(column)} IS {text}"
    if (name := given.get("new_column_name")) is not None:
        yield f"ALTER TABLE {on} RENAME {quoted(column)} TO {quoted(name)}"


# -- texts -----

_EXECUTE = Signature("sqltext", required=1)


def _execute(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    sql = _EXECUTE.bind(args, keywords)["sqltext"]
    if type(sql) is Fragment and sql.is_text:
        return Operation("execute"), (sql.sql,)
    return Operation("execute"), (verbatim(sql),)


OPERATIONS: dict[str, Read] = {
    **keys.OPERATIONS,
    "add_column": _add_column,
    "alter_column": _alter_column,
    "create_table": _create_table,
    "create_table_comment": _comment,
    "drop_column": _drop_column,
    "drop_table": _drop_table,
    "drop_table_comment": _no_comment,
    "execute": _execute,
    "rename_table": _rename_table,
}
"""What each operation sends, by its name in ``alembic.op``."""
