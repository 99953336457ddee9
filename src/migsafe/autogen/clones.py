"""Tables as far as expressions need them: as they are, and with columns and types as wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from migsafe.autogen.canonical import Clone, Expression, Reading, unqualified
from migsafe.autogen.enum_types import wanted_enums
from migsafe.autogen.found import Found
from migsafe.autogen.wanted import bare, domains_of, native_enum, type_text
from migsafe.catalog import Enum, Table
from migsafe.names import quote_ident

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy.types import TypeEngine


@dataclass(frozen=True)
class Sides:
    """The expressions of one table: those the metadata wants and those found, by any keys."""

    table: sa.Table
    found: Table
    wanted: Mapping[str, Expression] = field(default_factory=dict)
    live: Mapping[str, Expression] = field(default_factory=dict)


def live_clone(side: Sides, *, rounds: int) -> Clone:
    """Return the table as it is, with all expressions of *side*: keys "w…" wanted, "l…" live."""
    expressions = {f"w{key}": value for key, value in side.wanted.items()}
    expressions |= {f"l{key}": value for key, value in side.live.items()}
    collate = {c.name: f" COLLATE {c.collation}" for c in side.found.columns if c.collation}
    columns = tuple((c.name, f"{c.type}{collate.get(c.name, '')}") for c in side.found.columns)
    return Clone(side.found.name.name, columns, expressions=expressions, rounds=rounds)


def wanted_clone(
    side: Sides, state: Found, enums: Mapping[str, Enum], expressions: Mapping[str, Expression]
) -> Clone:
    """Return the table as it is wanted, with types of its own for those that do not exist yet."""
    columns = []
    needed: dict[str, tuple[str, ...]] = {}
    domains: dict[str, str] = {}
    for column in side.table.columns:
        try:
            type_ = type_text(column.type, state.dialect)
            domains |= _new_domains(column.type, state)
        except sa.exc.CompileError:
            continue
        inner = bare(column.type, state.dialect)
        array = "[]" if isinstance(inner, sa.ARRAY) else ""
        item = bare(inner.item_type, state.dialect) if isinstance(inner, sa.ARRAY) else inner
        enum = native_enum(column.type, state.dialect)
        name = str(enum.name) if enum is not None else ""
        if name in enums:
            needed[name] = enums[name].labels
            type_ = f"pg_temp.{quote_ident(name)}{array}"
        elif isinstance(item, postgresql.DOMAIN) and str(item.name) in domains:
            type_ = f"pg_temp.{quote_ident(str(item.name))}{array}"
        columns.append((str(column.name), type_))
    schemas = {**schemas_of(enums), **dict.fromkeys(domains, "")}
    texts = {
        key: replace(expression, text=unqualified(expression.text, schemas))
        for key, expression in expressions.items()
    }
    return Clone(side.found.name.name, tuple(columns), needed, texts, domains=domains)


def _new_domains(type_: TypeEngine[Any], state: Found) -> dict[str, str]:
    """Return the domains *type_* is made of that are not in the database, with what they are of."""
    made: dict[str, str] = {}
    for domain in domains_of(type_, state.dialect):
        if state.name(str(domain.name), domain.schema) in state.catalog.types:
            continue
        base = bare(domain.data_type, state.dialect)
        text = type_text(base, state.dialect)
        if isinstance(base, postgresql.DOMAIN) and str(base.name) in made:
            text = f"pg_temp.{quote_ident(str(base.name))}"
        made[str(domain.name)] = text
    return made


def of_stand_ins(
    clone: Clone, readings: Mapping[str, Reading], enums: Mapping[str, Enum]
) -> dict[str, Reading]:
    """Return the *readings* of a wanted *clone* without the schema of what stands in."""
    schemas = {**schemas_of(enums), **dict.fromkeys(clone.domains, "")}
    return {key: bare_reading(reading, schemas) for key, reading in readings.items()}


def stand_ins(context: AutogenContext, state: Found) -> dict[str, Enum]:
    """Return the enums that are not in the database as they are wanted, by bare name."""
    return {
        name.name: mine.enum
        for name, mine in wanted_enums(context, state).items()
        if not isinstance(old := state.catalog.types.get(name), Enum)
        or old.labels != mine.enum.labels
    }


def bare_reading(reading: Reading, schemas: Mapping[str, str]) -> Reading:
    """Return *reading* with the types *schemas* (name to schema) by their names alone."""
    if reading.text is None:
        return reading
    return Reading(unqualified(reading.text, schemas), None, reading.name)


def schemas_of(enums: Mapping[str, Enum]) -> dict[str, str]:
    """Return the schemas of *enums*, by bare name."""
    return {name: enum.name.schema or "" for name, enum in enums.items()}
