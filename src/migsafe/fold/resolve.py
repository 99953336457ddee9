"""What the names in a statement refer to: types, collations, operator classes, functions."""

from __future__ import annotations

from migsafe.catalog import Catalog, Function, Table
from migsafe.fold.refusal import Refused
from migsafe.names import Name
from migsafe.pgtypes import CATALOG, TypeRef
from migsafe.values import replace

TEMPORARY = "pg_temp"

# Types that widespread extensions bring; an extension's objects are not in the catalog.
_EXTENSION_TYPES = {
    "citext": ("citext",),
    "cube": ("cube",),
    "hstore": ("hstore",),
    "intarray": ("query_int",),
    "isn": ("ean13", "isbn", "isbn13", "ismn", "ismn13", "issn", "issn13", "upc"),
    "ltree": ("ltree", "lquery", "ltxtquery"),
    "pg_trgm": ("gtrgm",),
    "postgis": ("geometry", "geography", "box2d", "box3d"),
    "seg": ("seg",),
    "timescaledb": (),
    "vector": ("vector", "halfvec", "sparsevec"),
}
# Input types whose default operator class has another name than the type (pg_opclass.dat).
_DEFAULT_OPCLASSES = {
    "gin": {"jsonb": "jsonb_ops", "tsvector": "tsvector_ops"},
    "gist": {"tsvector": "tsvector_ops", "tsquery": "tsquery_ops", "inet": ""},
}
_TEXT_LIKE = {"text": "text_ops", "varchar": "text_ops", "bpchar": "bpchar_ops"}
_OPCLASS_WORDS = """text_pattern_ops varchar_pattern_ops bpchar_pattern_ops jsonb_path_ops inet_ops
    text_ops varchar_ops bpchar_ops jsonb_ops array_ops tsvector_ops tsquery_ops range_ops
    multirange_ops name_ops enum_ops record_ops network_ops"""
_BUILTIN_OPCLASSES = frozenset(_OPCLASS_WORDS.split())


def type_of(catalog: Catalog, ref: TypeRef) -> TypeRef:
    """*ref* with its schema, where the type is the user's, a table's row type or an extension's."""
    if ref.is_builtin:
        return ref
    found = catalog.resolve_type(ref)
    if found.name.schema is not None:
        return found
    row = catalog.relation(ref.name)
    if row is not None and not hasattr(row, "increment"):
        return replace(ref, name=row.name)
    for extension in catalog.extensions.values():
        if ref.name.name in _EXTENSION_TYPES.get(extension.name, (extension.name,)):
            return replace(ref, name=Name(extension.schema, ref.name.name))
    return ref


def extension_types(name: str) -> tuple[str, ...]:
    """The types that the extension *name* brings."""
    return _EXTENSION_TYPES.get(name, (name,))


def collation_of(catalog: Catalog, name: Name | None) -> Name | None:
    """The qualified collation; None for ``"default"``, which is every type's own."""
    if name is None or name.name == "default":
        return None
    if name.schema is not None:
        return name
    found = (Name(schema, name.name) for schema in catalog.search_path)
    return next((n for n in found if n in catalog.collations), Name(CATALOG, name.name))


def opclass_of(
    catalog: Catalog, name: Name | None, method: str, column_type: TypeRef | None
) -> Name | None:
    """The qualified operator class; None when it is the default one of *column_type*."""
    if name is None:
        return None
    if column_type is not None and name.name == _default_opclass(method, column_type):
        return None
    if name.schema is not None:
        return name
    if name.name in _BUILTIN_OPCLASSES or "_minmax" in name.name or "_bloom" in name.name:
        return Name(CATALOG, name.name)
    schemas = [e.schema for e in catalog.extensions.values()]
    return Name(schemas[0], name.name) if schemas else Name(CATALOG, name.name)


def _default_opclass(method: str, ref: TypeRef) -> str:
    short = ref.name.name
    if ref.dimensions:
        return "array_ops"
    if method in _DEFAULT_OPCLASSES and short in _DEFAULT_OPCLASSES[method]:
        return _DEFAULT_OPCLASSES[method][short]
    if method == "brin":
        return f"{short}_minmax_ops"
    return _TEXT_LIKE.get(short, f"{short}_ops")


def function_of(catalog: Catalog, name: Name) -> Name:
    """The qualified name of a function; a builtin one keeps to ``pg_catalog``."""
    found: tuple[Function, ...] = catalog.functions_named(name)
    if found:
        return found[0].name
    return name if name.schema is not None else Name(CATALOG, name.name)


def existing_table(catalog: Catalog, name: Name) -> Table:
    """The table *name*; raises Refused when there is none."""
    table = catalog.table(name)
    if table is None:
        raise Refused(f"{name} is no table")
    return table


def new_name(catalog: Catalog, name: Name, persistence: str = "permanent") -> Name:
    """The qualified name a new relation gets; temporary ones live in ``pg_temp``."""
    if persistence == "temporary" or name.schema == TEMPORARY:
        return Name(TEMPORARY, name.name)
    found = catalog.qualify(name)
    if found.schema not in catalog.schemas and not catalog.gaps:
        raise Refused(f"schema {found.schema} does not exist")
    return found
