"""Tell which parts of a catalog have changed since the last look, from row versions alone.

A stamp is a hash over the versions (ctid and xmin) of all system rows that an object is made of: it
changes with every change of the object, also inside of a transaction, and is the old one again
after a rollback. Updates in place, such as those of ANALYZE, do not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from migsafe.introspect.other_sql import FIRST_USER_OID
from migsafe.introspect.query import of_extension
from migsafe.introspect.reading import Reader

Key = tuple[str, int]

_VERSION = "hashtidextended(x.ctid, x.xmin::text::bigint + x.tableoid::bigint * 4294967296)"
# What a relation is made of: FROM clauses with the alias x for the stamped row, and its relation.
_OF_RELATION = (
    ("pg_class x join owner o on o.oid = x.oid", "o.relation"),
    ("pg_attribute x join owner o on o.oid = x.attrelid and o.attributes", "o.relation"),
    ("pg_index x join owner o on o.oid = x.indexrelid", "o.relation"),
    ("pg_inherits x join owner o on o.oid = x.inhrelid", "o.relation"),
    ("pg_attrdef x", "x.adrelid"),
    ("pg_constraint x", "x.conrelid"),
    ("pg_trigger x", "x.tgrelid"),
    ("pg_policy x", "x.polrelid"),
    ("pg_rewrite x", "x.ev_class"),
    ("pg_sequence x", "x.seqrelid"),
    ("pg_foreign_table x", "x.ftrelid"),
    ("pg_type x join pg_class c on c.oid = x.typrelid and c.relkind = 'c'", "c.oid"),
    (
        "pg_sequence s join pg_depend x on x.classid = 'pg_class'::regclass"
        " and x.objid = s.seqrelid and x.deptype in ('a', 'i')",
        "s.seqrelid",
    ),
)
_COMMENTED = (
    ("pg_class", "owner o on o.oid = x.objoid", "o.relation"),
    ("pg_constraint", "pg_constraint c on c.oid = x.objoid", "c.conrelid"),
    ("pg_trigger", "pg_trigger c on c.oid = x.objoid", "c.tgrelid"),
    ("pg_policy", "pg_policy c on c.oid = x.objoid", "c.polrelid"),
    ("pg_rewrite", "pg_rewrite c on c.oid = x.objoid", "c.ev_class"),
    ("pg_type", "pg_class c on c.reltype = x.objoid and c.relkind = 'c'", "c.oid"),
)
# Objects whose names or labels are written into the texts of relations …
_NAMED = {
    "pg_namespace": "x.oid",
    "pg_type": "x.oid",
    "pg_enum": "x.oid",
    "pg_range": "x.rngtypid",
    "pg_proc": "x.oid",
    "pg_collation": "x.oid",
    "pg_operator": "x.oid",
    "pg_opclass": "x.oid",
    "pg_foreign_server": "x.oid",
    "pg_ts_config": "x.oid",
}
# … and those that nothing else is written with.
_APART = {
    "pg_extension": "x.oid",
    "pg_aggregate": "x.aggfnoid",
    "pg_constraint": "x.contypid",  # of domains
    "pg_event_trigger": "x.oid",
    "pg_default_acl": "x.oid",
    "pg_publication": "x.oid",
    "pg_publication_rel": "x.oid",
    "pg_db_role_setting": "x.setdatabase",
    "pg_database": "x.oid",
    "pg_cast": "x.oid",
    "pg_opfamily": "x.oid",
    "pg_ts_config_map": "x.mapcfg",
    "pg_ts_dict": "x.oid",
    "pg_ts_parser": "x.oid",
    "pg_ts_template": "x.oid",
    "pg_language": "x.oid",
    "pg_foreign_data_wrapper": "x.oid",
    "pg_conversion": "x.oid",
    "pg_transform": "x.oid",
    "pg_am": "x.oid",
    "pg_statistic_ext": "x.oid",
    "pg_description": "x.objoid",
}
# Every table comes with a row type and an array of it, which say nothing that it does not.
_ONLY = {
    "pg_type": "and x.typrelid = 0 and not exists (select from pg_type e"
    " where e.typarray = x.oid and e.typrelid <> 0)",
    "pg_description": f"and (x.objoid >= {FIRST_USER_OID} or x.classoid = 'pg_namespace'::regclass)"
    " and x.classoid <> all(array['pg_class', 'pg_trigger', 'pg_policy', 'pg_rewrite']::regclass[])"
    " and (x.classoid <> 'pg_constraint'::regclass"
    " or exists (select from pg_constraint c where c.oid = x.objoid and c.contypid <> 0))",
    "pg_database": "and x.datname = current_database()",
}


@dataclass(frozen=True)
class Stamps:
    """Stamps of relations by oid, and of the objects that are *named* in texts or *apart*."""

    relations: Mapping[int, int]
    named: Mapping[Key, int]
    apart: Mapping[Key, int]


def read(reader: Reader, note: str = "") -> Stamps:
    """The stamps of all that a user made, in one statement; *note* is a comment before it."""
    relations: dict[int, int] = {}
    others: dict[str, dict[Key, int]] = {"named": {}, "apart": {}}
    for group, catalog, oid, stamp in reader.run_again(note + _statement(reader.major)):
        if group == "relation":
            relations[oid] = stamp
        else:
            others[group][catalog, oid] = stamp
    return Stamps(relations, **others)


@cache
def _statement(major: int) -> str:
    parts = [
        f"select {relation} as oid, {_VERSION} as stamp from {rows}"
        for rows, relation in _OF_RELATION
    ]
    parts += [
        f"select {relation}, {_VERSION} from pg_description x join {rows}"
        f" where x.classoid = '{catalog}'::regclass"
        for catalog, rows, relation in _COMMENTED
    ]
    published = {"pg_publication_namespace": "x.oid"} if major >= 15 else {}
    others = [_of_objects("named", _NAMED), _of_objects("apart", {**_APART, **published})]
    return f"""
