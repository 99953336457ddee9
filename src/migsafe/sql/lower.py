"""Parser node → Statement: the table of all kinds, and the statements that hold others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from migsafe.names import Name
from migsafe.sql import (
    _pg,
    lower_alter,
    lower_data,
    lower_function,
    lower_object,
    lower_relation,
    lower_session,
    lower_table,
    lower_type,
)
from migsafe.sql.commands import DeclareCursor, Explain, Prepare, Unrecognised, Utility
from migsafe.sql.nodes import enum, expression_of, options, relation, role, switched_on
from migsafe.sql.objects import CreateRule, CreateSchema
from migsafe.sql.parts import Statement
from migsafe.sql.queries import facts
from migsafe.sql.rows import Select

# Command tags of the statements that neither lock nor change a table, and whether PostgreSQL
# refuses them in a transaction block (PreventInTransactionBlock in its source).
_UTILITIES = {
    "alter_collation_stmt": ("ALTER COLLATION", False),
    "alter_database_refresh_coll_stmt": ("ALTER DATABASE", False),
    "alter_database_set_stmt": ("ALTER DATABASE", False),
    "alter_event_trig_stmt": ("ALTER EVENT TRIGGER", False),
    "alter_fdw_stmt": ("ALTER FOREIGN DATA WRAPPER", False),
    "alter_foreign_server_stmt": ("ALTER SERVER", False),
    "alter_op_family_stmt": ("ALTER OPERATOR FAMILY", False),
    "alter_operator_stmt": ("ALTER OPERATOR", False),
    "alter_role_set_stmt": ("ALTER ROLE", False),
    "alter_role_stmt": ("ALTER ROLE", False),
    "alter_subscription_stmt": ("ALTER SUBSCRIPTION", False),
    "alter_system_stmt": ("ALTER SYSTEM", True),
    "alter_table_space_options_stmt": ("ALTER TABLESPACE", False),
    "alter_tsconfiguration_stmt": ("ALTER TEXT SEARCH CONFIGURATION", False),
    "alter_tsdictionary_stmt": ("ALTER TEXT SEARCH DICTIONARY", False),
    "alter_type_stmt": ("ALTER TYPE", False),
    "alter_user_mapping_stmt": ("ALTER USER MAPPING", False),
    "check_point_stmt": ("CHECKPOINT", False),
    "create_am_stmt": ("CREATE ACCESS METHOD", False),
    "create_cast_stmt": ("CREATE CAST", False),
    "create_conversion_stmt": ("CREATE CONVERSION", False),
    "create_fdw_stmt": ("CREATE FOREIGN DATA WRAPPER", False),
    "create_foreign_server_stmt": ("CREATE SERVER", False),
    "create_op_class_stmt": ("CREATE OPERATOR CLASS", False),
    "create_op_family_stmt": ("CREATE OPERATOR FAMILY", False),
    "create_plang_stmt": ("CREATE LANGUAGE", False),
    "create_role_stmt": ("CREATE ROLE", False),
    "create_table_space_stmt": ("CREATE TABLESPACE", True),
    "create_transform_stmt": ("CREATE TRANSFORM", False),
    "create_user_mapping_stmt": ("CREATE USER MAPPING", False),
    "createdb_stmt": ("CREATE DATABASE", True),
    "drop_role_stmt": ("DROP ROLE", False),
    "drop_subscription_stmt": ("DROP SUBSCRIPTION", True),
    "drop_table_space_stmt": ("DROP TABLESPACE", True),
    "drop_user_mapping_stmt": ("DROP USER MAPPING", False),
    "dropdb_stmt": ("DROP DATABASE", True),
    "import_foreign_schema_stmt": ("IMPORT FOREIGN SCHEMA", False),
    "listen_stmt": ("LISTEN", False),
    "load_stmt": ("LOAD", False),
    "notify_stmt": ("NOTIFY", False),
    "unlisten_stmt": ("UNLISTEN", False),
}
_NAMED = ("dbname", "tablespacename", "role", "servername", "fdwname", "subname", "conditionname")
# pquery's CURSOR_OPT_HOLD, parsenodes.h.
_HOLD = 0x0020


@lru_cache(maxsize=1)
def _lowerings() -> Mapping[str, Callable[[Any], Statement]]:
    modules = (
        lower_alter,
        lower_data,
        lower_function,
        lower_object,
        lower_relation,
        lower_session,
        lower_table,
        lower_type,
    )
    own = {
        "create_schema_stmt": _create_schema,
        "explain_stmt": _explain,
        "prepare_stmt": lambda node: Prepare(node.name, lower(node.query)),
        "declare_cursor_stmt": _declare,
        "rule_stmt": _create_rule,
        "return_stmt": _return,
    }
    return {k: v for m in modules for k, v in m.LOWERINGS.items()} | own


def lower(node: Any) -> Statement:
    """The statement that *node* holds; Unrecognised for a kind that has no place here."""
    kind, message = _pg.unwrap(node)
    lowering = _lowerings().get(kind)
    if lowering is not None:
        return lowering(message)
    if kind in _UTILITIES:
        return _utility(kind, message)
    return Unrecognised(f"statements of the kind {kind or 'none'} are not known here", kind)


def _utility(kind: str, message: Any) -> Utility:
    tag, refuses = _UTILITIES[kind]
    fields = message.DESCRIPTOR.fields_by_name
    found = (getattr(message, field) for field in _NAMED if field in fields)
    name = next((text for text in found if isinstance(text, str) and text), None)
    return Utility(tag, refuses, name=Name(None, name) if name else None)


def _create_schema(node: Any) -> CreateSchema:
    return CreateSchema(
        name=node.schemaname or None,
        if_not_exists=node.if_not_exists,
        owner=role(node.authrole) if node.HasField("authrole") else None,
        elements=tuple(lower(element) for element in node.schema_elts),
    )


def _explain(node: Any) -> Explain:
    return Explain(lower(node.query), switched_on(options(node.options), "analyze"))


def _declare(node: Any) -> DeclareCursor:
    return DeclareCursor(node.portalname, lower(node.query), bool(node.options & _HOLD))


def _create_rule(node: Any) -> CreateRule:
    return CreateRule(
        name=node.rulename,
        table=relation(node.relation),
        event=enum(node, "event").removeprefix("CMD_"),
        instead=node.instead,
        where=expression_of(node, "where_clause"),
        actions=tuple(lower(action) for action in node.actions if action.WhichOneof("node")),
        or_replace=node.replace,
    )


def _return(node: Any) -> Select:
    found = facts(node)
    return Select(reads=found.reads, calls=found.calls)
