"""From rows to schemas, types, functions and the other objects that hang on no relation."""

from __future__ import annotations

import json

from migsafe.catalog import (
    Collation,
    Composite,
    Domain,
    DomainConstraint,
    Enum,
    Extension,
    Function,
    Other,
    Publication,
    PublicationTable,
    Range,
    Schema,
    Statistics,
)
from migsafe.introspect.relations import Row, Rows, described, name_of, name_or_none, type_of
from migsafe.names import Name

_PROVIDERS = {"b": "builtin", "c": "libc", "d": "default", "i": "icu"}
_STATISTICS = {"d": "ndistinct", "f": "dependencies", "m": "mcv"}  # "e": it has expressions
_OPERATIONS = ("insert", "update", "delete", "truncate")


def schema(row: Row) -> Schema:
    """A schema."""
    return Schema(row["name"], **described(row))


def type_(row: Row) -> Enum | Domain:
    """An enum or a domain."""
    name = Name(row["schema"], row["name"])
    if row["kind"] == "e":
        return Enum(name, tuple(row["labels"] or ()), **described(row))
    return Domain(
        name,
        base=type_of(row["base"]),
        not_null=row["not_null"],
        default=row["default"],
        collation=name_or_none(row["collation"]),
        constraints=tuple(DomainConstraint(**c) for c in row["constraints"] or ()),
        **described(row),
    )


def composite(row: Row, rows: Rows) -> Composite:
    """The composite type of the relation *row*."""
    columns = rows.get("column", ())
    return Composite(
        Name(row["schema"], row["name"]),
        tuple((c["name"], type_of(c["type"]), name_or_none(c["collation"])) for c in columns),
        attribute_comments=tuple((c["name"], c["comment"]) for c in columns if c["comment"]),
        **described(rows["composite"][0]),
    )


def range_(row: Row) -> Range:
    """A range type."""
    return Range(
        Name(row["schema"], row["name"]),
        type_of(row["subtype"]),
        collation=name_or_none(row["collation"]),
        **{key: row[key] for key in ("opclass", "canonical", "subtype_diff", "multirange")},
        **described(row),
    )


def function(row: Row) -> Function:
    """A function, procedure or aggregate."""
    uses = map(json.loads, row["uses"] or ())
    return Function(
        Name(row["schema"], row["name"]),
        tuple(row["arguments"] or ()),
        uses=frozenset((Name(schema, name), column) for schema, name, column in uses),
        **{key: row[key] for key in _FUNCTION_KEYS},
        **described(row),
    )


_FUNCTION_KEYS = ("kind", "returns", "language", "volatility", "body", "definition")


def extension(row: Row) -> Extension:
    """An extension."""
    return Extension(row["name"], row["schema"], row["version"], row["comment"])


def publication(row: Row) -> Publication:
    """A publication."""
    tables = (
        PublicationTable(name_of((t["schema"], t["name"])), tuple(t["columns"] or ()), t["where"])
        for t in row["tables"] or ()
    )
    return Publication(
        row["name"],
        all_tables=row["all_tables"],
        tables=tuple(tables),
        schemas=tuple(row["schemas"] or ()),
        operations=tuple(operation for operation in _OPERATIONS if row[operation]),
        via_root=row["via_root"],
        owner=row["owner"],
        comment=row["comment"],
        generated_columns=row["generated_columns"],
    )


def statistics(row: Row) -> Statistics:
    """Extended statistics."""
    return Statistics(
        Name(row["schema"], row["name"]),
        name_of(row["table"]),
        columns=tuple(sorted(row["columns"] or ())),
        expressions=tuple(row["expressions"] or ()),
        kinds=tuple(sorted(_STATISTICS[k] for k in row["kinds"] if k in _STATISTICS)),
        target=row["target"],
        owner=row["owner"],
        comment=row["comment"],
    )


def collation(row: Row) -> Collation:
    """A collation."""
    collate, ctype = row["lc_collate"], row["lc_ctype"]
    libc = collate if collate == ctype else f"{collate}, {ctype}"
    return Collation(
        Name(row["schema"], row["name"]),
        provider=_PROVIDERS[row["provider"]],
        deterministic=row["deterministic"],
        locale=row["locale"] or libc,
        rules=row["rules"],
        owner=row["owner"],
        comment=row["comment"],
    )


def other(row: Row) -> Other:
    """An object of a rare class; attributes that are not set are left out."""
    attributes = ((key, value) for key, value in row["attributes"].items() if value is not None)
    texts = ((key, v if isinstance(v, str) else json.dumps(v)) for key, v in attributes)
    return Other(row["kind"], row["identity"], tuple(sorted(texts)))