with owner as materialized (
  select oid, oid as relation, true as attributes from pg_class
  where oid >= {FIRST_USER_OID} and relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
  union all select indexrelid, indrelid, true from pg_index where indexrelid >= {FIRST_USER_OID}
  union all select reltoastrelid, oid, false from pg_class
  where reltoastrelid <> 0 and oid >= {FIRST_USER_OID}
), member as materialized (
  select classid, objid from pg_depend where deptype = 'e'
)
select 'relation' as part, null as catalog, oid::bigint, bit_xor(stamp)
from ({" union all ".join(parts)}) x where oid >= {FIRST_USER_OID} group by oid
union all {" union all ".join(others)}
union all select 'named', 'extension', refobjid::bigint, bit_xor({_VERSION})
from pg_depend x where deptype = 'e' group by refobjid
union all select 'named', 'role', oid::bigint, hashtextextended(rolname, 0) from pg_roles
union all select 'apart', 'user mapping', umid::bigint, srvid::bigint from pg_user_mappings
"""


def _of_objects(group: str, catalogs: Mapping[str, str]) -> str:
    return " union all ".join(
        f"select '{group}', '{catalog}', {oid}::bigint, bit_xor({_VERSION}) from {catalog} x"
        f" where true {_user_made(catalog, oid)} {_ONLY.get(catalog, '')} group by 3"
        for catalog, oid in catalogs.items()
    )


_MEMBERS_OF_OTHERS = frozenset(
    ("pg_enum", "pg_description", "pg_db_role_setting", "pg_database", "pg_namespace")
)


def _user_made(catalog: str, oid: str) -> str:
    if catalog in _MEMBERS_OF_OTHERS:
        return ""
    return f"and {oid} >= {FIRST_USER_OID} and not {of_extension(catalog, oid)}"
