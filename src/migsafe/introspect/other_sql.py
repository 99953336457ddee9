"""SELECTs for the rare objects that a Catalog lists as Other: an identity and some attributes."""

from __future__ import annotations

from collections.abc import Mapping

from migsafe.introspect.query import acl, comment, of_extension

FIRST_USER_OID = 16384

# The column of the owner, if there is one, and pairs of keys and values.
_IDENTIFIED = {
    "pg_cast": ("", "'context', o.castcontext, 'method', o.castmethod"),
    "pg_operator": (
        "oprowner",
        "'function', o.oprcode, 'commutator', o.oprcom::regoperator,"
        " 'negator', o.oprnegate::regoperator, 'hashes', o.oprcanhash, 'merges', o.oprcanmerge",
    ),
    "pg_opclass": ("opcowner", "'default', o.opcdefault"),
    "pg_opfamily": ("opfowner", ""),
    "pg_ts_config": (
        "cfgowner",
        "'mapping', (select string_agg(m.maptokentype::text || ' ' ||"
        " m.mapdict::regdictionary, ', ' order by m.maptokentype, m.mapseqno)"
        " from pg_ts_config_map m where m.mapcfg = o.oid)",
    ),
    "pg_ts_dict": ("dictowner", "'options', o.dictinitoption"),
    "pg_ts_parser": ("", ""),
    "pg_ts_template": ("", ""),
    "pg_language": ("lanowner", "'trusted', o.lanpltrusted, 'acl', o.lanacl::text"),
    "pg_foreign_data_wrapper": (
        "fdwowner",
        "'options', o.fdwoptions::text, 'acl', o.fdwacl::text",
    ),
    "pg_foreign_server": (
        "srvowner",
        "'options', o.srvoptions::text, 'version', o.srvversion, 'acl', o.srvacl::text",
    ),
    "pg_conversion": ("conowner", "'default', o.condefault, 'function', o.conproc"),
    "pg_transform": ("", "'from', o.trffromsql, 'to', o.trftosql"),
    "pg_am": ("", "'handler', o.amhandler"),
}

_EVENT_TRIGGER = f"""
select 'event trigger' as kind, quote_ident(e.evtname) as identity,
  json_build_object('event', e.evtevent, 'tags', e.evttags::text, 'function', e.evtfoid::regproc,
    'enabled', e.evtenabled, 'owner', pg_get_userbyid(e.evtowner),
    'comment', {comment("pg_event_trigger", "e.oid")}) as attributes
from pg_event_trigger e where not {of_extension("pg_event_trigger", "e.oid")}
"""

# Shells of types that were never defined count too; arrays and multiranges follow their element.
_BASE_TYPE = f"""
select 'base type' as kind, format_type(t.oid, -1) as identity,
  json_build_object('input', t.typinput, 'output', t.typoutput, 'length', t.typlen,
    'owner', pg_get_userbyid(t.typowner), 'comment', {comment("pg_type", "t.oid")}) as attributes
from pg_type t join namespace n on n.oid = t.typnamespace
where (t.typtype = 'b' and not exists (select from pg_type e where e.typarray = t.oid)
    or t.typtype = 'p') and not {of_extension("pg_type", "t.oid")}
"""

_DEFAULT_PRIVILEGES = """
select 'default privileges' as kind,
  pg_get_userbyid(d.defaclrole) || coalesce(' in schema ' || quote_ident(n.nspname), '')
    || case d.defaclobjtype when 'r' then ' on tables' when 'S' then ' on sequences'
       when 'f' then ' on functions' when 'T' then ' on types' when 'n' then ' on schemas'
       else ' on ' || d.defaclobjtype::text end as identity,
  json_build_object('privileges', (select string_agg(i::text, ', ' order by i::text collate "C")
    from unnest(d.defaclacl) i)) as attributes
from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
"""

# Options of a user mapping hold passwords: they are not read.
_USER_MAPPING = """
select 'user mapping' as kind, quote_ident(usename) || ' on server ' || quote_ident(srvname)
  as identity, json_build_object() as attributes from pg_user_mappings
"""

_SETTING = """
select 'setting' as kind, 'of ' || coalesce(quote_ident(r.rolname) || ' in ', '') || 'this database'
  as identity, (select json_object_agg(split_part(c, '=', 1),
    substr(c, strpos(c, '=') + 1) order by c) from unnest(s.setconfig) c) as attributes
from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole
where s.setdatabase = (select oid from pg_database where datname = current_database())
"""

_DATABASE = f"""
select 'grant' as kind, 'on this database' as identity,
  json_build_object('privileges', {acl("d.datacl", "d", "d.datdba")}) as attributes
from pg_database d where d.datname = current_database() and d.datacl is not null
"""


def _identified(catalog: str, owner: str, pairs: str) -> str:
    """The SELECT for objects that are none's inner part, as a range's cast to its multirange is."""
    owned = f"'owner', pg_get_userbyid(o.{owner})" if owner else ""
    said = ", ".join(filter(None, (pairs, owned, f"'comment', {comment(catalog, 'o.oid')}")))
    return f"""
select i.type as kind, i.identity, json_build_object({said}) as attributes
from {catalog} o, pg_identify_object('{catalog}'::regclass, o.oid, 0) i
where o.oid >= {FIRST_USER_OID} and not {of_extension(catalog, "o.oid")}
  and not exists (select from pg_depend d where d.classid = '{catalog}'::regclass
    and d.objid = o.oid and d.deptype = 'i')
"""


def parts() -> Mapping[str, str]:
    """The SELECTs by a word for what they find."""
    found = {
        catalog: _identified(catalog, owner, pairs)
        for catalog, (owner, pairs) in _IDENTIFIED.items()
    }
    return {
        **found,
        "event trigger": _EVENT_TRIGGER,
        "base type": _BASE_TYPE,
        "default privileges": _DEFAULT_PRIVILEGES,
        "user mapping": _USER_MAPPING,
        "setting": _SETTING,
        "database": _DATABASE,
    }
