"""Domains that the columns of the models are of: created before use, compared, dropped after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.autogenerate import render
from alembic.operations.ops import AlterColumnOp
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.named_types import CreateDomainType

from migsafe import declare
from migsafe.autogen.derived import is_used_elsewhere
from migsafe.autogen.found import Found, wanted_tables
from migsafe.autogen.leaving import flat, leaving
from migsafe.autogen.object_kinds import Wanted
from migsafe.autogen.rebuild import users
from migsafe.autogen.wanted import domains_of
from migsafe.catalog import Domain
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations import ops


def column_domains(context: AutogenContext, state: Found) -> Iterator[Wanted]:
    """Yield the domains of the models' columns, but those that say `create_type=False`."""
    seen: set[Name] = set()
    for table in wanted_tables(context):
        for column in table.columns:
            for domain in domains_of(column.type, state.dialect):
                name = state.name(str(domain.name), domain.schema)
                if name not in seen and domain.create_type:
                    seen.add(name)
                    yield Wanted(
                        declare.Domain(name.name, _definition(domain, state), name.schema), name
                    )


def _definition(domain: postgresql.DOMAIN, state: Found) -> str:
    text = str(CreateDomainType(domain).compile(dialect=state.dialect))
    preparer: Any = state.dialect.identifier_preparer
    head = f"CREATE DOMAIN {preparer.format_type(domain)} AS "
    return text[text.index(head) + len(head) :].strip()


def keep_apart(state: Found, operations: list[ops.MigrateOperation]) -> None:
    """Take out of *operations* what SQLAlchemy says of columns, and is their domain's."""
    for op in flat(operations):
        if not isinstance(op, AlterColumnOp):
            continue
        table = state.catalog.tables.get(state.name(op.table_name, op.schema))
        there = table.column(op.column_name) if table is not None else None
        if there is None or not isinstance(state.catalog.types.get(there.type.name), Domain):
            continue
        if op.modify_nullable is (not there.not_null):
            op.modify_nullable = None
        if op.modify_server_default is None and there.default is None:
            op.modify_server_default = False


def forsaken(
    state: Found, operations: list[ops.MigrateOperation], wanted: list[Wanted]
) -> Iterator[tuple[Wanted, Domain]]:
    """Yield the domains of whose columns *operations* take the last one away."""
    kept = {one.name for one in wanted}
    gone = leaving(state, operations)
    for name, domain in sorted(state.catalog.types.items()):
        if not isinstance(domain, Domain) or name in kept:
            continue
        columns = set(users(state.catalog, name))
        ours = any(state.catalog.tables[table].owner == domain.owner for table, _ in columns)
        if ours and columns <= gone and not is_used_elsewhere(state.catalog, name):
            yield Wanted(declare.Domain(name.name, "", name.schema), name), domain


def render_domain(type_: Any, context: AutogenContext) -> str | None:
    """Write a domain as one that is there: the script has created it, where it is new."""
    if isinstance(type_, sa.ARRAY) and (inner := render_domain(type_.item_type, context)):
        prefix = context.opts["sqlalchemy_module_prefix"]
        dimensions = f", dimensions={type_.dimensions}" if type_.dimensions is not None else ""
        return f"{prefix}ARRAY({inner}{dimensions})"
    if not isinstance(type_, postgresql.DOMAIN):
        return None
    context.imports.add("from sqlalchemy.dialects import postgresql")
    base = render._repr_type(type_.data_type, context)
    schema = f", schema={str(type_.schema)!r}" if type_.schema else ""
    return f"postgresql.DOMAIN({str(type_.name)!r}, {base}{schema}, create_type=False)"
