"""Alembic's operations on indexes and constraints: what each sends and what is remembered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migsafe.capture.model import Operation
from migsafe.capture.written.arguments import Signature, flag, names, optional_flag
from migsafe.capture.written.constraints import condition, deferral, reference_tail
from migsafe.capture.written.identifiers import constraint_name, prefix, qualified, quoted
from migsafe.capture.written.sent import Naming, Read, Sent, plain, text_of
from migsafe.capture.written.tables import constraint_sql
from migsafe.capture.written.values import Check, Final, Fragment, Key, NotWritten, Reference


def _of_constraint(name: str, table: Any, given: Any) -> Operation:
    final = type(given) is Final
    return Operation(name, table_name=table, constraint_name=plain(given), is_final=final)


# -- indexes -----

_USING = re.compile(r"[A-Za-z0-9_]+")
_CREATE_INDEX = Signature(
    "index_name table_name columns",
    "schema unique if_not_exists postgresql_concurrently postgresql_using postgresql_where "
    "postgresql_include postgresql_ops postgresql_with mysql_length sqlite_where",
    required=3,
)


def _create_index(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    given = _CREATE_INDEX.bind(args, keywords)
    table = text_of(given["table_name"])
    index = constraint_name(given["index_name"], "ix", naming)
    if index is None:
        raise NotWritten("an index without a name")
    unique = "UNIQUE " if flag(given.get("unique", False)) else ""
    online = "CONCURRENTLY " if flag(given.get("postgresql_concurrently", False)) else ""
    exists = "IF NOT EXISTS " if optional_flag(given.get("if_not_exists")) else ""
    on = qualified(given.get("schema"), table)
    text = f"CREATE {unique}INDEX {online}{exists}{index} ON {on} {_indexed(given)}"
    said = Operation("create_index", table, index_name=plain(given["index_name"]))
    return said, (text,)


def _indexed(given: Mapping[str, Any]) -> str:
    text = ""
    if (using := given.get("postgresql_using")) is not None:
        if type(using) is not str or not _USING.fullmatch(using):
            raise NotWritten("an index USING something else")
        text = f"USING {using.lower()} "
    classes, columns = given.get("postgresql_ops", {}), given["columns"]
    known = type(columns) in (list, tuple) and type(classes) is dict
    if not known or not columns or any(type(one) not in (str, Fragment) for one in columns):
        raise NotWritten("what is in an index")
    # To Alembic, a text is the name of a column too.
    texts = {one.sql if type(one) is Fragment else one for one in columns}
    if len(texts) < len(columns) or "" in texts:
        raise NotWritten("a column twice in an index")
    text += f"({', '.join(_element(one, classes) for one in columns)})"
    if (include := given.get("postgresql_include")) is not None:
        text += f" INCLUDE ({', '.join(map(quoted, names(include)))})"
    if options := given.get("postgresql_with", {}):
        text += f" WITH ({', '.join(_options(options))})"
    if (where := given.get("postgresql_where")) is not None:
        text += f" WHERE {condition(where)}"
    return text


def _options(given: Any) -> Iterator[str]:
    for name, value in given.items():
        if type(name) is not str or type(value) not in (str, int):
            raise NotWritten("an option of an index")
        yield f"{name} = {value}"


def _element(one: Any, classes: Mapping[str, Any]) -> str:
    if type(one) is Fragment and (one.is_text or one.is_column) and not classes:
        return one.sql
    if one not in classes:
        return quoted(one)
    return f"{quoted(one)} {text_of(classes[one])}"


_DROP_INDEX = Signature(
    "index_name table_name",
    "schema if_exists postgresql_concurrently unique postgresql_where postgresql_using "
    "postgresql_ops mysql_length sqlite_where",
    required=1,
)


def _drop_index(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    given = _DROP_INDEX.bind(args, keywords)
    table = given.get("table_name")
    name = constraint_name(given["index_name"], "ix", naming)
    if name is None:
        raise NotWritten("an index without a name")
    online = "CONCURRENTLY " if flag(given.get("postgresql_concurrently", False)) else ""
    exists = "IF EXISTS " if optional_flag(given.get("if_exists")) else ""
    said = Operation(
        "drop_index",
        None if table is None else text_of(table),
        index_name=plain(given["index_name"]),
    )
    return said, (f"\nDROP INDEX {online}{exists}{prefix(given.get('schema'))}{name}",)


# -- constraints -----

_FOREIGN_KEY = Signature(
    "constraint_name source_table referent_table local_cols remote_cols",
    "onupdate ondelete deferrable initially match source_schema referent_schema use_alter "
    "postgresql_not_valid",
    required=5,
)


def _foreign_key(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    given = _FOREIGN_KEY.bind(args, keywords)
    table, schema = text_of(given["source_table"]), given.get("source_schema")
    to, columns = text_of(given["referent_table"]), names(given["local_cols"])
    targets, to_schema = names(given["remote_cols"]), given.get("referent_schema")
    if len(columns) != len(targets) or "." in "".join((to, *targets)):
        raise NotWritten("what a foreign key is to")
    flag(given.get("use_alter", False))
    tail = reference_tail(given) + _validity(given)
    name = given["constraint_name"]
    constraint = Reference(columns, to_schema, to, targets, tail, name)
    said = Operation(
        "create_foreign_key", constraint_name=plain(name), is_final=type(name) is Final
    )
    on = qualified(schema, table)
    return said, (f"ALTER TABLE {on} ADD {constraint_sql(constraint, naming)}",)


def _validity(given: Mapping[str, Any]) -> str:
    return " NOT VALID" if optional_flag(given.get("postgresql_not_valid")) else ""


_KEY = Signature("constraint_name table_name columns", "schema deferrable initially", required=3)


def _key(kind: str, name: str) -> Read:
    def read(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
        given = _KEY.bind(args, keywords)
        tail = deferral(given)
        if kind == "pk" and tail:
            raise NotWritten("a primary key that can wait")
        key = Key(kind, names(given["columns"]), tail, given["constraint_name"])
        return _added(name, given, constraint_sql(key, naming))

    return read


def _added(name: str, given: Mapping[str, Any], text: str) -> Sent:
    table = text_of(given["table_name"])
    on = qualified(given.get("schema"), table)
    said = _of_constraint(name, table, given["constraint_name"])
    return said, (f"ALTER TABLE {on} ADD {text}",)


_CHECK = Signature(
    "constraint_name table_name condition",
    "schema deferrable initially postgresql_not_valid",
    required=3,
)


def _check(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    given = _CHECK.bind(args, keywords)
    tail = deferral(given) + _validity(given)
    check = Check(condition(given["condition"]), tail, given["constraint_name"])
    return _added("create_check_constraint", given, constraint_sql(check, naming))


_KINDS = {"foreignkey": "fk", "primary": "pk", "unique": "uq", "check": "ck", None: ""}
_DROP_CONSTRAINT = Signature("constraint_name table_name type_", "schema if_exists", required=2)


def _drop_constraint(args: Sequence[Any], keywords: Mapping[str, Any], naming: Naming) -> Sent:
    given = _DROP_CONSTRAINT.bind(args, keywords)
    table, kind = text_of(given["table_name"]), _KINDS.get(given.get("type_"))
    if kind is None:
        raise NotWritten("a constraint of another kind")
    name = constraint_name(given["constraint_name"], kind, naming)
    if name is None:
        raise NotWritten("a constraint without a name")
    exists = "IF EXISTS " if optional_flag(given.get("if_exists")) else ""
    text = f"ALTER TABLE {qualified(given.get('schema'), table)} DROP CONSTRAINT {exists}{name}"
    return _of_constraint("drop_constraint", table, given["constraint_name"]), (text,)


OPERATIONS: dict[str, Read] = {
    "create_check_constraint": _check,
    "create_foreign_key": _foreign_key,
    "create_index": _create_index,
    "create_primary_key": _key("pk", "create_primary_key"),
    "create_unique_constraint": _key("uq", "create_unique_constraint"),
    "drop_constraint": _drop_constraint,
    "drop_index": _drop_index,
}
"""What each operation sends, by its name in ``alembic.op``."""
