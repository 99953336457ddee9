"""What the database has of the kinds that a metadata owns, and no metadata declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from migsafe import declare
from migsafe.autogen.alembic_utils import is_theirs
from migsafe.autogen.enum_types import metadatas
from migsafe.autogen.found import Found
from migsafe.autogen.object_kinds import Wanted
from migsafe.autogen.object_views import named
from migsafe.catalog import Catalog, Domain
from migsafe.names import Name, quote_ident

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def unwanted(
    context: AutogenContext, state: Found, every: list[Wanted], matched: list[Any]
) -> Iterator[tuple[Wanted, Any]]:
    """Yield what is there of an owned kind, in a schema of the metadata, and nobody declares.

    *every* is what is declared, *matched* what the database has for it.
    """
    ids = {id(value) for value in matched}
    seen = set()
    for metadata in metadatas(context):
        schemas = {str(t.schema or state.schema) for t in metadata.tables.values()}
        schemas |= {one.name.schema for one in every if one.name.schema is not None}
        schemas |= {str(metadata.schema or state.schema)}
        tables = {state.name(t.name, t.schema) for t in metadata.tables.values()}
        for kind in declare.of(metadata).owned:
            for one, live in _there(state.catalog, kind):
                inside = one.name.schema is None or one.name.schema in schemas
                inside = inside and (one.table is None or one.table in tables)
                known = id(live) in ids or id(live) in seen or is_theirs(one, live)
                if inside and not known and _passes(context, one, live):
                    seen.add(id(live))
                    yield one, live


def _passes(context: AutogenContext, one: Wanted, live: Any) -> bool:
    kind: Any = one.kind.lower().replace(" ", "_")
    return context.run_object_filters(live, one.name.name, kind, True, None)


def _there(catalog: Catalog, kind: type[Any]) -> Iterator[tuple[Wanted, Any]]:
    """Yield everything of *kind*, in a fixed order."""
    if kind in (declare.View, declare.MaterializedView):
        for view in sorted(catalog.views.values(), key=lambda v: v.name):
            if view.materialized is (kind is declare.MaterializedView):
                yield named(view), view
    elif kind in (declare.Function, declare.Procedure):
        of_kind = "p" if kind is declare.Procedure else "f"
        for (name, arguments), function in sorted(catalog.functions.items()):
            if function.kind == of_kind:
                signature = f"{quote_ident(name.name)}({', '.join(arguments)})"
                yield Wanted(kind(signature, ""), name), function
    elif kind in (declare.Trigger, declare.Policy):
        yield from _attached(catalog, kind)
    else:
        yield from _plain(catalog, kind)


def _attached(catalog: Catalog, kind: type[Any]) -> Iterator[tuple[Wanted, Any]]:
    for table in sorted(catalog.tables.values(), key=lambda t: t.name):
        if kind is declare.Trigger:
            for trigger in table.triggers:
                if not trigger.inherited:
                    item: Any = declare.Trigger(trigger.name, table.name.name, "", "")
                    yield Wanted(item, Name(table.name.schema, trigger.name), table.name), trigger
        else:
            for policy in table.policies:
                item = declare.Policy(policy.name, table.name.name, "")
                yield Wanted(item, Name(table.name.schema, policy.name), table.name), policy


def _plain(catalog: Catalog, kind: type[Any]) -> Iterator[tuple[Wanted, Any]]:
    if kind is declare.Statistics:
        for name, statistics in sorted(catalog.statistics.items()):
            item: Any = declare.Statistics(name.name, statistics.table.name, "")
            yield Wanted(item, name, statistics.table), statistics
    elif kind is declare.Domain:
        for name, type_ in sorted(catalog.types.items()):
            if isinstance(type_, Domain):
                yield Wanted(declare.Domain(name.name, ""), name), type_
    elif kind is declare.Extension:
        for extension_name, extension in sorted(catalog.extensions.items()):
            yield Wanted(declare.Extension(extension_name), Name(None, extension_name)), extension
    else:
        for schema_name, schema in sorted(catalog.schemas.items()):
            if schema_name != "public":
                yield Wanted(declare.Schema(schema_name), Name(None, schema_name)), schema
