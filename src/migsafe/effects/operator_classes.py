"""Which types an index method can sort or find by itself: the default operator classes."""

from __future__ import annotations

from migsafe.catalog import Catalog, Composite, Enum, Range
from migsafe.effects.column_type import unwrap
from migsafe.effects.ledger import Ledger
from migsafe.pgtypes import TypeRef

# The scalar types without a default class of the method, and for GIN, GiST and SP-GiST those with
# one (select amname, opcintype::regtype from pg_opclass join pg_am on … where opcdefault).
_GEOMETRIC = frozenset({"point", "polygon", "box", "circle", "line", "lseg", "path"})
_NO_BTREE = _GEOMETRIC | {"json", "xml", "jsonpath", "xid", "cid", "txid_snapshot"}
_NO_HASH = _GEOMETRIC | {"json", "xml", "jsonpath", "money", "tsvector", "tsquery", "bit", "varbit"}
_NO_BRIN = _NO_BTREE - {"box"} | {"bool", "jsonb", "tsvector", "tsquery", "money"}
_GIN = frozenset({"jsonb", "tsvector"})
_GIST = frozenset({"point", "polygon", "box", "circle", "tsvector", "tsquery"})
_SPGIST = frozenset({"text", "varchar", "bpchar", "inet", "cidr", "point", "box", "polygon"})
_RANGES = ("range", "multirange")


def has_default_class(catalog: Catalog, method: str, type_: TypeRef) -> bool | None:
    """Whether *method* can index *type_* without an operator class being named.

    None where that cannot be told, as extensions bring classes of their own.
    """
    base = unwrap(catalog, type_).base
    found = catalog.type(base.name)
    name = base.name.name
    if base.dimensions:
        return {"gist": None, "spgist": False, "brin": False}.get(method, True)
    if method in ("gin", "gist", "spgist"):
        return _has_special_class(catalog, method, base)
    if isinstance(found, Enum | Composite | Range):
        return not (method == "brin" and not isinstance(found, Range))
    if not base.is_builtin:
        return None
    lacking = {"btree": _NO_BTREE, "hash": _NO_HASH, "brin": _NO_BRIN}.get(method)
    return None if lacking is None else name not in lacking


def check_class(method: str, type_: TypeRef, ledger: Ledger) -> None:
    """Refuse an index by *method* on a *type_* for which it has no operator class."""
    if has_default_class(ledger.catalog, method, type_) is False:
        ledger.refuse("42704", f"{type_} has no default operator class for {method}")


def _has_special_class(catalog: Catalog, method: str, base: TypeRef) -> bool | None:
    name = base.name.name
    if not base.is_builtin or isinstance(catalog.type(base.name), Range):
        return None
    if method != "gin" and name.endswith(_RANGES):
        return True
    if {"gin": _GIN, "gist": _GIST, "spgist": _SPGIST}[method] & {name}:
        return True
    if catalog.extensions.keys() & {"btree_gin", "btree_gist"}:
        return None if f"btree_{method}" in catalog.extensions else False
    return False
