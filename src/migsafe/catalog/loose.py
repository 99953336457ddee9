"""Whether two catalogs mean the same when one of them was folded without a server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from migsafe.catalog.marks import Kind
from migsafe.catalog.schema import Catalog
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.values import replace

_EXPRESSIONS = frozenset(
    (
        *("body", "check", "default", "expression", "expressions", "partition_bound"),
        *("partition_key", "predicate", "using", "when", "where"),
    )
)
# Who owns what and who may use it depends on the role that ran the history; definitions are texts
# that the server writes from its own trees.
_UNKNOWABLE: Mapping[str, Any] = {"owner": None, "acl": (), "definition": ""}
_RESOLVED_BY_SERVER = frozenset(["collation", "opclass"])
_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[\w$]+|[^\s\w()\[\],]+""")
_CAST = re.compile(
    r"""::\s*(?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?"""
    r"(?:\s(?:varying|precision|with(?:out)?\stime\szone))*(?:\(\d+(?:,\s?\d+)?\))?(?:\[\])*"
)
# A moment is compared as if the zone were UTC and a date its midnight: types are not known here.
_UTC = re.compile(r"('\d{4}-\d\d-\d\d(?: [\d:.]+)?)\+00'")
_MIDNIGHT = re.compile(r"('\d{4}-\d\d-\d\d) 00:00(?::00)?'")
_QUALIFIER = re.compile(r"\b[^\W\d]\w*\.(?=\w|\")")
_NOISE = frozenset(["any", "array", "in", "=", "as", "cast"])


def loosened(catalog: Catalog, other: Catalog) -> Catalog:
    """*catalog* without what cannot be compared with *other*."""
    unknown = {t.name for c in (catalog, other) for t in c.marked("tables", Kind.UNKNOWN)}
    compared = {f.name: getattr(catalog, f.name) for f in fields(catalog) if f.name != "others"}
    for name, mapping in compared.items():
        if isinstance(mapping, Mapping):
            compared[name] = _loose_mapping(mapping, getattr(other, name), unknown)
    return Catalog(**compared)


def _loose_mapping(
    mapping: Mapping[Any, Any], other: Mapping[Any, Any], unknown: set[Name]
) -> Mapping[Any, Any]:
    """*mapping* loosened; what *other* holds in the same words needs no loosening."""
    if not unknown and mapping == other:
        return mapping
    return {
        key: value if value is (same := other.get(key)) or value == same else _loose(value)
        for key, value in mapping.items()
        if not (unknown and _of(value, unknown))
    }


def _of(found: Any, tables: set[Name]) -> bool:
    """Whether *found* is one of *tables* or belongs to one."""
    owned = getattr(found, "owned_by", None)
    names = (found.name, getattr(found, "table", None), owned and owned[0])
    return any(name in tables for name in names if isinstance(name, Name))


def _loose(value: Any, field: str = "") -> Any:
    if isinstance(value, str):
        return loose_text(value) if field in _EXPRESSIONS else value
    if isinstance(value, Name):
        return Name(None, value.name) if field in _RESOLVED_BY_SERVER else value
    if isinstance(value, tuple):
        return tuple(_loose(item, field) for item in value)
    if not is_dataclass(value) or isinstance(value, TypeRef | type):
        return value
    changed = {
        f.name: _UNKNOWABLE[f.name]
        if f.name in _UNKNOWABLE
        else _loose(getattr(value, f.name), f.name)
        for f in fields(value)
    }
    return replace(value, **changed)


def loose_text(expression: str) -> str:
    """*expression* without what PostgreSQL adds to or changes in the author's spelling."""
    from migsafe.sql.normal import normalise  # its parser is a library of ten megabytes

    text = _QUALIFIER.sub("", _CAST.sub("", normalise(expression)))
    text = _MIDNIGHT.sub(r"\1'", _UTC.sub(r"\1'", text))
    tokens = (t if t[0] in "'\"" else t.lower() for t in _TOKEN.findall(text))
    return " ".join(token.strip('"') for token in tokens if token not in _NOISE)
