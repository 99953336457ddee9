"""`migsafe.render`: repairs of what Alembic writes, so that a script means what it says."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.autogenerate.render import _render_gen_name
from alembic.operations import ops
from sqlalchemy.types import TypeDecorator

from migsafe.autogen.found import found
from migsafe.autogen.info import KEY
from migsafe.autogen.leaving import flat
from migsafe.autogen.operations import text_sql
from migsafe.autogen.rendering import render_types_with, render_with

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Put the repaired rendering in the place of Alembic's; the operations stay as they are."""
    _write_percent_once(context)
    for op in flat(upgrade_ops.ops):
        if isinstance(op, ops.AlterColumnOp):
            op.kw.pop("autoincrement", None)  # It is for MySQL, and Alembic warns when it runs.
            op.existing_type = _unchecked(op.existing_type)
            op.modify_type = _unchecked(op.modify_type)
        elif isinstance(op, ops.CreateTableOp):
            op.info = {key: value for key, value in op.info.items() if key != KEY}
    render_types_with(context, _render_type)
    render_with(context, "primary_key", _render_primary_key)


def _render_primary_key(key: sa.PrimaryKeyConstraint, context: AutogenContext) -> str | None:
    """Render what Alembic leaves out of a primary key: when it is checked, and what it includes."""
    options = {word: value for word, value in key.dialect_kwargs.items() if value}
    for word in ("deferrable", "initially"):
        if getattr(key, word) is not None:
            options[word] = getattr(key, word)
    if not options or not len(key.columns):
        return None
    include = options.get("postgresql_include")
    if include:
        options["postgresql_include"] = [getattr(column, "name", column) for column in include]
    arguments = [repr(str(column.name)) for column in key.columns]
    if key.name:
        arguments.append(f"name={_render_gen_name(context, key.name)!r}")
    arguments += [f"{word}={value!r}" for word, value in options.items()]
    prefix = context.opts["sqlalchemy_module_prefix"]
    return f"{prefix}PrimaryKeyConstraint({', '.join(arguments)})"


def _unchecked(type_: Any) -> Any:
    """Return *type_* without its CHECK, which is an operation of its own in the script.

    `op.alter_column` would drop or create it once more.
    """
    if not isinstance(type_, (sa.Enum, sa.Boolean)) or not type_.create_constraint:
        return type_
    twin = copy.copy(type_)
    twin.create_constraint = False
    return twin


def _write_percent_once(context: AutogenContext) -> None:
    """Let expressions be rendered without doubled `%` (alembic #562) and with `:` escaped."""
    impl: Any = context.migration_context.impl
    twin = copy.copy(impl)
    twin.dialect = found(context).dialect

    def render_ddl_sql_expr(expression: Any, **options: Any) -> str:
        text: str = type(impl).render_ddl_sql_expr(twin, expression, **options)
        return text if options.get("is_index") else text_sql(text)

    impl.render_ddl_sql_expr = render_ddl_sql_expr


def _render_type(type_: Any, context: AutogenContext) -> str | None:
    """Render what a TypeDecorator stores, so that a script needs no import of the application."""
    from alembic.autogenerate.render import _repr_type

    if isinstance(type_, sa.Interval) and type_.second_precision is not None:
        prefix = context.opts["sqlalchemy_module_prefix"]
        return f"{prefix}Interval(second_precision={type_.second_precision})"
    if not isinstance(type_, TypeDecorator) or isinstance(type_, sa.Interval):
        return None
    if getattr(type_, "_variant_mapping", None):
        return None
    stored = type_.load_dialect_impl(context.migration_context.dialect)
    if isinstance(stored, sa.types.TypeEngine) and stored is not type_:
        return _repr_type(stored, context)
    return None
