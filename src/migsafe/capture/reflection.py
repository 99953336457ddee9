"""Catalog → the dictionaries in which SQLAlchemy's dialects report what they reflected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import types as sqltypes
from sqlalchemy.dialects.postgresql import ARRAY, BIT, ENUM, INTERVAL, TIME, TIMESTAMP

from migsafe.catalog import Catalog, Constraint, ConstraintKind, Identity, Index, IndexKey, Table
from migsafe.names import Name
from migsafe.pgtypes import TypeRef

_ACTIONS = {"r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


def names_in(catalog: Catalog, names: Iterable[Name], schema: str | None) -> list[str]:
    """The names that lie in *schema*, or in the search path when it is None, sorted."""
    schemas = catalog.search_path if schema is None else (schema,)
    return sorted(name.name for name in names if name.schema in schemas)


def enums(catalog: Catalog, schema: str | None) -> list[dict[str, Any]]:
    """The enum types of *schema*; of all schemas for ``*``."""
    found = (e for n, e in sorted(catalog.types.items()) if catalog.enum(n) is not None)
    visible = set(catalog.search_path)
    return [
        {
            "name": e.name.name,
            "schema": e.name.schema,
            "visible": e.name.schema in visible,
            "labels": list(getattr(e, "labels", ())),
        }
        for e in found
        if schema == "*" or e.name.schema in (visible if schema is None else {schema})
    ]


def columns(catalog: Catalog, table: Table, known: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The columns; *known* maps PostgreSQL's type names to SQLAlchemy's types."""
    return [
        {
            "name": column.name,
            "type": _type(catalog, column.type, known),
            "nullable": not column.not_null,
            "default": column.default,
            "autoincrement": column.identity is not None
            or (column.default or "").startswith("nextval("),
            "comment": column.comment,
        }
        | ({"identity": _identity(column.identity)} if column.identity else {})
        | (
            {"computed": {"sqltext": column.generated.expression, "persisted": True}}
            if column.generated
            else {}
        )
        for column in table.columns
    ]


def _identity(identity: Identity) -> dict[str, Any]:
    return {"always": identity is Identity.ALWAYS, "start": 1, "increment": 1}


def _type(catalog: Catalog, ref: TypeRef, known: Mapping[str, Any]) -> Any:
    if ref.dimensions:
        return ARRAY(_type(catalog, ref.element, known), dimensions=ref.dimensions)
    if (enum := catalog.enum(ref.name)) is not None:
        schema = None if enum.name.schema in catalog.search_path else enum.name.schema
        return ENUM(*enum.labels, name=enum.name.name, schema=schema, create_type=False)
    text = str(ref)
    spelled = text.partition("(")[0] + text.rpartition(")")[2] if "(" in text else text
    modifiers = [m for m in ref.modifiers if isinstance(m, int)]
    if spelled.startswith(("timestamp", "time ")):
        clock = TIMESTAMP if spelled.startswith("timestamp") else TIME
        return clock(timezone=spelled.endswith("with time zone"), precision=_first(modifiers))
    if spelled.startswith("interval"):
        return INTERVAL()
    if spelled.startswith("bit"):
        return BIT(_first(modifiers), varying=spelled == "bit varying")
    kind = known.get(spelled)
    if kind is None:
        return sqltypes.NULLTYPE
    return kind(*modifiers) if issubclass(kind, sqltypes.String | sqltypes.Numeric) else kind()


def _first(modifiers: list[int]) -> int | None:
    return modifiers[0] if modifiers else None


def primary_key(table: Table) -> dict[str, Any]:
    """The primary key, with no columns when there is none."""
    found = table.primary_key
    return {
        "name": found.name if found else None,
        "constrained_columns": list(found.columns) if found else [],
        "comment": None,
    }


def foreign_keys(catalog: Catalog, table: Table) -> list[dict[str, Any]]:
    """The foreign keys, sorted by name."""
    return [_foreign_key(catalog, c) for c in table.constraints_of(ConstraintKind.FOREIGN_KEY)]


def _foreign_key(catalog: Catalog, constraint: Constraint) -> dict[str, Any]:
    target = constraint.references or Name(None, "")
    options: dict[str, Any] = {}
    if constraint.on_delete in _ACTIONS:
        options["ondelete"] = _ACTIONS[constraint.on_delete]
    if constraint.on_update in _ACTIONS:
        options["onupdate"] = _ACTIONS[constraint.on_update]
    if constraint.deferrable:
        options["deferrable"] = True
    if constraint.deferred:
        options["initially"] = "DEFERRED"
    return {
        "name": constraint.name,
        "constrained_columns": list(constraint.columns),
        "referred_schema": None if target.schema in catalog.search_path else target.schema,
        "referred_table": target.name,
        "referred_columns": list(constraint.referenced_columns),
        "options": options,
        "comment": None,
    }


def unique_constraints(table: Table) -> list[dict[str, Any]]:
    """The unique constraints, sorted by name."""
    return [
        {"name": c.name, "column_names": list(c.columns), "comment": None}
        for c in table.constraints_of(ConstraintKind.UNIQUE)
    ]


def check_constraints(table: Table) -> list[dict[str, Any]]:
    """The CHECK constraints, sorted by name."""
    return [
        {"name": c.name, "sqltext": c.expression or "", "comment": None}
        for c in table.constraints_of(ConstraintKind.CHECK)
    ]


def indexes(catalog: Catalog, table: Table) -> list[dict[str, Any]]:
    """The indexes but the primary key's, sorted by name."""
    key = table.primary_key
    own = key.index or key.name if key else None
    return [_index(i) for i in catalog.indexes_of(table.name) if i.name.name != own]


def _index(index: Index) -> dict[str, Any]:
    texts = [key.column or key.expression or "" for key in index.keys]
    found: dict[str, Any] = {
        "name": index.name.name,
        "unique": index.unique,
        "column_names": [key.column for key in index.keys],
        "dialect_options": _index_options(index),
    }
    if any(key.column is None for key in index.keys):
        found["expressions"] = texts
    if sorting := {t: _sorting(k) for t, k in zip(texts, index.keys, strict=True) if _sorting(k)}:
        found["column_sorting"] = sorting
    if index.constraint:
        found["duplicates_constraint"] = index.constraint
    return found


def _sorting(key: IndexKey) -> tuple[str, ...]:
    direction = ("desc",) if key.descending else ()
    if key.nulls_first == key.descending:
        return direction
    return (*direction, "nulls_first" if key.nulls_first else "nulls_last")


def _index_options(index: Index) -> dict[str, Any]:
    options: dict[str, Any] = {"postgresql_include": list(index.include)}
    if index.method != "btree":
        options["postgresql_using"] = index.method
    if index.predicate:
        options["postgresql_where"] = index.predicate
    if index.options:
        options["postgresql_with"] = dict(index.options)
    classes = {
        key.column or key.expression or "": key.opclass.name for key in index.keys if key.opclass
    }
    if classes:
        options["postgresql_ops"] = classes
    return options
