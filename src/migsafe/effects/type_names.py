"""Whether a type that a statement names exists."""

from __future__ import annotations

from migsafe.catalog import Catalog, Range
from migsafe.effects.ledger import Ledger
from migsafe.names import Name
from migsafe.pgtypes import TypeRef

# The types that the extensions shipped with PostgreSQL bring; of other extensions nothing is known.
_TYPES_OF = {
    "amcheck": "",
    "btree_gin": "",
    "btree_gist": "gbtreekey2 gbtreekey4 gbtreekey8 gbtreekey16 gbtreekey32 gbtreekey_var",
    "citext": "citext",
    "cube": "cube",
    "dblink": "dblink_pkey_results",
    "earthdistance": "earth",
    "fuzzystrmatch": "",
    "hstore": "hstore ghstore",
    "intarray": "query_int intbig_gkey",
    "isn": "ean13 isbn isbn13 ismn ismn13 issn issn13 upc",
    "lo": "lo",
    "ltree": "ltree lquery ltxtquery ltree_gist",
    "pg_stat_statements": "",
    "pg_trgm": "gtrgm",
    "pgcrypto": "",
    "pgrowlocks": "",
    "plpgsql": "",
    "postgres_fdw": "",
    "seg": "seg",
    "tablefunc": "tablefunc_crosstab_2 tablefunc_crosstab_3 tablefunc_crosstab_4",
    "unaccent": "",
    "uuid-ossp": "",
    "vector": "vector halfvec sparsevec",
}


def check_type(type_: TypeRef | None, ledger: Ledger) -> None:
    """Refuse a type that nobody has made, where no extension can have brought it."""
    if type_ is None or type_.is_builtin:
        return
    catalog, name = ledger.catalog, type_.name
    if catalog.type(name) or catalog.relation(name) or _is_multirange(name, catalog):
        return
    brought = _of_extensions(catalog)
    if brought is not None and name.name not in brought:
        ledger.refuse("42704", f"type {name.display()} does not exist")


def _is_multirange(name: Name, catalog: Catalog) -> bool:
    ranges = (found for found in catalog.types.values() if isinstance(found, Range))
    return any(found.multirange == name.name for found in ranges)


def _of_extensions(catalog: Catalog) -> set[str] | None:
    """The types of the installed extensions, None when one of them is not known."""
    if not _TYPES_OF.keys() >= catalog.extensions.keys():
        return None
    return {word for extension in catalog.extensions for word in _TYPES_OF[extension].split()}
